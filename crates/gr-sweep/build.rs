//! Notes what the program is built from: the commit, and a fingerprint of the code that trains.
//!
//! The fingerprint ([`training_code`]) is what decides whether two results must be equal to the last bit. It is
//! taken here, where all programs of one build meet, so that `gr-sweep verify` can hold what `gr-search`
//! trained against its bits.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// What decides a run's files, from the root of the workspace: the crates that train, the part of this one
/// that writes their rows down, the exact versions of all dependencies, and their features and profile.
const DECIDING: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "crates/gr-grid/Cargo.toml",
    "crates/gr-grid/src",
    "crates/gr-learn/Cargo.toml",
    "crates/gr-learn/src",
    "crates/gr-runs/Cargo.toml",
    "crates/gr-runs/src",
    "crates/gr-sweep/src/training",
];

/// What cargo tells of how it compiles. Levels of optimisation decide in which order floating-point numbers
/// are added up, target features which instructions do it, and features which backends there are.
const DECIDING_VARIABLES: &[&str] = &[
    "TARGET",
    "PROFILE",
    "OPT_LEVEL",
    "DEBUG",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_CFG_TARGET_FEATURE",
    "CARGO_CFG_DEBUG_ASSERTIONS",
    "CARGO_CFG_OVERFLOW_CHECKS",
    "CARGO_CFG_PANIC",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let commit = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".into());
    println!("cargo::rustc-env=GR_COMMIT={commit}");
    // The reflog changes with every commit; a source archive has none.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rustc-env=GR_TRAINING_CODE={}", training_code());
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_string();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// The hash of [`DECIDING`], of [`DECIDING_VARIABLES`], of this package's features and of the compiler.
fn training_code() -> String {
    let root = Path::new("../..");
    let mut hash = Sha256::new();
    let mut add = |name: &str, content: &[u8]| {
        // Lengths first: no two lists of parts may read alike.
        for part in [name.as_bytes(), content] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    };
    for place in DECIDING {
        println!("cargo::rerun-if-changed={}", root.join(place).display());
        for file in files(&root.join(place)) {
            let content = std::fs::read(&file).unwrap_or_default();
            add(&file.to_string_lossy(), &content);
        }
    }
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("-vV").output();
    add("rustc", &version.map(|output| output.stdout).unwrap_or_default());
    let decides = |name: &str| {
        DECIDING_VARIABLES.contains(&name)
            || name.starts_with("CARGO_FEATURE_")
            || name.starts_with("CARGO_PROFILE_")
    };
    let mut variables: Vec<(String, String)> =
        std::env::vars().filter(|(name, _)| decides(name)).collect();
    variables.sort();
    for (name, value) in variables {
        add(&name, value.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `path`, or all Rust and TOML files below it, in the order of their names.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.into()] };
    let mut found: Vec<PathBuf> =
        entries.flatten().flat_map(|entry| files(&entry.path())).collect();
    found.retain(|file| matches!(file.extension().and_then(OsStr::to_str), Some("rs" | "toml")));
    found.sort();
    found
}
