//! The trend of a curve.

use crate::aggregate::mean;

/// Least-squares slope of `ys` over `xs`, in units of y per unit of x: whether a learning curve is
/// still rising at its end.
///
/// Σ (x - x̄)(y - ȳ) / Σ (x - x̄)², as the slope of `scipy.stats.linregress`. No interval comes
/// with it, since successive points of one run are not independent; take one slope per run and the
/// interval over runs.
///
/// `None` of fewer than two points, if all `xs` are equal, if a value is NaN or infinite, or on
/// overflow.
///
/// # Panics
///
/// If the lists differ in length.
pub fn slope(xs: &[f64], ys: &[f64]) -> Option<f64> {
    assert_eq!(xs.len(), ys.len(), "xs and ys differ in length");
    let (mean_x, mean_y) = (mean(xs)?, mean(ys)?);
    // Compared as they are: the mean of equal numbers is rounded, and differs from them.
    if xs.iter().all(|x| *x == xs[0]) {
        return None;
    }
    let mut products = 0.0;
    let mut squares = 0.0;
    for (x, y) in xs.iter().zip(ys) {
        products += (x - mean_x) * (y - mean_y);
        squares += (x - mean_x).powi(2);
    }
    Some(products / squares).filter(|slope| squares.is_finite() && slope.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_point_has_no_slope() {
        assert_eq!(slope(&[], &[]), None);
        assert_eq!(slope(&[1.0], &[2.0]), None);
    }

    #[test]
    fn equal_xs_have_no_slope() {
        // The mean of three times 0.1 is not 0.1.
        assert_eq!(slope(&[0.1, 0.1, 0.1], &[1.0, 2.0, 4.0]), None);
    }

    #[test]
    fn a_value_that_is_not_finite_leaves_no_slope() {
        assert_eq!(slope(&[0.0, 1.0, f64::NAN], &[0.0, 1.0, 2.0]), None);
        assert_eq!(slope(&[0.0, 1.0, 2.0], &[0.0, f64::INFINITY, 2.0]), None);
        assert_eq!(slope(&[-1e200, 0.0, 1e200], &[0.0, 1.0, 2.0]), None);
    }

    #[test]
    #[should_panic(expected = "differ in length")]
    fn unequal_lengths_are_a_mistake() {
        let _ = slope(&[0.0, 1.0], &[0.0]);
    }

    proptest! {
        #[test]
        fn points_on_a_line_have_its_slope(
            steps in prop::collection::vec(0.01..10.0f64, 2..40),
            gradient in -5.0..5.0f64,
            offset in -100.0..100.0f64,
        ) {
            let xs: Vec<f64> =
                steps.iter().scan(0.0, |x, step| { *x += step; Some(*x) }).collect();
            let ys: Vec<f64> = xs.iter().map(|x| offset + gradient * x).collect();
            prop_assert!((slope(&xs, &ys).unwrap() - gradient).abs() < 1e-8);
        }
    }
}
