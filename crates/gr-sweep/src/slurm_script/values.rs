//! What people ask Slurm for, checked before it stands in a script that waits in a queue.

/// Shortest time limit in minutes. The warning comes one to two minutes before the end, and a task
/// that is always warned before it has begun would be requeued for ever.
const SHORTEST_LIMIT: u64 = 5;

/// A time limit in one of the forms that Slurm takes.
pub fn time_limit(text: &str) -> Result<String, String> {
    let accepted = "minutes, minutes:seconds, hours:minutes:seconds, days-hours, \
                    days-hours:minutes or days-hours:minutes:seconds";
    let minutes = minutes(text).ok_or_else(|| format!("it must be {accepted}"))?;
    if minutes < SHORTEST_LIMIT {
        return Err(format!("it must be {SHORTEST_LIMIT} minutes or more"));
    }
    Ok(text.into())
}

/// Whole minutes of a time limit.
fn minutes(text: &str) -> Option<u64> {
    let numbers = |text: &str| -> Option<Vec<u64>> {
        text.split(':').map(|part| part.parse().ok().filter(|n| *n < 1_000_000)).collect()
    };
    match text.split_once('-') {
        None => match numbers(text)?[..] {
            [minutes] | [minutes, _] => Some(minutes),
            [hours, minutes, _] => Some(hours * 60 + minutes),
            _ => None,
        },
        Some((days, rest)) => {
            let days: u64 = days.parse().ok().filter(|days| *days < 100_000)?;
            match numbers(rest)?[..] {
                [hours] => Some((days * 24 + hours) * 60),
                [hours, minutes] | [hours, minutes, _] => Some((days * 24 + hours) * 60 + minutes),
                _ => None,
            }
        }
    }
}

/// Memory in one of the forms that Slurm takes.
pub fn memory(text: &str) -> Result<String, String> {
    let number = text.strip_suffix(['K', 'M', 'G', 'T']).unwrap_or(text);
    match number.parse::<u64>() {
        Ok(1..) => Ok(text.into()),
        _ => Err("it must be a number of megabytes, or one with K, M, G or T after it".into()),
    }
}

/// The name of a partition, several of them, or of an account.
pub fn name(text: &str) -> Result<String, String> {
    let tame = |letter: char| letter.is_ascii_alphanumeric() || "_-.,".contains(letter);
    if !text.is_empty() && text.chars().all(tame) {
        Ok(text.into())
    } else {
        Err("it must be letters, digits, and _ - . ,".into())
    }
}

/// `text` with what Slurm might read otherwise in a job's name replaced by `-`.
pub fn job_name(text: &str) -> String {
    let tame = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    text.chars().map(|letter| if tame(letter) { letter } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_take_the_forms_that_slurm_takes() {
        for (text, expected) in [
            ("90", 90),
            ("90:30", 90),
            ("4:30:00", 270),
            ("1-12", 36 * 60),
            ("1-12:30", 36 * 60 + 30),
            ("1-00:10:00", 24 * 60 + 10),
        ] {
            assert_eq!(minutes(text), Some(expected), "{text}");
            assert_eq!(time_limit(text).unwrap(), text);
        }
        for text in ["", "soon", "1:2:3:4", "1-", "-5", "1-2:3:4:5", "99999999999999999999", "4h"] {
            assert!(time_limit(text).unwrap_err().contains("days-hours"), "{text}");
        }
        assert!(time_limit("4:59").unwrap_err().contains("5 minutes or more"));
    }

    #[test]
    fn memory_and_names_hold_no_surprises() {
        for text in ["4000", "16G"] {
            assert_eq!(memory(text).unwrap(), text);
        }
        for text in ["", "0", "lots", "4GB", "1 G"] {
            assert!(memory(text).is_err(), "{text}");
        }
        assert!(name("low,high-2").is_ok());
        for text in ["", "two words", "x\n#SBATCH --wrap=y", "$(x)"] {
            assert!(name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn job_names_are_tame() {
        assert_eq!(job_name("p0.3_u1000 %j/ü"), "p0.3_u1000--j--");
    }
}
