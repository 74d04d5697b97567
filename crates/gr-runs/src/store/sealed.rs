//! Files that carry their own hash, so that one that was cut or changed is found out.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::atomic::{atomic_write, atomic_write_parts};
use super::{Damage, StoreError};
use crate::run::hex;

/// Begins the first line of a sealed TOML file. First, so that a file cut at its end is found out;
/// a comment, so that it stays TOML.
const SEAL: &str = "# sha256 of the lines below: ";

/// [`atomic_write`] of `bytes` followed by their SHA-256.
pub fn write_sealed(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    atomic_write_parts(path, &[bytes, &Sha256::digest(bytes)])
}

/// Reads what [`write_sealed`] wrote.
///
/// # Errors
/// [`StoreError::Corrupt`] if the bytes do not match their hash.
pub fn read_sealed(path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = fs::read(path).map_err(StoreError::io("read", path))?;
    let corrupt = |reason: &str| StoreError::Corrupt {
        path: path.into(),
        reason: reason.into(),
        fix: "the run starts anew".into(),
    };
    let length = bytes.len().checked_sub(32).ok_or_else(|| corrupt("too short"))?;
    let seal = bytes.split_off(length);
    if Sha256::digest(&bytes).as_slice() == seal {
        Ok(bytes)
    } else {
        Err(corrupt("its hash does not match"))
    }
}

/// [`atomic_write`] of `value` as TOML below a line with its SHA-256.
pub(crate) fn write_toml<T: Serialize>(path: &Path, value: &T) -> Result<(), StoreError> {
    let text = toml::to_string(value).expect("manifests are plain data");
    let seal = hex(&Sha256::digest(&text));
    atomic_write(path, format!("{SEAL}{seal}\n{text}").as_bytes())
}

/// What stands in a TOML file: nothing if there is no file. A file without a seal, as earlier
/// versions wrote, is taken as it is.
///
/// # Errors
/// [`StoreError::Io`] if the system refuses.
pub(crate) fn read_toml<T: DeserializeOwned>(
    path: &Path,
) -> Result<Option<Result<T, Damage>>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    let damage = |reason: String| Damage { file: path.into(), reason };
    let Ok(text) = String::from_utf8(bytes) else {
        return Ok(Some(Err(damage("not a text".into()))));
    };
    let sealed = text.strip_prefix(SEAL).map(|rest| rest.split_once('\n').unwrap_or((rest, "")));
    if let Some((seal, below)) = sealed
        && seal != hex(&Sha256::digest(below))
    {
        return Ok(Some(Err(damage("its hash does not match".into()))));
    }
    // The seal is a comment, and errors count lines as an editor does.
    let value = toml::from_str(&text).map_err(|error| damage(error.to_string().trim_end().into()));
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Value {
        number: f64,
        list: Vec<u8>,
    }

    #[test]
    fn every_changed_or_missing_byte_of_a_sealed_file_is_found_or_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.toml");
        let value = Value { number: 0.25, list: vec![1, 2, 3] };
        write_toml(&path, &value).unwrap();
        let whole = fs::read(&path).unwrap();
        let read = || read_toml::<Value>(&path).unwrap().unwrap();
        assert_eq!(read(), Ok(Value { number: 0.25, list: vec![1, 2, 3] }));
        for position in 0..whole.len() {
            fs::write(&path, &whole[..position]).unwrap();
            assert!(read().is_err(), "cut at {position}");
            let mut changed = whole.clone();
            changed[position] ^= 1;
            fs::write(&path, &changed).unwrap();
            // Without its mark the seal is a comment like any other, and what it sealed is whole.
            assert!(read().map_or(true, |read| read == value), "changed at {position}");
        }
        let unsealed = "number = 0.25\nlist = [1, 2, 3]";
        fs::write(&path, unsealed).unwrap();
        assert_eq!(read(), Ok(value));
        assert_eq!(read_toml::<Value>(&folder.path().join("none")).unwrap(), None);
    }
}
