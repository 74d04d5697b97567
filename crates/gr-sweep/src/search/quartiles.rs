//! Quartiles of a few numbers.

/// First quartile, median and third quartile of `values`, by linear interpolation between the two
/// nearest (`numpy.quantile`'s default). `None` of no values.
pub fn quartiles(values: &[f64]) -> Option<[f64; 3]> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some([0.25, 0.5, 0.75].map(|level| {
        let position = level * last as f64;
        let below = position.floor() as usize;
        let above = (below + 1).min(last);
        sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_the_nearest_values_whatever_their_order() {
        // numpy.quantile([1, 2, 3, 4], [0.25, 0.5, 0.75]) and of [10, 0, 5].
        assert_eq!(quartiles(&[4.0, 1.0, 3.0, 2.0]), Some([1.75, 2.5, 3.25]));
        assert_eq!(quartiles(&[10.0, 0.0, 5.0]), Some([2.5, 5.0, 7.5]));
        assert_eq!(quartiles(&[3.0]), Some([3.0; 3]));
        assert_eq!(quartiles(&[]), None);
    }
}
