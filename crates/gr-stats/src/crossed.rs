//! The mean of a crossed design: every setting tried with every seed, as when a search lists its seeds.
//!
//! Settings that share seeds are not independent: a seed that happens to go well lifts all of them alike. An
//! interval over settings that ignores this is too narrow, however many settings there are. Here the variance
//! of the mean is put together from its components (Searle, Casella and McCulloch, 1992, "Variance
//! Components", chapter 4: two crossed random factors, one value a cell).

use crate::aggregate::mean;
use crate::estimate::assert_confidence;
use crate::student::{MeanInterval, critical_value};

/// Mean over settings and seeds of `values`, one list for each setting with a value for each seed, the same
/// seeds in the same order; and its two-sided interval for other settings and other seeds. `n` is the number of
/// settings.
///
/// The variance of the mean is (M_settings + M_seeds − M_rest) / (settings × seeds) of the mean squares M, and
/// never less than what either factor alone comes to; the degrees of freedom are Satterthwaite's. There is no
/// half-width where one of the factors has a single level (how much it matters cannot be told) or where all
/// values are equal. `None` where [`crate::mean_interval`] has none.
///
/// # Panics
///
/// If `confidence` is not in (0, 1), or the lists are not equally long.
pub fn crossed_mean_interval(values: &[Vec<f64>], confidence: f64) -> Option<MeanInterval> {
    assert_confidence(confidence);
    let num_seeds = values.first()?.len();
    assert!(values.iter().all(|row| row.len() == num_seeds), "every setting needs every seed");
    let of_settings = means(values.iter().map(|row| row.iter().copied()))?;
    let of_seeds = means((0..num_seeds).map(|seed| values.iter().map(move |row| row[seed])))?;
    let overall = mean(&of_settings)?;
    let n = values.len();
    let first = values[0].first();
    let are_equal = values.iter().flatten().all(|value| Some(value) == first);
    if n < 2 || num_seeds < 2 || are_equal {
        return Some(MeanInterval { n, mean: overall, half_width: None });
    }

    let (settings, seeds) = (n as f64, num_seeds as f64);
    let around_overall = |means: &[f64]| squares(means.iter().map(|mean| mean - overall));
    let rest = values.iter().zip(&of_settings).flat_map(|(row, of_setting)| {
        row.iter()
            .zip(&of_seeds)
            .map(move |(value, of_seed)| value - of_setting - of_seed + overall)
    });
    let by_settings = Component::new(seeds * around_overall(&of_settings), settings - 1.0);
    let by_seeds = Component::new(settings * around_overall(&of_seeds), seeds - 1.0);
    let rest = Component::new(squares(rest), (settings - 1.0) * (seeds - 1.0));
    let larger =
        if by_settings.mean_square > by_seeds.mean_square { by_settings } else { by_seeds };
    let together = by_settings.mean_square + by_seeds.mean_square - rest.mean_square;
    let (variance, degrees) = if together > larger.mean_square {
        let scatter = by_settings.scatter() + by_seeds.scatter() + rest.scatter();
        (together, together.powi(2) / scatter)
    } else {
        (larger.mean_square, larger.degrees)
    };
    let half_width = critical_value(confidence, degrees) * (variance / (settings * seeds)).sqrt();
    half_width.is_finite().then_some(MeanInterval {
        n,
        mean: overall,
        half_width: Some(half_width),
    })
}

/// A mean square and its degrees of freedom.
#[derive(Clone, Copy)]
struct Component {
    mean_square: f64,
    degrees: f64,
}

impl Component {
    fn new(sum_of_squares: f64, degrees: f64) -> Self {
        Self { mean_square: sum_of_squares / degrees, degrees }
    }

    /// What the mean square adds to the denominator of Satterthwaite's degrees of freedom.
    fn scatter(self) -> f64 {
        self.mean_square.powi(2) / self.degrees
    }
}

fn means<I: Iterator<Item = f64>>(lists: impl Iterator<Item = I>) -> Option<Vec<f64>> {
    lists.map(|list| mean(&list.collect::<Vec<f64>>())).collect()
}

fn squares(differences: impl Iterator<Item = f64>) -> f64 {
    differences.map(|difference| difference * difference).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_known_table() {
        // By hand: means of settings 2, 4, 6, of seeds 3, 5, overall 4; mean squares 8, 6, and 1/2 of the
        // rest, so that the variance is 13.5 / 6 with 13.5² / (64/2 + 36/1 + 0.25/2) degrees of freedom.
        let values = [vec![1.0, 3.0], vec![3.5, 4.5], vec![4.5, 7.5]];
        let found = crossed_mean_interval(&values, 0.95).unwrap();
        assert_eq!((found.n, found.mean), (3, 4.0));
        let degrees = 13.5f64.powi(2) / (32.0 + 36.0 + 0.125);
        let expected = critical_value(0.95, degrees) * (13.5f64 / 6.0).sqrt();
        assert!((found.half_width.unwrap() - expected).abs() < 1e-12, "{found:?} {expected}");
    }

    #[test]
    fn one_seed_or_one_setting_or_no_spread_has_no_interval() {
        for values in [
            vec![vec![1.0], vec![2.0], vec![3.0]],
            vec![vec![1.0, 2.0, 3.0]],
            vec![vec![0.5, 0.5], vec![0.5, 0.5]],
        ] {
            let found = crossed_mean_interval(&values, 0.95).unwrap();
            assert_eq!(found.half_width, None, "{values:?}");
        }
        assert_eq!(crossed_mean_interval(&[], 0.95), None);
        assert_eq!(crossed_mean_interval(&[vec![f64::NAN, 1.0], vec![1.0, 1.0]], 0.95), None);
    }

    #[test]
    #[should_panic(expected = "every setting needs every seed")]
    fn a_setting_without_a_seed_is_a_mistake() {
        let _ = crossed_mean_interval(&[vec![1.0, 2.0], vec![1.0]], 0.95);
    }
}
