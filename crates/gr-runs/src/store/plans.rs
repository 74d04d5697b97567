//! The plans of a results folder: what commands asked for, a file each. Together they tell which runs belong
//! there. None is ever changed, so that commands may add theirs at the same time.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{StoreError, write_if_changed};
use crate::run::{SCHEMA_VERSION, hex};
use crate::settings::{ConfigError, SweepFile};

/// Where earlier versions kept the one plan of a folder.
const ONLY_PLAN: &str = "plan.toml";

/// Where plans lie, each named by a hash of its content.
const PLANS: &str = "plans";

/// Adds `plan` to those of `folder`, unless it is there.
///
/// # Errors
/// If it cannot be written, or the one plan of an earlier version cannot be read.
pub(super) fn add(folder: &Path, plan: &SweepFile) -> Result<(), StoreError> {
    let only = folder.join(ONLY_PLAN);
    if only.exists() && read_plan(&only)? == *plan {
        return Ok(());
    }
    let settings = toml::to_string(&plan.to_table()).expect("a plan is plain data");
    let text = format!("schema_version = {SCHEMA_VERSION}\n{settings}");
    let plans = folder.join(PLANS);
    fs::create_dir_all(&plans).map_err(StoreError::io("create", &plans))?;
    let name = hex(&Sha256::digest(&text)[..8]);
    write_if_changed(&plans.join(format!("{name}.toml")), text.as_bytes())
}

/// The plans of `folder`, in an order that does not depend on who looks; none if nothing was planned.
///
/// # Errors
/// If one cannot be read.
pub(super) fn read(folder: &Path) -> Result<Vec<SweepFile>, StoreError> {
    plan_files(folder)?.iter().map(|path| read_plan(path)).collect()
}

/// The files of the plans of `folder`, in the same order.
///
/// # Errors
/// If the folder cannot be read.
pub fn plan_files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut files = Vec::new();
    let plans = folder.join(PLANS);
    if plans.is_dir() {
        for entry in fs::read_dir(&plans).map_err(StoreError::io("read", &plans))? {
            let path = entry.map_err(StoreError::io("read", &plans))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    // The oldest one first: runs that several plans name otherwise keep their first name.
    let only = folder.join(ONLY_PLAN);
    if only.exists() {
        files.insert(0, only);
    }
    Ok(files)
}

fn read_plan(path: &Path) -> Result<SweepFile, StoreError> {
    #[derive(Deserialize)]
    struct Version {
        #[serde(default)]
        schema_version: u32,
    }
    let bytes = fs::read(path).map_err(StoreError::io("read", path))?;
    let text = String::from_utf8_lossy(&bytes);
    if let Ok(Version { schema_version }) = toml::from_str(&text)
        && schema_version > SCHEMA_VERSION
    {
        return Err(StoreError::newer(path, schema_version));
    }
    SweepFile::parse_complete(&text, path).map_err(|error| StoreError::Corrupt {
        path: path.into(),
        reason: match error {
            ConfigError::Parse { message, .. } => message.trim_end().into(),
            error => error.to_string(),
        },
        fix: "remove this file and run the command that it is of again, which writes it anew and keeps what is \
              trained"
            .into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{ConfigSources, load};

    fn plan(seeds: &str) -> SweepFile {
        let overrides = vec![("test".into(), "seeds".into(), seeds.into())];
        load(&ConfigSources { overrides, ..Default::default() }).unwrap()
    }

    #[test]
    fn plans_are_added_once_and_an_old_one_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert!(read(path).unwrap().is_empty());
        let old = toml::to_string(&plan("0..2").to_table()).unwrap();
        fs::write(path.join(ONLY_PLAN), &old).unwrap();
        add(path, &plan("0..2")).unwrap();
        assert!(!path.join(PLANS).exists());
        for seeds in ["2..4", "4..8", "2..4"] {
            add(path, &plan(seeds)).unwrap();
        }
        let there = read(path).unwrap();
        assert_eq!((there.len(), &there[0]), (3, &plan("0..2")));
        assert!(there.contains(&plan("2..4")) && there.contains(&plan("4..8")));
        assert_eq!(fs::read_to_string(path.join(ONLY_PLAN)).unwrap(), old);
    }

    #[test]
    fn a_plan_of_a_version_to_come_or_of_nothing_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let plans = folder.path().join(PLANS);
        fs::create_dir(&plans).unwrap();
        fs::write(plans.join("a.toml"), "schema_version = 99\nnew = 1\n").unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("a.toml") && error.contains("schema 99"), "{error}");
        fs::write(plans.join("a.toml"), "methods = [").unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("a.toml is corrupt") && error.contains("remove"), "{error}");
    }
}
