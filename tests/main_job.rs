//! The main job, small, as a user sees it.

mod support;

use std::fs;

use support::{SMALL, results, succeed, sweep, texts};

#[test]
fn a_sweep_leaves_results_and_a_table_and_then_finds_nothing_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let results_folder = folder.path().join("sweep");
    let arguments =
        [SMALL, &["--oversight=0.25", "--seeds=0..2", "--updates=100", "--checkpoint-every=40"]]
            .concat();
    let (table, errors) = texts(&succeed(&mut sweep(&results_folder, &arguments)));
    for method in ["routing", "naive_outcomes", "filtering", "oracle"] {
        assert!(table.contains(method), "{table}");
    }
    assert!(table.contains("25 of 100 (same labels)"), "{table}");
    assert!(table.contains("diamond") && table.contains("±") && table.contains("sweep"), "{table}");
    assert!(errors.contains("8 runs to train"), "{errors}");

    let files = results(&results_folder);
    let named = |start: &str| files.keys().filter(|name| name.starts_with(start)).count();
    assert_eq!(
        (named("eval_results_"), named("train_results_"), named("policy_tables_")),
        (8, 8, 8)
    );
    assert!(files.contains_key("runs.csv"));
    // Kept after updates 0, 40 and 80 (oracle ends at 24), and the last.
    assert_eq!(files.keys().filter(|name| name.ends_with(".safetensors")).count(), 6 * 4 + 2 * 2);
    let leftovers: Vec<String> = fs::read_dir(results_folder.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".safetensors") && !name.ends_with(".last"))
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");

    let before = fs::metadata(results_folder.join("runs.csv")).unwrap().modified().unwrap();
    let (again, errors) = texts(&succeed(&mut sweep(&results_folder, &arguments)));
    assert_eq!(again, table);
    assert!(errors.contains("nothing to do"), "{errors}");
    assert_eq!(fs::metadata(results_folder.join("runs.csv")).unwrap().modified().unwrap(), before);
}

#[test]
fn columns_are_the_published_ones_first() {
    let folder = tempfile::tempdir().unwrap();
    succeed(&mut sweep(
        folder.path(),
        &[SMALL, &["--seeds=0", "--updates=11", "--methods=routing"]].concat(),
    ));
    let files = results(folder.path());
    let header = |start: &str| {
        let (_, bytes) = files.iter().find(|(name, _)| name.starts_with(start)).unwrap();
        String::from_utf8_lossy(bytes).lines().next().unwrap().to_string()
    };
    assert!(header("eval_results_").starts_with(
        "update_idx,run_label,oversight_prob,policy_type,reached_diamond_seen,reached_ghost_seen,\
         reached_diamond_unseen,reached_ghost_unseen,n_complete_eps,complete_ep_len,avg_return,run_id,"
    ));
    assert!(header("train_results_").starts_with(
        "global_step,policy_loss,value_loss,gate_loss,entropy_bonus,loss,avg_action_prob,avg_return"
    ));
    let (_, evaluations) =
        files.iter().find(|(name, _)| name.starts_with("eval_results_")).unwrap();
    let mut reader = csv::Reader::from_reader(evaluations.as_slice());
    let rows: Vec<gr_runs::EvaluationRow> = reader.deserialize().map(Result::unwrap).collect();
    let updates: Vec<u64> = rows.iter().map(|row| row.update_idx).collect();
    assert_eq!(updates, [0, 0, 0, 10, 10, 10]);
    assert_eq!(rows[1].policy_type, "diamond");
}

#[test]
fn summary_is_also_for_machines() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        [SMALL, &["--seeds=0..3", "--updates=5", "--methods=no_gate,oracle", "--json"]].concat();
    // At p = 0.01 five updates leave none for oracle: left out, and said.
    let (json, errors) = texts(&succeed(&mut sweep(folder.path(), &arguments)));
    assert!(errors.contains("oracle at p = 0.01 is left out"), "{errors}");
    let summary: serde_json::Value = serde_json::from_str(&json).unwrap();
    let group = &summary["groups"][0];
    assert_eq!(group["run_label"], "no_gate");
    assert_eq!(group["n"], 3);
    assert_eq!(summary["schema_version"], gr_runs::REPORT_VERSION);
    let mean = group["mean_selected_return"].as_f64().unwrap();
    assert!(group["interval"][0].as_f64().unwrap() <= mean);
    assert_eq!(summary["groups"].as_array().unwrap().len(), 1);
}

#[test]
fn dry_run_says_what_would_be_done_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let results_folder = folder.path().join("sweep");
    let arguments =
        [SMALL, &["--oversight=0.3,0.1", "--seeds=0..4", "--methods=filtering", "--dry-run"]]
            .concat();
    let (text, _) = texts(&succeed(&mut sweep(&results_folder, &arguments)));
    assert!(text.contains("4 runs of  20000 updates,  2001 evaluations"), "{text}");
    assert!(text.contains("8 runs, about"), "{text}");
    assert!(!results_folder.exists());
}

#[test]
fn all_masks_one_is_no_routing_control_label_aside() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [SMALL, &["--seeds=0..2", "--updates=60", "--oversight=0.3"]].concat();
    let (routing, control) = (folder.path().join("routing"), folder.path().join("control"));
    let mut masks: Vec<String> = Vec::new();
    for route in ["diamond", "ghost", "both"] {
        for edge in ["diamond_expert", "ghost_expert", "gate", "output"] {
            masks.push(format!("--set=masks.{route}.{edge}=1"));
        }
    }
    let masks: Vec<&str> = masks.iter().map(String::as_str).collect();
    succeed(&mut sweep(&routing, &[&arguments[..], &["--methods=routing"], &masks].concat()));
    succeed(&mut sweep(&control, &[&arguments[..], &["--methods=no_routing_control"]].concat()));

    // Labels, and run names with the key in them, are all that may differ.
    let without_labels = |folder: &std::path::Path, label: &str| -> Vec<String> {
        let tables = results(folder)
            .into_iter()
            .filter(|(name, _)| name.ends_with(".csv") && name != "runs.csv");
        tables
            .map(|(name, bytes)| {
                let id = name.split_once(label).unwrap().1.trim_end_matches(".csv");
                let text = String::from_utf8(bytes).unwrap();
                text.replace(&format!("{label}{id}"), "RUN").replace(label, "LABEL")
            })
            .collect()
    };
    let (a, b) =
        (without_labels(&routing, "routing"), without_labels(&control, "no_routing_control"));
    assert_eq!(a.len(), 6);
    assert_eq!(a, b);
}

#[test]
fn a_run_that_becomes_nan_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        SMALL,
        &[
            "--methods=naive_outcomes",
            "--seeds=0..2",
            "--updates=30",
            "--set=training.learning_rate=1e30",
        ],
    ]
    .concat();
    let output = sweep(folder.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let (table, errors) = texts(&output);
    assert!(errors.contains("failed in update"), "{errors}");
    assert!(table.contains("failed: naive_outcomes_p0.01_s1"), "{table}");
    let failures = fs::read_dir(folder.path())
        .unwrap()
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with("failed_"));
    assert_eq!(failures.count(), 2);
    // Known to fail is not tried again, and still no success.
    let output = sweep(folder.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(texts(&output).1.contains("nothing to do"));
}

#[test]
fn sampled_evaluation_and_spurious_oversight_train_too() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        SMALL,
        &["--methods=routing,filtering", "--seeds=0", "--updates=20", "--oversight=0.3"],
        &[
            "--set=environment.spurious_oversight=0.2",
            "--evaluation=sampled",
            "--first-observation=stale",
        ],
    ]
    .concat();
    succeed(&mut sweep(folder.path(), &arguments));
    let files = results(folder.path());
    let (_, bytes) =
        files.iter().find(|(name, _)| name.starts_with("eval_results_routing")).unwrap();
    let text = String::from_utf8_lossy(bytes);
    assert!(text.contains(",stale,sampled,,"), "{text}");
}
