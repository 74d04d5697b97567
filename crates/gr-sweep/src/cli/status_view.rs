//! The status of a sweep as text: once, or again and again until the sweep is over.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use gr_terminal::{DONE, columns, count, duration, print, program_name, screen_can_be_cleared};

use crate::results::folder::open_to_look_at;
use crate::results::status::{Counts, GroupStatus, Status};
use crate::results::summary::FailedRun;
use crate::terminal::shell::pasted;

/// Between two looks.
const WATCH_EVERY: Duration = Duration::from_secs(5);

/// Clears a terminal.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Prints the status of the sweep in `folder`.
///
/// # Errors
/// If there is none or it cannot be read.
pub fn show(folder: &Path, watch: bool, json: bool) -> Result<u8> {
    let (store, plan) = open_to_look_at(folder)?;
    loop {
        let status = Status::read(&plan, &store)?;
        let clear = if watch && !json && screen_can_be_cleared() { CLEAR } else { "" };
        let text = if json { serde_json::to_string(&status)? + "\n" } else { text(&status) };
        print(&format!("{clear}{text}"))?;
        if !watch || status.is_over() {
            return Ok(DONE);
        }
        std::thread::sleep(WATCH_EVERY);
    }
}

fn text(status: &Status) -> String {
    let names = [
        "method", "variant", "p", "updates", "runs", "done", "running", "begun", "failed",
        "missing",
    ];
    let line = |names: [String; 4], counts: &Counts| {
        let Counts { runs, done, running, begun, failed, missing } = counts;
        let counts = [runs, done, running, begun, failed, missing].map(usize::to_string);
        names.into_iter().chain(counts).collect::<Vec<String>>()
    };
    let mut lines = vec![names.map(String::from).to_vec()];
    lines.extend(status.groups.iter().map(|group| {
        let GroupStatus { method, variant, oversight, updates, counts } = group;
        let names = [method.clone(), variant.clone(), oversight.to_string(), updates.to_string()];
        line(names, counts)
    }));
    lines.push(line(["all".into(), String::new(), String::new(), String::new()], &status.total));
    // Most folders have neither variants nor runs of several lengths.
    let lengths: HashSet<(u64, &str, u64)> = status
        .groups
        .iter()
        .map(|group| (group.oversight.to_bits(), group.method.as_str(), group.updates))
        .collect();
    let conditions: HashSet<(u64, &str)> =
        lengths.iter().map(|(level, method, _)| (*level, *method)).collect();
    without_column(&mut lines, 3, lengths.len() == conditions.len());
    without_column(&mut lines, 1, status.groups.iter().all(|group| group.variant.is_empty()));
    let mut text = columns(&lines);
    if status.total.begun > 0 {
        text += "begun: saved, and no process holds it (interrupted, or the file system has no locks)\n";
    }
    for (process, runs) in &status.processes {
        text += &format!("{process} (host, process): trains {}\n", count(*runs, "run"));
    }
    for FailedRun { run_id, update_idx, reason } in &status.failures {
        text += &format!("failed: {run_id} in update {update_idx}: {reason}\n");
    }
    if let Some(more @ 1..) = status.total.failed.checked_sub(status.failures.len()) {
        text += &format!("failed: and {}\n", count(more, "more run"));
    }
    text + &outlook(status)
}

/// Takes a column out of `lines`, if `says_nothing`.
fn without_column(lines: &mut [Vec<String>], column: usize, says_nothing: bool) {
    for line in lines.iter_mut().filter(|_| says_nothing) {
        line.remove(column);
    }
}

fn outlook(status: &Status) -> String {
    let folder = pasted(Path::new(&status.folder));
    let text = |seconds: f64| duration(Duration::from_secs_f64(seconds.max(0.0)));
    match (status.seconds_of_work, status.eta_seconds) {
        _ if status.is_over() => {
            let program = program_name();
            format!(
                "every run is over; `{program} merge {folder}` checks and gathers the results\n"
            )
        }
        (Some(_), Some(eta)) => format!("eta {}, with as many runs at once as now\n", text(eta)),
        (Some(work), None) => format!(
            "about {} of work left, one run after the other; nothing is running\n",
            text(work)
        ),
        (None, _) => "no run has come far enough to tell how long it takes\n".into(),
    }
}
