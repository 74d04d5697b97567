//! Aggregates: one number for the values of several runs.
//!
//! None depends on the order of the values.

/// Arithmetic mean. `None` of no values, of a value that is NaN or infinite, or if the sum
/// overflows.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    Some(values.iter().sum::<f64>() / values.len() as f64).filter(|mean| mean.is_finite())
}

/// Median: the middle value, or the mean of the two middle ones. `None` of no values or of a value
/// that is NaN or infinite.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted_finite(values)?;
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// Interquartile mean: the mean without the lowest and the highest quarter of the values, as many
/// from each side as n / 4 rounded down. `None` of no values or of a value that is NaN or infinite.
///
/// This is `scipy.stats.trim_mean(x, 0.25)`, which rliable uses. Of fewer than four values it is
/// the plain mean.
pub fn interquartile_mean(values: &[f64]) -> Option<f64> {
    let sorted = sorted_finite(values)?;
    let cut = sorted.len() / 4;
    mean(&sorted[cut..sorted.len() - cut])
}

/// First quartile, median and third quartile, by linear interpolation between the two nearest values
/// (`numpy.quantile`'s default). `None` of fewer than two values, of values that all agree, or of a
/// value that is NaN or infinite.
pub fn quartiles(values: &[f64]) -> Option<[f64; 3]> {
    let sorted = sorted_finite(values).filter(|sorted| !all_agree(sorted))?;
    Some([0.25, 0.5, 0.75].map(|level| quantile(&sorted, level)))
}

/// Sample variance, with n - 1 in the denominator. `None` of fewer than two values, of values that all agree,
/// which tell nothing of a spread, of one that is NaN or infinite, or on overflow.
pub(crate) fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    if all_agree(values) {
        return None;
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some(squares / (values.len() - 1) as f64).filter(|variance| variance.is_finite())
}

/// The value below which the share `level` of `sorted` lies. `sorted` is ascending and not empty.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let position = level * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let step = sorted[above] - sorted[below];
    (sorted[below] + (position - below as f64) * step).min(sorted[above])
}

/// Whether values differ by no more than rounding does, so that they tell nothing of a spread.
pub(crate) fn all_agree(values: &[f64]) -> bool {
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    values.iter().all(|value| (value - values[0]).abs() <= 16.0 * f64::EPSILON * largest)
}

/// The values in ascending order. `None` if one is NaN or infinite.
pub(crate) fn sorted_finite(values: &[f64]) -> Option<Vec<f64>> {
    if !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Aggregate = fn(&[f64]) -> Option<f64>;

    const ALL: [Aggregate; 3] = [mean, median, interquartile_mean];

    #[test]
    fn quartiles_lie_between_the_nearest_values() {
        // numpy.quantile([1, 2, 3, 4], [0.25, 0.5, 0.75]) and of [10, 0, 5].
        assert_eq!(quartiles(&[4.0, 1.0, 3.0, 2.0]), Some([1.75, 2.5, 3.25]));
        assert_eq!(quartiles(&[10.0, 0.0, 5.0]), Some([2.5, 5.0, 7.5]));
        for without_quartiles in [vec![], vec![3.0], vec![0.1; 4], vec![1.0, f64::NAN]] {
            assert_eq!(quartiles(&without_quartiles), None, "{without_quartiles:?}");
        }
    }

    #[test]
    fn no_values_have_no_aggregate() {
        assert!(ALL.iter().all(|aggregate| aggregate(&[]).is_none()));
    }

    #[test]
    fn a_value_that_is_not_finite_leaves_no_aggregate() {
        // The interquartile mean and the median would otherwise trim it away unseen.
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let values = [1.0, 2.0, bad, 3.0, 4.0];
            assert!(ALL.iter().all(|aggregate| aggregate(&values).is_none()), "{bad}");
        }
    }

    #[test]
    fn a_sum_that_overflows_has_no_mean() {
        assert_eq!(mean(&[f64::MAX, f64::MAX]), None);
        assert_eq!(median(&[f64::MAX, f64::MAX]), Some(f64::MAX));
    }

    #[test]
    fn the_interquartile_mean_ignores_one_outlier_in_four() {
        assert_eq!(interquartile_mean(&[1000.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(interquartile_mean(&[1.0, 2.0, 6.0]), Some(3.0));
    }
}
