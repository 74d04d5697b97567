//! Runs that are trained on: whatever they grew from, and whatever came between, they are the runs that one
//! training of the full length gives.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gr_learn::METHODS;
use support::{SMALL, looking, results, succeed, sweep, texts, wait_until};

/// The files of the runs of `longest`, in the results folder `folder`, which may have shorter ones too.
fn of_runs(folder: &Path, longest: &Path) -> BTreeMap<String, Vec<u8>> {
    let wanted = results(longest);
    let mut files = results(folder);
    files.retain(|name, _| wanted.contains_key(name) && name != "runs.csv");
    files
}

/// Asserts that `folder` holds the runs of `once` as they are there.
#[track_caller]
fn assert_holds(folder: &Path, once: &Path) {
    let (there, wanted) = (of_runs(folder, once), of_runs(once, once));
    assert!(there.keys().eq(wanted.keys()), "{:?} of {:?}", there.keys(), wanted.keys());
    let differing: Vec<&String> =
        wanted.keys().filter(|name| there[*name] != wanted[*name]).collect();
    assert!(differing.is_empty(), "{differing:?} differ");
}

/// A small sweep that keeps policies on the way, and whose evaluations do not fall on its ends.
fn arguments<'a>(methods: &'a str, updates: &'a str, further: &[&'a str]) -> Vec<&'a str> {
    let own =
        ["--oversight=0.3", "--seeds=0..2", "--checkpoint-every=30", "--set=evaluation.every=70"];
    [SMALL, &own, &[methods, updates], further].concat()
}

#[test]
fn a_grown_sweep_of_every_method_is_the_one_trained_at_once() {
    let place = tempfile::tempdir().unwrap();
    let [grown, once] = ["grown", "once"].map(|name| place.path().join(name));
    let methods: Vec<&str> = METHODS.iter().map(|method| method.label).collect();
    let methods = format!("--methods={}", methods.join(","));
    let lengths = ["--updates=60", "--updates=100", "--updates=170"];
    let mut said = Vec::new();
    for updates in lengths {
        // With this tolerance the first check stays the best: runs stop early once they are grown, and are copied then.
        let arguments = arguments(&methods, updates, &["--tolerance=0.5"]);
        let (table, errors) = texts(&succeed(&mut sweep(&grown, &arguments)));
        assert!(!errors.contains("starts anew"), "{errors}");
        said.push(table);
    }
    let last = arguments(&methods, lengths[2], &["--tolerance=0.5"]);
    succeed(&mut sweep(&once, &last));
    assert_holds(&grown, &once);
    assert!(said[2].contains("shorter runs of these"), "{}", said[2]);
    let stopped: Vec<bool> = fs::read_to_string(once.join("runs.csv"))
        .unwrap()
        .lines()
        .filter(|line| line.contains("naive_early_stopping"))
        .map(|line| line.split(',').nth(9).unwrap().parse::<u64>().unwrap() < 170)
        .collect();
    assert!(stopped.contains(&true), "a stopped run is copied: {stopped:?}");

    // Nothing is left to do, of any length, and all of it is what training makes.
    for updates in lengths {
        let again = arguments(&methods, updates, &["--tolerance=0.5"]);
        let (_, errors) = texts(&succeed(&mut sweep(&grown, &again)));
        assert!(errors.contains("nothing to do"), "{errors}");
    }
    let (verified, _) = texts(&succeed(&mut looking("verify", &grown, &["--sample=12"])));
    assert!(verified.contains("12 of 12 runs came out as before"), "{verified}");
    succeed(&mut looking("merge", &grown, &[]));
    let fewer = sweep(&grown, &arguments(&methods, "--updates=90", &["--tolerance=0.5"])).output();
    let fewer = fewer.unwrap();
    let (_, errors) = texts(&fewer);
    assert_eq!(fewer.status.code(), Some(2), "{errors}");
    assert!(errors.contains("170 updates") && errors.contains("90 would be fewer"), "{errors}");
    assert_holds(&grown, &once);
}

#[test]
fn runs_grow_through_kills_and_in_parts() {
    let place = tempfile::tempdir().unwrap();
    let [grown, once] = ["grown", "once"].map(|name| place.path().join(name));
    let methods = "--methods=routing,naive_early_stopping,reward_model";
    let further = ["--save-every=4", "--jobs=2", "--patience=unlimited"];
    succeed(&mut sweep(&grown, &arguments(methods, "--updates=40", &further)));
    let last = arguments(methods, "--updates=400", &further);
    for _ in 0..3 {
        let mut child = sweep(&grown, &last).spawn().unwrap();
        wait_until("a saved state", || support::has_file(&grown.join("checkpoints"), ".state"));
        std::thread::sleep(std::time::Duration::from_millis(150));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    for part in ["--shard=1/2", "--shard=2/2"] {
        succeed(&mut sweep(&grown, &[&last[..], &[part]].concat()));
    }
    succeed(&mut sweep(&once, &last));
    assert_holds(&grown, &once);
}

#[test]
fn a_run_that_keeps_no_state_says_that_it_cannot_grow_and_one_that_failed_stays_failed() {
    let place = tempfile::tempdir().unwrap();
    let [grown, once] = ["grown", "once"].map(|name| place.path().join(name));
    let methods = "--methods=naive_outcomes";
    let short = arguments(methods, "--updates=20", &["--keep-states=false"]);
    succeed(&mut sweep(&grown, &short));
    assert!(!support::has_file(&grown.join("checkpoints"), ".last"));
    let last = arguments(methods, "--updates=40", &[]);
    let (_, errors) = texts(&succeed(&mut sweep(&grown, &last)));
    assert!(errors.contains("cannot be trained on: it keeps no last state"), "{errors}");
    succeed(&mut sweep(&once, &last));
    assert_holds(&grown, &once);

    let failing = ["--set=training.learning_rate=1e12", "--set=recording.checkpoint_every=1"];
    let failed = |folder: &Path, updates: &str| {
        let output = sweep(folder, &arguments(methods, updates, &failing)).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        texts(&output).1
    };
    let [grown, once] = ["grown failing", "once failing"].map(|name| place.path().join(name));
    failed(&grown, "--updates=20");
    let errors = failed(&grown, "--updates=30");
    failed(&once, "--updates=30");
    assert!(!errors.contains("failed in update"), "it is not trained again: {errors}");
    let names = |folder: &Path| {
        let mut names = support::names(folder);
        names.retain(|name| name.contains("failed_") || name.ends_with(".safetensors"));
        names
    };
    let (there, wanted) = (names(&grown), names(&once));
    assert!(wanted.iter().all(|name| there.contains(name)), "{there:?} lacks some of {wanted:?}");
    for name in &wanted {
        let read = |folder: &Path| fs::read(folder.join(name.trim_start_matches('/'))).unwrap();
        assert_eq!(read(&grown), read(&once), "{name}");
    }
}
