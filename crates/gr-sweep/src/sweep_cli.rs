//! The command line of `gr-sweep`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};
use gr_runs::{ConfigError, ConfigSources, Store};

use crate::errors::{self, DONE, RUNS_FAILED};
use crate::flags::{ConfigurationFlags, EXPERIMENT, MachineFlags, OutputFlags, ShardFlag};
use crate::interrupt::Interrupt;
use crate::output::print;
use crate::plan::SweepPlan;
use crate::shard::Shard;
use crate::summary::Summary;
use crate::verify::VerifyArguments;
use crate::workplace::Workplace;
use crate::{dry_run, listing, merge, status_view, verify};

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
    /// Check a sweep's files, and train a sample of its runs again to compare
    ///
    /// Writes nothing into the folder. Exits with 1 if a file is not what was recorded of it or a run
    /// does not come out as before.
    Verify(VerifyArguments),
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

    #[command(flatten)]
    shard: ShardFlag,
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
        Some(Command::Status { folder, watch, json }) => status_view::show(&folder, watch, json),
        Some(Command::Merge { folder, json }) => merge::merge(&folder, json),
        Some(Command::Verify(arguments)) => verify::verify(&arguments),
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
    let shard = Shard::of_this_process(arguments.shard.shard)?;
    let part = shard.part_of(&plan);
    let workplace = Workplace::open(&arguments.machine)?;
    if arguments.output.dry_run {
        let work = dry_run::describe(&part.runs, &part.notices, &workplace)?;
        return Ok(print(&format!("{work}{}", dry_run::HOW_MEASURED)));
    }

    let folder = arguments.output.results.clone().unwrap_or_else(|| plan.default_folder());
    let store = Store::open(&folder, &plan.file)?;
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    for notice in &part.notices {
        eprintln!("{notice}");
    }
    let elsewhere = workplace.train(&store, &part.runs, &interrupt)?;

    // A part says nothing of the others: `runs.csv` is left to who sees them all.
    let summary = if shard.is_all() {
        Summary::collect(&plan, &store)?
    } else {
        Summary::read(&part, &store)?
    };
    summary.print(arguments.output.json)?;
    if interrupt.requested() {
        eprintln!("interrupted; the same command continues");
        return Ok(interrupt.exit_code());
    }
    let folder = folder.display();
    if elsewhere > 0 {
        eprintln!(
            "{elsewhere} runs are being trained by other processes: `gr-sweep status {folder}` shows them"
        );
    }
    if elsewhere > 0 || !shard.is_all() {
        eprintln!("when every run is over, `gr-sweep merge {folder}` gathers the results");
    }
    Ok(if summary.failed.is_empty() && elsewhere == 0 { DONE } else { RUNS_FAILED })
}
