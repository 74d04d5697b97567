//! Results folders with files that are not what they should be: they are refused or drawn, and nothing
//! outside them is read.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::slice::from_ref;

use gr_figures::data::Results;
use gr_figures::figures::{Drawing, FIGURES};
use gr_figures::layout::View;
use gr_figures::scene::{self, MAX_HEIGHT, Shape};
use proptest::prelude::*;
use proptest::sample::select;
use support::{Sweep, gr_figures, write_search};

const RUN: &str = "routing_p0.1_s0_0123abcd";

/// What a manifest says to figures.
const MANIFEST: &str = "[result]\npolicy_type = \"diamond\"\nupdates = 200\nfinal_return = 0.5\n\
    selected_return = 0.5\nselected_update = 199\nlabels_training = 5\nlabels_holdout = 0\n";

/// What people and broken tools put where a value belongs, and what breaks arithmetic and paths.
fn value() -> impl Strategy<Value = String> {
    let hostile = [
        "",
        "0",
        "-0",
        "-1",
        "1e9",
        "1e300",
        "-1e308",
        "5e-324",
        "NaN",
        "inf",
        "4000000000",
        "18446744073709551615",
        "../../x",
        "/etc/passwd",
        "a/b",
        "\"",
        "\"\n\"",
        "oracle",
        "é",
        "[[[[",
        "0..18446744073709551615",
        "0..1000000",
    ];
    prop_oneof![
        4 => select(hostile.to_vec()).prop_map(String::from),
        1 => any::<f64>().prop_map(|number| number.to_string()),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => any::<String>(),
    ]
}

/// A sweep that is over, one that is not, and a search.
fn write_folders(folder: &Path) -> [PathBuf; 3] {
    let sweep = Sweep {
        methods: vec!["routing", "naive_early_stopping", "oracle", "reward_model"],
        seeds: 2,
        updates: 200,
        rows: 2,
        cols: 2,
        tables: vec![0, 199],
        ..Sweep::default()
    };
    let folders = ["sweep", "begun", "search"].map(|name| folder.join(name));
    sweep.write(&folders[0]);
    sweep.write(&folders[1]);
    fs::remove_file(folders[1].join("runs.csv")).unwrap();
    fs::write(folders[1].join(format!("run_{RUN}.toml")), MANIFEST).unwrap();
    write_search(&folders[2], 3);
    folders
}

/// What lies nowhere cannot be drawn, and what lies far outside the picture takes for ever.
fn check_places(shape: &Shape) {
    let points = match shape {
        Shape::Line { points, .. } | Shape::Area { points, .. } => points.as_slice(),
        Shape::Disc { center: point, .. } | Shape::Text { at: point, .. } => from_ref(point),
    };
    for (x, y) in points {
        assert!(x.abs().max(y.abs()) < 2.0 * MAX_HEIGHT, "{shape:?}");
    }
}

/// Reads a folder and draws what it allows; that this returns is what is tested.
fn draw(folder: &Path) {
    let Ok(results) = Results::open(&[folder.to_path_buf()], None, &|_| ()) else { return };
    for figure in FIGURES {
        let logarithmic = View { log_updates: true, ..View::default() };
        for view in [View::default(), logarithmic].iter().take(1 + usize::from(figure.has.updates))
        {
            let Ok(Drawing::Drawn(pictures)) = (figure.draw)(&results, view) else { continue };
            for picture in pictures {
                assert!(!picture.name.contains(['/', '\\']), "{}", picture.name);
                assert!(picture.scene.height.is_finite());
                picture.scene.shapes.iter().for_each(check_places);
                scene::svg(&picture.scene, &picture.caption.description());
            }
        }
    }
}

#[test]
fn folders_with_damaged_files_are_refused_or_drawn() {
    let temporary = tempfile::tempdir().unwrap();
    let [sweep, begun, search] = write_folders(temporary.path());
    let file = |folder: &Path, kind: &str| (folder.to_path_buf(), folder.join(kind));
    let stopped = "naive_early_stopping_p0.1_s0_0123abcd";
    let modelled = "reward_model_p0.1_s0_0123abcd";
    let files = [
        file(&sweep, "plan.toml"),
        file(&sweep, "runs.csv"),
        file(&sweep, &format!("eval_results_{RUN}.csv")),
        file(&sweep, &format!("eval_results_{stopped}.csv")),
        file(&sweep, &format!("train_results_{stopped}.csv")),
        file(&sweep, &format!("holdout_results_{stopped}.csv")),
        file(&sweep, &format!("eval_results_{modelled}.csv")),
        file(&sweep, &format!("train_results_{modelled}.csv")),
        file(&sweep, &format!("policy_tables_{RUN}.csv")),
        file(&begun, "plan.toml"),
        file(&begun, &format!("run_{RUN}.toml")),
        file(&search, "trials.csv"),
    ];
    let damage =
        (select(files.to_vec()), prop::collection::vec((0.0..1.0, value()), 1..4), 0.5..1.5);
    proptest!(ProptestConfig::with_cases(300), |(((folder, path), values, cut) in damage)| {
        let whole = fs::read_to_string(&path).unwrap();
        // Values stand between these, so that every other part is one of them.
        let mut parts: Vec<&str> = whole.split_inclusive([',', '\n', '=', '[', ']', '"']).collect();
        let wholes = parts.len();
        let ends: Vec<String> = values
            .iter()
            .map(|(share, value)| {
                let part = parts[(share * wholes as f64) as usize];
                let end = part.chars().next_back().filter(|end| !end.is_alphanumeric());
                format!("{value}{}", end.map(String::from).unwrap_or_default())
            })
            .collect();
        for ((share, _), value) in values.iter().zip(&ends) {
            parts[(share * wholes as f64) as usize] = value;
        }
        parts.truncate((cut * wholes as f64) as usize);
        fs::write(&path, parts.concat()).unwrap();
        draw(&folder);
        fs::write(&path, whole).unwrap();
    });
}

#[test]
fn files_of_any_bytes_are_refused_or_drawn() {
    let temporary = tempfile::tempdir().unwrap();
    let [sweep, ..] = write_folders(temporary.path());
    let path = sweep.join("runs.csv");
    proptest!(ProptestConfig::with_cases(100), |(bytes in prop::collection::vec(any::<u8>(), 0..300))| {
        fs::write(&path, &bytes).unwrap();
        draw(&sweep);
    });
}

/// What the program says of a folder that it must refuse.
fn refused(folder: &Path) -> String {
    said(folder, 2)
}

/// What the program says of a folder with which it must end with `code`.
fn said(folder: &Path, code: i32) -> String {
    let out = tempfile::tempdir().unwrap();
    let output = gr_figures(&[folder.to_str().unwrap(), "--out", out.path().to_str().unwrap()]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    errors
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let [sweep, begun, _] = write_folders(temporary.path());
    // What lies elsewhere could be read through folders that begin like the files of a run.
    for folder in ["eval_results_", "run_"] {
        fs::create_dir_all(sweep.join(folder)).unwrap();
        fs::create_dir_all(begun.join(folder)).unwrap();
    }
    let runs = sweep.join("runs.csv");
    let text = fs::read_to_string(&runs).unwrap();
    fs::write(&runs, text.replacen(RUN, "/../../begun/x", 1)).unwrap();
    let error = said(&sweep, 1);
    assert!(error.contains("runs.csv: line 2: run_id \"/../../begun/x\""), "{error}");
    support::edit(&begun.join("plan.toml"), "routing", "/../../sweep/x");
    let error = refused(&begun);
    assert!(error.contains("plan.toml: methods") && error.contains("no name of a run"), "{error}");
}

#[test]
fn a_plan_of_more_runs_than_fit_into_memory_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let [_, begun, _] = write_folders(temporary.path());
    support::edit(&begun.join("plan.toml"), "0..2", "0..1000000");
    let error = refused(&begun);
    assert!(error.contains("plan.toml: seeds = 0..1000000"), "{error}");
}

#[test]
fn a_picture_that_does_not_fit_into_memory_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let oversight = (1..=100).map(|level| f64::from(level) / 100.0).collect();
    let sweep = Sweep { methods: vec!["routing"], oversight, seeds: 1, ..Sweep::default() };
    sweep.write(temporary.path());
    let error = refused(temporary.path());
    assert!(error.contains("units tall") && error.contains("fewer levels"), "{error}");
}
