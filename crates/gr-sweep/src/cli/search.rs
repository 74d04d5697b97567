//! The command line of `gr-search`.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use gr_runs::{MOST, REPORT_VERSION, whole_number, write_trials};
use gr_terminal::{DONE, RUNS_FAILED, columns, count, print, print_if_read, say};

use crate::options::flags::{ConfigurationFlags, TrainingFlags};
use crate::plan::FolderPlan;
use crate::plan::shard::Shard;
use crate::results::folder::so_far;
use crate::results::summary::Summary;
use crate::search::{
    GroupOutcome, GroupReport, MOST_RERUN_SEEDS, RERUN_SEEDS, Rerun, Search, SearchFolder,
    SearchPlan, SearchReport,
};
use crate::sweep::dry_run;
use crate::sweep::workplace::Workplace;
use crate::training::interrupt::Interrupt;
use crate::training::slurm::SlurmJob;

/// Trials that a dry run lists.
const LISTED_TRIALS: usize = 8;

/// Searches settings at random and chooses one by its holdout return alone.
///
/// Reports two claims apart: the true return over random settings, and that of the chosen setting,
/// run again on seeds that the search never saw. The same command again continues what was
/// interrupted; with more --trials it keeps those that there are.
#[derive(Debug, Parser)]
#[command(name = "gr-search", version, next_help_heading = "Search")]
#[command(after_help = "Examples:
  gr-search --space configs/searches/early_stopping.toml --trials 32 --seed 0
  gr-search --space my.toml --trials 8 --seed 1 --oversight 0.03,0.1 --dry-run

A space file holds fixed keys, as a file for gr-sweep does, and the keys to draw:
  seeds = \"random\"  # one for each trial, or \"0..4\" for the same ones
  [search]
  \"early_stopping.holdout_fraction\" = { choice = [0.2, 0.5] }
  \"early_stopping.patience\" = { integer = [250, 600] }
  \"early_stopping.tolerance\" = { uniform = [0.01, 0.1] }
  \"training.learning_rate\" = { log_uniform = [1e-5, 1e-3] }")]
struct Arguments {
    /// The space file: what is fixed and what is drawn
    #[arg(long, value_name = "FILE")]
    space: PathBuf,

    /// Trials of each method at each oversight level; may grow later, not shrink
    #[arg(long, value_name = "N", value_parser = whole_number::<u64>(1, 1_000_000))]
    trials: u64,

    /// Seed of the draws
    #[arg(long, value_name = "S", value_parser = whole_number::<u64>(0, MOST))]
    seed: u64,

    /// Seeds on which the chosen setting is run again; may grow later, not shrink [default: 8]
    #[arg(long, value_name = "K", value_parser = whole_number::<u64>(1, MOST_RERUN_SEEDS))]
    rerun_seeds: Option<u64>,

    /// Do not run the chosen setting again
    #[arg(long, conflicts_with = "rerun_seeds")]
    no_rerun: bool,

    #[command(flatten)]
    configuration: ConfigurationFlags<false>,

    #[command(flatten)]
    training: TrainingFlags,
}

/// Runs the program.
pub fn main() -> ExitCode {
    gr_terminal::run(search)
}

fn search(arguments: Arguments) -> Result<u8> {
    gr_learn::register(&[])?;
    let Arguments { space, trials, seed, configuration, .. } = &arguments;
    // First of all: a warning that nobody listens for would end the program.
    let interrupt = Interrupt::listen(arguments.training.requeue_self)?;
    let search = Search::load(space, configuration.sources()?, *trials, *seed)?;
    let plan = SearchPlan::new(search)?;
    let shard = Shard::of_this_process(arguments.training.shard)?;
    arguments.training.check_requeue(SlurmJob::here().is_some())?;
    if arguments.rerun_seeds.is_some() {
        ensure!(
            plan.groups.iter().any(|group| group.why_no_selection().is_none()),
            "--rerun-seeds has no effect: no trial has a holdout to choose by, so that nothing is run \
             again; leave it out"
        );
    }
    let workplace = Workplace::open(&arguments.training.machine)?;
    arguments.training.machine.check_effect(workplace.device.is_gpu)?;
    if arguments.training.output.dry_run {
        print(&describe(&arguments, &plan, &workplace)?)?;
        return Ok(DONE);
    }

    let default_path = || SearchFolder::default_path(&plan.search);
    let path = arguments.training.output.results.clone().unwrap_or_else(default_path);
    let rerun_asked =
        if arguments.no_rerun { Rerun::No } else { Rerun::Seeds(arguments.rerun_seeds) };
    let folder = SearchFolder::open(&path, &plan.search, plan.files(), rerun_asked)?;
    plan.notices.iter().for_each(say);
    // Trials are not grown: each begins anew, with settings of its own.
    let part = shard.part(&plan.runs());
    let trained = workplace.train(&folder.trials, &FolderPlan::default(), &part, &interrupt);
    let elsewhere = match interrupt.conclude(trained, |left| left.interrupted)? {
        ControlFlow::Break(exit_code) => return Ok(exit_code),
        ControlFlow::Continue(left) => left.elsewhere.len(),
    };
    if elsewhere > 0 {
        // To choose before all trials are over would be to choose among some.
        say(format!(
            "other processes are training {}; run this again after them",
            count(elsewhere, "run")
        ));
        return Ok(RUNS_FAILED);
    }
    if !shard.is_all() {
        say(format!(
            "part {shard} is over; when all are, --shard 1/1 chooses and runs the choice again"
        ));
        return Ok(DONE);
    }

    let mut report = report_trials(&plan, &folder)?;
    if !arguments.no_rerun {
        let outcome = rerun(&mut report, &plan, &folder, &workplace, &interrupt)?;
        if let Some(exit_code) = outcome {
            return Ok(exit_code);
        }
    }
    let json = arguments.training.output.json;
    let text = if json { serde_json::to_string_pretty(&report)? + "\n" } else { report.table() };
    print_if_read(&text)?;
    Ok(if report.failed.is_empty() { DONE } else { RUNS_FAILED })
}

/// Writes `trials.csv` and says what the trials came to.
fn report_trials(plan: &SearchPlan, folder: &SearchFolder) -> Result<SearchReport> {
    let keys = plan.search.keys();
    let mut report = SearchReport {
        schema_version: REPORT_VERSION,
        folder: folder.path().display().to_string(),
        seed: plan.search.seed,
        trials: plan.search.trials,
        notices: plan.notices.clone(),
        groups: Vec::new(),
        failed: Vec::new(),
        missing: 0,
    };
    let mut rows = Vec::new();
    for group in &plan.groups {
        let outcome = GroupOutcome::read(group, &folder.trials)?;
        report.groups.push(GroupReport::new(group, &keys, &outcome));
        rows.extend(outcome.rows);
        report.failed.extend(outcome.failed);
        report.missing += outcome.missing;
    }
    write_trials(&folder.trials_csv(), &keys, &rows)?;
    Ok(report)
}

/// Runs every chosen setting again and adds to `report` what came of it. The exit code, if a signal
/// ended it early.
fn rerun(
    report: &mut SearchReport,
    plan: &SearchPlan,
    folder: &SearchFolder,
    workplace: &Workplace,
    interrupt: &Interrupt,
) -> Result<Option<u8>> {
    for (group, group_report) in plan.groups.iter().zip(&mut report.groups) {
        let Some(chosen) = group_report.chosen() else { continue };
        let trial = &group.trials[chosen.trial as usize];
        let sweep = plan.rerun(trial, folder.rerun_seeds)?;
        let (store, notice) = folder.open_selected(group, plan.groups.len(), &sweep)?;
        notice.iter().for_each(say);
        let there = so_far(store.folder())?;
        let runs = there.part(&sweep);
        let trained = workplace.train(&store, &there, &runs, interrupt);
        if let ControlFlow::Break(exit_code) =
            interrupt.conclude(trained, |left| left.interrupted)?
        {
            return Ok(Some(exit_code));
        }
        let mut summary = Summary::collect(&there, &runs, &store)?;
        report.failed.append(&mut summary.failed);
        report.missing += summary.missing.len();
        group_report.set_rerun(summary.groups.pop());
    }
    Ok(None)
}

/// What the search would do: the first trials' draws, and the time and disk that all would take.
fn describe(arguments: &Arguments, plan: &SearchPlan, workplace: &Workplace) -> Result<String> {
    let mut text = String::new();
    let keys = plan.search.keys();
    for group in &plan.groups {
        text += &format!("{} at p = {}\n", group.name(), group.oversight);
        let head = ["trial", "seeds"].into_iter().chain(keys.iter().copied());
        let mut lines = vec![head.map(String::from).collect::<Vec<_>>()];
        lines.extend(group.trials.iter().take(LISTED_TRIALS).map(|trial| {
            let head = [trial.number.to_string(), trial.file.seeds.to_string()];
            head.into_iter().chain(trial.shown()).collect()
        }));
        text += &columns(&lines);
        if let Some(more @ 1..) = group.trials.len().checked_sub(LISTED_TRIALS) {
            text += &format!("and {}\n", count(more, "more trial"));
        }
    }
    text += &dry_run::describe(&plan.runs(), &plan.notices, workplace, |_| 0)?;

    let mut reruns = Vec::new();
    for group in plan.groups.iter().filter(|group| group.why_no_selection().is_none()) {
        let seeds = arguments.rerun_seeds.unwrap_or(RERUN_SEEDS);
        reruns.extend(plan.rerun(&group.trials[0], seeds)?.runs);
    }
    if !arguments.no_rerun && !reruns.is_empty() {
        text += "then the chosen setting again, for which trial 0 stands here:\n";
        text += &dry_run::describe(&reruns, &[], workplace, |_| 0)?;
    }
    Ok(text)
}
