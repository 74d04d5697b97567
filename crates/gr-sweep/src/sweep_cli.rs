//! The command line of `gr-sweep`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};
use gr_learn::{ComputeDevice, DeviceChoice};
use gr_runs::{ConfigError, ConfigSources, Provenance, RunManifest, RunStatus, Store};

use crate::errors::{self, DONE, RUNS_FAILED};
use crate::interrupt::Interrupt;
use crate::plan::{PlannedRun, SweepPlan};
use crate::progress::Progress;
use crate::summary::Summary;
use crate::train::Trainer;
use crate::{dry_run, listing, schedule};

/// Runs on a GPU that are stacked in one batch at most.
const GPU_BATCH: usize = 64;

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
    /// Methods to train [default: routing,naive_outcomes,filtering,oracle]
    #[arg(long, value_name = "METHOD", value_delimiter = ',', num_args = 1..)]
    methods: Option<Vec<String>>,

    /// Oversight levels p, from 0 to 1 [default: 0.01]
    #[arg(long, value_name = "P", value_delimiter = ',', num_args = 1.., allow_negative_numbers = true)]
    oversight: Option<Vec<String>>,

    /// Seeds: 0..8 is 0 to 7, 0..=7 the same, 1,3,5..9 a list [default: 0..8]
    #[arg(long, allow_hyphen_values = true)]
    seeds: Option<String>,

    /// Updates of a run; one is a rollout and a step of Adam [default: 20000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    updates: Option<String>,

    /// Environments that step in lock-step [default: 512]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    envs: Option<String>,

    /// What an episode begins with: `fresh`, or `stale` as in the published code [default: fresh]
    #[arg(long, value_name = "MEANING")]
    first_observation: Option<String>,

    /// Updates between evaluations, or `reference` for max(1, ceil(100 p)) [default: 100]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    evaluate_every: Option<String>,

    /// How policies are evaluated: `exact`, or `sampled` as in the published code [default: exact]
    #[arg(long, value_name = "MODE")]
    evaluation: Option<String>,

    /// Updates between rows of the training log [default: 100]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    record_every: Option<String>,

    /// Updates between kept policies, weights and policy table; 0 keeps the last only [default: 0]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    checkpoint_every: Option<String>,

    /// Stop every method's runs early on a holdout (naive_early_stopping always does)
    #[arg(long)]
    early_stopping: bool,

    /// Share of the overseen episodes that is set aside for the holdout [default: 0.5]
    #[arg(long, value_name = "H", allow_negative_numbers = true)]
    holdout_fraction: Option<String>,

    /// What is checked: `hidden` flags, `visible` flags, or the `privileged` true return
    /// [default: hidden]
    #[arg(long, value_name = "SOURCE")]
    holdout_source: Option<String>,

    /// Episodes that one check plays and pays for [default: 512]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    holdout_episodes: Option<String>,

    /// Least updates between checks, or `reference` for max(1, ceil(100 p)) [default: reference]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    check_every: Option<String>,

    /// Intervals of max(1, ceil(100 p)) updates without improvement that end a run, or `unlimited`
    /// [default: 500]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    patience: Option<String>,

    /// Improvement that a check must exceed to count [default: 0.04]
    #[arg(long, value_name = "RETURN", allow_negative_numbers = true)]
    tolerance: Option<String>,

    /// Update from which on the stopping rule looks at checks [default: 1500]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    min_steps: Option<String>,

    /// A TOML file with settings; `gr-sweep config --defaults` prints every key
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Sets one key over file and defaults, as in training.learning_rate=1e-4
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,

    /// The sweep's own folder [default: results/ and a name made from the configuration]
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,

    /// Where to compute: auto (a real GPU if there is one), cpu, ndarray, wgpu, wgpu:N
    #[arg(long, default_value = "auto")]
    device: String,

    /// Runs at once on a CPU; a GPU ignores it [default: all cores]
    #[arg(long, value_name = "N")]
    jobs: Option<std::num::NonZeroUsize>,

    /// Updates between saved states, from which a killed run continues
    #[arg(long, value_name = "N", default_value = "500", value_parser = clap::value_parser!(u64).range(1..))]
    save_every: u64,

    /// Print what would be done, with the expected time and disk, and stop
    #[arg(long)]
    dry_run: bool,

    /// Print the summary as JSON instead of a table
    #[arg(long)]
    json: bool,
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

/// Prints `text`; a reader that has seen enough is no error.
fn print(text: &str) -> u8 {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
    DONE
}

impl SweepArguments {
    /// File and flags in the order in which they override each other.
    fn sources(&self) -> Result<ConfigSources, ConfigError> {
        let mut overrides = Vec::new();
        for (flag, key, value) in [
            ("--seeds", "seeds", &self.seeds),
            ("--updates", "updates", &self.updates),
            ("--envs", "environment.envs", &self.envs),
            ("--first-observation", "environment.first_observation", &self.first_observation),
            ("--evaluate-every", "evaluation.every", &self.evaluate_every),
            ("--evaluation", "evaluation.mode", &self.evaluation),
            ("--holdout-fraction", "early_stopping.holdout_fraction", &self.holdout_fraction),
            ("--holdout-source", "early_stopping.holdout_source", &self.holdout_source),
            ("--holdout-episodes", "early_stopping.holdout_episodes", &self.holdout_episodes),
            ("--check-every", "early_stopping.check_every", &self.check_every),
            ("--patience", "early_stopping.patience", &self.patience),
            ("--tolerance", "early_stopping.tolerance", &self.tolerance),
            ("--min-steps", "early_stopping.min_steps", &self.min_steps),
            ("--record-every", "recording.record_every", &self.record_every),
            ("--checkpoint-every", "recording.checkpoint_every", &self.checkpoint_every),
        ] {
            overrides.extend(value.iter().map(|value| (flag.into(), key.into(), value.clone())));
        }
        if self.early_stopping {
            let key = "early_stopping.enabled";
            overrides.push(("--early-stopping".into(), key.into(), "true".into()));
        }
        if let Some(levels) = &self.oversight {
            let levels: Vec<f64> = levels
                .iter()
                .map(|level| {
                    level.trim().parse().map_err(|_| {
                        ConfigError::value("--oversight", level, "numbers from 0 to 1")
                    })
                })
                .collect::<Result<_, _>>()?;
            let list = toml::Value::from(levels).to_string();
            overrides.push(("--oversight".into(), "oversight".into(), list));
        }
        if let Some(methods) = &self.methods {
            let list = toml::Value::from(methods.clone()).to_string();
            overrides.push(("--methods".into(), "methods".into(), list));
        }
        for setting in &self.set {
            let (key, value) = setting.split_once('=').ok_or_else(|| {
                ConfigError::value("--set", setting, "KEY=VALUE, as in training.discount=0.9")
            })?;
            let origin = format!("--set {setting}");
            overrides.push((origin, key.trim().into(), value.trim().into()));
        }
        Ok(ConfigSources { file: self.config.clone(), overrides })
    }
}

fn sweep(arguments: &SweepArguments) -> Result<u8> {
    let plan = SweepPlan::new(gr_runs::load(&arguments.sources()?)?)?;
    let choice: DeviceChoice = arguments.device.parse()?;
    let device = ComputeDevice::open(choice)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = match (device.is_gpu, arguments.jobs) {
        (true, _) => 1,
        (false, Some(jobs)) => jobs.get(),
        (false, None) => cores,
    };
    if arguments.dry_run {
        return Ok(print(&dry_run::describe(&plan, &device, jobs)?));
    }

    let folder = arguments.results.clone().unwrap_or_else(|| plan.default_folder());
    let store = Store::open(&folder, &plan.file)?;
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    let mut pending = Vec::new();
    let mut finished = Vec::new();
    for run in &plan.runs {
        match store.status(&run.spec)? {
            RunStatus::Done(manifest) => finished.push(manifest),
            RunStatus::Failed(_) => {}
            RunStatus::Interrupted | RunStatus::Missing => pending.push(run.clone()),
        }
    }
    for notice in &plan.notices {
        eprintln!("{notice}");
    }
    if pending.is_empty() {
        eprintln!("nothing to do: every run in {} is over", folder.display());
    } else {
        let over = plan.runs.len() - pending.len();
        eprintln!(
            "{} runs to train ({over} over) on {} ({}), {jobs} at once, into {}",
            pending.len(),
            device.backend,
            device.adapter,
            folder.display()
        );
        let provenance = Provenance::of_this_process(
            env!("CARGO_PKG_VERSION"),
            env!("GR_COMMIT"),
            device.backend,
            &device.adapter,
        );
        warn_of_other_provenance(&provenance, &finished, &folder);
        let total = pending.iter().map(PlannedRun::cost).sum();
        let trainer = Trainer {
            store: &store,
            device: &device,
            provenance: &provenance,
            save_every: arguments.save_every,
            interrupt: &interrupt,
            progress: &Progress::new(pending.len(), total, jobs),
        };
        train(&trainer, jobs, pending)?;
    }

    let summary = Summary::collect(&plan, &store)?;
    if arguments.json {
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

/// Trains all of `pending`.
fn train(trainer: &Trainer, jobs: usize, pending: Vec<PlannedRun>) -> Result<()> {
    if trainer.device.is_software {
        let adapter = &trainer.device.adapter;
        trainer.progress.warn(&format!("{adapter} computes on the CPU; --device cpu is faster"));
    }
    let batches = if trainer.device.is_gpu {
        schedule::stacked_runs(pending, GPU_BATCH)
    } else {
        schedule::single_runs(pending)
    };
    let outcomes = schedule::run_all(batches, jobs, |slot, batch| {
        // What cannot be written for one run cannot be written for the next either.
        trainer.train(slot, batch).inspect_err(|_| trainer.interrupt.request())
    });
    trainer.progress.end();
    outcomes.into_iter().collect()
}

/// Runs of one folder may come from several programs and machines; whoever reads them should know.
fn warn_of_other_provenance(here: &Provenance, finished: &[Box<RunManifest>], folder: &Path) {
    let differences = finished.iter().map(|manifest| here.differences(&manifest.provenance));
    if let Some(differences) = differences.into_iter().find(|lines| !lines.is_empty()) {
        eprintln!(
            "warning: finished runs in {} come from elsewhere ({}); each run keeps its own provenance",
            folder.display(),
            differences.join("; ")
        );
    }
}
