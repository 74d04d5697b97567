//! `gr-search` as a user sees it: results that do not depend on interruptions or on how many trials there are.

mod support;

use std::fs;
use std::process::Command;

use gr_runs::TrialRow;
use support::search::{FIXED, Place, SEARCHED, default_place, manifests, runs, table_of, trials};
use support::{SMALL, assert_same, has_file, results, succeed, texts, wait_until};

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
    let manifests = manifests(&folder);
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

#[test]
fn variants_of_a_search_draw_alike_and_are_chosen_apart() {
    let place = default_place();
    let vary = "--vary=early_stopping.holdout_source=hidden,visible";
    let further = ["--updates=60", "--rerun-seeds=2", vary];
    let (table, _) = texts(&succeed(&mut place.search("search", 2, &further)));
    let folder = place.at("search");
    let rows = trials(&folder);
    let variants: Vec<&str> = rows.iter().map(|row| row.variant.as_str()).collect();
    let named =
        ["hidden", "visible"].map(|source| format!("early_stopping.holdout_source={source}"));
    assert_eq!(variants, [&named[0], &named[0], &named[1], &named[1]]);
    let mut reader = csv::Reader::from_path(folder.join("trials.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    for (a, b) in lines[..2].iter().zip(&lines[2..]) {
        // What was drawn stands behind the known columns.
        let drawn = header.iter().position(|column| column == "schema_version").unwrap();
        assert!(
            a.len() > drawn + 1 && a.iter().skip(drawn).eq(b.iter().skip(drawn)),
            "{a:?} {b:?}"
        );
        let seeds = header.iter().position(|column| column == "seeds").unwrap();
        assert_eq!(a[seeds], b[seeds]);
    }
    assert!(named.iter().all(|name| table.contains(&format!("({name}) at p = "))), "{table}");
    let chosen = fs::read_dir(folder.join("selected")).unwrap().count();
    assert_eq!(chosen, 2);
    let mut status = Command::new(support::binary("gr-sweep"));
    let (status, _) = texts(&succeed(status.arg("status").arg(&folder)));
    assert!(status.contains("holdout_source=visible") && status.contains("4"), "{status}");

    let drawn = ["--vary=early_stopping.tolerance=0.1,0.2"];
    let errors = place.refused("other", 2, &drawn);
    assert!(errors.contains("early_stopping.tolerance is drawn, and set by"), "{errors}");
}
