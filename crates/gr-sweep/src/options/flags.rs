//! The flags that `gr-sweep` and `gr-search` share: what is trained, where it is computed, and where
//! the results go.

use std::ffi::OsString;
use std::path::PathBuf;

use gr_runs::{ConfigError, ConfigSources};

use crate::plan::shard::Shard;

/// Heading of the flags that say what is trained.
pub const EXPERIMENT: &str = "Experiment";

/// What a sweep trains.
#[derive(Debug, clap::Args)]
pub struct ExperimentFlags {
    /// Seeds: 0..8 is 0 to 7, 0..=7 the same, 1,3,5..9 a list [default: 0..8]
    #[arg(long, allow_hyphen_values = true, help_heading = EXPERIMENT)]
    seeds: Option<String>,

    #[command(flatten)]
    configuration: ConfigurationFlags,
}

/// What is trained: flags for the keys that are set most often, a file, and `--set` for the others.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = EXPERIMENT)]
pub struct ConfigurationFlags {
    /// Methods to train [default: routing,naive_outcomes,filtering,oracle]
    #[arg(long, value_name = "METHOD", value_delimiter = ',', num_args = 1..)]
    methods: Option<Vec<String>>,

    /// Oversight levels p, from 0 to 1 [default: 0.01]
    #[arg(long, value_name = "P", value_delimiter = ',', num_args = 1.., allow_negative_numbers = true)]
    oversight: Option<Vec<String>>,

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

    #[command(flatten)]
    early_stopping: EarlyStoppingFlags,

    /// A TOML file with settings; `gr-sweep config --defaults` prints every key
    #[arg(long, value_name = "FILE", help_heading = EXPERIMENT)]
    pub config: Option<PathBuf>,

    /// Sets one key over file and defaults, as in training.learning_rate=1e-4
    #[arg(long = "set", value_name = "KEY=VALUE", help_heading = EXPERIMENT)]
    set: Vec<String>,
}

/// The keys of `early_stopping`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Early stopping on a holdout")]
struct EarlyStoppingFlags {
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
}

/// Where and how to compute. Results do not depend on it, device and binary aside.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Machine")]
pub struct MachineFlags {
    /// Where to compute: auto (a real GPU if there is one), cpu, ndarray, wgpu, wgpu:N
    #[arg(long, default_value = "auto")]
    pub device: String,

    /// Runs at once on a CPU; a GPU ignores it [default: all cores, of those that Slurm grants]
    #[arg(long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroUsize>,

    /// Updates between saved states, from which a killed run continues
    #[arg(long, value_name = "N", default_value = "500", value_parser = clap::value_parser!(u64).range(1..))]
    pub save_every: u64,
}

/// Which part of the work this process does.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Machine")]
pub struct ShardFlag {
    /// Train part I of N, cut so that parts take about as long [default: in a Slurm array the task's
    /// part, else all]
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
}

/// What a job does that Slurm is about to end.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Machine")]
pub struct RequeueFlag {
    /// When Slurm warns this job (SIGURG or SIGUSR1), requeue it instead of waiting to be killed
    #[arg(long)]
    pub requeue_self: bool,
}

/// Where results go and in what form they are shown.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct OutputFlags {
    /// A folder of its own [default: results/ and a name made from the configuration]
    #[arg(long, value_name = "DIR")]
    pub results: Option<PathBuf>,

    /// Print what would be done, with the expected time and disk, and stop
    #[arg(long)]
    pub dry_run: bool,

    /// Print the summary as JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

impl ExperimentFlags {
    /// File and flags in the order in which they override each other.
    ///
    /// # Errors
    /// If a flag is not of the form that it takes.
    pub fn sources(&self) -> Result<ConfigSources, ConfigError> {
        let mut overrides = self.configuration.overrides()?;
        let seeds = self.seeds.iter();
        overrides.extend(seeds.map(|seeds| ("--seeds".into(), "seeds".into(), seeds.clone())));
        Ok(ConfigSources { file: self.configuration.config.clone(), overrides })
    }

    /// Arguments that say the same.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments = self.configuration.arguments();
        arguments.extend(self.seeds.iter().map(|seeds| format!("--seeds={seeds}").into()));
        arguments
    }
}

impl ConfigurationFlags {
    /// What the flags set, in the order in which they override each other: what each was typed as,
    /// its key and its value.
    ///
    /// # Errors
    /// If one is not of the form that its flag takes.
    pub fn overrides(&self) -> Result<Vec<(String, String, String)>, ConfigError> {
        let mut overrides = Vec::new();
        for (flag, key, value) in self.plain() {
            overrides.extend(value.iter().map(|value| (flag.into(), key.into(), value.clone())));
        }
        if self.early_stopping.early_stopping {
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
        Ok(overrides)
    }

    /// Arguments that say the same.
    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        if let Some(config) = &self.config {
            let mut argument = OsString::from("--config=");
            argument.push(config);
            arguments.push(argument);
        }
        for (flag, list) in [("--methods", &self.methods), ("--oversight", &self.oversight)] {
            arguments.extend(list.iter().map(|list| format!("{flag}={}", list.join(",")).into()));
        }
        for (flag, _, value) in self.plain() {
            arguments.extend(value.iter().map(|value| format!("{flag}={value}").into()));
        }
        arguments.extend(self.early_stopping.early_stopping.then(|| "--early-stopping".into()));
        arguments.extend(self.set.iter().map(|setting| format!("--set={setting}").into()));
        arguments
    }

    /// The flags that set one key to what was typed, with their keys.
    fn plain(&self) -> [(&'static str, &'static str, &Option<String>); 14] {
        let stopping = &self.early_stopping;
        [
            ("--updates", "updates", &self.updates),
            ("--envs", "environment.envs", &self.envs),
            ("--first-observation", "environment.first_observation", &self.first_observation),
            ("--evaluate-every", "evaluation.every", &self.evaluate_every),
            ("--evaluation", "evaluation.mode", &self.evaluation),
            ("--holdout-fraction", "early_stopping.holdout_fraction", &stopping.holdout_fraction),
            ("--holdout-source", "early_stopping.holdout_source", &stopping.holdout_source),
            ("--holdout-episodes", "early_stopping.holdout_episodes", &stopping.holdout_episodes),
            ("--check-every", "early_stopping.check_every", &stopping.check_every),
            ("--patience", "early_stopping.patience", &stopping.patience),
            ("--tolerance", "early_stopping.tolerance", &stopping.tolerance),
            ("--min-steps", "early_stopping.min_steps", &stopping.min_steps),
            ("--record-every", "recording.record_every", &self.record_every),
            ("--checkpoint-every", "recording.checkpoint_every", &self.checkpoint_every),
        ]
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        experiment: ExperimentFlags,
    }

    fn read(arguments: &[OsString]) -> ExperimentFlags {
        let line = [&["gr-sweep".into()], arguments].concat();
        Line::try_parse_from(line).unwrap_or_else(|error| panic!("{error}")).experiment
    }

    #[test]
    fn arguments_say_what_the_flags_said() {
        let typed = [
            "--methods",
            "routing,oracle",
            "--oversight",
            "0.1",
            "0.3",
            "--seeds",
            "1,3..5",
            "--updates",
            "7",
            "--envs=24",
            "--first-observation=stale",
            "--evaluate-every",
            "5",
            "--evaluation",
            "sampled",
            "--record-every=3",
            "--checkpoint-every=2",
            "--early-stopping",
            "--holdout-fraction=0.3",
            "--holdout-source=visible",
            "--holdout-episodes=9",
            "--check-every=4",
            "--patience=unlimited",
            "--tolerance=0.1",
            "--min-steps=2",
            "--config",
            "a file.toml",
            "--set=network.value_hidden=[8, 4]",
            "--set",
            "training.discount=0.9",
        ];
        let flags = read(&typed.map(OsString::from));
        let said = read(&flags.arguments());
        assert_eq!(said.sources().unwrap().overrides, flags.sources().unwrap().overrides);
        assert_eq!(said.sources().unwrap().file, flags.sources().unwrap().file);
        assert_eq!(said.arguments(), flags.arguments());
        assert_eq!(flags.sources().unwrap().overrides.len(), 20, "a flag is not tried here");
    }
}
