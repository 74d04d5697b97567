//! The command line of `gr-sweep`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};
use gr_runs::{ConfigError, ConfigSources, Store};

use crate::errors::{self, DONE, RUNS_FAILED};
use crate::flags::{ConfigurationFlags, EXPERIMENT, MachineFlags, OutputFlags};
use crate::interrupt::Interrupt;
use crate::output::print;
use crate::plan::SweepPlan;
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
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
struct SweepArguments {
    /// Seeds: 0..8 is 0 to 7, 0..=7 the same, 1,3,5..9 a list [default: 0..8]
    #[arg(long, allow_hyphen_values = true, help_heading = EXPERIMENT)]
    seeds: Option<String>,

    #[command(flatten)]
    configuration: ConfigurationFlags,

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
        None => sweep(&arguments.sweep),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => errors::report("gr-sweep", &error),
    }
}

impl SweepArguments {
    /// File and flags in the order in which they override each other.
    fn sources(&self) -> Result<ConfigSources, ConfigError> {
        let mut overrides = self.configuration.overrides()?;
        let seeds = self.seeds.iter();
        overrides.extend(seeds.map(|seeds| ("--seeds".into(), "seeds".into(), seeds.clone())));
        Ok(ConfigSources { file: self.configuration.config.clone(), overrides })
    }
}

fn sweep(arguments: &SweepArguments) -> Result<u8> {
    let plan = SweepPlan::new(gr_runs::load(&arguments.sources()?)?)?;
    let workplace = Workplace::open(&arguments.machine)?;
    if arguments.output.dry_run {
        let work = dry_run::describe(&plan.runs, &plan.notices, &workplace)?;
        return Ok(print(&format!("{work}{}", dry_run::HOW_MEASURED)));
    }

    let folder = arguments.output.results.clone().unwrap_or_else(|| plan.default_folder());
    let store = Store::open(&folder, &plan.file)?;
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    for notice in &plan.notices {
        eprintln!("{notice}");
    }
    workplace.train(&store, &plan.runs, &interrupt)?;

    let summary = Summary::collect(&plan, &store)?;
    if arguments.output.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&summary)?));
    } else {
        print(&summary.table());
    }
    if interrupt.requested() {
        eprintln!("interrupted; the same command continues");
        return Ok(interrupt.exit_code());
    }
    Ok(if summary.failed.is_empty() { DONE } else { RUNS_FAILED })
}
