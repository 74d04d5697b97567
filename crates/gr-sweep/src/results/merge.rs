//! Gathers what any number of processes have trained: holds every file against what was recorded of
//! it, clears up, and writes `runs.csv`.

use std::path::Path;

use anyhow::{Result, bail};
use gr_terminal::{DONE, RUNS_FAILED, count, say};

use super::folder::{has_finished_rows, open_to_look_at};
use super::summary::Summary;
use super::survey::Survey;
use crate::training::interrupt::Interrupt;

/// Runs that are listed by name.
const LISTED: usize = 100;

/// Merges the sweep in `folder`.
///
/// # Errors
/// If there is none, or its files cannot be read or written.
pub fn merge(folder: &Path, json: bool) -> Result<u8> {
    let (store, plan) = open_to_look_at(folder)?;
    let listing = store.listing()?;
    if listing.finished.is_empty() && store.read_runs().is_some_and(|csv| has_finished_rows(&csv)) {
        bail!(
            "{} has results in runs.csv and no manifest of a run, as where rows and curves alone were published; \
             merging would replace them with nothing: gr-figures draws them as they are",
            folder.display()
        );
    }
    let survey = Survey::by_contents(&store, &plan.runs, &Interrupt::default())?;
    survey.warn_of_damage(&store);
    store.tidy()?;
    let summary = Summary::collect(&plan, &plan.runs, &store)?;
    summary.print(json)?;
    for run in summary.missing.iter().take(LISTED) {
        say(format!("without a result: {run}"));
    }
    if let Some(more @ 1..) = summary.missing.len().checked_sub(LISTED) {
        say(format!("without a result: and {}", count(more, "more run")));
    }
    if !summary.missing.is_empty() {
        say("the sweep's own command trains what is without a result");
    }
    let is_complete = summary.missing.is_empty() && summary.failed.is_empty();
    Ok(if is_complete { DONE } else { RUNS_FAILED })
}
