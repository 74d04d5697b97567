//! The columns of what is written, through the real binary: the same everywhere, of one type each, and
//! read from files of every version.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use gr_runs::{EvaluationRow, HoldoutRow, RunRow, SCHEMA_VERSION, read_rows};
use support::{SMALL, looking, root, succeed, sweep, texts};

/// Every CSV file of a folder: its kind, its columns and its rows.
fn tables(folder: &Path) -> Vec<(String, Vec<String>, Vec<csv::StringRecord>)> {
    let mut tables = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".csv") {
            let kind = name.split("_results").next().unwrap().split("tables").next().unwrap();
            let mut reader = csv::Reader::from_path(&path).unwrap();
            let header = reader.headers().unwrap().iter().map(String::from).collect();
            tables.push((kind.into(), header, reader.records().map(Result::unwrap).collect()));
        }
    }
    tables
}

#[test]
fn columns_are_the_same_whatever_is_trained_and_have_one_type_each() {
    let place = tempfile::tempdir().unwrap();
    let mut headers: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    for (index, further) in [
        &["--methods=naive_outcomes,routing,filtering"][..],
        &["--methods=naive_early_stopping"],
        &["--methods=routing", "--early-stopping", "--holdout-source=privileged"],
        // No episode is completed in an evaluation of one step.
        &[
            "--methods=routing",
            "--evaluation=sampled",
            "--set=evaluation.envs=1",
            "--set=environment.max_step=1",
        ],
    ]
    .into_iter()
    .enumerate()
    {
        let folder = place.path().join(index.to_string());
        let arguments = ["--oversight=0.5", "--seeds=0..2", "--updates=30"];
        succeed(&mut sweep(&folder, &[SMALL, &arguments, further].concat()));
        for (kind, header, rows) in tables(&folder) {
            assert_eq!(header.last().unwrap(), "schema_version", "{kind}");
            for row in &rows {
                assert_eq!(row.iter().next_back(), Some(&*SCHEMA_VERSION.to_string()), "{kind}");
                for (column, cell) in header.iter().zip(row) {
                    assert_ne!(cell, "NaN", "{kind}: {column}");
                    match column.as_str() {
                        "labels_holdout" => assert!(cell.is_empty() || cell.parse::<u64>().is_ok()),
                        "labels_holdout_unlimited" => {
                            assert_eq!(cell, if index == 2 { "true" } else { "false" });
                        }
                        _ => {}
                    }
                }
            }
            headers.entry(kind).or_default().insert(header);
        }
        if index == 3 {
            let evaluations =
                tables(&folder).into_iter().find(|(kind, ..)| kind == "eval").unwrap();
            let column = evaluations.1.iter().position(|name| name == "complete_ep_len").unwrap();
            assert!(evaluations.2.iter().any(|row| row[column].is_empty()));
        }
    }
    assert_eq!(
        headers.keys().collect::<Vec<_>>(),
        ["eval", "holdout", "policy_", "runs.csv", "train"]
    );
    for (kind, headers) in headers {
        assert_eq!(headers.len(), 1, "{kind}: {headers:?}");
    }
}

#[test]
fn the_return_without_flags_is_another_number_where_flags_are_shown_and_the_same_at_oversight_0() {
    let rows = |oversight: &str| {
        let folder = tempfile::tempdir().unwrap();
        let further = ["--methods=naive_outcomes", "--seeds=0", "--updates=41", oversight];
        succeed(&mut sweep(folder.path(), &[SMALL, &further].concat()));
        let path = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut path = path.filter(|path| path.to_string_lossy().contains("eval_results"));
        let rows = read_rows::<EvaluationRow, String>(&fs::read(path.next().unwrap()).unwrap());
        rows.unwrap().into_iter().map(|row| row.row).collect::<Vec<EvaluationRow>>()
    };
    assert!(
        rows("--oversight=0").iter().all(|row| row.avg_return_unflagged == Some(row.avg_return))
    );
    assert!(
        rows("--oversight=1").iter().all(|row| row.avg_return_unflagged != Some(row.avg_return))
    );
}

#[test]
fn published_runs_of_the_first_schema_are_read() {
    let published = root().join("results/published/runs");
    let (mut runs, mut evaluations, mut checks) = (0, 0, 0);
    for folder in fs::read_dir(published).unwrap() {
        let folder = folder.unwrap().path();
        // Folders of later schemas have a plan for each command.
        if folder.join("plans").exists() {
            continue;
        }
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let text = || fs::read(&file).unwrap();
            if name == "runs.csv" {
                for row in read_rows::<RunRow, String>(&text()).unwrap() {
                    assert!(row.further.is_empty() && row.row.schema_version == 1);
                    let privileged = row.row.holdout_source.as_deref() == Some("privileged");
                    assert_eq!(row.row.labels_holdout_unlimited, privileged);
                    assert_eq!(row.row.labels_holdout.is_none(), privileged);
                    assert!(row.row.selected_return.is_some());
                    runs += 1;
                }
            } else if name.starts_with("eval_results_") {
                let rows = read_rows::<EvaluationRow, String>(&text()).unwrap();
                assert!(rows.iter().all(|row| row.row.avg_return_unflagged.is_none()));
                evaluations += rows.len();
            } else if name.starts_with("holdout_results_") {
                checks += read_rows::<HoldoutRow, String>(&text()).unwrap().len();
            }
        }
    }
    assert!(runs > 40 && evaluations > 1000 && checks > 1000, "{runs} {evaluations} {checks}");
}

/// Takes from a finished folder what the first schema did not have.
fn age(folder: &Path) {
    let store = gr_runs::Store::open_existing(folder).unwrap().0;
    let new = [
        "avg_return_unflagged",
        "selected_return_unflagged",
        "kept_avg_return",
        "labels_holdout_unlimited",
        "schema_version",
    ];
    let mut hashes = Vec::new();
    let paths = || fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let ends = |path: &Path, end: &str| path.to_string_lossy().ends_with(end);
    for path in paths().filter(|path| ends(path, ".csv")) {
        let old = fs::read(&path).unwrap();
        let mut reader = csv::Reader::from_reader(old.as_slice());
        let header = reader.headers().unwrap().clone();
        let kept: Vec<usize> =
            (0..header.len()).filter(|column| !new.contains(&&header[*column])).collect();
        let unlimited = header.iter().position(|name| name == "labels_holdout_unlimited");
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(kept.iter().map(|column| &header[*column])).unwrap();
        for row in reader.records().map(Result::unwrap) {
            let is_unlimited = unlimited.is_some_and(|column| &row[column] == "true");
            let cell = |column: &usize| match &header[*column] {
                "labels_holdout" if is_unlimited => "unlimited",
                _ => &row[*column],
            };
            writer.write_record(kept.iter().map(cell)).unwrap();
        }
        let text = writer.into_inner().unwrap();
        fs::write(&path, &text).unwrap();
        hashes.push((store.record(&path, &old), store.record(&path, &text)));
    }
    for path in
        paths().filter(|path| ends(path, ".toml") && path.to_string_lossy().contains("/run_"))
    {
        let text = fs::read_to_string(&path).unwrap();
        let (_, below) = text.split_once('\n').unwrap();
        let mut below = below.replace("schema_version = 2\n", "");
        for (old, new) in &hashes {
            let length = |record: &gr_runs::FileRecord| format!("bytes = {}\n", record.bytes);
            let name = format!("name = \"{}\"\n", new.name);
            below = below.replace(&old.sha256, &new.sha256);
            below = below.replace(&(name.clone() + &length(old)), &(name + &length(new)));
        }
        let lines = below.lines().filter(|line| !line.starts_with("selected_return_unflagged"));
        fs::write(&path, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    }
}

#[test]
fn a_folder_of_the_first_schema_is_verified_in_the_columns_that_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--methods=routing,naive_early_stopping", "--oversight=0.5", "--seeds=0..2"];
    let further = ["--updates=30", "--holdout-source=privileged"];
    succeed(&mut sweep(folder.path(), &[SMALL, &arguments, &further].concat()));
    age(folder.path());
    let (text, _) = texts(&succeed(&mut looking("verify", folder.path(), &["--sample=4"])));
    assert!(text.contains("runs.csv: as the runs say, in the columns that it has"), "{text}");
    assert_eq!(text.matches("equal, in the columns that it has").count(), 4, "{text}");
    assert!(text.contains("4 of 4 runs"), "{text}");

    // Numbers that differ are found there too.
    let path = folder.path().join("runs.csv");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replacen(",30,", ",31,", 1)).unwrap();
    let output = looking("verify", folder.path(), &["--sample=0"]).output().unwrap();
    let (text, _) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("line 2, planned_updates: 30 instead of 31"), "{text}");

    // The sweep's own command finds nothing to train, and brings the table up to date.
    succeed(&mut sweep(folder.path(), &[SMALL, &arguments, &further].concat()));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.lines().next().unwrap().ends_with(",schema_version"), "{text}");
}
