//! Settings as people give them: read alike in every flag, by one rule of precedence, and never without
//! effect in silence.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use support::{SMALL, binary, succeed, sweep, texts};

/// The script that `gr-sweep slurm-script` prints: it plans a sweep and trains nothing.
fn script(arguments: &[&str]) -> Output {
    Command::new(binary("gr-sweep")).arg("slurm-script").args(arguments).output().unwrap()
}

#[track_caller]
fn runs_of(arguments: &[&str]) -> String {
    let output = script(arguments);
    let (text, errors) = texts(&output);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    let line = text.lines().find(|line| line.starts_with("# Trains ")).unwrap();
    line.split(" in ").next().unwrap().trim_start_matches("# Trains ").into()
}

#[test]
fn lists_and_numbers_are_read_alike_by_every_flag() {
    let expected = "12 runs";
    for arguments in [
        &["--methods", "routing, oracle", "--oversight", ".1, .3", "--seeds", "[0,1,2]"][..],
        &["--methods=[routing,oracle]", "--oversight=[0.1, 3e-1]", "--seeds=0..3"],
        &["--methods", "routing", "oracle", "--oversight", ".1", "0.3", "--seeds", "0..=2"],
        &["--methods=routing", "--methods=oracle", "--oversight=1e-1,0.3", "--seeds=2,0..2"],
        &["--set=methods=routing,oracle", "--set=oversight=0.1,0.3", "--set=seeds=[0, 1..3]"],
        &[
            "--set=methods=[\"routing\", 'oracle']",
            "--set",
            "oversight= .1 ,.3",
            "--seeds",
            "0 , 1,2",
        ],
    ] {
        for updates in ["1000", "1e3", "1000.0"] {
            let updates = format!("--updates={updates}");
            let all = [arguments, &[&updates, "--tasks=1e0"]].concat();
            assert_eq!(runs_of(&all), expected, "{all:?}");
        }
    }
}

#[test]
fn flags_override_files_and_set_overrides_flags_whatever_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("my.toml");
    fs::write(&config, "methods = [\"routing\"]\nseeds = \"0..7\"\noversight = [0.1, 0.2]\n")
        .unwrap();
    let config = format!("--config={}", config.display());
    for (flags, expected) in [
        (&[][..], "14 runs"),
        (&["--seeds=0"], "2 runs"),
        (&["--seeds=0", "--set=seeds=0..3"], "6 runs"),
        (&["--set=seeds=0..3", "--seeds=0"], "6 runs"),
        (&["--set=seeds=0..3", "--set=seeds=0..4", "--seeds=0"], "8 runs"),
        (&["--set=oversight=0.3", "--oversight=0.1,0.2,0.3"], "7 runs"),
        (&["--set=methods=oracle,filtering", "--methods=routing"], "28 runs"),
    ] {
        assert_eq!(runs_of(&[&[config.as_str()], flags].concat()), expected, "{flags:?}");
    }
}

#[test]
fn flags_without_effect_are_refused_with_the_reason() {
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["--methods=naive_outcomes", "--holdout-fraction=0.4", "--patience=3"],
            &["--holdout-fraction, --patience: ", "naive_outcomes", "--early-stopping"],
        ),
        (
            &["--methods=oracle", "--set=early_stopping.tolerance=1"],
            &["oracle", "never stops early"],
        ),
        (&["--methods=naive_early_stopping", "--early-stopping"], &["always stops early"]),
        (
            &[
                "--methods=naive_early_stopping",
                "--holdout-source=privileged",
                "--holdout-fraction=0.4",
                "--holdout-episodes=9",
            ],
            &["--holdout-episodes", "early_stopping.holdout_fraction", "privileged"],
        ),
        (
            &["--methods=filtering,oracle", "--set=masks.both.gate=0"],
            &["filtering, oracle", "no routes"],
        ),
        (&["--methods=no_gate", "--set=masks.both.gate=0"], &["gate is fixed"]),
        (&["--methods=no_routing_control", "--set=masks.both.output=0"], &["every mask itself"]),
        (&["--methods=routing", "--oversight=0", "--set=masks.ghost.output=0"], &["p = 0"]),
        (&["--methods=no_gate", "--set=training.gate_loss_coefficient=1"], &["learns no gate"]),
    ];
    for (arguments, mentions) in cases {
        for output in
            [script(arguments), sweep(Path::new("unwritten"), arguments).output().unwrap()]
        {
            let (_, errors) = texts(&output);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
            for mention in [&["without effect on any run"], *mentions].concat() {
                assert!(
                    errors.contains(mention),
                    "{arguments:?} does not say {mention:?}: {errors}"
                );
            }
        }
    }
    // What matters to one of the methods is no mistake.
    runs_of(&["--methods=routing,oracle", "--set=masks.both.gate=0", "--oversight=0.1"]);
}

/// Runs a small sweep of `naive_outcomes` in `place`, with results where they go by themselves.
fn small_sweep(place: &Path, further: &[&str]) -> (String, Vec<String>) {
    let small = SMALL.iter().filter(|argument| !argument.starts_with("--config"));
    let mut command = Command::new(binary("gr-sweep"));
    command.args(small).args(["--methods=naive_outcomes", "--updates=2"]);
    if !further.iter().any(|argument| argument.starts_with("--seeds")) {
        command.arg("--seeds=0");
    }
    let (_, errors) = texts(&succeed(command.args(further).current_dir(place)));
    let folders = fs::read_dir(place.join("results")).unwrap();
    (errors, folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
}

#[test]
fn entries_of_a_file_without_effect_are_said_and_make_no_other_sweep() {
    let place = tempfile::tempdir().unwrap();
    let config = place.path().join("shared.toml");
    fs::write(&config, "[early_stopping]\npatience = 3\n[masks.both]\ngate = 0.5\n").unwrap();
    let (_, plain) = small_sweep(place.path(), &[]);
    let (errors, folders) = small_sweep(place.path(), &["--config=shared.toml"]);
    assert_eq!((plain.len(), &folders), (1, &plain));
    for mention in ["shared.toml", "early_stopping.patience", "masks.both.gate", "nothing to do"] {
        assert!(errors.contains(mention), "no {mention:?} in: {errors}");
    }
    let (errors, _) = small_sweep(place.path(), &["--set=evaluation.envs=9"]);
    assert!(errors.contains("n_complete_eps"), "{errors}");
}

#[test]
fn numbers_at_the_edges_of_their_type_are_runs_like_others() {
    let place = tempfile::tempdir().unwrap();
    let largest = "--seeds=18446744073709551614..=18446744073709551615";
    for zero in ["--oversight=0", "--oversight=-0", "--oversight=-0.0"] {
        let (_, folders) = small_sweep(place.path(), &[largest, zero]);
        assert_eq!(folders.len(), 1, "{zero}: {folders:?}");
        let folder = place.path().join("results").join(&folders[0]);
        let runs = fs::read_to_string(folder.join("runs.csv")).unwrap();
        assert_eq!(runs.lines().count(), 3, "{runs}");
        assert!(runs.contains("naive_outcomes_p0_s18446744073709551615_"), "{runs}");
    }
}

#[cfg(unix)]
#[test]
fn commands_that_are_printed_can_be_pasted() {
    let place = tempfile::tempdir().unwrap();
    for name in ["it's mine", "$HOME `x` \"y\"", "-x"] {
        let results = Path::new(name);
        let arguments = [SMALL, &["--methods=filtering", "--seeds=0..2", "--updates=2"]].concat();
        let config =
            format!("--config={}", support::root().join("tests/data/small.toml").display());
        let arguments = arguments.iter().map(|argument| match argument.starts_with("--config") {
            true => config.as_str(),
            false => argument,
        });
        let mut part = Command::new(binary("gr-sweep"));
        part.args(arguments).arg("--shard=1/2").arg(format!("--results={}", results.display()));
        let (_, errors) = texts(&succeed(part.current_dir(place.path())));
        let hint = errors.lines().find(|line| line.contains("`gr-sweep merge")).unwrap();
        let (_, command) = hint.split_once("`gr-sweep ").unwrap();
        let (command, _) = command.rsplit_once('`').unwrap();
        let pasted = format!("{} {command}", binary("gr-sweep").display());
        let mut bash = Command::new("bash");
        let output = bash.args(["-c", &pasted]).current_dir(place.path()).output().unwrap();
        // One of two runs is missing, which merge says.
        assert_eq!(output.status.code(), Some(1), "{pasted}: {output:?}");
        assert!(place.path().join(name).join("runs.csv").exists(), "{pasted}");
    }
}

#[test]
fn help_and_listing_are_made_from_one_list() {
    let output = |arguments: &[&str]| {
        texts(&succeed(Command::new(binary("gr-sweep")).args(arguments))).0.replace('\n', " ")
    };
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (help, listing) = (words(output(&["--help"])), words(output(&["config", "--defaults"])));
    for key in gr_runs::keys() {
        let meaning = words(key.meaning().into());
        assert!(listing.contains(&meaning), "{} is not in the listing", key.path);
        if let Some(flag) = key.flag() {
            assert!(help.contains(&format!("--{flag}")), "{flag} is not in the help");
            assert!(help.contains(&meaning), "{flag} is not explained: {meaning}");
        }
    }
    assert!(help.contains("Defaults are overridden by the file"));
}
