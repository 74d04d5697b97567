//! The script that `gr-sweep slurm-script` prints: its text, that bash reads it as it is meant, and
//! that what it runs is the sweep.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{binary, root, succeed, texts};

fn slurm_script(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary("gr-sweep"));
    command.arg("slurm-script").args(arguments).current_dir(folder).output().unwrap()
}

/// The script, with the folders of this machine replaced by names.
#[track_caller]
fn text(folder: &Path, arguments: &[&str]) -> String {
    let output = slurm_script(folder, arguments);
    assert!(output.status.success(), "{output:?}");
    let binaries = binary("gr-sweep").parent().unwrap().display().to_string();
    let folder = folder.canonicalize().unwrap().display().to_string();
    texts(&output).0.replace(&binaries, "/binaries").replace(&folder, "/work")
}

/// Puts `programs` (name and text of a shell script) into a folder, for the front of a path.
#[cfg(unix)]
fn path_with(folder: &Path, programs: &[(&str, &str)]) -> String {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(folder).unwrap();
    for (name, text) in programs {
        let program = folder.join(name);
        fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_script_is_the_expected_one() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--methods=routing,oracle",
        "--oversight=0.1,0.3",
        "--seeds=0..16",
        "--set=network.value_hidden=[8, 4]",
        "--results=my runs/it's",
        "--tasks=8",
        "--cpus=2",
        "--time=4:00:00",
        "--partition=low",
        "--account=lab",
        "--memory=4G",
    ];
    let script = text(folder.path(), &arguments);
    let golden = root().join("tests/data/slurm_script.sh");
    if std::env::var_os("GR_BLESS").is_some() {
        fs::write(&golden, &script).unwrap();
    }
    assert_eq!(script, fs::read_to_string(golden).unwrap());
}

#[test]
fn a_gpu_is_asked_for_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let script = text(folder.path(), &["--gpus=1", "--seeds=0..256", "--methods=routing"]);
    for expected in ["#SBATCH --gres=gpu:1\n", "--array=1-4\n", "--device=wgpu", "256 runs in 4"] {
        assert!(script.contains(expected), "{expected}: {script}");
    }
}

#[test]
fn wrong_values_are_refused_before_they_wait_in_a_queue() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, mentions) in [
        (&["--tasks=0"][..], &["--tasks"][..]),
        (&["--tasks=100"], &["--tasks 100", "32 or less"]),
        (&["--tasks=2", "--runs-per-task=3"], &["--tasks", "--runs-per-task"]),
        (&["--gpus=2"], &["--gpus", "from 0 to 1"]),
        (&["--time=soon"], &["--time", "soon", "hours:minutes:seconds"]),
        (&["--time=1"], &["--time", "5 minutes or more"]),
        (&["--memory=lots"], &["--memory", "lots", "K, M, G or T"]),
        (&["--partition=a b"], &["--partition", "a b", "letters"]),
        (&["--results=two\nlines"], &["two\\nlines", "script"]),
        (&["--methods=routng"], &["routng", "did you mean"]),
        (&["--oversight=often"], &["--oversight", "often"]),
        (&["--config=none.toml"], &["none.toml"]),
    ] {
        let output = slurm_script(folder.path(), arguments);
        let (script, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert_eq!(script, "");
        for mention in mentions {
            assert!(errors.contains(mention), "{arguments:?} does not say {mention:?}: {errors}");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something was written");
}

/// A folder whose name would be several words to a shell, or worse, with a script of four tasks in it
/// that is called `my sweep.sh`, and programs that note what they are asked in `asked`.
#[cfg(unix)]
fn awkward(folder: &Path) -> PathBuf {
    let work = folder.join("it's a $(folder) \"of\" `mine`");
    let program = work.join("my programs/gr-sweep");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::copy(binary("gr-sweep"), &program).unwrap();
    let arguments =
        ["slurm-script", "--seeds=0..4", "--tasks=4", "--results=my runs", "--set=updates=7"];
    let output = Command::new(&program).args(arguments).current_dir(&work).output().unwrap();
    assert!(texts(&output).1.contains("gr-figures is not there yet"), "{output:?}");
    fs::write(work.join("my sweep.sh"), output.stdout).unwrap();

    fs::remove_file(&program).unwrap();
    let note = format!("printf '<%s>' \"$@\" >>'{}'", folder.join("asked").display());
    let programs = [("gr-sweep", &*format!("{note}\nexit 1")), ("gr-figures", &note)];
    path_with(program.parent().unwrap(), &programs);
    work
}

#[cfg(unix)]
#[test]
fn bash_submits_the_array_and_then_the_merge() {
    let folder = tempfile::tempdir().unwrap();
    let work = awkward(folder.path());
    // Notes its arguments, and what it reads where that is a script.
    let calls = folder.path().join("calls");
    let sbatch = format!(
        "echo '42;cluster'\nexec >>'{}'\necho \"call: $*\"\ncase $* in *afterany*) cat ;; esac",
        calls.display()
    );
    let path = path_with(&folder.path().join("bin"), &[("sbatch", &sbatch)]);
    let mut bash = Command::new("bash");
    bash.arg("my sweep.sh").current_dir(&work).env("PATH", &path);
    let output = bash.env_remove("SLURM_ARRAY_TASK_ID").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (said, _) = texts(&output);
    assert_eq!(said, "submitted array job 42 (4 tasks), then job 42, which merges\n");

    let calls = fs::read_to_string(calls).unwrap();
    let (array, merge) = calls.split_once("call: --parsable --dependency=afterany:42\n").unwrap();
    assert_eq!(array, "call: --parsable my sweep.sh\n");
    assert!(merge.starts_with("#!/bin/bash\n#SBATCH --job-name=gr-my-runs\n"), "{merge}");
    let status = Command::new("bash").args(["-c", merge]).current_dir("/").status().unwrap();
    assert_eq!(status.code(), Some(1), "the code of the merge");
    assert_eq!(
        fs::read_to_string(folder.path().join("asked")).unwrap(),
        "<merge><my runs><my runs><--out><my runs/pictures><--html><my runs/report.html>"
    );
}

#[cfg(unix)]
#[test]
fn a_task_trains_its_shard_and_says_so_in_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let work = awkward(folder.path());
    let mut bash = Command::new("bash");
    bash.arg(work.join("my sweep.sh")).current_dir("/");
    bash.envs([("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_JOB_ID", "42")]);
    let output = bash.env("SLURM_RESTART_COUNT", "2").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(
        fs::read_to_string(folder.path().join("asked")).unwrap(),
        "<--seeds=0..4><--set=updates=7><--results=my runs><--device=cpu><--shard=3/4>\
         <--requeue-self>"
    );
    let log = fs::read_to_string(work.join("my runs/slurm/task-3.log")).unwrap();
    assert!(log.contains(" task 3/4 of job 42, restarts: 2, on "), "{log}");
}

#[cfg(unix)]
#[test]
fn a_script_of_a_search_trains_trials_and_its_last_job_chooses() {
    let folder = tempfile::tempdir().unwrap();
    let space = support::root().join("configs/searches/early_stopping.toml");
    let mut command = Command::new(binary("gr-sweep"));
    command.args(["slurm-script", "--trials=6", "--tasks=3", "--results=runs"]);
    command.arg("--search").arg(&space).current_dir(folder.path());
    let (script, _) = texts(&succeed(&mut command));
    assert!(script.contains("Trains 6 runs in 3 tasks"), "{script}");
    let asks = format!("--space={}", space.display());
    assert_eq!(script.matches(&asks).count(), 2, "{script}");
    assert_eq!(script.matches("gr-search").count(), 2, "{script}");
    assert!(script.contains("--seed=0 --results=runs --shard=1/1"), "{script}");
    assert!(!script.contains(" merge "), "{script}");
    let mut shell = Command::new("bash");
    fs::write(folder.path().join("script.sh"), script).unwrap();
    succeed(shell.args(["-n", "script.sh"]).current_dir(folder.path()));
    let refused = command.arg("--seeds=0..2").output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}
