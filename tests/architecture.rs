//! The shape of the workspace: which crate may know which, and that registries are complete.

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use gr_learn::{METHODS, Method, Outcome};

/// What each crate may depend on within the workspace.
const EDGES: &[(&str, &[&str])] = &[
    ("gr-grid", &[]),
    ("gr-stats", &[]),
    ("gr-figures", &["gr-grid", "gr-runs", "gr-stats"]),
    ("gr-runs", &["gr-grid"]),
    ("gr-learn", &["gr-grid", "gr-runs"]),
    ("gr-sweep", &["gr-grid", "gr-learn", "gr-runs", "gr-stats"]),
];

#[test]
fn imports_point_one_way_and_only_gr_learn_names_burn() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(support::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let dependencies = package["dependencies"].as_array().unwrap();
        let normal = dependencies.iter().filter(|dependency| dependency["kind"].is_null());
        let names = normal.map(|dependency| dependency["name"].as_str().unwrap().to_string());
        found.insert(package["name"].as_str().unwrap().into(), names.collect());
    }
    assert!(found["gr"].is_empty(), "the root package holds tests only");
    found.remove("gr");
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    assert!(found.keys().map(String::as_str).eq(allowed.keys().copied()), "a crate is not listed");
    for (name, dependencies) in &found {
        for dependency in dependencies {
            if dependency.starts_with("gr-") {
                let known = allowed[name.as_str()].contains(&dependency.as_str());
                assert!(known, "{name} must not depend on {dependency}");
            }
            let is_burn = dependency == "burn" || dependency.starts_with("burn-");
            assert!(!is_burn || name == "gr-learn", "{name} must not name {dependency}");
        }
    }
}

#[test]
fn methods_are_documented_and_no_two_are_configured_alike() {
    // What a method does, as far as results can show it.
    let behaviour = |method: &Method| {
        use gr_grid::Ending::{Diamond, Ghost, TimeLimit};
        let ends = [Diamond, Ghost, TimeLimit].map(|ending| {
            [false, true].map(|overseen| {
                let route = (method.route)(Outcome::Ended { ending, overseen });
                (route.map(|route| route as usize), method.reward.pay(ending, overseen).to_bits())
            })
        });
        let masks = (method.masks)(&gr_runs::MaskSettings::default());
        let updates = (method.planned_updates)(100, 0.5);
        let early_stopping = method.early_stopping;
        format!("{:?} {ends:?} {masks:?} {updates} {early_stopping:?}", method.network)
    };
    for (index, method) in METHODS.iter().enumerate() {
        assert!(!method.summary.is_empty() && !method.source.is_empty());
        for other in &METHODS[..index] {
            assert_ne!(method.label, other.label);
            let alike = behaviour(method) == behaviour(other);
            assert!(!alike, "{} and {} are configured alike", method.label, other.label);
        }
    }
}

#[test]
fn oracle_trains_p_times_as_many_updates() {
    let oracle = Method::find("oracle").unwrap();
    for (updates, oversight, planned) in
        [(10_000, 0.01, 100), (100, 0.29, 29), (20_000, 0.003, 60), (50, 0.01, 0), (7, 1.0, 7)]
    {
        assert_eq!((oracle.planned_updates)(updates, oversight), planned);
    }
}

#[test]
fn readme_names_every_method_and_binary() {
    let readme = std::fs::read_to_string(support::root().join("README.md")).unwrap();
    for method in METHODS {
        assert!(readme.contains(&format!("`{}`", method.label)), "{}", method.label);
    }
    assert!(readme.contains("gr-sweep") && readme.contains("gr-policy"));
}
