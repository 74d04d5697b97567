//! Words of a shell script that mean themselves, whatever is in them.

use std::ffi::OsStr;

use anyhow::{Context, Result};

/// `word` as bash reads it back: bare if nothing in it is special, else in single quotes.
///
/// # Errors
/// If it is not UTF-8, or has a line break: scripts are text, and lines of them end here-documents.
pub fn quote(word: impl AsRef<OsStr>) -> Result<String> {
    let word = word.as_ref();
    let text = word
        .to_str()
        .filter(|text| !text.contains(['\n', '\r']))
        .with_context(|| format!("{word:?} cannot be written into a script"))?;
    let tame = |letter: char| letter.is_ascii_alphanumeric() || "_-+=.,:/@%".contains(letter);
    if !text.is_empty() && text.chars().all(tame) {
        return Ok(text.into());
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
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
    fn words_are_bare_or_quoted() {
        assert_eq!(quote("--oversight=0.1,0.3").unwrap(), "--oversight=0.1,0.3");
        assert_eq!(quote("").unwrap(), "''");
        assert_eq!(quote("my runs").unwrap(), "'my runs'");
        assert_eq!(quote("~/$HOME `x`").unwrap(), "'~/$HOME `x`'");
        assert_eq!(quote("it's").unwrap(), r"'it'\''s'");
    }

    #[test]
    fn what_no_script_can_hold_is_refused() {
        let error = quote("two\nlines").unwrap_err().to_string();
        assert!(error.contains("two\\nlines"), "{error}");
    }

    #[test]
    fn job_names_are_tame() {
        assert_eq!(job_name("p0.3_u1000 %j/ü"), "p0.3_u1000--j--");
    }
}
