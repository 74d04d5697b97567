//! `gr-search` as a user sees it: two claims apart, nothing chosen by ground truth, and results that
//! do not depend on interruptions or on how many trials there are.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gr_runs::{RunRow, TrialRow};
use support::{SMALL, assert_same, binary, has_file, results, succeed, texts, wait_until};

const FIXED: &str = r#"
methods = ["naive_early_stopping"]
oversight = [0.5]
[early_stopping]
holdout_episodes = 20
check_every = 5
min_steps = 20
"#;

const SEARCHED: &str = r#"
[search]
"early_stopping.holdout_fraction" = { choice = [0.3, 0.5] }
"early_stopping.tolerance" = { uniform = [0.01, 0.1] }
"training.entropy_coefficient" = { log_uniform = [0.01, 0.2] }
"#;

/// A folder with a space file and room for results.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(space: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("space.toml"), space).unwrap();
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of `gr-search` with results in `results`.
    fn search(&self, results: &str, trials: u64, further: &[&str]) -> Command {
        let mut command = Command::new(binary("gr-search"));
        command.arg("--space").arg(self.at("space.toml")).args(["--seed=0", "--trials"]);
        command.arg(trials.to_string()).args(SMALL).args(further);
        command.arg("--results").arg(self.at(results));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a search that must be refused, and returns why.
    #[track_caller]
    fn refused(&self, results: &str, trials: u64, further: &[&str]) -> String {
        let output = self.search(results, trials, further).output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        errors
    }
}

fn default_place() -> Place {
    Place::new(&format!("{FIXED}{SEARCHED}"))
}

fn trials(folder: &Path) -> Vec<TrialRow> {
    let mut reader = csv::Reader::from_path(folder.join("trials.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn runs(folder: &Path) -> Vec<RunRow> {
    let mut reader = csv::Reader::from_path(folder.join("runs.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_search_makes_two_claims_and_then_finds_nothing_to_do() {
    let place = default_place();
    let arguments = ["--updates=300", "--rerun-seeds=3", "--json"];
    let (json, _) = texts(&succeed(&mut place.search("search", 4, &arguments)));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let folder = place.at("search");
    let rows = trials(&folder);
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.status == "finished" && row.n == 1));

    // One claim is over all trials alike.
    let cell = &report["cells"][0];
    let random = &cell["random_setting"];
    let mean = rows.iter().map(|row| row.selected_return.unwrap()).sum::<f64>() / 4.0;
    assert!((random["mean_return"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert_eq!(random["n"], 4);

    // The other is of the trial with the highest holdout return, on seeds that no trial had.
    let chosen = &cell["chosen_setting"];
    let best = rows
        .iter()
        .reduce(|best, row| if row.holdout_return > best.holdout_return { row } else { best });
    assert_eq!(chosen["trial"], best.unwrap().trial);
    let signal = best.unwrap().holdout_return.unwrap().value();
    // The reader of JSON rounds the last digit.
    assert!((chosen["holdout_return"].as_f64().unwrap() - signal).abs() < 1e-12);
    let again = runs(&folder.join("selected"));
    assert_eq!(again.iter().map(|row| row.seed).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(rows.iter().all(|row| row.seeds.parse::<u64>().unwrap() >= 65_536));
    let mean = again.iter().map(|row| row.selected_return.unwrap()).sum::<f64>() / 3.0;
    assert!((chosen["rerun"]["mean_return"].as_f64().unwrap() - mean).abs() < 1e-12);
    let drawn = &chosen["settings"]["early_stopping.holdout_fraction"];
    assert!(again.iter().all(|row| row.holdout_fraction == drawn.as_f64()));

    // A user of the method pays for the whole search.
    let spent: u64 = rows.iter().map(|row| row.labels_training.unwrap()).sum();
    assert_eq!(chosen["search_labels_training"], spent);

    let (table, errors) = texts(&succeed(&mut place.search("search", 4, &arguments[..2])));
    assert_eq!(errors.matches("nothing to do").count(), 2, "{errors}");
    for claim in
        ["1. a random setting", "2. the setting chosen", "biased upwards", "never saw", "Student t"]
    {
        assert!(table.contains(claim), "{table}");
    }
}

#[test]
fn killed_or_interrupted_and_continued_is_what_it_is_uninterrupted() {
    let place = default_place();
    let arguments =
        ["--updates=1000", "--set=early_stopping.patience=unlimited", "--rerun-seeds=2"];
    succeed(&mut place.search("whole", 3, &arguments));

    let arguments = [&arguments[..], &["--save-every=50", "--jobs=2"]].concat();
    #[cfg(unix)]
    {
        let mut child = place.search("stopped", 3, &arguments).spawn().unwrap();
        let checkpoints = place.at("stopped/trials/checkpoints");
        wait_until("a saved state", || has_file(&checkpoints, ".state"));
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(!place.at("stopped/selected").exists(), "re-run before all trials were over");
    }
    for _ in 0..2 {
        let mut child = place.search("stopped", 3, &arguments).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    succeed(&mut place.search("stopped", 3, &arguments));
    for name in ["trials", "selected"] {
        assert_same(&place.at("whole").join(name), &place.at("stopped").join(name));
    }
    let read = |name: &str| fs::read(place.at(name)).unwrap();
    assert_eq!(read("whole/trials.csv"), read("stopped/trials.csv"));
}

#[test]
fn more_trials_keep_the_first_ones_and_fewer_are_refused() {
    let place = default_place();
    let small = ["--updates=100", "--no-rerun"];
    succeed(&mut place.search("search", 3, &small));
    let folder = place.at("search");
    let (before, rows) = (results(&folder.join("trials")), trials(&folder));
    assert!(!folder.join("selected").exists());

    let (_, errors) = texts(&succeed(&mut place.search("search", 5, &small)));
    assert!(errors.contains("2 runs to train (3 over)"), "{errors}");
    let after = results(&folder.join("trials"));
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)));
    assert_eq!(trials(&folder)[..3], rows);
    assert_eq!(trials(&folder).len(), 5);

    let errors = place.refused("search", 4, &small);
    assert!(errors.contains("--trials 5") && errors.contains("ask for 5 or more"), "{errors}");
    // Nor may the re-run be cut once it was seen.
    succeed(&mut place.search("search", 5, &["--updates=100", "--rerun-seeds=2"]));
    succeed(&mut place.search("search", 5, &["--updates=100", "--rerun-seeds=3"]));
    let errors = place.refused("search", 5, &["--updates=100", "--rerun-seeds=2"]);
    assert!(errors.contains("--rerun-seeds 3"), "{errors}");
    assert_eq!(runs(&folder.join("selected")).len(), 3);
}

#[test]
fn a_folder_of_another_search_or_of_a_sweep_is_refused_with_the_difference() {
    let place = default_place();
    let small = ["--updates=20", "--no-rerun"];
    succeed(&mut place.search("search", 1, &small));
    let before = fs::read(place.at("search/search.toml")).unwrap();
    fs::write(place.at("space.toml"), format!("{FIXED}{SEARCHED}").replace("0.1]", "0.2]"))
        .unwrap();
    let errors = place.refused("search", 1, &small);
    for mention in ["another search", "early_stopping.tolerance", "[0.01, 0.1] -> [0.01, 0.2]"] {
        assert!(errors.contains(mention), "{errors}");
    }
    let errors = place.refused("search", 1, &["--updates=30", "--no-rerun"]);
    assert!(errors.contains("updates: 20 -> 30"), "{errors}");
    assert_eq!(fs::read(place.at("search/search.toml")).unwrap(), before);

    succeed(&mut support::sweep(
        &place.at("sweep"),
        &[SMALL, &["--methods=filtering", "--seeds=0", "--updates=2"]].concat(),
    ));
    assert!(place.refused("sweep", 1, &small).contains("holds a sweep"));
}

#[test]
fn each_method_and_level_has_trials_and_a_choice_of_its_own() {
    let place = default_place();
    let arguments = [
        "--methods=naive_early_stopping,routing",
        "--early-stopping",
        "--oversight=0.5,0.8",
        "--updates=60",
        "--rerun-seeds=1",
        "--set=seeds=3,4",
    ];
    let (table, _) = texts(&succeed(&mut place.search("search", 2, &arguments)));
    let folder = place.at("search");
    for cell in ["naive_early_stopping_p0.5", "routing_p0.5", "routing_p0.8"] {
        // The smallest seed that no trial had.
        assert_eq!(runs(&folder.join("selected").join(cell))[0].seed, 0, "{cell}");
        assert!(table.contains(&cell.replace("_p", " at p = ")), "{table}");
    }
    let rows = trials(&folder);
    assert_eq!(rows.len(), 2 * 2 * 2);
    assert!(rows.iter().all(|row| row.n == 2 && row.seeds == "3 4"));

    // A trial's returns are means over its seeds, its labels sums.
    let manifests: Vec<gr_runs::RunManifest> = fs::read_dir(folder.join("trials"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("run_"))
        .map(|path| toml::from_str(&fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    assert_eq!(manifests.len(), 2 * rows.len());
    for row in &rows {
        let of_trial: Vec<_> = manifests
            .iter()
            .filter(|manifest| {
                let spec = &manifest.spec;
                let tolerance = spec.settings.early_stopping.tolerance.to_string();
                let drawn = table_of(&folder, row)["early_stopping.tolerance"] == tolerance;
                spec.method == row.run_label && spec.oversight == row.oversight_prob && drawn
            })
            .map(|manifest| &manifest.result)
            .collect();
        assert_eq!(of_trial.len(), 2);
        let mean = of_trial.iter().map(|result| result.selected_return.reveal()).sum::<f64>() / 2.0;
        assert!((row.selected_return.unwrap() - mean).abs() < 1e-12);
        let labels = of_trial.iter().map(|result| result.labels_training).sum::<u64>();
        assert_eq!(row.labels_training, Some(labels));
    }
}

/// All columns of a row of `trials.csv`, by name.
fn table_of(folder: &Path, row: &TrialRow) -> std::collections::HashMap<String, String> {
    let mut reader = csv::Reader::from_path(folder.join("trials.csv")).unwrap();
    let mut rows = reader.deserialize().map(Result::<std::collections::HashMap<_, _>, _>::unwrap);
    let is_row = |columns: &std::collections::HashMap<String, String>| {
        let level = columns["oversight_prob"].parse::<f64>().unwrap();
        (&columns["run_label"], &columns["trial"], level)
            == (&row.run_label, &row.trial.to_string(), row.oversight_prob)
    };
    rows.find(is_row).unwrap()
}

#[test]
fn ground_truth_is_never_a_reason_to_choose() {
    // A privileged holdout sets nothing aside: to draw its share is refused.
    let arguments = ["--holdout-source=privileged"];
    let refused = default_place().refused("search", 2, &arguments);
    assert!(refused.contains("early_stopping.holdout_fraction is drawn"), "{refused}");
    let searched = "[search]\n\"early_stopping.tolerance\" = { uniform = [0.01, 0.1] }\n";
    let place = Place::new(&format!("{FIXED}{searched}"));
    let arguments = ["--holdout-source=privileged", "--updates=60"];
    let (table, errors) = texts(&succeed(&mut place.search("search", 2, &arguments)));
    assert!(errors.contains("nothing will be chosen"), "{errors}");
    assert!(table.contains("none: a privileged holdout is the true return itself"), "{table}");
    assert!(!place.at("search/selected").exists());
    let rows = trials(&place.at("search"));
    assert!(rows.iter().all(|row| row.holdout_return.is_none() && row.selected_return.is_some()));
    assert!(table.contains("unlimited holdout"), "{table}");
}

#[test]
fn a_trial_that_fails_is_left_out_and_said() {
    let searched = "[search]\n\"training.entropy_coefficient\" = { choice = [0.1, 1e300] }\n";
    let place = Place::new(&format!("{FIXED}{searched}"));
    let output = place.search("search", 6, &["--updates=60", "--rerun-seeds=1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let (table, _) = texts(&output);
    let rows = trials(&place.at("search"));
    let failed: Vec<&TrialRow> = rows.iter().filter(|row| row.status == "failed").collect();
    assert!(!failed.is_empty() && failed.len() < 6, "{rows:?}");
    assert!(failed.iter().all(|row| row.selected_return.is_none() && row.n == 0));
    assert!(table.contains(&format!("{} failed and left out", failed.len())), "{table}");
    assert!(table.contains("+") && table.contains("1 seed that the search never saw"), "{table}");
}

#[test]
fn wrong_searches_are_refused_before_anything_is_written() {
    let place = default_place();
    for (trials, further, mentions) in [
        (0, &[][..], &["--trials", "0"][..]),
        (2, &["--rerun-seeds=0"], &["--rerun-seeds"]),
        (2, &["--rerun-seeds=2", "--no-rerun"], &["--no-rerun"]),
        (2, &["--methods=routng"], &["did you mean \"routing\"?"]),
        (2, &["--methods=routing"], &["space.toml", "routing: it stops early only where"]),
        (2, &["--tolerance=0.1"], &["--tolerance", "early_stopping.tolerance", "space.toml"]),
        (2, &["--set=seeds=3..1"], &["--set seeds=3..1", "reversed"]),
    ] {
        let errors = place.refused("search", trials, further);
        for mention in mentions {
            assert!(errors.contains(mention), "{further:?} does not say {mention:?}: {errors}");
        }
        assert!(!place.at("search").exists(), "{further:?} wrote something");
    }
    fs::remove_file(place.at("space.toml")).unwrap();
    assert!(place.refused("search", 2, &[]).contains("space.toml"));
}

#[test]
fn dry_run_shows_draws_and_time_and_writes_nothing() {
    let place = default_place();
    let (text, _) = texts(&succeed(&mut place.search("search", 20, &["--dry-run"])));
    for mention in [
        "early_stopping.tolerance",
        "and 12 more trials",
        "20 runs of  20000 updates",
        "then the chosen setting again",
        "8 runs, about",
    ] {
        assert!(text.contains(mention), "{text}");
    }
    assert!(!place.at("search").exists());
}

#[test]
fn parts_of_a_search_come_to_what_the_whole_does() {
    let place = default_place();
    let further = ["--updates=60", "--rerun-seeds=2"];
    succeed(&mut place.search("whole", 4, &further));
    for part in ["--shard=2/2", "--shard=1/2"] {
        let (report, errors) =
            texts(&succeed(&mut place.search("parts", 4, &[&further[..], &[part]].concat())));
        assert!(report.is_empty() && errors.contains("--shard 1/1"), "{report}{errors}");
        assert!(!place.at("parts/trials.csv").exists(), "a part chooses nothing");
    }
    let (_, errors) = texts(&succeed(&mut place.search("parts", 4, &further)));
    assert!(errors.contains("nothing to do: every run in"), "{errors}");
    let table = |name: &str| fs::read(place.at(name).join("trials.csv")).unwrap();
    assert_eq!(table("parts"), table("whole"));
    for folder in ["trials", "selected"] {
        assert_same(&place.at("whole").join(folder), &place.at("parts").join(folder));
    }
}
