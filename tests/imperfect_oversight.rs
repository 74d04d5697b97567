//! Oversight that is less than perfect and methods that learn from labels, through the real program:
//! repeatable whatever interrupts it, and refused by reason where it has no meaning.

mod support;

use std::path::Path;
use std::time::Duration;

use support::{SMALL, assert_same, looking, succeed, sweep, texts};

/// Methods that read labels, with state and without, and everything about oversight changed.
const EVERYTHING: [&str; 10] = [
    "--methods=reward_model,reward_table,corrective_actions,naive_outcomes,routing",
    "--oversight=0.3",
    "--seeds=0..2",
    "--first-observation=stale",
    "--set=environment.flag_visibility=0.5",
    "--set=overseer.label_noise=0.1",
    "--set=overseer.label_budget=200",
    "--set=overseer.cells=[0,1,2,5,6]",
    "--set=training.overseen_weight=10",
    "--set=training.reward_scale=2",
];

fn run(folder: &Path, further: &[&str]) {
    succeed(&mut sweep(folder, &[SMALL, &EVERYTHING, further].concat()));
}

#[test]
fn with_everything_on_runs_repeat_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    run(&at("whole"), &["--updates=60", "--jobs=1"]);

    run(&at("jobs"), &["--updates=60", "--jobs=2"]);
    assert_same(&at("whole"), &at("jobs"));

    for shard in ["--shard=1/2", "--shard=2/2"] {
        run(&at("shards"), &["--updates=60", shard]);
    }
    succeed(&mut looking("merge", &at("shards"), &[]));
    assert_same(&at("whole"), &at("shards"));

    let arguments = [SMALL, &EVERYTHING, &["--updates=60", "--save-every=1"]].concat();
    for kill in 1..=4 {
        let mut child = sweep(&at("killed"), &arguments).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(150 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    succeed(&mut sweep(&at("killed"), &arguments));
    assert_same(&at("whole"), &at("killed"));
    succeed(&mut looking("verify", &at("whole"), &["--sample=10"]));
}

#[test]
fn the_columns_of_a_method_stand_in_its_own_files_only() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    run(&results, &["--updates=20"]);
    for (start, column, owner) in [
        ("train_results_", ",model_accuracy,model_labels,model_loss", "reward_model"),
        ("train_results_", ",actions_held,imitation_loss", "corrective_actions"),
        ("eval_results_", ",model_exact_accuracy", "reward_model"),
    ] {
        let mut seen = 0;
        for entry in std::fs::read_dir(&results).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Some(run) = name.strip_prefix(start) else { continue };
            let text = std::fs::read_to_string(&path).unwrap();
            let header = text.lines().next().unwrap();
            assert_eq!(header.contains(column), run.starts_with(owner), "{name}: {header}");
            seen += usize::from(run.starts_with(owner));
        }
        assert_eq!(seen, 2, "{owner}");
    }
}

#[test]
fn an_agent_that_never_sees_flags_does_not_game_them() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let arguments = [
        "--methods=naive_outcomes,reward_model",
        "--oversight=0.3",
        "--seeds=0",
        "--updates=30",
        "--set=environment.flag_visibility=0",
    ];
    succeed(&mut sweep(&results, &[SMALL, &arguments].concat()));
    let mut evaluations = 0;
    for entry in std::fs::read_dir(&results).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_string_lossy().starts_with("eval_results_") {
            continue;
        }
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let column = reader.headers().unwrap().iter().position(|name| name == "gaming_gap");
        for record in reader.records() {
            let gap: f64 = record.unwrap()[column.unwrap()].parse().unwrap();
            assert_eq!(gap, 0.0);
            evaluations += 1;
        }
    }
    assert!(evaluations >= 6, "{evaluations}");
}

#[test]
fn what_cannot_be_is_refused_with_the_reason_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    for (method, settings, mentions) in [
        ("naive_outcomes", &["overseer.label_noise=0.5"][..], "below 1/2"),
        ("naive_outcomes", &["overseer.label_budget=0"], "at least 1"),
        ("naive_outcomes", &["overseer.cells=[25]"], "cell 25 is off the grid"),
        ("naive_outcomes", &["overseer.cells=[]"], "at least one of cells"),
        ("naive_outcomes", &["training.overseen_weight=0"], "above 0"),
        ("naive_outcomes", &["training.overseen_weight=1/p", "oversight=0"], "oversight above 0"),
        ("surrogate_reward", &["oversight=0"], "surrogate_reward, which divides by it"),
        ("reward_model", &["reward_model.pays=hard", "reward_model.caution=1"], "caution = 1.0"),
        ("reward_model", &["reward_model.labels=disagreement"], "ensemble = 1"),
        ("reward_model", &["training.reward=naive"], "its own reward"),
        ("placebo_routing", &["overseer.label_noise=0.1"], "reads no labels"),
        ("naive_outcomes", &["reward_model.hidden=32"], "a setting of another method"),
        ("naive_outcomes", &["reward_model.hiden=32"], "did you mean \"reward_model.hidden\"?"),
    ] {
        let settings: Vec<String> = settings.iter().map(|s| format!("--set={s}")).collect();
        let mut command = sweep(&results, &["--oversight=0.3", "--seeds=0", "--updates=5"]);
        let output = command.args(["--methods", method]).args(&settings).output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{settings:?}: {errors}");
        assert!(errors.contains(mentions), "{settings:?}: {errors}");
        assert!(!errors.contains("panicked"), "{errors}");
        assert!(!results.exists(), "{settings:?} wrote something");
    }
}

#[test]
fn a_state_of_another_model_is_never_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let model = |hidden: &str| {
        let arguments = ["--methods=reward_model", "--oversight=0.3", "--seeds=0", "--updates=400"];
        let further = ["--save-every=1".to_string(), format!("--set=reward_model.hidden={hidden}")];
        let further: Vec<&str> = further.iter().map(String::as_str).collect();
        [SMALL, &arguments[..], &further[..]].concat().iter().map(|a| a.to_string()).collect()
    };
    let begin = |place: &Path, arguments: &Vec<String>| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut child = sweep(place, &arguments).spawn().unwrap();
        support::wait_until("a saved state", || {
            support::has_file(&place.join("checkpoints"), ".state")
        });
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let state = |place: &Path| {
        let entries = std::fs::read_dir(place.join("checkpoints")).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|end| end == "state")).unwrap()
    };
    let (narrow, wide): (Vec<String>, Vec<String>) = (model("8"), model("9"));
    begin(&at("narrow"), &narrow);
    begin(&at("wide"), &wide);
    std::fs::copy(state(&at("wide")), state(&at("narrow"))).unwrap();
    let arguments: Vec<&str> = narrow.iter().map(String::as_str).collect();
    let (_, errors) = texts(&succeed(&mut sweep(&at("narrow"), &arguments)));
    assert!(errors.contains("is of another run") && errors.contains("starts anew"), "{errors}");
}
