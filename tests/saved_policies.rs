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
fn a_layout_as_json_has_every_probability_and_how_episodes_end() {
    let folder = tempfile::tempdir().unwrap();
    succeed(&mut sweep(
        folder.path(),
        &[
            SMALL,
            &["--methods=routing,naive_outcomes", "--oversight=0.3", "--seeds=0", "--updates=3"],
        ]
        .concat(),
    ));
    let mut policies = 0;
    for entry in std::fs::read_dir(folder.path().join("checkpoints")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|end| end != "safetensors") {
            continue;
        }
        let mut command = Command::new(binary("gr-policy"));
        command.arg("show").arg(&file).args([
            "--ghost=3",
            "--diamond=7",
            "--flags=ghost",
            "--json",
        ]);
        let shown: Value = serde_json::from_str(&texts(&succeed(&mut command)).0).unwrap();
        assert_eq!(
            (&shown["ghost_flag"], &shown["diamond_flag"]),
            (&Value::Bool(true), &Value::Bool(false))
        );
        assert_eq!(shown["gate"].is_null(), file.to_string_lossy().contains("naive"));
        for policy in shown["policies"].as_array().unwrap() {
            let sum = |values: Vec<&Value>| {
                values.iter().map(|value| value.as_f64().unwrap()).sum::<f64>()
            };
            let (rows, endings) = (
                policy["probabilities"].as_array().unwrap(),
                policy["endings"].as_array().unwrap(),
            );
            for (cell, (row, ends)) in rows.iter().zip(endings).enumerate() {
                assert!((sum(row.as_array().unwrap().iter().collect()) - 1.0).abs() < 1e-6);
                assert_eq!(ends.is_null(), [3, 7].contains(&cell), "no episode starts on a goal");
                if let Some(ends) = ends.as_object() {
                    assert!((sum(ends.values().collect()) - 1.0).abs() < 1e-12, "{ends:?}");
                }
            }
            policies += 1;
        }
    }
    assert_eq!(policies, 4);
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
fn a_kept_policy_is_judged_as_blind_and_as_overseen_as_its_run_was() {
    let folder = tempfile::tempdir().unwrap();
    let file_of = |name: &str, further: &[&str]| {
        let place = folder.path().join(name);
        let arguments =
            ["--methods=naive_outcomes", "--oversight=0.5", "--seeds=0", "--updates=30"];
        succeed(&mut sweep(&place, &[SMALL, &arguments, further].concat()));
        let mut runs = csv::Reader::from_path(place.join("runs.csv")).unwrap();
        let run: gr_runs::RunRow = runs.deserialize().next().unwrap().unwrap();
        (place.join(format!("checkpoints/{}.safetensors", run.run_id)), run)
    };
    let cells = "--set=overseer.cells=[0,4,7]";
    let blind = "--set=environment.flag_visibility=0";
    for (name, further, sees_flags, listed) in [
        ("default", &[][..], true, Value::Null),
        ("sometimes", &["--set=environment.flag_visibility=0.5"], true, Value::Null),
        ("blind", &[blind], false, Value::Null),
        ("cells", &[cells], true, serde_json::json!([0, 4, 7])),
        ("both", &[blind, cells], false, serde_json::json!([0, 4, 7])),
    ] {
        let (file, run) = file_of(name, further);
        let report = &evaluate(&file, "0.5", "fresh")["training_policy"];
        assert_eq!(
            (&report["sees_flags"], &report["overseen_cells"]),
            (&sees_flags.into(), &listed)
        );
        assert_close(report, "avg_return", &run.selected_return.unwrap().to_string(), 1e-12);
        assert_close(report, "gaming_gap", &run.gaming_gap.unwrap().to_string(), 1e-12);
        assert_eq!(report["gaming_gap"] == 0.0, !sees_flags, "{name}");

        // What is not the default is noted and told, and nothing else is.
        let bytes = std::fs::read(&file).unwrap();
        let ask = |arguments: &[&str]| {
            let mut command = Command::new(binary("gr-policy"));
            command.arg(arguments[0]).arg(&file).args(&arguments[1..]);
            texts(&succeed(&mut command)).0
        };
        let told = [ask(&["evaluate"]), ask(&["play", "--episodes=1"]), ask(&["show"])];
        for (note, remark, is_told) in [
            ("flag_visibility", "blind", !sees_flags),
            ("overseer.cells", "on cells [0, 4, 7] only", !listed.is_null()),
        ] {
            let noted = bytes.windows(note.len()).any(|part| part == note.as_bytes());
            assert_eq!(noted, is_told, "{name}: {note}");
            assert!(told.iter().all(|text| text.contains(remark) == is_told), "{name}: {told:?}");
        }
        // Flags are drawn on the grid, and what is done there does not depend on them where nobody sees them.
        let unflagged = ask(&["show", "--flags=none"]);
        let flagged = ask(&["show", "--flags=both"]);
        assert_ne!(flagged, unflagged);
        let same = |text: &str| -> Vec<String> {
            text.lines().skip(1).map(|line| line.replace('!', " ").trim_end().into()).collect()
        };
        assert_eq!(same(&flagged) == same(&unflagged), !sees_flags, "{name}");
    }
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

#[test]
fn policies_in_checkpoints_in_wrappers_and_of_other_widths_are_read() {
    let data = support::root().join("tests/data");
    let plain = evaluate(&data.join("routed.pt"), "0.3", "fresh");
    // Float64 holds the same numbers; float16 about the same.
    for (file, tolerance) in [("checkpoint.pt", 0.0), ("half.pt", 0.01)] {
        let reports = evaluate(&data.join(file), "0.3", "fresh");
        assert_eq!(reports.len(), 3, "{file}");
        for (policy, report) in &reports {
            let expected = plain[policy]["avg_return"].to_string();
            assert_close(report, "avg_return", &expected, tolerance);
        }
    }
    // A file is what it holds, whatever it is called.
    let folder = tempfile::tempdir().unwrap();
    let renamed = folder.path().join("policy.safetensors");
    std::fs::copy(data.join("routed.pt"), &renamed).unwrap();
    assert_eq!(evaluate(&renamed, "0.3", "fresh").len(), 3);
}

/// Runs `gr-policy evaluate` on `files`.
fn evaluate_all(files: &[&Path], further: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(binary("gr-policy")).arg("evaluate").args(files).args(further).output();
    let output = output.unwrap();
    let (table, errors) = texts(&output);
    (output.status.code(), table, errors)
}

#[test]
fn a_file_that_is_no_policy_is_refused_for_the_property_that_it_lacks() {
    let data = support::root().join("tests/data");
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read(data.join("routed.pt")).unwrap();
    let made = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let mut garbled = good.clone();
    let at = good.windows(7).position(|part| part == b"gating.").unwrap();
    garbled[at] ^= 1;
    for (path, mentions) in [
        (data.join("two_policies.pt"), &["2 policies", "\"average...\"", "\"model...\""][..]),
        (data.join("code.pt"), &["dictionary at the root", "print", "model.state_dict()"]),
        (folder.path().join("absent.pt"), &["cannot read", "No such file"]),
        (folder.path().to_path_buf(), &["it is a folder"]),
        (made("empty.pt", b""), &["the file is empty"]),
        (made("text.pt", b"update_idx,loss\n1,2\n"), &["not a PyTorch", "no ZIP", "state_dict()"]),
        (made("cut.pt", &good[..good.len() / 2]), &["damaged or cut short", "save or copy it"]),
        (made("cut.safetensors", b"\x40\0\0\0\0\0\0\0{\"a\""), &["damaged or cut short"]),
        (made("garbled.pt", &garbled), &["damaged or cut short", "checksum"]),
        (data.join("missing.pt"), &["tensor gating.0.weight is missing", "17 of the 18 tensors"]),
    ] {
        let (code, table, errors) = evaluate_all(&[&path], &[]);
        assert_eq!((code, table.as_str()), (Some(2), ""), "{errors}");
        let name = path.file_name().unwrap().to_string_lossy();
        for mention in mentions.iter().chain(&[&*name]) {
            assert!(errors.contains(mention), "{name} does not say {mention:?}: {errors}");
        }
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
}

#[test]
fn one_bad_file_does_not_hide_what_the_good_ones_come_to() {
    let data = support::root().join("tests/data");
    let [good, bad, other] =
        ["routed.pt", "code.pt", "single_expert.pt"].map(|name| data.join(name));
    let (code, table, errors) = evaluate_all(&[&good, &bad, &other], &[]);
    assert_eq!(code, Some(1), "{errors}");
    assert_eq!(table.lines().filter(|line| line.ends_with("routed.pt")).count(), 3, "{table}");
    assert_eq!(table.lines().filter(|line| line.ends_with("single_expert.pt")).count(), 1);
    assert!(errors.contains("code.pt: not a PyTorch state dict"), "{errors}");
    let (code, json, _) = evaluate_all(&[&good, &bad, &other], &["--json"]);
    let reports: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!((code, reports.len()), (Some(1), 4));
    assert_eq!(evaluate_all(&[&bad, &bad], &["--json"]).0, Some(2));
}
