//! Whether the results of a sweep are what its program makes of its configuration: every file is held
//! against its hash, and a sample of the runs is trained again, each from its own manifest.

mod compare;
mod report;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Context, Result};
use gr_runs::{
    Check, FileRecord, MOST, NOT_NEGATIVE, Purpose, RunManifest, RunStatus, Store, number_that,
    runs_csv, stream_named, whole_number,
};
use gr_terminal::{DONE, RUNS_FAILED, print_if_read};
use rand::Rng;
use rayon::prelude::*;

use crate::options::flags::MachineFlags;
use crate::plan::{FolderPlan, PlannedRun};
use crate::results::folder::{has_finished_rows, open as open_folder};
use crate::results::summary;
use crate::sweep::workplace::Workplace;
use crate::training::interrupt::Interrupt;
use compare::Columns;
use report::{Files, SampleReport, Verdict, WhyNumbers};

/// What is verified, and how.
#[derive(Debug, clap::Args)]
pub struct VerifyArguments {
    /// The sweep's results folder
    folder: PathBuf,

    /// Finished runs that are trained again, drawn at random; 0 checks the files only
    #[arg(long, value_name = "N", default_value = "20", value_parser = whole_number::<usize>(0, MOST))]
    sample: usize,

    /// Seed of the draw
    #[arg(long, value_name = "S", default_value = "0", value_parser = whole_number::<u64>(0, u64::MAX))]
    seed: u64,

    /// What numbers may differ by where bits cannot be compared (other code, another kind of machine, or
    /// a GPU), as a share of the largest magnitude in their column
    #[arg(long, value_name = "SHARE", default_value = "0.001", value_parser = number_that(NOT_NEGATIVE))]
    tolerance: f64,

    /// Where to compute: as for a sweep [default: the backend that each run was made with]
    #[arg(long)]
    device: Option<String>,

    /// Runs at once on a CPU; a GPU ignores it [default: all cores]
    #[arg(long, value_name = "N", value_parser = whole_number::<usize>(1, 65_536))]
    jobs: Option<usize>,
}

/// Verifies a sweep.
///
/// # Errors
/// If there is none, or something cannot be read, computed or written.
pub fn verify(arguments: &VerifyArguments) -> Result<u8> {
    let (store, plan) = open_folder(&arguments.folder)?;
    let (files, finished) = check_files(&plan, &store)?;
    // Its exit code is the verdict, whoever reads the reasons.
    print_if_read(&files.text())?;

    let interrupt = Interrupt::listen(false)?;
    let mut by_backend: BTreeMap<String, Vec<(PlannedRun, RunManifest)>> = BTreeMap::new();
    for run in sample(finished, arguments) {
        if let RunStatus::Done(manifest) = store.status(&run.name, Check::Lengths)? {
            let backend = arguments.device.clone();
            let backend = backend.unwrap_or_else(|| manifest.provenance.backend.clone());
            by_backend.entry(backend).or_default().push((run, *manifest));
        }
    }
    let mut report = SampleReport::default();
    for (backend, runs) in by_backend {
        let trained = train_again(arguments, &backend, runs, &store, &interrupt, &mut report)?;
        if let ControlFlow::Break(exit_code) = trained {
            print_if_read(&report.text(arguments.tolerance))?;
            return Ok(exit_code);
        }
    }
    print_if_read(&report.text(arguments.tolerance))?;
    Ok(if files.are_sound() && report.is_sound() { DONE } else { RUNS_FAILED })
}

/// Holds every file of every finished run against its record, and `runs.csv` against them. Returns
/// the runs whose files are sound.
fn check_files(plan: &FolderPlan, store: &Store) -> Result<(Files, Vec<PlannedRun>)> {
    let statuses: Vec<RunStatus> = plan
        .runs
        .par_iter()
        .map(|run| store.status(&run.name, Check::Hashes))
        .collect::<Result<_, _>>()?;
    let mut files = Files::new(plan.runs.len());
    let mut finished = Vec::new();
    for (run, status) in plan.runs.iter().zip(statuses) {
        match status {
            RunStatus::Done(manifest) => {
                files.left_out +=
                    manifest.files.iter().filter(|record| store.lacks(record)).count();
                finished.push(run.clone());
            }
            RunStatus::Failed(_) => files.failed += 1,
            RunStatus::Interrupted | RunStatus::Missing => {}
            RunStatus::Damaged(damage) => files.damaged.push(damage),
        }
    }
    files.finished = finished.len();
    if files.has_no_records() && store.read_runs().is_some_and(|csv| has_finished_rows(&csv)) {
        files.only_rows = true;
    } else if files.damaged.is_empty() {
        let rows = summary::rows(&plan.runs, store)?;
        files.runs_csv =
            store.read_runs().map(|there| compare::summaries(&there, &runs_csv(&rows)));
    }
    files.count_strangers(plan, store)?;
    Ok((files, finished))
}

/// As many of `finished` as are asked for. Whether a run is drawn before another depends on neither
/// their number nor their order.
fn sample(mut finished: Vec<PlannedRun>, arguments: &VerifyArguments) -> Vec<PlannedRun> {
    finished.sort_by_cached_key(|run| {
        stream_named(arguments.seed, Purpose::Sample, 0, 0, &run.name.key).next_u64()
    });
    finished.truncate(arguments.sample);
    finished
}

/// Trains `runs` on `backend` and adds to `report` how they compare with what is in `store`. Breaks
/// with the exit code if a signal came between.
fn train_again(
    arguments: &VerifyArguments,
    backend: &str,
    runs: Vec<(PlannedRun, RunManifest)>,
    store: &Store,
    interrupt: &Interrupt,
    report: &mut SampleReport,
) -> Result<ControlFlow<u8>> {
    let flags = MachineFlags {
        device: backend.into(),
        jobs: arguments.jobs,
        save_every: u64::MAX,
        keep_states: false,
    };
    let workplace = Workplace::open(&flags)?;
    let here = workplace.provenance();
    let temporary = tempfile::Builder::new().prefix("gr-verify-").tempdir();
    let temporary = temporary.context("cannot make a temporary folder to train in")?;
    let again = Store::open_without_plan(temporary.path())?;
    // What was recorded is what is verified. A manifest may ask for anything: only if what it says was
    // trained has the planned run's name has it that run's settings, which were checked.
    let (runs, others): (Vec<_>, Vec<_>) =
        runs.into_iter().partition(|(run, manifest)| manifest.spec.name() == run.name);
    for (run, _) in &others {
        report.add(run, Verdict::OtherKey);
    }
    let planned: Vec<PlannedRun> = runs.iter().map(|(run, _)| run.clone()).collect();
    let trained = workplace.train(&again, &FolderPlan::default(), &planned, interrupt);
    if let ControlFlow::Break(exit_code) = interrupt.conclude(trained, |left| left.interrupted)? {
        return Ok(ControlFlow::Break(exit_code));
    }
    for (run, there) in &runs {
        let why = WhyNumbers::of(&here, there.provenances(), workplace.device.is_gpu);
        let verdict = match (again.status(&run.name, Check::Lengths)?, why) {
            (RunStatus::Done(manifest), why) => {
                let read = |name: &str| read_both(name, store, &again);
                let bits = compare::bit_for_bit(&there.files, &manifest.files, read);
                match (bits, why) {
                    // Bits that need not be the same may all be the same.
                    (Ok(columns), why) => Verdict::Equal(columns, why),
                    (Err(_), Some(why)) => {
                        Verdict::of_numbers(tables(there, store, &again, arguments.tolerance), why)
                    }
                    (Err(what), None) => Verdict::Differs { what, why: None },
                }
            }
            (RunStatus::Failed(failure), why) => Verdict::Differs {
                what: format!("fails in update {}: {}", failure.update_idx, failure.reason),
                why,
            },
            _ => continue,
        };
        report.add(run, verdict);
    }
    Ok(ControlFlow::Continue(()))
}

/// The largest difference in the CSV files of a run that was trained again, and which columns they have.
fn tables(
    there: &RunManifest,
    store: &Store,
    again: &Store,
    tolerance: f64,
) -> Result<(f64, Columns), String> {
    let (mut largest, mut columns) = (0.0_f64, Columns::All);
    let is_there = |record: &&FileRecord| compare::is_table(&record.name) && !store.lacks(record);
    for FileRecord { name, .. } in there.files.iter().filter(is_there) {
        let [there, here] = read_both(name, store, again)?;
        let compared = compare::within(&there, &here, tolerance);
        let (difference, of) = compared.map_err(|what| format!("{name}: {what}"))?;
        (largest, columns) = (largest.max(difference), columns.max(of));
    }
    Ok((largest, columns))
}

/// A file of a run as it is and as it came out again.
fn read_both(name: &str, store: &Store, again: &Store) -> Result<[Vec<u8>; 2], String> {
    let read = |store: &Store| {
        std::fs::read(store.folder().join(name)).map_err(|error| format!("{name}: {error}"))
    };
    Ok([read(store)?, read(again)?])
}
