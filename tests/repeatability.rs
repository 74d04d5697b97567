//! A run depends on its configuration and seed only: not on jobs, company, or interruptions.

mod support;

use std::path::Path;
use std::time::Duration;

use support::{SMALL, assert_same, has_file, results, succeed, sweep, wait_until};

fn run(folder: &Path, further: &[&str]) {
    succeed(&mut sweep(folder, &[SMALL, further].concat()));
}

fn wait_for_a_saved_state(folder: &Path) {
    wait_until("a saved state", || has_file(&folder.join("checkpoints"), ".state"));
}

const METHODS: &str =
    "--methods=routing,no_gate,naive_outcomes,filtering,oracle,naive_early_stopping";

#[test]
fn jobs_do_not_change_results() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let sweep = [METHODS, "--oversight=0.5,0.1", "--seeds=0..2", "--updates=40"];
    run(&one, &[&sweep[..], &["--jobs=1"]].concat());
    run(&two, &[&sweep[..], &["--jobs=2"]].concat());
    assert_same(&one, &two);
}

#[test]
fn eight_seeds_together_are_what_each_is_alone() {
    let folder = tempfile::tempdir().unwrap();
    let together = folder.path().join("together");
    let sweep = ["--methods=routing", "--oversight=0.3", "--updates=30"];
    run(&together, &[&sweep[..], &["--seeds=0..8"]].concat());
    let together = results(&together);
    for seed in 0..8 {
        let alone = folder.path().join(seed.to_string());
        run(&alone, &[&sweep[..], &[&format!("--seeds={seed}")]].concat());
        for (name, bytes) in results(&alone).iter().filter(|(name, _)| *name != "runs.csv") {
            assert!(together.get(name) == Some(bytes), "{name} differs");
        }
    }
}

#[test]
fn killed_three_times_and_continued_is_what_it_is_uninterrupted() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let arguments =
        [METHODS, "--oversight=0.3", "--seeds=0..2", "--updates=400", "--checkpoint-every=90"];
    run(&whole, &arguments);

    let arguments = [SMALL, &arguments[..], &["--save-every=20", "--jobs=2"]].concat();
    for kill in 1..=3 {
        let mut child = sweep(&killed, &arguments).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(250 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    succeed(&mut sweep(&killed, &arguments));
    assert_same(&whole, &killed);
}

#[cfg(unix)]
#[test]
fn interrupted_and_continued_is_what_it_is_uninterrupted() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    let arguments =
        ["--methods=naive_outcomes", "--oversight=0.3", "--seeds=0..2", "--updates=3000"];
    run(&whole, &arguments);

    let arguments = [SMALL, &arguments[..], &["--save-every=5"]].concat();
    let child = sweep(&stopped, &arguments).spawn().unwrap();
    wait_for_a_saved_state(&stopped);
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let (_, errors) = support::texts(&output);
    assert!(errors.contains("the same command continues"), "{errors}");

    succeed(&mut sweep(&stopped, &arguments));
    assert_same(&whole, &stopped);
}

#[test]
fn a_damaged_state_or_checkpoint_costs_a_warning_and_never_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let arguments = [
        "--methods=filtering",
        "--oversight=0.3",
        "--seeds=0",
        "--updates=2000",
        "--checkpoint-every=1000",
    ];
    run(&whole, &arguments);
    let arguments = [SMALL, &arguments[..], &["--save-every=5"]].concat();

    /// The extension of the files to damage, how, and whether it matters.
    type Damage = (&'static str, fn(&Path), bool);
    let damages: [Damage; 4] = [
        ("state", |path| std::fs::write(path, b"garbage").unwrap(), true),
        ("state", |path| flip_a_bit(path), true),
        ("safetensors", |path| flip_a_bit(path), true),
        // What is there to be looked at is not continued from.
        ("csv", |path| std::fs::write(path, "").unwrap(), false),
    ];
    for (index, (extension, damage, matters)) in damages.iter().enumerate() {
        let damaged = folder.path().join(index.to_string());
        let mut child = sweep(&damaged, &arguments).spawn().unwrap();
        wait_for_a_saved_state(&damaged);
        // A state is there before the tables that go with it.
        let checkpoints = damaged.join("checkpoints");
        wait_until(extension, || has_file(&checkpoints, &format!(".{extension}")));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut hit = 0;
        for entry in std::fs::read_dir(&checkpoints).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == *extension) {
                damage(&path);
                hit += 1;
            }
        }
        assert!(hit > 0, "no {extension} to damage");
        let (_, errors) = support::texts(&succeed(&mut sweep(&damaged, &arguments)));
        assert_eq!(errors.contains("starts anew"), *matters, "{extension}: {errors}");
        assert_same(&whole, &damaged);
    }
}

fn flip_a_bit(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(path, bytes).unwrap();
}
