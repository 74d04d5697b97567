//! What a searched key may be, and a draw from it. The draws are defined here rather than taken from
//! a distribution library so that results cannot change with a library's version.

use gr_grid::unit_interval;
use rand::Rng;
use toml::{Table, Value};

/// What a searched key may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// One of these, each as likely.
    Choice(Vec<Value>),
    /// A whole number, both ends included.
    Integer([i64; 2]),
    /// A number between these.
    Uniform([f64; 2]),
    /// A number between these whose logarithm is uniform.
    LogUniform([f64; 2]),
}

/// The forms that a domain is written in, for error messages.
pub const FORMS: &str = "{ choice = [..] }, { integer = [low, high] }, { uniform = [low, high] } or \
                         { log_uniform = [low, high] }";

impl Domain {
    /// Reads `{ choice = [..] }` and the like.
    ///
    /// # Errors
    /// What would be accepted.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let form = value.as_table().filter(|table| table.len() == 1);
        let (name, list) = form.and_then(|table| table.iter().next()).ok_or(FORMS)?;
        let list = list.as_array().ok_or(FORMS)?;
        match name.as_str() {
            "choice" if list.is_empty() => Err("a choice of at least one value".into()),
            "choice" => Ok(Self::Choice(list.clone())),
            "integer" => {
                let number = |value: &Value| value.as_integer();
                let ends = ends(list, number, "two whole numbers [low, high], low below high")?;
                Ok(Self::Integer(ends))
            }
            "uniform" => Ok(Self::Uniform(ends(
                list,
                finite,
                "two finite numbers [low, high], low below high",
            )?)),
            "log_uniform" => {
                let number = |value: &Value| finite(value).filter(|number| *number > 0.0);
                let accepted = "two finite numbers [low, high] above 0, low below high";
                Ok(Self::LogUniform(ends(list, number, accepted)?))
            }
            _ => Err(FORMS.into()),
        }
    }

    /// The form that [`Domain::parse`] reads.
    pub fn to_value(&self) -> Value {
        let (name, list) = match self {
            Self::Choice(values) => ("choice", Value::from(values.clone())),
            Self::Integer(ends) => ("integer", Value::from(ends.to_vec())),
            Self::Uniform(ends) => ("uniform", Value::from(ends.to_vec())),
            Self::LogUniform(ends) => ("log_uniform", Value::from(ends.to_vec())),
        };
        Value::Table(Table::from_iter([(name.to_string(), list)]))
    }

    /// The values that show whether a configuration takes all that may be drawn: every choice, or both
    /// ends and a number between them that is hardly whole, since what a key accepts has no other gaps.
    pub fn probes(&self) -> Vec<Value> {
        match self {
            Self::Choice(values) => values.clone(),
            Self::Integer(ends) => ends.map(Value::from).to_vec(),
            Self::Uniform([low, high]) | Self::LogUniform([low, high]) => {
                let between = low + (high - low) * 0.381_966_011_250_105;
                [*low, between, *high].map(Value::from).to_vec()
            }
        }
    }

    /// A draw. Takes one word from `rng`.
    pub fn draw(&self, rng: &mut impl Rng) -> Value {
        match self {
            Self::Choice(values) => values[below(rng, values.len() as u64) as usize].clone(),
            Self::Integer([low, high]) => {
                // The difference of any two i64 fits u64, and ends that are not the whole range of
                // i64 leave room for the one more.
                let number = high.abs_diff(*low).saturating_add(1);
                low.wrapping_add_unsigned(below(rng, number)).into()
            }
            Self::Uniform([low, high]) => {
                let unit = unit_interval(rng);
                // In two products, since high - low may overflow.
                ((1.0 - unit) * low + unit * high).clamp(*low, *high).into()
            }
            Self::LogUniform([low, high]) => {
                let unit = unit_interval(rng);
                let value = ((1.0 - unit) * low.ln() + unit * high.ln()).exp();
                twelve_digits(value).clamp(*low, *high).into()
            }
        }
    }
}

/// A uniform whole number in `0..bound`: one 64-bit word scaled by multiplication, so that
/// probabilities are off by less than `bound / 2^64`.
pub fn below(rng: &mut impl Rng, bound: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(bound)) >> 64) as u64
}

/// `value` to twelve significant digits. Logarithms may differ in their last bit between systems;
/// a run's key must not.
fn twelve_digits(value: f64) -> f64 {
    format!("{value:.11e}").parse().expect("a float prints as a float")
}

fn finite(value: &Value) -> Option<f64> {
    let number = value.as_float().or_else(|| value.as_integer().map(|integer| integer as f64));
    number.filter(|number| number.is_finite())
}

/// The two ends of a range that goes up.
fn ends<T: PartialOrd + Copy>(
    list: &[Value],
    number: impl Fn(&Value) -> Option<T>,
    accepted: &str,
) -> Result<[T; 2], String> {
    let ends = match list {
        [low, high] => number(low).zip(number(high)),
        _ => None,
    };
    let ends = ends.filter(|(low, high)| low < high);
    ends.map(|(low, high)| [low, high]).ok_or_else(|| accepted.into())
}

#[cfg(test)]
mod tests {
    use gr_runs::{Purpose, stream};

    use super::*;

    fn domain(text: &str) -> Result<Domain, String> {
        let table: Table = toml::from_str(&format!("domain = {text}")).unwrap();
        Domain::parse(&table["domain"])
    }

    fn draws(text: &str, number: usize) -> Vec<Value> {
        let domain = domain(text).unwrap();
        let mut rng = stream(0, Purpose::Search);
        (0..number).map(|_| domain.draw(&mut rng)).collect()
    }

    #[test]
    fn integers_reach_both_ends_and_nothing_else() {
        let mut found: Vec<i64> = draws("{ integer = [-1, 2] }", 400)
            .iter()
            .map(|value| value.as_integer().unwrap())
            .collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, [-1, 0, 1, 2]);
        let extremes = draws("{ integer = [-9223372036854775808, 9223372036854775807] }", 50);
        assert!(extremes.iter().any(|value| value.as_integer().unwrap() < 0));
    }

    #[test]
    fn every_choice_is_about_as_likely() {
        let found = draws(r#"{ choice = [0.2, "unlimited", [8, 4]] }"#, 3000);
        for choice in domain(r#"{ choice = [0.2, "unlimited", [8, 4]] }"#).unwrap().probes() {
            let times = found.iter().filter(|value| **value == choice).count();
            assert!((900..1100).contains(&times), "{choice}: {times}");
        }
    }

    #[test]
    fn uniform_numbers_fill_their_range_evenly() {
        let found = draws("{ uniform = [0.01, 0.1] }", 4000);
        let numbers: Vec<f64> = found.iter().map(|value| value.as_float().unwrap()).collect();
        assert!(numbers.iter().all(|number| (0.01..=0.1).contains(number)));
        let mean = numbers.iter().sum::<f64>() / 4000.0;
        // Four standard errors: 0.09 / sqrt(12 × 4000) each.
        assert!((mean - 0.055).abs() < 0.0017, "{mean}");
    }

    #[test]
    fn as_many_log_uniform_numbers_lie_in_each_decade() {
        let found = draws("{ log_uniform = [1e-5, 1e-2] }", 3000);
        let mut decades = [0; 3];
        for value in &found {
            let number = value.as_float().unwrap();
            assert!((1e-5..=1e-2).contains(&number));
            decades[(number.log10() + 5.0) as usize] += 1;
        }
        assert!(decades.iter().all(|times| (900..1100).contains(times)), "{decades:?}");
    }

    #[test]
    fn domains_survive_toml() {
        for text in [
            "{ choice = [1, \"reference\"] }",
            "{ integer = [250, 600] }",
            "{ uniform = [0.01, 0.1] }",
            "{ log_uniform = [1e-05, 0.001] }",
        ] {
            let there = domain(text).unwrap();
            assert_eq!(Domain::parse(&there.to_value()).unwrap(), there);
        }
    }

    #[test]
    fn what_is_no_domain_is_refused_with_the_remedy() {
        for (text, remedy) in [
            ("3", "integer = [low, high]"),
            ("{}", "choice = [..]"),
            ("{ normal = [0, 1] }", "uniform = [low, high]"),
            ("{ integer = [1, 2], uniform = [1, 2] }", "log_uniform"),
            ("{ choice = [] }", "at least one"),
            ("{ choice = 3 }", "choice = [..]"),
            ("{ integer = [3, 2] }", "low below high"),
            ("{ integer = [2, 2] }", "low below high"),
            ("{ integer = [1.0, 2.0] }", "whole numbers"),
            ("{ integer = [1, 2, 3] }", "two whole numbers"),
            ("{ uniform = [0.5, 0.1] }", "low below high"),
            ("{ uniform = [0.1, inf] }", "finite"),
            ("{ uniform = [nan, 1.0] }", "finite"),
            ("{ uniform = [\"a\", 1.0] }", "two finite numbers"),
            ("{ log_uniform = [0, 1] }", "above 0"),
            ("{ log_uniform = [-1.0, 1.0] }", "above 0"),
        ] {
            let error = domain(text).unwrap_err();
            assert!(error.contains(remedy), "{text}: {error}");
        }
    }
}
