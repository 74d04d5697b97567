//! A copy of a sweep to be published: rows, curves and manifests of the runs that are over, without the policies, which
//! are most of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use gr_runs::{
    Check, Damage, RunManifest, RunStatus, Seed, Store, plan_files, whole_number, write_if_changed,
};
use gr_terminal::{DONE, count, say};

use super::folder::open_to_look_at;
use super::reading::read_all;
use super::summary;
use crate::plan::PlannedRun;

/// Copies a sweep to publish it
///
/// Rows, curves, plans and manifests of the runs that are over, every one held against its hash first, without the
/// policies, which are most of it. `gr-sweep verify`, `merge`, `table` and gr-figures read the copy as they do the
/// sweep; verify compares a run that it trains again with what was left out too, by its hash. The same command later
/// adds what has finished since.
#[derive(Debug, clap::Args)]
pub struct PublishArguments {
    /// The sweep's results folder
    folder: PathBuf,

    /// Where to: a new folder, or a copy that was published before
    out: PathBuf,

    /// Kept policies, with their tables, of runs with these seeds go along, as in 0 or 0,1
    #[arg(long, value_name = "SEED", value_delimiter = ',', value_parser = whole_number::<u64>(0, u64::MAX))]
    with_policies: Vec<Seed>,
}

/// Publishes a sweep.
///
/// # Errors
/// If there is none, one of its files is not what was recorded of it, or the copy cannot be written.
pub fn publish(arguments: &PublishArguments) -> Result<u8> {
    let (store, plan) = open_to_look_at(&arguments.folder)?;
    let statuses = read_all(&plan.runs, |run| store.status(&run.name, Check::Hashes))?;
    let damaged = statuses.iter().find_map(|status| match status {
        RunStatus::Damaged(damage) => Some(damage),
        _ => None,
    });
    if let Some(Damage { file, reason }) = damaged {
        bail!(
            "{} is damaged: {reason}; the sweep's own command trains its run again",
            file.display()
        );
    }
    let runs: Vec<(&PlannedRun, Box<RunManifest>)> =
        plan.runs.iter().zip(statuses).filter_map(finished).collect();
    ensure!(
        !runs.is_empty(),
        "no run of {} has finished: there is nothing to publish",
        arguments.folder.display()
    );

    let copy = Store::open_published(&arguments.out)?;
    let (from, to) = (store.folder(), copy.folder());
    let mut left_out = 0;
    for (run, manifest) in &runs {
        let goes_along = arguments.with_policies.contains(&run.spec.seed);
        for record in &manifest.files {
            if record.may_be_left_out() && (!goes_along || store.lacks(record)) {
                left_out += 1;
            } else {
                copy_file(from, to, Path::new(&record.name))?;
            }
        }
        // Last, as where a run is trained: what has a manifest is whole.
        let manifest = store.files(&run.name.id).manifest;
        copy_file(from, to, manifest.strip_prefix(from)?)?;
    }
    for plan in plan_files(from)? {
        copy_file(from, to, plan.strip_prefix(from)?)?;
    }
    // Of all that the copy is for: other sweeps may have been published there before.
    let (_, published) = open_to_look_at(to)?;
    copy.write_runs(&summary::rows(&published.runs, &copy)?)?;
    say(format!(
        "{} of {} published in {}; {} left out",
        count(runs.len(), "run"),
        plan.runs.len(),
        to.display(),
        count(left_out, "policy file")
    ));
    Ok(DONE)
}

fn finished((run, status): (&PlannedRun, RunStatus)) -> Option<(&PlannedRun, Box<RunManifest>)> {
    match status {
        RunStatus::Done(manifest) => Some((run, manifest)),
        _ => None,
    }
}

fn copy_file(from: &Path, to: &Path, name: &Path) -> Result<()> {
    let (from, to) = (from.join(name), to.join(name));
    let bytes = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    Ok(write_if_changed(&to, &bytes)?)
}
