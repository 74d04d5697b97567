//! Numbers however people write them: one reader for all.

use toml::Value;

/// The number that `value` is, or is the text of; never −0.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Float(number) => *number,
        Value::Integer(number) => *number as f64,
        Value::String(text) => decimal(text)?,
        _ => return None,
    };
    // −0 + 0 is 0: two names for one number would be two runs.
    Some(number + 0.0)
}

/// The whole number that `value` is, or is the text of: `1e3` is 1000.
pub(super) fn whole(value: &Value) -> Option<u64> {
    /// From here on not every whole number is a floating-point number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Value::Integer(number) = value {
        return u64::try_from(*number).ok();
    }
    let digits = value.as_str().map(str::trim).filter(|text| !has_leading_zero(text));
    if let Some(number) = digits.and_then(|text| text.parse().ok()) {
        return Some(number);
    }
    let number = number(value)?;
    let is_whole = number.fract() == 0.0 && (0.0..=EXACT).contains(&number);
    is_whole.then_some(number as u64)
}

/// The number that a text says. A decimal comma makes `0,01` two parts of a list, of which the second
/// is refused here.
fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    if has_leading_zero(text) { None } else { text.parse().ok() }
}

fn has_leading_zero(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}
