//! What `--dry-run` measures: kinds of runs by all that their time depends on, in a bounded time.

mod support;

use std::fs;
use std::process::Command;

use support::{SMALL, binary, succeed, texts};

/// What a dry run of a search over `space` prints.
fn describe(space: &str, trials: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("space.toml");
    fs::write(&path, space).unwrap();
    let small = SMALL.iter().filter(|argument| !argument.contains("network.hidden"));
    let mut search = Command::new(binary("gr-search"));
    search.arg("--space").arg(&path).args(small);
    search.args(["--trials", trials, "--seed=0", "--dry-run", "--no-rerun"]);
    texts(&succeed(&mut search)).0
}

/// The times of `naive_outcomes` and of what is measured, of a dry run.
fn measured(text: &str) -> &str {
    text.lines().find(|line| line.contains("short measurements")).unwrap()
}

#[test]
fn a_search_over_the_width_is_timed_by_widths() {
    let space = |domain: &str| {
        format!("methods = [\"filtering\"]\n[search]\n\"network.hidden\" = {domain}\n")
    };
    let few = describe(&space("{ choice = [8, 32] }"), "6");
    assert!(measured(&few).contains("each of 2 kinds of runs"), "{few}");
    let many = describe(&space("{ integer = [1, 200] }"), "40");
    assert!(measured(&many).contains("8 of "), "{many}");
}

#[test]
fn grids_environments_and_steps_are_kinds_of_runs() {
    let space = "methods = [\"filtering\"]\nnetwork.hidden = 8\n[search]\n\
                 \"environment.envs\" = { choice = [8, 16] }\n\
                 \"training.rollout_steps\" = { choice = [4, 8] }\n\
                 \"training.learning_rate\" = { log_uniform = [1e-4, 1e-3] }\n";
    // `--envs` of the small sweep would fix what is drawn.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("space.toml");
    fs::write(&path, space).unwrap();
    let mut search = Command::new(binary("gr-search"));
    search.arg("--space").arg(&path).args(["--trials=20", "--seed=0", "--dry-run", "--no-rerun"]);
    search.args(["--set=environment.rows=2", "--set=environment.cols=2", "--device=cpu"]);
    let (text, _) = texts(&succeed(&mut search));
    assert!(measured(&text).contains("each of 4 kinds of runs"), "{text}");
}
