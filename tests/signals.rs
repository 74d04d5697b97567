//! What a sweep does when it is told to stop, by people and by Slurm.
#![cfg(unix)]

mod support;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use support::{SMALL, assert_same, has_file, succeed, sweep, wait_until};

const SWEEP: [&str; 4] =
    ["--methods=naive_outcomes", "--oversight=0.3", "--seeds=0..2", "--updates=2000"];

/// The longest that saving may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A folder with a sweep in it, and what the sweep says.
struct Place {
    folder: tempfile::TempDir,
}

/// A sweep at work.
struct Running {
    child: Child,
    says: PathBuf,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a sweep in `results`.
    fn start(&self, further: &[&str], environment: &[(&str, &str)]) -> Running {
        let arguments = [SMALL, &SWEEP, &["--jobs=2"], further].concat();
        let says = self.at("says");
        let child = sweep(&self.at("results"), &arguments)
            .envs(environment.iter().copied())
            .stderr(File::create(&says).unwrap())
            .spawn()
            .unwrap();
        Running { child, says }
    }

    /// Starts a sweep in `results` and waits until it trains.
    fn start_and_train(&self, further: &[&str], environment: &[(&str, &str)]) -> Running {
        let running = self.start(further, environment);
        let checkpoints = self.at("results/checkpoints");
        wait_until("training", || has_file(&checkpoints, ".lock"));
        std::thread::sleep(Duration::from_millis(300));
        running
    }

    /// Puts a `scontrol` onto the path that notes its arguments and exits with `exit_code`.
    fn path_with_scontrol(&self, exit_code: u8) -> String {
        let folder = self.at("bin");
        fs::create_dir_all(&folder).unwrap();
        let program = folder.join("scontrol");
        let calls = self.at("calls");
        let text = format!(
            "#!/bin/sh\necho \"$@\" >>'{}'\necho refused >&2\nexit {exit_code}\n",
            calls.display()
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.at("calls")).unwrap_or_default()
    }

    fn has_state(&self) -> bool {
        has_file(&self.at("results/checkpoints"), ".state")
    }

    /// The same command finishes, outside Slurm, and leaves what an uninterrupted one leaves.
    #[track_caller]
    fn finishes_as_if_uninterrupted(&self) {
        static WHOLE: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            succeed(&mut sweep(folder.path(), &[SMALL, &SWEEP].concat()));
            folder
        });
        succeed(&mut sweep(&self.at("results"), &[SMALL, &SWEEP].concat()));
        assert_same(WHOLE.path(), &self.at("results"));
    }
}

impl Running {
    fn send(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    fn says(&self) -> String {
        fs::read_to_string(&self.says).unwrap()
    }

    fn wait_until_it_says(&self, text: &str) {
        wait_until(text, || self.says().contains(text));
    }

    /// How it ended, at most `patience` from now.
    #[track_caller]
    fn ends_within(&mut self, patience: Duration) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            if started.elapsed() > patience {
                self.child.kill().unwrap();
                panic!("still there after {patience:?}: {}", self.says());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    fn stays(&mut self, time: Duration) {
        std::thread::sleep(time);
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "{ended:?}: {}", self.says());
    }

    /// Ends it as Slurm does.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_signal_saves_and_exits_and_the_same_command_finishes() {
    for (signal, exit_code) in [("-INT", 130), ("-TERM", 143), ("-USR1", 138), ("-HUP", 129)] {
        let place = Place::new();
        let mut running = place.start_and_train(&[], &[]);
        running.send(signal);
        let status = running.ends_within(PATIENCE);
        assert_eq!(status.code(), Some(exit_code), "{}", running.says());
        assert!(running.says().contains("the same command continues"), "{}", running.says());
        assert!(place.has_state());
        place.finishes_as_if_uninterrupted();
    }
}

#[test]
fn a_sweep_that_nohup_started_outlives_its_connection() {
    let place = Place::new();
    let arguments = [SMALL, &SWEEP].concat();
    let says = File::create(place.at("says")).unwrap();
    let command = sweep(&place.at("results"), &arguments);
    let child = support::through(&["nohup"], &command).stderr(says).spawn().unwrap();
    let mut running = Running { child, says: place.at("says") };
    let checkpoints = place.at("results/checkpoints");
    wait_until("training", || has_file(&checkpoints, ".lock"));
    running.send("-HUP");
    assert!(running.child.wait().unwrap().success(), "{}", running.says());
    assert!(!running.says().contains("interrupted"), "{}", running.says());
    place.finishes_as_if_uninterrupted();
}

#[test]
fn a_lost_connection_that_is_told_twice_still_saves() {
    let place = Place::new();
    let mut running = place.start_and_train(&SLOW, &[]);
    running.send("-HUP");
    running.send("-HUP");
    let status = running.ends_within(Duration::from_secs(60));
    assert_eq!(status.code(), Some(129), "{}", running.says());
    assert!(place.has_state(), "{}", running.says());
}

/// Settings with which the first update takes seconds, most of them in its exact evaluation.
const SLOW: [&str; 3] =
    ["--set=environment.rows=8", "--set=environment.cols=8", "--set=network.hidden=512"];

#[test]
fn a_second_signal_exits_at_once() {
    let place = Place::new();
    let mut running = place.start_and_train(&SLOW, &[]);
    running.send("-TERM");
    running.stays(Duration::from_millis(100));
    running.send("-INT");
    let status = running.ends_within(PATIENCE);
    assert_eq!(status.code(), Some(130), "{}", running.says());
    assert!(!place.has_state());
}

#[test]
fn in_a_slurm_job_a_warned_sweep_saves_and_waits_to_be_killed() {
    for signal in ["-TERM", "-USR1", "-URG"] {
        let place = Place::new();
        let mut running = place.start_and_train(&[], &[("SLURM_JOB_ID", "7")]);
        running.send(signal);
        let warned = Instant::now();
        running.wait_until_it_says("in Slurm job 7: saved; waiting to be killed");
        assert!(warned.elapsed() < PATIENCE);
        // What Slurm sends at the end of the grace time.
        running.send("-CONT");
        running.send("-TERM");
        running.send("-TERM");
        running.stays(Duration::from_millis(500));
        running.kill();
        assert_eq!(running.says().matches("waiting to be killed").count(), 1);
        place.finishes_as_if_uninterrupted();
    }
}

#[test]
fn outside_slurm_urgent_data_on_a_socket_means_nothing() {
    let place = Place::new();
    let mut running = place.start_and_train(&[], &[]);
    running.send("-URG");
    assert_eq!(running.ends_within(Duration::from_secs(60)).code(), Some(0), "{}", running.says());
}

#[test]
fn in_a_slurm_job_people_can_still_interrupt() {
    let place = Place::new();
    for (signal, exit_code) in [("-INT", 130), ("-HUP", 129)] {
        let mut running = place.start_and_train(&[], &[("SLURM_JOB_ID", "7")]);
        running.send(signal);
        assert_eq!(running.ends_within(PATIENCE).code(), Some(exit_code));
    }

    let mut running = place.start_and_train(&[], &[("SLURM_JOB_ID", "7")]);
    running.send("-TERM");
    running.wait_until_it_says("waiting to be killed");
    running.send("-INT");
    assert_eq!(running.ends_within(PATIENCE).code(), Some(130));
}

#[test]
fn a_task_that_requeues_itself_goes_when_slurm_says_so() {
    let place = Place::new();
    let path = place.path_with_scontrol(0);
    let array = [
        ("PATH", path.as_str()),
        ("SLURM_JOB_ID", "9"),
        ("SLURM_ARRAY_JOB_ID", "7"),
        ("SLURM_ARRAY_TASK_ID", "3"),
    ];
    let mut running = place.start_and_train(&["--requeue-self", "--shard=1/1"], &array);
    running.send("-URG");
    running.wait_until_it_says("scontrol requeue 7_3");
    wait_until("scontrol", || place.calls() == "requeue 7_3\n");
    running.stays(Duration::from_millis(300));
    running.send("-TERM");
    assert_eq!(running.ends_within(PATIENCE).code(), Some(143));
    assert_eq!(place.calls(), "requeue 7_3\n");
    place.finishes_as_if_uninterrupted();
}

#[test]
fn a_requeue_that_is_refused_is_said_and_the_job_waits() {
    let place = Place::new();
    let path = place.path_with_scontrol(1);
    let job = [("PATH", path.as_str()), ("SLURM_JOB_ID", "7")];
    let mut running = place.start_and_train(&["--requeue-self"], &job);
    running.send("-USR1");
    running.wait_until_it_says("waiting to be killed");
    assert!(running.says().contains("cannot requeue job 7"), "{}", running.says());
    assert!(running.says().contains("refused"), "{}", running.says());
    running.send("-TERM");
    running.stays(Duration::from_millis(300));
    running.kill();
}

#[test]
fn a_cancelled_job_does_not_requeue_itself() {
    let place = Place::new();
    let path = place.path_with_scontrol(0);
    let job = [("PATH", path.as_str()), ("SLURM_JOB_ID", "7")];
    let mut running = place.start_and_train(&["--requeue-self"], &job);
    running.send("-TERM");
    running.wait_until_it_says("waiting to be killed");
    running.stays(Duration::from_millis(300));
    running.kill();
    assert_eq!(place.calls(), "");
}

#[test]
fn slurm_says_how_many_cores_there_are_to_use() {
    let place = Place::new();
    let arguments = [SMALL, &["--methods=filtering", "--seeds=0", "--updates=2"]].concat();
    let mut command = sweep(&place.at("results"), &arguments);
    let output = succeed(command.env("SLURM_CPUS_PER_TASK", "1"));
    assert!(support::texts(&output).1.contains("1 at once"), "{output:?}");
}
