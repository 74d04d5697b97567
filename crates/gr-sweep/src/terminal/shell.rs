//! Words of shell scripts, and of commands that people are shown to paste, that mean themselves whatever
//! is in them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

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

/// `path` as it can be pasted behind a command.
pub fn pasted(path: &Path) -> String {
    let path = not_a_flag(path);
    // Only a line break, or bytes that no terminal shows as they are, cannot be written plainly.
    quote(&path).unwrap_or_else(|_| format!("$'{}'", path.to_string_lossy().escape_debug()))
}

/// `path` so that no program takes it for a flag.
pub fn not_a_flag(path: &Path) -> PathBuf {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(path)
    } else {
        path.into()
    }
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
    fn paths_can_be_pasted() {
        for (path, word) in [
            ("results/p0.01_u100", "results/p0.01_u100"),
            ("my runs/it's", r"'my runs/it'\''s'"),
            ("-x", "./-x"),
            ("two\nlines", r"$'two\nlines'"),
        ] {
            assert_eq!(pasted(Path::new(path)), word);
        }
    }
}
