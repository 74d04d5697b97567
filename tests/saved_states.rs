//! Saved states of earlier versions, through the real binary.

mod support;

use std::fs;
use std::path::Path;

use gr_learn::RunSnapshot;
use gr_runs::read_sealed;
use support::{names, results, root, succeed, sweep, texts};

/// What the recorded state is of, a run of 60 updates that was saved after 24.
const RUN: &[&str] = &[
    "--device=cpu",
    "--methods=routing",
    "--early-stopping",
    "--oversight=0.3",
    "--seeds=0",
    "--updates=60",
    "--envs=8",
    "--record-every=7",
    "--evaluate-every=10",
    "--checkpoint-every=20",
    "--set=environment.rows=3",
    "--set=environment.cols=3",
    "--set=network.hidden=4",
    "--set=network.value_channels=2",
    "--set=network.value_hidden=[4,2]",
    "--set=training.learning_rate=0.003",
    "--set=early_stopping.holdout_episodes=20",
    "--set=early_stopping.check_every=5",
    "--set=early_stopping.min_steps=20",
    "--set=early_stopping.patience=20",
];

#[test]
fn a_state_of_the_first_format_is_continued_to_the_results_of_an_undisturbed_run() {
    let recorded = root().join("tests/data/earlier_state");
    let folder = tempfile::tempdir().unwrap();
    let (whole, continued) = (folder.path().join("whole"), folder.path().join("continued"));
    succeed(&mut sweep(&whole, RUN));
    // Without a plan, which the command writes as this version does.
    let checkpoints = continued.join("checkpoints");
    fs::create_dir_all(&checkpoints).unwrap();
    let mut known = String::new();
    for file in fs::read_dir(&recorded).unwrap() {
        let (path, name) = file.map(|file| (file.path(), file.file_name())).unwrap();
        fs::copy(&path, checkpoints.join(&name)).unwrap();
        if path.extension().is_some_and(|end| end == "state") {
            known = columns(&path);
        }
    }
    let (_, errors) = texts(&succeed(&mut sweep(&continued, RUN)));
    assert!(!errors.contains("starts anew"), "{errors}");
    assert_eq!(names(&whole), names(&continued));
    let mut found = results(&continued);
    for (name, bytes) in results(&whole) {
        let [expected, found] = [bytes, found.remove(&name).unwrap()].map(String::from_utf8);
        if name.ends_with(".csv") {
            assert_alike(&name, &expected.unwrap(), &found.unwrap(), &known);
        }
    }
}

/// The headers of the logs in a saved state of the first format.
fn columns(state: &Path) -> String {
    let bytes = read_sealed(state).unwrap();
    let (snapshot, notes) = RunSnapshot::from_earlier(&bytes).unwrap().unwrap();
    assert_eq!(snapshot.updates_done, 24);
    let logs = ["evaluations", "training", "policy_tables", "holdout"];
    logs.map(|log| notes[log].lines().next().unwrap()).join(",")
}

/// Asserts that the cells of `found` are those of `expected`, but for the last digits, in which
/// machines differ. Cells of columns that are not `known` may be as rows of the first schema have them.
#[track_caller]
fn assert_alike(name: &str, expected: &str, found: &str, known: &str) {
    let [expected, found] = [expected, found].map(|text| {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        (header, reader.into_records().collect::<Result<Vec<_>, _>>().unwrap())
    });
    assert_eq!(expected.0, found.0, "{name}");
    assert_eq!(expected.1.len(), found.1.len(), "{name}");
    for (row, (expected, other)) in expected.1.iter().zip(&found.1).enumerate() {
        for ((column, expected), found) in found.0.iter().zip(expected).zip(other) {
            let is_later = !known.split(',').any(|known| known == column);
            let numbers = [expected, found].map(str::parse::<f64>);
            let is_near = matches!(numbers, [Ok(a), Ok(b)] if (a - b).abs() < 1e-3);
            let is_earlier =
                is_later && (found.is_empty() || (column, found) == ("schema_version", "1"));
            let is_alike = found == expected || is_near || is_earlier;
            assert!(is_alike, "{name}, row {row}, {column}: {found} instead of {expected}");
        }
    }
}
