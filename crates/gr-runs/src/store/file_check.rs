//! Whether a file is still what was recorded of it. Records are read from manifests and saved states,
//! which may say anything: no file outside the results folder is looked at.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::run::{FileRecord, hex};

/// What is wrong with a file of a run that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// How closely files are compared with what a manifest says of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// They are there and have their lengths.
    Lengths,
    /// They have their SHA-256 too, for which they are read.
    Hashes,
}

impl FileRecord {
    /// Whether the file in the results folder `folder` is what was recorded.
    pub(crate) fn check(&self, folder: &Path, check: Check) -> Result<(), Damage> {
        let name = Path::new(&self.name);
        let file = folder.join(name);
        let damage = |reason: String| Err(Damage { file: file.clone(), reason });
        if !name.components().all(|part| matches!(part, Component::Normal(_))) {
            return damage("a manifest names it, but it lies outside the results folder".into());
        }
        let bytes = match fs::metadata(&file) {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            // Pipes and devices may have no end, or none before somebody writes to them.
            Ok(_) => return damage("not a file".into()),
            Err(error) => return damage(error.to_string()),
        };
        if bytes != self.bytes {
            return damage(format!("{bytes} bytes instead of {}", self.bytes));
        }
        match check {
            Check::Lengths => Ok(()),
            Check::Hashes => match sha256_of(&file) {
                Ok(sha256) if sha256 == self.sha256 => Ok(()),
                Ok(_) => damage("its hash is not the one that was recorded".into()),
                Err(error) => damage(error.to_string()),
            },
        }
    }
}

/// SHA-256 of a file that need not fit into memory.
fn sha256_of(path: &Path) -> io::Result<String> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut hash = Sha256::new();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(bytes);
        let length = bytes.len();
        reader.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_files_of_the_folder_is_looked_at() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("results");
        fs::create_dir_all(folder.join("checkpoints")).unwrap();
        for name in ["outside.csv", "results/inside.csv", "results/checkpoints/inside.csv"] {
            fs::write(outside.path().join(name), "rows").unwrap();
        }
        let checked = |name: &str| {
            let record = FileRecord::of(Path::new(name), b"rows");
            let [lengths, hashes] =
                [Check::Lengths, Check::Hashes].map(|check| record.check(&folder, check));
            assert_eq!(lengths, hashes, "{name}");
            hashes.map_err(|damage| damage.reason)
        };
        assert_eq!(checked("inside.csv"), Ok(()));
        assert_eq!(checked("checkpoints/inside.csv"), Ok(()));
        let absolute = outside.path().join("outside.csv");
        for name in [
            "../outside.csv",
            "checkpoints/../../outside.csv",
            "checkpoints/../inside.csv",
            absolute.to_str().unwrap(),
            "/dev/zero",
        ] {
            assert!(checked(name).unwrap_err().contains("outside the results folder"), "{name}");
        }
        for name in ["", "checkpoints"] {
            assert_eq!(checked(name), Err("not a file".into()), "{name}");
        }
        assert!(checked("inside\0.csv").is_err());
    }
}
