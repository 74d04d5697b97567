//! The mean of a few runs and its interval by Student's t distribution.

/// A mean and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanInterval {
    /// Number of values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Half the width of the interval around it; `None` for a single value.
    pub half_width: Option<f64>,
}

/// Mean of `values` with its two-sided interval at `confidence`, say 0.95. `None` of no values.
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<MeanInterval> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let half_width = (n > 1).then(|| {
        let degrees = (n - 1) as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / degrees;
        critical_value(confidence, degrees) * (variance / n as f64).sqrt()
    });
    Some(MeanInterval { n, mean, half_width })
}

/// The t with P(|T| < t) = `confidence`, by bisection of the distribution function.
fn critical_value(confidence: f64, degrees: f64) -> f64 {
    // P(|T| > t) = I_x(degrees / 2, 1/2) with x = degrees / (degrees + t²), increasing in x.
    let (mut low, mut high) = (0.0f64, 1.0f64);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if regularized_beta(middle, 0.5 * degrees, 0.5) < 1.0 - confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    (degrees * (1.0 - high) / high).sqrt()
}

/// Regularized incomplete beta function I_x(a, b), by Lentz's continued fraction (Numerical Recipes,
/// third edition, section 6.4).
fn regularized_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - regularized_beta(1.0 - x, b, a);
    }
    let nonzero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let front = (a * x.ln() + b * (1.0 - x).ln() - ln_beta(a, b)).exp() / a;
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / nonzero(1.0 + numerator * d);
            c = nonzero(1.0 + numerator / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// ln Γ(x) for x > 0: Stirling's series after shifting x above 10 (Abramowitz and Stegun, 6.1.41).
fn ln_gamma(x: f64) -> f64 {
    let mut shift = 0.0;
    let mut x = x;
    while x < 10.0 {
        shift += x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0
            - square
                * (1.0 / 360.0
                    - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_are_those_of_published_tables() {
        // Two-sided 95 %, and 99 % for the last (NIST/SEMATECH e-Handbook, table 1.3.6.7.2).
        for (confidence, degrees, expected) in [
            (0.95, 1.0, 12.706),
            (0.95, 2.0, 4.303),
            (0.95, 3.0, 3.182),
            (0.95, 7.0, 2.365),
            (0.95, 30.0, 2.042),
            (0.95, 100.0, 1.984),
            (0.99, 5.0, 4.032),
        ] {
            let t = critical_value(confidence, degrees);
            assert!((t - expected).abs() < 6e-4, "{degrees}: {t}");
        }
    }

    #[test]
    fn interval_of_a_known_sample() {
        // Mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776445.
        let interval = mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        assert_eq!((interval.n, interval.mean), (5, 3.0));
        assert!((interval.half_width.unwrap() - 2.776445 * (2.5f64 / 5.0).sqrt()).abs() < 1e-5);
    }

    #[test]
    fn one_value_has_no_interval_and_none_has_no_mean() {
        assert_eq!(mean_interval(&[0.5], 0.95).unwrap().half_width, None);
        assert_eq!(mean_interval(&[], 0.95), None);
    }
}
