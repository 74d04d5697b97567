//! Whether a curve still rises.

/// Slope of the least-squares line through points. `None` of fewer than two different `xs`.
pub fn slope(xs: &[f64], ys: &[f64]) -> Option<f64> {
    let n = xs.len() as f64;
    let (mean_x, mean_y) = (xs.iter().sum::<f64>() / n, ys.iter().sum::<f64>() / n);
    let spread: f64 = xs.iter().map(|x| (x - mean_x).powi(2)).sum();
    let product: f64 = xs.iter().zip(ys).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (spread > 0.0).then(|| product / spread)
}

#[cfg(test)]
mod tests {
    use super::slope;

    #[test]
    fn slope_of_known_lines() {
        assert_eq!(slope(&[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0]), Some(2.0));
        assert_eq!(slope(&[0.0, 1.0, 2.0], &[0.0, 3.0, 0.0]), Some(0.0));
        assert_eq!(slope(&[1.0, 1.0], &[0.0, 3.0]), None);
        assert_eq!(slope(&[], &[]), None);
    }
}
