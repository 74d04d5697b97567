//! An estimate with the interval around it.

/// A number and the two-sided interval around it, all three in the unit of the number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number estimated from the data as they are.
    pub value: f64,
    /// Lower bound of the interval.
    pub low: f64,
    /// Upper bound of the interval.
    pub high: f64,
}

impl Estimate {
    /// `None` if any of the three is NaN or infinite.
    pub(crate) fn finite(value: f64, low: f64, high: f64) -> Option<Self> {
        [value, low, high].iter().all(|x| x.is_finite()).then_some(Self { value, low, high })
    }
}

/// A percentage or a significance level of 0 passed as a confidence would give a plausible number.
pub(crate) fn assert_confidence(confidence: f64) {
    assert!(confidence > 0.0 && confidence < 1.0, "confidence {confidence} is not in (0, 1)");
}
