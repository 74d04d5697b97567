//! The shape of the workspace: which crate may know which, and that registries are complete.

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use gr_grid::{Ending, Layout, Observation};
use gr_learn::{EndedEpisode, METHODS, Method, Rollout, RunCrediting};

/// What each crate may depend on within the workspace.
const EDGES: &[(&str, &[&str])] = &[
    ("gr-grid", &[]),
    ("gr-stats", &[]),
    ("gr-terminal", &[]),
    ("gr-figures", &["gr-grid", "gr-runs", "gr-stats", "gr-terminal"]),
    ("gr-runs", &["gr-grid"]),
    ("gr-learn", &["gr-grid", "gr-runs"]),
    ("gr-sweep", &["gr-grid", "gr-learn", "gr-runs", "gr-stats", "gr-terminal"]),
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

/// The rooms of each crate's house, floor by floor from the top. A room knows those on the floors below
/// its own, and no other.
const ROOMS: &[(&str, &[&[&str]])] = &[
    ("gr-runs", &[&["store"], &["run"], &["settings"]]),
    (
        "gr-learn",
        &[
            &["batch"],
            &["early_stopping"],
            &["evaluation"],
            &["update"],
            &["methods"],
            &["network"],
            &["device"],
        ],
    ),
    (
        "gr-sweep",
        &[
            &["cli"],
            &["verify", "slurm_script"],
            &["search"],
            &["sweep"],
            &["export"],
            &["results"],
            &["training"],
            &["options"],
            &["terminal"],
            &["plan", "policy"],
        ],
    ),
    (
        "gr-figures",
        &[
            &["cli"],
            &["report"],
            &["figures"],
            &["layout"],
            &["model"],
            &["scene"],
            &["style"],
            &["data"],
        ],
    ),
];

#[test]
fn rooms_know_those_below_them_only() {
    for (name, floors) in ROOMS {
        let source = support::root().join("crates").join(name).join("src");
        let floor_of = |room: &str| floors.iter().position(|rooms| rooms.contains(&room));
        let mut rooms = std::collections::BTreeSet::new();
        for file in rust_files(&source) {
            let path = file.strip_prefix(&source).unwrap().with_extension("");
            let room = path.iter().next().unwrap().to_str().unwrap().to_string();
            if ["lib", "main", "bin"].contains(&room.as_str()) {
                continue;
            }
            let place = file.display();
            let floor =
                floor_of(&room).unwrap_or_else(|| panic!("{place} is in no room of {name}"));
            for known in rooms_named_in(&std::fs::read_to_string(&file).unwrap()) {
                let allowed = known == room || floor_of(&known).is_some_and(|below| below > floor);
                assert!(allowed, "{place}: {room} must not know crate::{known}");
            }
            rooms.insert(room);
        }
        let listed = floors.iter().flat_map(|rooms| rooms.iter());
        assert!(listed.clone().all(|room| rooms.contains(*room)), "{name}: a room has no file");
    }
}

/// What follows `crate::` in the code of a file, comments aside.
fn rooms_named_in(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    // A macro's `$crate` is not a room.
    let named = code
        .flat_map(|line| line.split("crate::").skip(1).filter(move |_| !line.contains("$crate")));
    let word = |rest: &str| {
        rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
    };
    named.map(word).collect()
}

/// What a program writes, gr-terminal writes: it knows what to do when a stream is closed or full.
#[test]
fn only_gr_terminal_writes_to_the_output_streams() {
    let ways = ["print!(", "println!(", "dbg!(", "stdout()", "stderr()"];
    let crates = std::fs::read_dir(support::root().join("crates")).unwrap();
    let sources = crates.map(|entry| entry.unwrap().path().join("src"));
    let others = sources.filter(|source| !source.ends_with("gr-terminal/src"));
    for file in others.flat_map(|source| rust_files(&source)) {
        let text = std::fs::read_to_string(&file).unwrap();
        let found = ways.iter().find(|way| text.contains(**way));
        assert_eq!(found, None, "{} writes past gr-terminal", file.display());
    }
}

/// Every Rust file below `folder`.
fn rust_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| match path.is_dir() {
        true => rust_files(&path),
        false => vec![path],
    });
    files.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

#[test]
fn methods_are_documented_and_no_two_are_configured_alike() {
    // What a method does, as far as results can show it.
    let behaviour = |method: &Method| {
        let settings = gr_runs::Settings::default();
        let masks = (method.masks)(&settings.masks);
        let spec =
            gr_runs::RunSpec { method: method.label.into(), oversight: 0.5, seed: 0, settings };
        let mut crediting = RunCrediting::new(&spec);
        let credits = crediting.credit(0, &every_ending());
        let updates = (method.planned_updates)(100, 0.5);
        let early_stopping = method.early_stopping;
        let labels = crediting.labels();
        format!("{:?} {credits:?} {labels} {masks:?} {updates} {early_stopping:?}", method.network)
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

/// A rollout of episodes that end in every way, each of one step, overseen and not.
fn every_ending() -> Rollout {
    let endings = [Ending::Diamond, Ending::Ghost, Ending::TimeLimit];
    let ways =
        endings.into_iter().flat_map(|ending| [false, true].map(|flagged| (ending, flagged)));
    let ended = ways.enumerate().map(|(env, (ending, flagged))| {
        let layout = Layout::with_goal_flags(3, 7, flagged, flagged);
        let agent = match ending {
            Ending::Diamond => layout.diamond,
            Ending::Ghost => layout.ghost,
            Ending::TimeLimit => 12,
        };
        let states = [2, agent].map(|agent| Observation { agent, layout });
        EndedEpisode::new([env, env], 0, states, ending, flagged)
    });
    Rollout::recorded(6, vec![0; 6], vec![0; 6], ended.collect())
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
fn the_documents_name_every_method_and_binary() {
    let using = std::fs::read_to_string(support::root().join("docs/using.md")).unwrap();
    for method in METHODS {
        assert!(using.contains(&format!("`{}`", method.label)), "{}", method.label);
    }
    for binary in ["gr-sweep", "gr-search", "gr-policy", "gr-figures"] {
        assert!(using.contains(&format!("`{binary}`")), "{binary}");
    }
}
