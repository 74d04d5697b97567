//! Bad input gets one clear error, exit code 2, and nothing is written.

mod support;

use std::fs;
use std::process::Command;

use support::{SMALL, binary, succeed, sweep, texts};

#[test]
fn wrong_values_name_flag_value_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("sweep");
    let cases: &[(&[&str], &[&str])] = &[
        (&["--methods=routng"], &["routng", "did you mean \"routing\"?", "naive_outcomes"]),
        (&["--methods=naive"], &["--methods", "did you mean \"naive_outcomes\"?"]),
        (&["--device=gpu"], &["did you mean \"wgpu\"?", "auto, cpu, ndarray, wgpu"]),
        (&["--device=wgpu:first"], &["--device = wgpu:first", "wgpu:0"]),
        (&["--device=wgpu:9999"], &["wgpu"]),
        (&["--seeds="], &["--seeds", "0..8"]),
        (&["--seeds=5..2"], &["--seeds", "5..2", "reversed"]),
        (&["--seeds=0..99999999999999999999"], &["--seeds", "99999999999999999999"]),
        (&["--seeds=1,1"], &["--seeds", "twice"]),
        (&["--seeds=[0,1,a]"], &["--seeds", "\"a\" is no whole number"]),
        (&["--seeds=18446744073709551616"], &["no whole number from 0 to 18446744073709551615"]),
        (&["--set=seeds=0..99999999999999"], &["--set seeds=", "too many"]),
        (&["--oversight=1.2"], &["--oversight", "1.2", "from 0 to 1"]),
        (&["--oversight=-0.1"], &["--oversight", "-0.1", "from 0 to 1"]),
        (&["--oversight=often"], &["--oversight", "often", "from 0 to 1"]),
        (&["--oversight=nan"], &["--oversight", "from 0 to 1"]),
        (
            &["--oversight=1e-320"],
            &["--oversight: oversight = 1e-320", "from 1e-9 to 1", "overseen"],
        ),
        (&["--oversight=0,01"], &["--oversight", "01", "decimal point"]),
        (&["--oversight=0,-0"], &["--oversight: oversight = 0.0", "once"]),
        (&["--set=oversight=0.1,x"], &["--set oversight=0.1,x: oversight = x"]),
        (&["--envs=0"], &["--envs", "environment.envs = 0", "from 1"]),
        (&["--updates=0"], &["--updates", "updates = 0", "from 1"]),
        (&["--updates=many"], &["--updates", "many", "a whole number from 1"]),
        (&["--updates=1.5"], &["--updates: updates = 1.5", "a whole number from 1"]),
        (&["--updates=1e300"], &["--updates: updates = 1e300", "a whole number from 1"]),
        (&["--updates=18446744073709551617"], &["updates = 18446744073709551617", "to 1000000000"]),
        (&["--set=masks.both.gate=1e39"], &["masks.both.gate", "magnitude"]),
        (
            &["--set=environment.rows=1", "--set=environment.cols=2"],
            &["environment.rows = 1", "2 to 8"],
        ),
        (&["--set=training.learning_rat=1"], &["training.learning_rat", "training.learning_rate"]),
        (&["--set=training.lr=1"], &["training.lr", "did you mean \"training.learning_rate\"?"]),
        (&["--set=training=1"], &["training = 1", "a table of keys"]),
        (&["--set=nonsense"], &["--set", "KEY=VALUE"]),
        (&["--set=training.discount=high"], &["training.discount", "high", "a number from 0 to 1"]),
        (&["--first-observation=old"], &["--first-observation", "old", "stale"]),
        (&["--evaluation=guess"], &["--evaluation", "guess", "exact"]),
        (
            &["--set=environment.spurious_oversight=0.1"],
            &["--set environment.spurious_oversight=0.1: ", "evaluation.mode", "sampled"],
        ),
        (&["--holdout-fraction=0"], &["--holdout-fraction", "between 0 and 1"]),
        (&["--holdout-fraction=1"], &["--holdout-fraction", "between 0 and 1"]),
        (&["--patience=0"], &["--patience", "unlimited"]),
        (&["--min-steps=0"], &["--min-steps", "a whole number from 1"]),
        (&["--tolerance=-1"], &["--tolerance", "0 or more"]),
        (&["--holdout-source=secret"], &["--holdout-source", "secret", "hidden"]),
        (&["--methods=oracle", "--early-stopping"], &["oracle", "leave one of them out"]),
        (&["--jobs=0"], &["--jobs", "a whole number from 1"]),
        (&["--save-every=0.5"], &["--save-every", "a whole number from 1"]),
        (&["--json", "--dry-run"], &["--json", "--dry-run"]),
        (&["--requeue-self"], &["--requeue-self", "SLURM_JOB_ID"]),
        (&["--methods=oracle", "--oversight=0"], &["oracle"]),
        (&["--config=no-such-file.toml"], &["no-such-file.toml"]),
        (&["--sed=3"], &["--sed"]),
    ];
    for (arguments, mentions) in cases {
        let output = sweep(&results, arguments).output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        for mention in *mentions {
            assert!(errors.contains(mention), "{arguments:?} does not say {mention:?}: {errors}");
        }
        // No type of Rust, no name of ours, and nobody blamed who did nothing.
        for word in ["u64", "f64", "usize", "sequence", "invalid digit", "overflow", "defaults:"] {
            assert!(!errors.contains(word), "{arguments:?} says {word:?}: {errors}");
        }
        assert!(errors.len() < 500, "{arguments:?}: {errors}");
        assert!(!results.exists(), "{arguments:?} wrote something");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn wgpu_without_an_adapter_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("sweep");
    let mut command = sweep(&results, &["--device=wgpu"]);
    for variable in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
        command.env(variable, "/nonexistent");
    }
    let output = command.output().unwrap();
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("mesa-vulkan-drivers") && errors.contains("--device cpu"), "{errors}");
    assert!(!results.exists());
}

#[test]
fn configuration_files_are_checked_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("sweep");
    let config = folder.path().join("my.toml");
    for (text, mentions) in [
        ("this is = = no toml", &["line 1"][..]),
        ("[training]\nlearning_rat = 1e-4", &["training.learning_rat", "did you mean"]),
        ("oversigt = 0.1", &["oversigt", "did you mean \"oversight\"?"]),
        ("[environment]\nupdates = 3", &["did you mean \"updates\"", "above every [table]"]),
        ("rows = 3", &["did you mean \"environment.rows\"?"]),
        ("methods = [\"routng\"]", &["did you mean \"routing\"?"]),
        ("training = 3", &["training = 3", "a table of keys"]),
        ("updates = \"many\"", &["updates", "many"]),
        ("oversight = [0.1, 3]", &["oversight = 3"]),
        ("[masks.diamond]\ngate = true", &["masks.diamond.gate", "true"]),
        ("seeds = \"4..1\"", &["reversed"]),
    ] {
        fs::write(&config, text).unwrap();
        let config = format!("--config={}", config.display());
        let output = sweep(&results, &[&config]).output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{text}: {errors}");
        for mention in [&["my.toml"], mentions].concat() {
            assert!(errors.contains(mention), "{text} does not say {mention:?}: {errors}");
        }
        assert!(!results.exists(), "{text} wrote something");
    }
}

#[test]
fn a_garbled_plan_is_refused_and_taking_its_advice_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let small = [SMALL, &["--seeds=0", "--updates=2", "--methods=filtering"]].concat();
    succeed(&mut sweep(folder.path(), &small));
    let plan = support::plan(folder.path()).unwrap();
    for garbled in [&b"x = ["[..], b"", b"\xff\xfe", b"methods = [\"routing\"]"] {
        fs::write(&plan, garbled).unwrap();
        let mut refused = vec![sweep(folder.path(), &small)];
        refused.extend(["status", "merge", "verify"].map(|command| {
            let mut looks = Command::new(binary("gr-sweep"));
            looks.arg(command).arg(folder.path());
            looks
        }));
        for command in &mut refused {
            let output = command.output().unwrap();
            let (_, errors) = texts(&output);
            assert_eq!(output.status.code(), Some(2), "{command:?}: {errors}");
            for mention in ["plans", "corrupt", "remove this file"] {
                assert!(errors.contains(mention), "{command:?} does not say {mention:?}: {errors}");
            }
        }
    }
    fs::remove_file(&plan).unwrap();
    let (_, errors) = texts(&succeed(&mut sweep(folder.path(), &small)));
    assert!(errors.contains("nothing to do"), "{errors}");
}

#[test]
fn parts_that_do_not_exist_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("sweep");
    for part in ["0/8", "9/8", "8", "1/0", "one/8"] {
        let output = sweep(&results, &["--shard", part]).output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{part}: {errors}");
        assert!(errors.contains("--shard") && errors.contains("1/8 to 8/8"), "{part}: {errors}");
        assert!(!results.exists());
    }
}

#[test]
fn folders_without_a_sweep_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["status", "merge", "verify"] {
        let output = Command::new(binary("gr-sweep")).arg(command).arg(folder.path()).output();
        let output = output.unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{command}: {errors}");
        assert!(errors.contains("plan.toml"), "{command}: {errors}");
    }
}

#[test]
fn a_results_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "here first").unwrap();
    let output = sweep(&file.join("sweep"), SMALL).output().unwrap();
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("file/sweep"), "{errors}");
}

#[test]
fn files_that_are_no_policies_are_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let data = support::root().join("tests/data");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("text.pt"), "no policy").unwrap();
    fs::write(at("text.safetensors"), "no policy").unwrap();
    let whole = fs::read(data.join("routed.pt")).unwrap();
    fs::write(at("torn.pt"), &whole[..whole.len() / 2]).unwrap();
    for (file, further, mentions) in [
        (at("missing.pt"), &[][..], "cannot read"),
        (at("text.pt"), &[], "not a PyTorch state dict"),
        (at("text.safetensors"), &[], "not a safetensors file"),
        (at("torn.pt"), &[], "damaged or cut short"),
        (data.join("routed.pt"), &["--rows=3", "--cols=4"], "25 cells"),
        (data.join("routed.pt"), &["--oversight=7"], "--oversight = 7"),
        (data.join("routed.pt"), &["--oversight=0.1,often"], "--oversight = often"),
        (data.join("routed.pt"), &["--rows=3.5", "--cols=4"], "a whole number from 2 to 8"),
    ] {
        let mut command = Command::new(binary("gr-policy"));
        let output = command.arg("evaluate").arg(&file).args(further).output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{}: {errors}", file.display());
        assert!(errors.contains(mentions), "{}: {errors}", file.display());
    }
}

#[test]
fn an_expert_that_a_policy_lacks_is_refused_before_anything_is_played() {
    let policy = support::root().join("tests/data/single_expert.pt");
    let mut command = Command::new(binary("gr-policy"));
    let output = command.arg("play").arg(&policy).arg("--policy=diamond").output().unwrap();
    let (text, errors) = texts(&output);
    assert_eq!((output.status.code(), text.as_str()), (Some(2), ""), "{errors}");
    assert!(errors.contains("--policy diamond") && errors.contains("one expert"), "{errors}");
}
