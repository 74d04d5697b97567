//! Captions of runs that were really trained: none claims that a method is done which still rises.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{binary, succeed, sweep};

/// Small, quick runs, which rise all the more steeply.
const SMALL: [&str; 4] =
    ["--set=network.hidden=16", "--set=training.learning_rate=1e-3", "--seeds=0..2", "--envs=32"];

/// What is said of the learning curves of a sweep.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let (results, pictures) = (folder.join("results"), folder.join("pictures"));
    succeed(&mut sweep(&results, &[&SMALL[..], arguments].concat()));
    let mut draw = Command::new(binary("gr-figures"));
    succeed(draw.arg(&results).arg("--out").arg(&pictures).args(["--only", "learning-curves"]));
    fs::read_to_string(pictures.join("learning-curves.txt")).unwrap()
}

/// Oracle has 300 of 1,000 updates, evaluated at 0, 100, 200 and 299: one of them in its last fifth.
#[test]
fn oracle_that_climbs_until_it_has_used_its_labels_is_said_to_rise() {
    let folder = tempfile::tempdir().unwrap();
    let said = said(folder.path(), &["--oversight=0.3", "--updates=1000", "--methods=oracle"]);
    assert!(
        said.contains("Still rising at the end: Full supervision, p × updates at p = 0.3."),
        "{said}"
    );
}

#[test]
fn a_method_with_one_evaluation_in_its_last_fifth_is_said_to_rise() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--oversight=0.5", "--updates=300", "--methods=naive_outcomes"];
    let said = said(folder.path(), &arguments);
    assert!(said.contains("Still rising at the end: Naive at p = 0.5."), "{said}");
}
