//! What the programs do when nobody reads what they write, when it cannot be written, when a terminal
//! draws nothing, and when there are no threads to be had.
#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use support::{SMALL, assert_same, binary, has_file, succeed, sweep, texts, through};

const SWEEP: [&str; 5] = [
    "--methods=naive_outcomes",
    "--oversight=0.3",
    "--seeds=0..2",
    "--updates=40",
    "--checkpoint-every=20",
];

/// A finished sweep, undisturbed.
fn finished() -> &'static Path {
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        succeed(&mut sweep(folder.path(), &[SMALL, &SWEEP].concat()));
        folder
    });
    FOLDER.path()
}

/// A policy of [`finished`].
fn policy() -> String {
    let mut entries = fs::read_dir(finished().join("checkpoints")).unwrap();
    let is_policy = |path: &PathBuf| path.extension().is_some_and(|end| end == "safetensors");
    let path = entries.find_map(|entry| Some(entry.unwrap().path()).filter(is_policy));
    path.expect("a sweep keeps policies").display().to_string()
}

/// A program with arguments in which `{sweep}` and `{policy}` stand for [`finished`] and [`policy`].
fn program(line: &str) -> Command {
    let mut words = line.split(' ');
    let mut command = Command::new(binary(words.next().unwrap()));
    for word in words {
        let word = word.replace("{sweep}", finished().to_str().unwrap());
        command.arg(word.replace("{policy}", &policy()));
    }
    command.stdin(Stdio::null());
    command
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A disk without space.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// Commands that print and change nothing.
const PRINTING: &[&str] = &[
    "gr-sweep --help",
    "gr-sweep -h",
    "gr-sweep --version",
    "gr-sweep methods",
    "gr-sweep rewards",
    "gr-sweep config --defaults",
    "gr-sweep completions bash",
    "gr-sweep status {sweep}",
    "gr-sweep status {sweep} --json",
    "gr-sweep status {sweep} --watch",
    "gr-sweep merge {sweep}",
    "gr-sweep merge {sweep} --json",
    "gr-sweep verify {sweep} --sample 0",
    "gr-sweep --seeds 0 --updates 1 --device cpu --dry-run",
    "gr-sweep slurm-script --seeds 0..4 --oversight 0.3 --time 1:00:00",
    "gr-search --help",
    "gr-search --space configs/searches/early_stopping.toml --trials 1 --seed 0 --device cpu --dry-run",
    "gr-policy --help",
    "gr-policy evaluate {policy}",
    "gr-policy evaluate {policy} --json",
    "gr-policy show {policy}",
    "gr-policy show {policy} --json",
    "gr-policy play {policy} --episodes 1000000000000",
    "gr-figures --help",
    "gr-figures --list",
];

#[test]
fn commands_that_print_end_quietly_when_nobody_reads() {
    for line in PRINTING {
        let output = program(line).stdout(closed()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
        assert_eq!(texts(&output).1, "", "{line}");
    }
}

#[test]
fn what_is_printed_in_part_is_an_error() {
    for line in PRINTING {
        let output = program(line).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        let errors = texts(&output).1;
        assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
        let name = line.split(' ').next().unwrap();
        let expected = format!("{name}: cannot write to standard output: No space left on device");
        assert!(errors.starts_with(&expected), "{line}: {errors}");
    }
}

#[test]
fn errors_that_nobody_can_read_are_errors_all_the_same() {
    for line in ["gr-sweep --nonsense", "gr-sweep status nowhere", "gr-figures nowhere --out x"] {
        for stream in [closed(), full()] {
            let status = program(line).stdout(Stdio::null()).stderr(stream).status().unwrap();
            assert_eq!(status.code(), Some(2), "{line}");
        }
    }
}

#[test]
fn a_sweep_that_nobody_listens_to_trains_to_its_end() {
    let cases = [
        (closed(), closed(), 0),
        (Stdio::null(), full(), 0),
        // Everything is trained and kept, but the table did not come out.
        (full(), full(), 2),
        (full(), Stdio::null(), 2),
    ];
    for (output, errors, exit_code) in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut command = sweep(folder.path(), &[SMALL, &SWEEP].concat());
        let status = command.stdout(output).stderr(errors).status().unwrap();
        assert_eq!(status.code(), Some(exit_code));
        assert_same(finished(), folder.path());
    }
}

#[test]
fn every_figure_is_written_whoever_reads_their_names() {
    let place = tempfile::tempdir().unwrap();
    let draw = |name: &str, output: Stdio, errors: Stdio| -> (BTreeSet<String>, i32) {
        let out = place.path().join(name);
        let mut command = program("gr-figures {sweep}");
        let status = command.arg("--out").arg(&out).stdout(output).stderr(errors).status().unwrap();
        let names = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap()).collect();
        (names, status.code().unwrap())
    };
    let (all, exit_code) = draw("all", Stdio::null(), Stdio::null());
    assert!(exit_code == 0 && all.len() > 3, "{all:?}");
    assert_eq!(draw("closed", closed(), closed()), (all.clone(), 0));
    assert_eq!(draw("silent", Stdio::null(), full()), (all.clone(), 0));
    assert_eq!(draw("full", full(), Stdio::null()), (all, 2));
}

/// A command at work on a terminal of its own, which shows what the command writes.
struct OnTerminal {
    terminal: Child,
    shown: String,
}

impl OnTerminal {
    /// Starts `command` on a terminal that is called `name`, if the machine can have one.
    fn start(command: &Command, name: Option<&str>) -> Option<Self> {
        let python = "import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
        let mut terminal = through(&["python3", "-c", python], command);
        match name {
            Some(name) => terminal.env("TERM", name),
            None => terminal.env_remove("TERM"),
        };
        let Ok(terminal) = terminal.spawn() else {
            println!("skipped: a terminal needs python3");
            return None;
        };
        Some(Self { terminal, shown: String::new() })
    }

    /// Waits until `text` was shown.
    #[track_caller]
    fn shows(&mut self, text: &str) {
        let output = self.terminal.stdout.as_mut().unwrap();
        while !self.shown.contains(text) {
            let mut bytes = [0; 4096];
            let number = output.read(&mut bytes).unwrap();
            assert!(number > 0, "it ended before {text}: {}", self.shown);
            self.shown += &String::from_utf8_lossy(&bytes[..number]);
        }
    }
}

impl Drop for OnTerminal {
    /// Takes the terminal away.
    fn drop(&mut self) {
        let _ = self.terminal.kill();
        let _ = self.terminal.wait();
    }
}

/// A sweep that takes long, with a number of runs.
fn long(results: &Path) -> Command {
    let updates = ["--methods=naive_outcomes", "--seeds=0..2", "--updates=1000000"];
    sweep(results, &[SMALL, &updates].concat())
}

#[test]
fn a_terminal_that_cannot_draw_gets_plain_lines() {
    for name in [Some("dumb"), None] {
        let folder = tempfile::tempdir().unwrap();
        let Some(mut terminal) = OnTerminal::start(&long(folder.path()), name) else { return };
        terminal.shows(" updates/s  elapsed ");
        assert!(!terminal.shown.contains('\x1b'), "{name:?}: {}", terminal.shown);
    }
}

#[test]
fn a_terminal_that_can_draw_gets_bars() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut terminal) = OnTerminal::start(&long(folder.path()), Some("xterm")) else { return };
    terminal.shows("\x1b[");
    terminal.shows("update ");
    assert!(!terminal.shown.contains("updates/s"), "{}", terminal.shown);
}

/// Runs its arguments on a terminal, takes that away as soon as a bar is drawn, and exits as they do.
const VANISHING_TERMINAL: &str = "import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
shown = b''
while b'update ' not in shown:
    shown += os.read(terminal, 4096)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))";

#[test]
fn a_terminal_that_vanishes_saves_a_sweep_or_leaves_alone_one_that_ignores_it() {
    let updates = ["--methods=naive_outcomes", "--oversight=0.3", "--seeds=0", "--updates=1500"];
    let ignoring = "trap '' HUP; exec \"$@\" >/dev/null";
    for (starter, exit_code) in [(&[][..], 129), (&["sh", "-c", ignoring, "sh"], 0)] {
        let folder = tempfile::tempdir().unwrap();
        let command = sweep(folder.path(), &[SMALL, &updates].concat());
        let starter = [&["python3", "-c", VANISHING_TERMINAL], starter].concat();
        let Ok(output) = through(&starter, &command).env("TERM", "xterm").output() else {
            println!("skipped: a terminal needs python3");
            return;
        };
        assert_eq!(output.status.code(), Some(exit_code), "{output:?}");
        let has_state = has_file(&folder.path().join("checkpoints"), ".state");
        assert_eq!(has_state, exit_code != 0, "{output:?}");
    }
}

#[test]
fn the_bar_of_figures_needs_a_terminal_that_can_draw() {
    for (name, draws) in [("xterm", true), ("dumb", false)] {
        let out = tempfile::tempdir().unwrap();
        let mut command = program("gr-figures {sweep}");
        command.arg("--out").arg(out.path());
        let Some(mut terminal) = OnTerminal::start(&command, Some(name)) else { return };
        terminal.shows("learning-curves.csv");
        assert_eq!(terminal.shown.contains("\x1b["), draws, "{name}: {}", terminal.shown);
    }
}

#[test]
fn figures_that_read_for_long_say_so_in_plain_lines() {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(finished()).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
        }
    }
    // One file keeps its reader waiting until after the first line is due.
    let is_slow = |path: &PathBuf| path.display().to_string().contains("/eval_results_");
    let mut entries = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path());
    let slow = entries.find(is_slow).unwrap();
    let text = fs::read(&slow).unwrap();
    fs::remove_file(&slow).unwrap();
    succeed(Command::new("mkfifo").arg(&slow));
    let mut command = Command::new(binary("gr-figures"));
    // Curves alone: other figures read the file once more, and a pipe gives it once.
    command.arg(place.path()).args(["--only", "learning-curves"]);
    command.arg("--out").arg(place.path().join("figures"));
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(5500));
    fs::write(&slow, text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(texts(&output).1.contains("reading 2 of 2 runs"), "{output:?}");
}

/// What `line` leaves to say where its user may have `processes` processes and threads in all. Nothing
/// where this cannot be brought about.
fn with_processes(processes: u32, line: &str) -> Option<Output> {
    // Root has no such limit. A user of its own has no other processes that count.
    const USER: u32 = 54_321;
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = program(line);
    // Where the binary lies perhaps only root may read.
    let copy = place.path().join("program");
    fs::copy(command.get_program(), &copy).unwrap();
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--nproc={processes}")).arg(&copy).args(command.get_args());
    command = limited;
    command.current_dir(place.path()).env("RAYON_NUM_THREADS", "1").env("SLURM_CPUS_PER_TASK", "1");
    let output = command.stdin(Stdio::null()).uid(USER).gid(USER).output();
    if output.is_err() {
        println!("skipped: only root can become somebody else, and prlimit is needed");
    }
    output.ok()
}

#[test]
fn a_machine_that_refuses_threads_is_named() {
    let sweep = "gr-sweep --device cpu --seeds 0..3 --updates 1 --envs 8 --jobs 3 --results r";
    for (processes, line, expected) in [
        (1, sweep, "cannot start a thread for each core"),
        (1, "gr-sweep methods", "cannot start a thread for each core"),
        (1, "gr-figures nowhere --out figures", "cannot start a thread for each core"),
        (1, "gr-policy show nothing.pt", "cannot start a thread for each core"),
        (1, "gr-search --space none --trials 1 --seed 0", "cannot start a thread for each core"),
        (3, sweep, "cannot start 3 jobs at once"),
    ] {
        let Some(output) = with_processes(processes, line) else { return };
        let errors = texts(&output).1;
        assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
        assert!(errors.contains(expected) && errors.contains("ulimit -u"), "{line}: {errors}");
        assert!(!errors.contains("panicked"), "{line}: {errors}");
    }
    let Some(output) = with_processes(1, "gr-sweep --help") else { return };
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
