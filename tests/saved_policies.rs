//! Saved policies through `gr-policy`: golden returns, published ones, and our own files.

mod support;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::{SMALL, binary, results, succeed, sweep, texts};

fn evaluate(file: &Path, oversight: &str, first_observation: &str) -> HashMap<String, Value> {
    let mut command = Command::new(binary("gr-policy"));
    command.arg("evaluate").arg(file).args(["--oversight", oversight, "--json"]);
    command.args(["--first-observation", first_observation]);
    let (json, _) = texts(&succeed(&mut command));
    let reports: Vec<Value> = serde_json::from_str(&json).unwrap();
    reports.into_iter().map(|r| (r["policy_type"].as_str().unwrap().to_string(), r)).collect()
}

#[track_caller]
fn assert_close(report: &Value, column: &str, expected: &str, tolerance: f64) {
    let (found, expected) = (report[column].as_f64().unwrap(), expected.parse::<f64>().unwrap());
    assert!((found - expected).abs() <= tolerance, "{column}: {found}, expected {expected}");
}

/// Golden values by `tests/data/make_policies.py`, which evaluates in another way.
#[test]
fn our_own_state_dicts_have_their_golden_returns() {
    let data = support::root().join("tests/data");
    let mut reader = csv::Reader::from_path(data.join("golden_returns.csv")).unwrap();
    let mut rows = 0;
    for row in reader.deserialize::<HashMap<String, String>>() {
        let row = row.unwrap();
        let reports =
            evaluate(&data.join(&row["file"]), &row["oversight"], &row["first_observation"]);
        let report = &reports[&row["policy_type"]];
        for column in ["avg_return", "diamond_fraction", "gaming_gap"] {
            assert_close(report, column, &row[column], 1e-6);
        }
        rows += 1;
    }
    assert_eq!(rows, 16);
}

#[test]
fn published_policies_have_their_published_returns() {
    for folder in folders_of_published_policies() {
        let mut reader = csv::Reader::from_path(folder.join("exact_returns.csv")).unwrap();
        let mut rows = 0;
        for row in reader.deserialize::<HashMap<String, String>>() {
            let row = row.unwrap();
            let file = folder.join(format!("policies/policy_{}.pt", row["run_id"]));
            for meaning in ["stale", "fresh"] {
                let reports = evaluate(&file, &row["oversight_prob"], meaning);
                let report = &reports[&row["policy_type"]];
                for (column, exact) in
                    [("avg_return", "exact_return"), ("diamond_fraction", "diamond_fraction")]
                {
                    assert_close(report, column, &row[&format!("{exact}_{meaning}")], 5e-4);
                }
            }
            rows += 1;
        }
        assert!(rows > 0, "{} lists no policy", folder.display());
    }
}

/// The folders that hold published policies and their returns: one policy beside these tests, always, and all of
/// them where they are, in `GR_REFERENCE_DIR` or in `shared/reference` beside the workspace.
fn folders_of_published_policies() -> Vec<PathBuf> {
    let root = support::root();
    let mut folders = vec![root.join("tests/data/published")];
    let named = std::env::var_os("GR_REFERENCE_DIR").map(PathBuf::from);
    let beside = || Some(root.join("../shared/reference")).filter(|folder| folder.exists());
    match named.or_else(beside) {
        Some(folder) => folders.push(folder),
        None => println!("skipped: the other policies (GR_REFERENCE_DIR names their folder)"),
    }
    folders
}

#[test]
fn a_kept_policy_evaluates_to_what_its_run_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--methods=routing,no_gate,naive_outcomes,naive_early_stopping",
        "--oversight=0.3",
        "--seeds=0",
        "--updates=30",
    ];
    // A policy is judged by the time limit and discount that it was trained with.
    let other = ["--set=environment.max_step=20", "--set=training.discount=0.9"];
    succeed(&mut sweep(folder.path(), &[SMALL, &arguments, &other].concat()));
    let mut runs = csv::Reader::from_path(folder.path().join("runs.csv")).unwrap();
    let mut seen = 0;
    for run in runs.deserialize::<gr_runs::RunRow>() {
        let run = run.unwrap();
        let file = folder.path().join(format!("checkpoints/{}.safetensors", run.run_id));
        let reports = evaluate(&file, "0.3", "fresh");
        let report = &reports[&run.policy_type.unwrap()];
        assert_close(report, "avg_return", &run.selected_return.unwrap().to_string(), 1e-12);
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn policies_are_shown_and_played() {
    let data = support::root().join("tests/data");
    let policy = |arguments: &[&str]| {
        let mut command = Command::new(binary("gr-policy"));
        command.arg(arguments[0]).arg(data.join("routed.pt")).args(&arguments[1..]);
        texts(&succeed(&mut command)).0
    };
    let shown = policy(&["show", "--ghost=6", "--diamond=18", "--flags=ghost"]);
    for part in ["training_policy", "diamond", "ghost", "gate", "G!", "D "] {
        assert!(shown.contains(part), "{shown}");
    }
    let played = policy(&["play", "--episodes=2", "--policy=diamond", "--oversight=1"]);
    assert!(played.contains("episode 1") && played.contains("true reward"), "{played}");
    assert_eq!(played, policy(&["play", "--episodes=2", "--policy=diamond", "--oversight=1"]));
    let table = policy(&["evaluate", "--oversight=0.01,0.3"]);
    assert_eq!(table.lines().filter(|line| line.ends_with("routed.pt")).count(), 6);

    // The table files of a sweep hold the same numbers.
    let folder = tempfile::tempdir().unwrap();
    succeed(&mut sweep(
        folder.path(),
        &[SMALL, &["--methods=routing", "--seeds=0", "--updates=2"]].concat(),
    ));
    let files = results(folder.path());
    let (_, bytes) = files.iter().find(|(name, _)| name.starts_with("policy_tables_")).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let rows: Vec<gr_runs::PolicyTableRow> = reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3 * 4 * 9);
    assert!(rows.iter().all(|r| (r.up + r.right + r.down + r.left - 1.0).abs() < 1e-5));
    assert!(rows.iter().all(|r| r.gate.is_some_and(|gate| (0.0..=1.0).contains(&gate))));
}
