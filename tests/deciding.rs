//! Verdicts, tables and numbers of seeds from the command line, against values worked out apart.

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{SMALL, binary, looking, succeed, sweep, texts};

/// `gr-sweep COMMAND` on published folders.
fn published(command: &str, folders: &[&str], further: &[&str]) -> Command {
    let runs: PathBuf = support::root().join("results/published/runs");
    let mut looks = Command::new(binary("gr-sweep"));
    looks.arg(command).args(folders.iter().map(|folder| runs.join(folder))).args(further);
    looks
}

const FOLDERS: [&str; 3] = ["routing", "early-stopping-h0.5", "early-stopping-privileged"];

/// Mean differences and half-widths of Welch's intervals as docs/experiment.md states them, from the rows of
/// `runs.csv` by another program.
#[test]
fn published_rows_are_compared_by_the_rule() {
    let (table, _) = texts(&succeed(&mut published("table", &FOLDERS, &["--format=markdown"])));
    for (source, unpaired, paired) in [
        ("privileged", "-0.014 ± 0.174", "-0.270 to +0.241"),
        ("hidden", "-0.166 ± 0.181", "-0.417 to +0.086"),
    ] {
        let line = table.lines().find(|line| line.contains(source) && line.contains("- routing"));
        let line = line.unwrap_or_else(|| panic!("{table}"));
        for mention in [unpaired, paired, "8 and 8", "undecided"] {
            assert!(line.contains(mention), "{line}");
        }
    }
    // Two of the eight privileged runs end below 0.1, by Wilson 7 to 59 %.
    assert!(table.contains("| 25 % (7 to 59) |"), "{table}");
    let (latex, _) = texts(&succeed(&mut published("table", &["routing"], &["--format=latex"])));
    assert!(latex.contains("routing & 0.01 & diamond & +0.293 $\\pm$ 0.129"), "{latex}");
}

/// With standard deviations s and n runs the half-width is t √(s₁²/n₁ + s₂²/n₂).
#[test]
fn as_many_seeds_as_power_asks_for_reach_the_wanted_half_width_and_fewer_do_not() {
    let arguments = ["--half-width=0.05", "--json"];
    let (json, _) = texts(&succeed(&mut published("power", &FOLDERS, &arguments)));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let methods = report["levels"][0]["methods"].as_array().unwrap();
    let of = |method: &serde_json::Value, part: &str| method[part].as_f64().unwrap();
    let (reference, others) = methods.split_first().unwrap();
    assert_eq!((reference["name"].as_str(), others.len()), (Some("routing"), 2));
    let half_width = |other: &serde_json::Value, seeds: f64| {
        let share =
            |method: &serde_json::Value, n: f64| of(method, "standard_deviation").powi(2) / n;
        // With more than 140 degrees of freedom t is between 1.96 and 1.977.
        let error = share(reference, of(reference, "seeds")) + share(other, seeds);
        [1.96 * error.sqrt(), 1.977 * error.sqrt()]
    };
    for other in others {
        let seeds = of(other, "seeds");
        assert!(half_width(other, seeds)[0] <= 0.05, "{json}");
        assert!(half_width(other, seeds - 2.0)[1] > 0.05, "{json}");
    }
    let (text, _) = texts(&succeed(&mut published("power", &FOLDERS, &[])));
    assert!(text.contains("every difference from routing within ±0.05"), "{text}");
}

#[test]
fn what_cannot_be_planned_verified_or_merged_says_so() {
    let refused = |command: &mut Command, code: i32| {
        let output = command.output().unwrap();
        let (text, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(code), "{text}{errors}");
        text + &errors
    };
    let alone = refused(&mut published("power", &["routing"], &[]), 2);
    assert!(alone.contains("no level has two methods"), "{alone}");
    let merged = refused(&mut published("merge", &["routing"], &[]), 2);
    assert!(merged.contains("no manifest of a run"), "{merged}");
    let verified = refused(&mut published("verify", &["routing"], &[]), 1);
    assert!(verified.contains("nothing can be verified"), "{verified}");
    let negative = refused(&mut published("power", &FOLDERS, &["--half-width=0"]), 2);
    assert!(negative.contains("above 0"), "{negative}");
}

#[test]
fn a_sweep_of_few_seeds_is_descriptive_and_its_times_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let own = ["--methods=routing,filtering", "--oversight=0.3", "--seeds=0..3", "--updates=30"];
    let (table, _) = texts(&succeed(&mut sweep(folder.path(), &[SMALL, &own].concat())));
    assert!(table.contains("filtering - routing") && table.contains("descriptive"), "{table}");
    assert!(table.contains("IQM") && table.contains("below 0.1"), "{table}");
    let (power, _) = texts(&succeed(&mut looking("power", folder.path(), &["--half-width=0.5"])));
    assert!(power.contains("takes about"), "{power}");
}
