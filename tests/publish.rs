//! `gr-sweep publish`: a copy without policies is as trustworthy as the sweep that it was made from.

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;

use support::{SMALL, looking, names, results, succeed, sweep, texts};

fn train(folder: &Path, seeds: &str) -> Output {
    let methods = "--methods=routing,naive_early_stopping";
    let size = ["--oversight=0.3", "--updates=40", "--checkpoint-every=20", seeds];
    succeed(&mut sweep(folder, &[SMALL, &[methods], &size].concat()))
}

fn publish(folder: &Path, out: &Path, further: &[&str]) -> Output {
    let arguments = [&[out.to_str().unwrap()], further].concat();
    looking("publish", folder, &arguments).output().unwrap()
}

fn verify(folder: &Path, sample: &str) -> (Option<i32>, String) {
    let output = looking("verify", folder, &[sample]).output().unwrap();
    (output.status.code(), texts(&output).0)
}

#[test]
fn a_copy_without_policies_is_verified_bit_for_bit_and_grows() {
    let place = tempfile::tempdir().unwrap();
    let (folder, copy) = (place.path().join("sweep"), place.path().join("copy"));
    train(&folder, "--seeds=0..2");
    let (_, said) = texts(&publish(&folder, &copy, &["--with-policies=1"]));
    assert!(said.contains("4 runs of 4 published"), "{said}");
    let policies = |seed: &str| {
        names(&copy).iter().filter(|name| name.ends_with("tensors") && name.contains(seed)).count()
    };
    assert!(policies("_s0_") == 0 && policies("_s1_") > 0, "{:?}", names(&copy));
    let (original, published) = (results(&folder), results(&copy));
    for (name, bytes) in published.iter().filter(|(name, _)| *name != "/published.toml") {
        assert_eq!(original.get(name), Some(bytes), "{name}");
    }

    let (code, said) = verify(&copy, "--sample=4");
    assert!(code == Some(0) && said.contains("4 of 4 runs came out as before"), "{said}");
    assert!(said.contains("policy files left out"), "{said}");
    succeed(&mut looking("merge", &copy, &[]));
    let again = texts(&train(&copy, "--seeds=0..2")).1;
    assert!(again.contains("nothing to do"), "{again}");

    train(&folder, "--seeds=0..3");
    let (_, said) = texts(&publish(&folder, &copy, &["--with-policies=1"]));
    assert!(said.contains("6 runs of 6 published"), "{said}");
    let (code, said) = verify(&copy, "--sample=0");
    assert!(code == Some(0) && said.contains("6 of 6 runs"), "{said}");
}

#[test]
fn several_sweeps_are_published_into_one_copy() {
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("copy");
    for seeds in ["--seeds=0..1", "--seeds=1..3"] {
        let folder = place.path().join(seeds);
        train(&folder, seeds);
        assert_eq!(publish(&folder, &copy, &[]).status.code(), Some(0));
        let (code, said) = verify(&copy, "--sample=0");
        assert!(code == Some(0) && said.contains("runs.csv: as the runs say"), "{said}");
    }
    let rows = fs::read_to_string(copy.join("runs.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 6, "{rows}");
}

#[test]
fn only_policies_may_be_absent_and_only_from_a_copy() {
    let place = tempfile::tempdir().unwrap();
    let (folder, copy) = (place.path().join("sweep"), place.path().join("copy"));
    train(&folder, "--seeds=0..1");
    publish(&folder, &copy, &["--with-policies=0"]);
    let find = |folder: &Path, start: &str| {
        let name = names(folder).into_iter().find(|name| name.contains(start)).unwrap();
        folder.join(name.trim_start_matches('/'))
    };
    for start in ["eval_results_", "holdout_results_", "train_results_"] {
        let file = find(&copy, start);
        let bytes = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let (code, said) = verify(&copy, "--sample=0");
        assert!(code == Some(1) && said.contains("damaged: "), "{start}: {said}");
        fs::write(&file, bytes).unwrap();
    }
    // What is there is held against its hash, left out or not.
    let table = find(&copy, "policy_tables_");
    fs::write(&table, "").unwrap();
    let (code, said) = verify(&copy, "--sample=0");
    assert!(code == Some(1) && said.contains("policy_tables_"), "{said}");
    fs::remove_file(&table).unwrap();
    assert_eq!(verify(&copy, "--sample=0").0, Some(0));

    fs::remove_file(find(&folder, "policy_tables_")).unwrap();
    assert_eq!(verify(&folder, "--sample=0").0, Some(1), "a sweep does without nothing");
    let output = publish(&folder, &place.path().join("other"), &[]);
    let said = texts(&output).1;
    assert!(output.status.code() == Some(2) && said.contains("is damaged"), "{said}");
}

#[test]
fn a_folder_that_is_something_else_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let (folder, out) = (place.path().join("sweep"), place.path().join("out"));
    let output = publish(&folder, &out, &[]);
    assert!(output.status.code() == Some(2) && !out.exists(), "{}", texts(&output).1);
    train(&folder, "--seeds=0..1");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.txt"), "three years").unwrap();
    let output = publish(&folder, &out, &[]);
    let said = texts(&output).1;
    assert!(output.status.code() == Some(2) && said.contains("neither empty nor"), "{said}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "nothing was written there");
}
