//! The command line of `gr-sweep`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};
use gr_runs::Store;

use crate::errors::{self, DONE, RUNS_FAILED};
use crate::flags::{ExperimentFlags, MachineFlags, OutputFlags};
use crate::interrupt::Interrupt;
use crate::output::print;
use crate::plan::SweepPlan;
use crate::slurm_script::{self, SlurmScriptArguments};
use crate::summary::Summary;
use crate::workplace::Workplace;
use crate::{dry_run, listing};

/// Trains agents under partial oversight and evaluates them exactly.
///
/// A sweep is methods x oversight levels x seeds. Every run depends on its configuration and seed
/// only. The same command again continues what was interrupted, or finds nothing to do.
#[derive(Debug, Parser)]
#[command(name = "gr-sweep", version, args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  gr-sweep --oversight 0.3 --seeds 0..2 --updates 1000
  gr-sweep --oversight 0.01 --seeds 0..8
  gr-sweep --methods routing,naive_outcomes --oversight 0.01,0.1 --seeds 0..=3 --dry-run
  gr-sweep --config configs/main.toml --set training.learning_rate=1e-4")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    sweep: SweepArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
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
    output: OutputFlags,

    #[command(flatten)]
    machine: MachineFlags,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Methods) => Ok(print(&listing::methods())),
        Some(Command::Rewards) => Ok(print(&listing::rewards())),
        Some(Command::Config { .. }) => Ok(print(&listing::default_configuration())),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "gr-sweep", &mut script);
            Ok(print(&String::from_utf8_lossy(&script)))
        }
        Some(Command::SlurmScript(arguments)) => print_slurm_script(&arguments),
        None => sweep(&arguments.sweep),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => errors::report("gr-sweep", &error),
    }
}

fn print_slurm_script(arguments: &SlurmScriptArguments) -> Result<u8> {
    let (script, notices) = slurm_script::script(arguments)?;
    for notice in &notices {
        eprintln!("{notice}");
    }
    Ok(print(&script))
}

fn sweep(arguments: &SweepArguments) -> Result<u8> {
    // First of all: a warning that nobody listens for would end the program.
    let interrupt = Interrupt::listen("gr-sweep", arguments.machine.requeue_self)
        .context("cannot listen for signals")?;
    let plan = SweepPlan::new(gr_runs::load(&arguments.experiment.sources()?)?)?;
    let workplace = Workplace::open(&arguments.machine)?;
    if arguments.output.dry_run {
        let work = dry_run::describe(&plan.runs, &plan.notices, &workplace)?;
        return Ok(print(&format!("{work}{}", dry_run::HOW_MEASURED)));
    }

    let folder = arguments.output.results.clone().unwrap_or_else(|| plan.default_folder());
    let store = Store::open(&folder, &plan.file)?;
    for notice in &plan.notices {
        eprintln!("{notice}");
    }
    let trained = workplace.train(&store, &plan.runs, &interrupt);
    if let Some(exit_code) = interrupt.conclude(trained)? {
        return Ok(exit_code);
    }

    let summary = Summary::collect(&plan, &store)?;
    if arguments.output.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&summary)?));
    } else {
        print(&summary.table());
    }
    Ok(if summary.failed.is_empty() { DONE } else { RUNS_FAILED })
}
