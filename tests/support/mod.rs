//! Runs the real binaries and compares what they leave behind.

// Every test file compiles this module for itself, and none of them uses all of it.
#![allow(dead_code)]

pub mod search;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use gr_runs::{RunManifest, Store};

/// A small sweep: seconds for all of its runs, and every part of the harness at work.
pub const SMALL: &[&str] = &[
    "--device=cpu",
    "--envs=24",
    "--set=environment.rows=3",
    "--set=environment.cols=3",
    "--set=network.hidden=16",
    "--set=network.value_channels=3",
    "--set=network.value_hidden=[8,4]",
    "--set=training.learning_rate=0.003",
    "--record-every=7",
    "--evaluate-every=10",
    // A file, since flags without effect are refused, and not every sweep stops early.
    "--config=tests/data/small.toml",
];

/// The root of the workspace, asked for at run time: build outputs may be shared between clones.
pub fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").expect("tests are run by cargo").into()
}

/// The binary `name` of this workspace, built beside the tests.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/<profile>/deps");
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing; run the tests with --workspace", path.display());
    path
}

/// The one plan of the results folder `results`; nothing if none is there yet.
pub fn plan(results: &Path) -> Option<PathBuf> {
    let mut plans = fs::read_dir(results.join("plans")).ok()?;
    Some(plans.next()?.unwrap().path())
}

/// A command of `gr-sweep` with results in `results`.
pub fn sweep(results: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("gr-sweep"));
    command.args(arguments).arg("--results").arg(results);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Tests may themselves be run by Slurm.
    for (variable, _) in std::env::vars_os() {
        if variable.as_encoded_bytes().starts_with(b"SLURM_") {
            command.env_remove(variable);
        }
    }
    command
}

/// `command`, with its environment, started by the program and arguments in `starter`.
pub fn through(starter: &[&str], command: &Command) -> Command {
    let mut through = Command::new(starter[0]);
    through.args(&starter[1..]).arg(command.get_program()).args(command.get_args());
    for (variable, value) in command.get_envs() {
        match value {
            Some(value) => through.env(variable, value),
            None => through.env_remove(variable),
        };
    }
    through.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    through
}

/// Runs `command` to its end, which must be a success.
#[track_caller]
pub fn succeed(command: &mut Command) -> Output {
    let output = command.output().expect("the binary starts");
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}

/// Standard output and standard error of a finished command.
pub fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
    (text(&output.stdout), text(&output.stderr))
}

/// Waits, at most a minute, until something is so.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not within a minute: {what}");
}

/// Whether there is a `folder` with a file whose name ends so.
pub fn has_file(folder: &Path, end: &str) -> bool {
    let mut entries = fs::read_dir(folder).into_iter().flatten();
    entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(end)))
}

/// Everything in a results folder that repeats must not change: CSV files and kept policies.
pub fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for place in [folder.to_path_buf(), folder.join("checkpoints")] {
        for entry in fs::read_dir(&place).expect("a results folder has both") {
            let path = entry.expect("entries can be read").path();
            let repeatable = path.extension().is_some_and(|e| e == "csv" || e == "safetensors");
            if repeatable {
                let name = path.file_name().expect("files have names").to_string_lossy();
                let again =
                    files.insert(name.into_owned(), fs::read(&path).expect("results can be read"));
                assert!(again.is_none(), "{} is there twice", path.display());
            }
        }
    }
    files
}

/// Asserts that two results folders hold the same, naming the files that differ.
#[track_caller]
pub fn assert_same(a: &Path, b: &Path) {
    let (a, b) = (results(a), results(b));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    let differing: Vec<&String> = a.keys().filter(|name| a[*name] != b[*name]).collect();
    assert!(differing.is_empty(), "{differing:?} differ");
}

/// A command of `gr-sweep` that looks at the results in `folder`.
pub fn looking(command: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut looking = Command::new(binary("gr-sweep"));
    looking.arg(command).arg(folder).args(arguments);
    looking.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    looking
}

/// Names of all files in a results folder.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for place in ["", "checkpoints"] {
        for entry in fs::read_dir(folder.join(place)).expect("a results folder has both") {
            let name = entry.expect("entries can be read").file_name();
            names.push(format!("{place}/{}", name.to_string_lossy()));
        }
    }
    names.sort();
    names
}

/// Runs that the folder says are finished. Asserts that each of their files is what was recorded.
#[track_caller]
pub fn finished_and_intact(folder: &Path) -> BTreeSet<String> {
    // Killed before it could write its plan, a sweep has nothing.
    let Ok((store, _)) = Store::open_existing(folder) else { return BTreeSet::new() };
    let listing = store.listing().expect("a results folder can be read");
    let runs = listing.finished.iter().map(|run| {
        let text = fs::read_to_string(&store.files(run).manifest).expect("manifests can be read");
        let manifest: RunManifest = toml::from_str(&text).expect("manifests are whole");
        for record in &manifest.files {
            assert!(store.is_intact(record), "{} is not what {run} recorded", record.name);
        }
        run.to_string()
    });
    runs.collect()
}

/// Numbers that look random and are the same every time.
pub fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    // Marsaglia's xorshift64.
    std::iter::successors(Some(seed), |x| {
        let x = x ^ (x << 13);
        let x = x ^ (x >> 7);
        Some(x ^ (x << 17))
    })
    .skip(1)
}
