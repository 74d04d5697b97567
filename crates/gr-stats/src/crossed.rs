//! The mean of a crossed design: every setting tried with every seed, as when a search lists its seeds.
//!
//! Settings that share seeds are not independent: a seed that happens to go well lifts all of them alike. An
//! interval over settings that ignores this is too narrow, however many settings there are. Here the variance
//! of the mean is put together from its components (Searle, Casella and McCulloch, 1992, "Variance
//! Components", chapter 4: two crossed random factors, one value for each pair).

use crate::aggregate::mean;
use crate::estimate::assert_confidence;
use crate::student::{MeanInterval, critical_value};

/// Mean over settings and seeds of `values`, one list for each setting with a value for each seed, the same
/// seeds in the same order; and its two-sided interval for other settings and other seeds. `n` is the number of
/// settings.
///
/// The variance of the mean is at most (M_settings + M_seeds) / (settings × seeds) of the mean squares M, which
/// is taken: it is too large by what remains within pairs. The degrees of freedom are Satterthwaite's. There is
/// no half-width where one of the factors has a single level (how much it matters cannot be told) or where
/// neither shows any spread. `None` where [`crate::mean_interval`] has none.
///
/// In simulations of normal values with 4 to 64 settings, the interval at 0.95 held the true mean in 88 to 98 %
/// of cases with two seeds, in 93 to 98 % with three or more; one that takes settings for independent in as
/// few as 21 %.
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
    let (n, mean) = (values.len(), mean(&of_settings)?);
    let first = values[0].first();
    let are_equal = values.iter().flatten().all(|value| Some(value) == first);
    if n < 2 || num_seeds < 2 || are_equal {
        return Some(MeanInterval { n, mean, half_width: None });
    }

    // The mean square of a factor with these means, each over `others` values, and its degrees of freedom.
    let component = |means: &[f64], others: usize| {
        let degrees = (means.len() - 1) as f64;
        let squares = means.iter().map(|of_level| (of_level - mean).powi(2)).sum::<f64>();
        (others as f64 * squares / degrees, degrees)
    };
    let components = [component(&of_settings, num_seeds), component(&of_seeds, n)];
    let variance: f64 = components.iter().map(|(square, _)| square).sum();
    if variance == 0.0 {
        return Some(MeanInterval { n, mean, half_width: None });
    }
    let scatter: f64 = components.iter().map(|(square, degrees)| square.powi(2) / degrees).sum();
    let critical = critical_value(confidence, variance.powi(2) / scatter);
    let half_width = critical * (variance / (n * num_seeds) as f64).sqrt();
    half_width.is_finite().then_some(MeanInterval { n, mean, half_width: Some(half_width) })
}

fn means<I: Iterator<Item = f64>>(lists: impl Iterator<Item = I>) -> Option<Vec<f64>> {
    lists.map(|list| mean(&list.collect::<Vec<f64>>())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_known_table() {
        // By hand: means of settings 2, 4, 6, of seeds 3, 5, overall 4; mean squares 8 and 6, so that the
        // variance is 14 / 6 with 14² / (8²/2 + 6²/1) degrees of freedom.
        let values = [vec![1.0, 3.0], vec![3.5, 4.5], vec![4.5, 7.5]];
        let found = crossed_mean_interval(&values, 0.95).unwrap();
        assert_eq!((found.n, found.mean), (3, 4.0));
        let degrees = 14f64.powi(2) / (32.0 + 36.0);
        let expected = critical_value(0.95, degrees) * (14f64 / 6.0).sqrt();
        assert!((found.half_width.unwrap() - expected).abs() < 1e-12, "{found:?} {expected}");
    }

    #[test]
    fn one_seed_or_one_setting_or_no_spread_has_no_interval() {
        for values in [
            vec![vec![1.0], vec![2.0], vec![3.0]],
            vec![vec![1.0, 2.0, 3.0]],
            vec![vec![0.5, 0.5], vec![0.5, 0.5]],
            vec![vec![1.0, 2.0], vec![2.0, 1.0]],
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
