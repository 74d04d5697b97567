//! The command line of `gr-sweep`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{CommandFactory, Parser, Subcommand};
use gr_learn::Method;
use gr_runs::Store;
use gr_terminal::{DONE, RUNS_FAILED, count, print, program_name, say};

use super::status_view;
use crate::export::tensorboard::{ExportArguments, export};
use crate::options::flags::{ExperimentFlags, TrainingFlags};
use crate::options::listing;
use crate::plan::shard::Shard;
use crate::plan::{FolderPlan, PlannedRun, SweepPlan};
use crate::results::power::{PowerArguments, power};
use crate::results::publish::{PublishArguments, publish};
use crate::results::summary::Summary;
use crate::results::table::{TableArguments, table};
use crate::results::{folder, merge};
use crate::slurm_script::{self, SlurmScriptArguments};
use crate::sweep::dry_run;
use crate::sweep::workplace::Workplace;
use crate::terminal::shell::pasted;
use crate::training::interrupt::Interrupt;
use crate::training::slurm::SlurmJob;
use crate::verify;
use crate::verify::VerifyArguments;

/// Trains agents under partial oversight and evaluates them exactly.
///
/// A sweep is methods and their variants x oversight levels x seeds. Every run depends on its
/// configuration and seed only. The same command again continues what was interrupted, or finds nothing
/// to do; with more of anything into the same folder it adds runs, and with more updates it trains them on.
#[derive(Debug, Parser)]
#[command(name = "gr-sweep", version, args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  gr-sweep --oversight 0.3 --seeds 0..2 --updates 1000
  gr-sweep --oversight 0.01 --seeds 0..8
  gr-sweep --methods routing,naive_outcomes --oversight 0.01,0.1 --seeds 0..=3 --dry-run
  gr-sweep --methods naive_outcomes --vary training.overseen_weight=1,10,100 --seeds 0..8
  gr-sweep --config configs/main.toml --set training.learning_rate=1e-4")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    sweep: SweepArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show how far a sweep has come
    Status {
        /// Its results folder
        folder: PathBuf,
        /// Again every 5 seconds until the sweep is over
        #[arg(long)]
        watch: bool,
        /// As JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Check every file of a sweep and write runs.csv
    ///
    /// For sweeps that several processes have trained; changes nothing where one has. Exits with 1
    /// if a run has no result.
    Merge {
        /// Its results folder
        folder: PathBuf,
        /// Print the summary as JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Print the tables of a sweep, for a paper or a page
    Table(TableArguments),
    /// Write what was recorded for other programs
    ///
    /// The numbers of every run by steps of its environments. While a sweep is running, the same command adds
    /// what is new.
    Export(ExportArguments),
    /// Say how many seeds each method needs to be told from the others
    ///
    /// From the runs so far: for a wanted half-width of the interval of every difference from gradient
    /// routing, fewer seeds for methods that take longer, and what they cost.
    Power(PowerArguments),
    /// List the methods with their sources
    Methods,
    /// List the rewards with their sources
    Rewards,
    /// Print configuration keys
    Config {
        /// Every key with its meaning and default, as TOML
        #[arg(long, required = true)]
        defaults: bool,
    },
    SlurmScript(Box<SlurmScriptArguments>),
    /// Check a sweep's files, and train a sample of its runs again to compare
    ///
    /// Writes nothing into the folder. Exits with 1 if a file is not what was recorded of it or a run
    /// does not come out as before.
    Verify(VerifyArguments),
    Publish(PublishArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
struct SweepArguments {
    #[command(flatten)]
    experiment: ExperimentFlags,

    #[command(flatten)]
    training: TrainingFlags,
}

/// Runs the program.
pub fn main(further: &[&'static Method]) -> ExitCode {
    gr_terminal::run(|arguments| {
        gr_learn::register(further)?;
        run(arguments)
    })
}

fn run(arguments: Arguments) -> Result<u8> {
    let text = match arguments.command {
        Some(Command::Methods) => listing::methods(),
        Some(Command::Rewards) => listing::rewards(),
        Some(Command::Config { .. }) => listing::default_configuration(),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), program_name(), &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
        Some(Command::SlurmScript(arguments)) => {
            let (script, notices) = slurm_script::script(&arguments)?;
            notices.iter().for_each(say);
            script
        }
        Some(Command::Status { folder, watch, json }) => {
            return status_view::show(&folder, watch, json);
        }
        Some(Command::Table(arguments)) => return table(&arguments),
        Some(Command::Power(arguments)) => return power(&arguments),
        Some(Command::Export(arguments)) => return export(&arguments),
        Some(Command::Merge { folder, json }) => return merge::merge(&folder, json),
        Some(Command::Verify(arguments)) => return verify::verify(&arguments),
        Some(Command::Publish(arguments)) => return publish(&arguments),
        None => return sweep(&arguments.sweep),
    };
    print(&text)?;
    Ok(DONE)
}

fn sweep(arguments: &SweepArguments) -> Result<u8> {
    // First of all: a warning that nobody listens for would end the program.
    let interrupt = Interrupt::listen(arguments.training.requeue_self)?;
    let plan = SweepPlan::asked_for(&arguments.experiment.sources()?)?;
    let folder = arguments.training.output.results.clone();
    let folder = folder.unwrap_or_else(|| plan.default_folder());
    refuse_shorter(&plan, &folder)?;
    let shard = Shard::of_this_process(arguments.training.shard)?;
    arguments.training.check_requeue(SlurmJob::here().is_some())?;
    let workplace = Workplace::open(&arguments.training.machine)?;
    arguments.training.machine.check_effect(workplace.device.is_gpu)?;
    if arguments.training.output.dry_run {
        let there = folder::with(&folder, &plan)?;
        let runs = shard.part(&there.part(&plan));
        let begun = |run: &PlannedRun| folder::begun(run, &there, &folder);
        print(&dry_run::describe(&runs, &plan.notices, &workplace, begun)?)?;
        return Ok(DONE);
    }

    let store = Store::open(&folder, &plan.file)?;
    // Read again: what this command asks for is part of the folder now.
    let there = folder::so_far(&folder)?;
    let all = there.part(&plan);
    let part = shard.part(&all);
    plan.notices.iter().for_each(say);
    let trained = workplace.train(&store, &there, &part, &interrupt);
    let elsewhere = match interrupt.conclude(trained, |left| left.interrupted)? {
        ControlFlow::Break(exit_code) => return Ok(exit_code),
        ControlFlow::Continue(left) => left.elsewhere.len(),
    };

    // A part says nothing of the others: `runs.csv` is left to who sees them all.
    let mut summary = if shard.is_all() {
        // Others may have added runs to the folder meanwhile.
        Summary::collect(&folder::so_far(&folder)?, &all, &store)?
    } else {
        Summary::read(&FolderPlan::default(), &part, &store)?
    };
    summary.traffic = workplace.traffic.report();
    summary.print(arguments.training.output.json)?;
    let (program, folder) = (program_name(), pasted(&folder));
    if elsewhere > 0 {
        say(format!(
            "other processes are training {}: `{program} status {folder}` shows them",
            count(elsewhere, "run")
        ));
    }
    if elsewhere > 0 || !shard.is_all() {
        say(format!("when every run is over, `{program} merge {folder}` gathers the results"));
    }
    Ok(if summary.failed.is_empty() && elsewhere == 0 { DONE } else { RUNS_FAILED })
}

/// Refuses to train runs that would be shorter ones of those in `folder`.
fn refuse_shorter(plan: &SweepPlan, folder: &Path) -> Result<()> {
    if let Some((run, asked)) = folder::so_far(folder)?.cut_short(plan) {
        let (folder, longest) = (folder.display(), run.spec.settings.updates.0);
        bail!(
            "{folder} has {} with {longest} updates, and {asked} would be fewer; ask for {longest} or more, \
             or give the shorter runs a folder of their own with --results",
            run.name.id
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use gr_runs::ConfigSources;

    use super::*;

    #[test]
    fn a_folder_keeps_the_names_of_runs_that_it_was_begun_with() {
        let place = tempfile::tempdir().unwrap();
        let set = |key: &str, value: &str| ("--set".into(), key.into(), value.into());
        let asked = |further: Vec<_>| {
            let methods = vec![set("methods", "filtering"), set("seeds", "0")];
            ConfigSources { overrides: [methods, further].concat(), ..Default::default() }
        };
        let plan = || SweepPlan::asked_for(&asked(vec![])).unwrap();
        let begun = gr_runs::load(&asked(vec![set("masks.both.gate", "0.5")])).unwrap();
        let old = SweepPlan::new(begun.clone()).unwrap();
        assert_ne!(old.runs[0].name, plan().runs[0].name);
        std::fs::write(place.path().join("plan.toml"), begun.to_table().to_string()).unwrap();
        Store::open(place.path(), &plan().file).unwrap();
        let there = folder::so_far(place.path()).unwrap();
        assert_eq!((there.runs.len(), &there.part(&plan())[0].name), (1, &old.runs[0].name));

        let more = SweepPlan::asked_for(&asked(vec![set("seeds", "0..2")])).unwrap();
        Store::open(place.path(), &more.file).unwrap();
        let there = folder::so_far(place.path()).unwrap();
        let names: Vec<_> = there.runs.iter().map(|run| &run.name).collect();
        assert_eq!(names, [&old.runs[0].name, &more.runs[1].name]);
        assert!(there.runs.iter().all(|run| run.variant.is_empty()));

        let shorter = SweepPlan::asked_for(&asked(vec![set("updates", "7")])).unwrap();
        let error = refuse_shorter(&shorter, place.path()).unwrap_err().to_string();
        let named = format!("has {} with 20000 updates, and 7", old.runs[0].name.id);
        assert!(error.contains(&named) && error.contains("--results"), "{error}");
        refuse_shorter(&plan(), place.path()).unwrap();
    }
}
