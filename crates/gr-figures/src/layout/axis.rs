//! From values to places on an axis, and round numbers for its ticks.

use super::TICK_SIZE;
use crate::model::thousands;
use crate::scene::text_width;

/// How many times as far a panel's values may reach as those of another on the same axis.
const SHARED_REACH: f64 = 3.0;
/// How much longer an axis may become for the sake of a level that values are held against.
const LEVEL_REACH: f64 = 1.5;

/// An axis of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// Ticks with their labels, ascending.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis that holds `values` with a little room, with about `ticks` ticks at round numbers.
    pub fn around(values: impl IntoIterator<Item = f64>, ticks: usize) -> Self {
        let (low, high) = hull(values);
        let room = 0.04 * (high - low).max(1e-9);
        Self::between(low - room, high + room, ticks)
    }

    /// An axis around `values`, around 0 and, where it is within reach, around `level`: an optimum far
    /// above young curves would press them flat.
    pub fn reaching(values: &[f64], level: Option<f64>, ticks: usize) -> Self {
        let values = || values.iter().copied().chain([0.0]);
        let near = |level: &f64| extent(values().chain([*level])) <= LEVEL_REACH * extent(values());
        Self::around(values().chain(level.filter(near)), ticks)
    }

    /// An axis for each panel, made by `axis` of its values: one for all, so that they compare at a
    /// glance, unless some reach so much less far from 0 that nothing would be seen of them.
    pub fn for_panels(panels: &[Vec<f64>], axis: impl Fn(&[f64]) -> Self) -> Vec<Self> {
        let reaches = panels.iter().map(|values| extent(values.iter().copied().chain([0.0])));
        let reaches: Vec<f64> = reaches.filter(|reach| *reach > 0.0).collect();
        let longest = reaches.iter().copied().fold(0.0, f64::max);
        if reaches.iter().all(|reach| longest <= SHARED_REACH * reach) {
            return vec![axis(&panels.concat()); panels.len()];
        }
        panels.iter().map(|values| axis(values)).collect()
    }

    /// Whether a value lies on the axis.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// An axis from 0 to the largest of `values`.
    pub fn from_zero(values: impl IntoIterator<Item = f64>, ticks: usize) -> Self {
        let (_, high) = hull(values.into_iter().chain([0.0]));
        // Counting from 0, the last of 10,000 updates is 9,999; the tick is worth the room.
        let step = round_step(high.max(f64::MIN_POSITIVE) / ticks.max(1) as f64);
        let next = (high / step).ceil() * step;
        Self::between(0.0, if next < 1.02 * high { next } else { high }, ticks)
    }

    /// An axis from `low` to `high`, with about `ticks` ticks at round numbers.
    pub fn between(low: f64, high: f64, ticks: usize) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let step = round_step((high - low) / ticks.max(1) as f64);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        // An end that is a multiple of the step, but for rounding, has a tick.
        let slack = 1e-9;
        let first = (low / step - slack).ceil() as i64;
        let last = (high / step + slack).floor() as i64;
        let label = |value: f64| {
            let magnitude = if decimals == 0 {
                thousands(value.abs().round() as u64)
            } else {
                format!("{:.decimals$}", value.abs())
            };
            let is_zero = magnitude.chars().all(|c| c == '0' || c == '.');
            if value < 0.0 && !is_zero { format!("−{magnitude}") } else { magnitude }
        };
        let ticks = (first..=last).map(|index| index as f64 * step);
        let ticks = ticks.map(|value| (value, label(value))).collect();
        Self { low, high, logarithmic: false, ticks }
    }

    /// An axis without ticks, for rows that have names instead.
    pub fn bare(low: f64, high: f64) -> Self {
        Self { low, high, logarithmic: false, ticks: Vec::new() }
    }

    /// A logarithmic axis around `values`, which must be above 0, with a tick at each of them. Those below
    /// [`f64::MIN_POSITIVE`], which have no digits left for room around them, lie at the low end.
    pub fn logarithmic(values: &[f64]) -> Self {
        let (low, high) = hull(values.iter().map(|value| value.max(f64::MIN_POSITIVE)));
        let ticks = values.iter().map(|value| (*value, value.to_string())).collect();
        Self { low: low / 1.3, high: high * 1.3, logarithmic: true, ticks }
    }

    /// A logarithmic axis from `low`, which must be above 0, to `high`, with about `ticks` ticks at round
    /// numbers.
    pub fn decades(low: f64, high: f64, ticks: usize) -> Self {
        let low = low.max(f64::MIN_POSITIVE);
        let (low, high) = if high > low { (low, high) } else { (low / 1.3, low * 1.3) };
        // Counting from 0, the last of 10,000 updates is 9,999; the tick is worth the room.
        let next = 10f64.powf(high.log10().ceil());
        let high = if next < 1.02 * high { next } else { high };
        let candidates = [(&[1.0, 2.0, 5.0][..], 1), (&[1.0], 1), (&[1.0], 2), (&[1.0], 4)];
        let mut found =
            candidates.iter().map(|(steps, every)| round_numbers(low, high, steps, *every));
        let fits = |values: &Vec<f64>| values.len() <= ticks.max(2);
        let values = found.find(fits).unwrap_or_default();
        let ticks = match values.len() {
            // Within less than a decade linear ticks are closer.
            0 | 1 => Self::between(low, high, ticks).ticks,
            _ => values.into_iter().map(|value| (value, thousands(value as u64))).collect(),
        };
        Self { low, high, logarithmic: true, ticks }
    }

    /// The value that lies at a share of the way from the lowest value to `end`.
    pub fn part(&self, end: f64, share: f64) -> f64 {
        if self.logarithmic {
            self.low * (end.max(self.low) / self.low).powf(share)
        } else {
            self.low + (end - self.low) * share
        }
    }

    /// Whether a value has a place on the axis or, as 0 on a logarithmic one, none.
    pub fn has_place_for(&self, value: f64) -> bool {
        !self.logarithmic || value >= self.low
    }

    /// The row in which each tick's label goes on an axis `width` long, so that no two touch. Round
    /// numbers are labelled at every second, third, ... tick if need be. The ticks of a logarithmic
    /// axis stand for something: they may take a second row, and what fits nowhere is left out.
    pub fn label_rows(&self, width: f64) -> Vec<Option<usize>> {
        if self.logarithmic {
            return self.fit(width, 2, 1);
        }
        let fits = |every: &usize| {
            let labelled = self.fit(width, 1, *every).into_iter().flatten().count();
            labelled == self.ticks.len().div_ceil(*every)
        };
        let every = (1..=self.ticks.len()).find(fits).unwrap_or(1);
        self.fit(width, 1, every)
    }

    /// Puts the label of every so manieth tick into the first row where it touches no other.
    fn fit(&self, width: f64, rows: usize, every: usize) -> Vec<Option<usize>> {
        let mut free_from = vec![f64::NEG_INFINITY; rows];
        let row_of = |(index, (value, label)): (usize, &(f64, String))| {
            let (middle, half) = (self.share(*value) * width, text_width(label, TICK_SIZE) / 2.0);
            let wanted = index % every == 0;
            let row = (0..rows).find(|row| wanted && middle - half >= free_from[*row])?;
            free_from[row] = middle + half + 6.0;
            Some(row)
        };
        self.ticks.iter().enumerate().map(row_of).collect()
    }

    /// Lowest value.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Highest value.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Where a value lies: 0 at the lowest, 1 at the highest.
    pub fn share(&self, value: f64) -> f64 {
        // Differences of logarithms: a ratio of values far apart would overflow.
        let place = |value: f64| if self.logarithmic { value.max(self.low).ln() } else { value };
        (place(value) - place(self.low)) / (place(self.high) - place(self.low))
    }
}

/// How far it is from the lowest of `values` to the highest.
fn extent(values: impl Iterator<Item = f64>) -> f64 {
    let (low, high) = hull(values);
    high - low
}

/// The numbers `steps` × 10ⁿ from `low` to `high`, of every so manieth n from 0 on.
fn round_numbers(low: f64, high: f64, steps: &[f64], every: usize) -> Vec<f64> {
    let slack = 1e-9;
    let within = (low * (1.0 - slack))..=(high * (1.0 + slack));
    let powers = (0..=high.log10().max(0.0) as i32).step_by(every);
    let numbers = powers.flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
    numbers.filter(|number| within.contains(number)).collect()
}

fn hull(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let wider = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let hull = values.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), wider);
    if hull.0 <= hull.1 { hull } else { (0.0, 1.0) }
}

/// A round number near `step`: 1, 2 or 5 and zeros.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * 0.75);
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&Axis::between(-0.25, 0.95, 3)), ["0.0", "0.5"]);
        assert_eq!(
            labels(&Axis::between(-0.25, 0.95, 6)),
            ["−0.2", "0.0", "0.2", "0.4", "0.6", "0.8"]
        );
        assert_eq!(
            labels(&Axis::from_zero([19_999.0], 4)),
            ["0", "5,000", "10,000", "15,000", "20,000"]
        );
        assert_eq!(labels(&Axis::between(0.0, 0.1, 2)), ["0.00", "0.05", "0.10"]);
        assert_eq!(labels(&Axis::between(0.0, 0.3, 6)).last(), Some(&"0.30"));
    }

    #[test]
    fn shares_are_linear_or_logarithmic() {
        assert_eq!(Axis::between(0.0, 4.0, 4).share(1.0), 0.25);
        let axis = Axis::logarithmic(&[0.01, 0.1, 1.0]);
        assert!((axis.share(0.1) - 0.5).abs() < 1e-12);
        assert_eq!(labels(&axis), ["0.01", "0.1", "1"]);
    }

    #[test]
    fn logarithmic_axes_have_round_ticks_as_dense_as_there_is_room() {
        assert_eq!(labels(&Axis::decades(9.0, 9_999.0, 8)), ["10", "100", "1,000", "10,000"]);
        assert_eq!(labels(&Axis::decades(100.0, 1000.0, 4)), ["100", "200", "500", "1,000"]);
        assert_eq!(labels(&Axis::decades(1.0, 1e6, 4)), ["1", "100", "10,000", "1,000,000"]);
        assert_eq!(labels(&Axis::decades(1100.0, 1900.0, 3)), ["1,200", "1,400", "1,600", "1,800"]);
        let axis = Axis::decades(1.0, 100.0, 8);
        assert!((axis.part(100.0, 0.5) - 10.0).abs() < 1e-9);
        assert!(axis.has_place_for(1.0) && !axis.has_place_for(0.0));
        for axis in [Axis::decades(7.0, 7.0, 4), Axis::decades(1.0, 1.8e19, 4)] {
            assert!(axis.high() > axis.low() && axis.ticks.len() < 20, "{axis:?}");
        }
    }

    #[test]
    fn the_smallest_numbers_have_a_place_on_a_logarithmic_axis() {
        for values in [vec![5e-324], vec![5e-324, 1e-310], vec![5e-324, 0.1], vec![1e-300, 1.0]] {
            let axis = Axis::logarithmic(&values);
            for value in values.into_iter().chain([axis.low(), axis.high()]) {
                assert!((0.0..=1.0).contains(&axis.share(value)), "{value} on {axis:?}");
            }
        }
    }

    #[test]
    fn labels_that_would_touch_go_into_a_second_row_or_are_left_out() {
        let axis = Axis::logarithmic(&[0.01, 0.025, 0.03, 0.1]);
        assert_eq!(axis.label_rows(400.0), [Some(0), Some(0), Some(1), Some(0)]);
        let axis = Axis::between(0.0, 20_000.0, 4);
        assert_eq!(axis.label_rows(400.0), [Some(0); 5]);
        assert_eq!(axis.label_rows(150.0), [Some(0), None, Some(0), None, Some(0)]);
    }

    #[test]
    fn a_level_far_beyond_the_values_is_left_outside() {
        let axis = Axis::reaching(&[0.1, 0.5], Some(0.7), 5);
        assert!(axis.holds(0.7) && axis.holds(0.0), "{axis:?}");
        let axis = Axis::reaching(&[0.1, 0.2], Some(0.9), 5);
        assert!(!axis.holds(0.9) && axis.high() < 0.22, "{axis:?}");
    }

    #[test]
    fn panels_share_an_axis_unless_some_would_be_crushed() {
        let axis = |values: &[f64]| Axis::from_zero(values.iter().copied(), 4);
        let shared = Axis::for_panels(&[vec![400.0], vec![1000.0]], axis);
        assert_eq!(shared[0], shared[1]);
        let own = Axis::for_panels(&[vec![1000.0], vec![172_000.0]], axis);
        assert_eq!((own[0].high(), own[1].high()), (1000.0, 172_000.0));
    }

    #[test]
    fn no_values_and_one_value_make_an_axis_all_the_same() {
        for axis in [Axis::around([], 5), Axis::around([0.3], 5), Axis::from_zero([0.0], 3)] {
            assert!(axis.high() > axis.low() && axis.ticks.len() < 20, "{axis:?}");
        }
    }
}
