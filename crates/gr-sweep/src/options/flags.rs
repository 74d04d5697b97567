//! The flags that `gr-sweep` and `gr-search` share: what is trained, where it is computed, and where
//! the results go.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command};
use gr_runs::{
    Accepts, ConfigError, ConfigSources, Key, default_config, keys, shown, whole_number,
};

use crate::plan::shard::Shard;

/// What a sweep trains.
pub type ExperimentFlags = ConfigurationFlags<true>;

/// What is trained: a flag for each key that has one, a file, and `--set` for the others. `SEEDS` says
/// whether `--seeds` is among the flags.
#[derive(Debug)]
pub struct ConfigurationFlags<const SEEDS: bool> {
    /// The file.
    pub config: Option<PathBuf>,
    /// What was typed for keys that have a flag.
    typed: Vec<(&'static Key, String)>,
    set: Vec<String>,
    vary: Vec<String>,
}

impl<const SEEDS: bool> clap::Args for ConfigurationFlags<SEEDS> {
    fn augment_args(command: Command) -> Command {
        let keys = keys().filter(|key| SEEDS || key.path != "seeds");
        command.args(keys.filter_map(flag_of)).args([
            vary_flag(),
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help_heading(EXPERIMENT)
                .help("A TOML file with settings; `gr-sweep config --defaults` prints every key"),
            Arg::new("set")
                .long("set")
                .value_name("KEY=VALUE")
                .action(ArgAction::Append)
                .help_heading(EXPERIMENT)
                .help(
                    "Sets any key, as in training.learning_rate=1e-4. Defaults are overridden by the \
                     file, the file by flags, flags by --set, and a --set by a later one",
                ),
        ])
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const SEEDS: bool> clap::FromArgMatches for ConfigurationFlags<SEEDS> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = |key: &'static Key| {
            if !matches!(matches.try_contains_id(key.path), Ok(true)) {
                return None;
            }
            if matches!(key.accepts, Accepts::Switch) {
                return matches.get_flag(key.path).then(|| (key, "true".into()));
            }
            let parts: Vec<&str> =
                matches.get_many::<String>(key.path)?.map(String::as_str).collect();
            Some((key, parts.join(",")))
        };
        let all = |id| matches.get_many(id).into_iter().flatten().cloned().collect();
        Ok(Self {
            config: matches.get_one("config").cloned(),
            typed: keys().filter_map(typed).collect(),
            set: all("set"),
            vary: all("vary"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

const EXPERIMENT: &str = "Experiment";

/// The flag that makes variants.
fn vary_flag() -> Arg {
    Arg::new("vary")
        .long("vary")
        .value_name("KEY=V1,V2,..")
        .action(ArgAction::Append)
        .help_heading(EXPERIMENT)
        .help(
            "Trains every method with each of these values of a key, and where it is given for several keys with \
             every combination; lists in brackets, as in network.value_hidden=[64,8],[256,32]",
        )
}

/// The flag of `key`, if it has one.
fn flag_of(key: &'static Key) -> Option<Arg> {
    let heading = match key.path.split_once('.') {
        Some(("early_stopping", _)) => "Early stopping on a holdout",
        _ => EXPERIMENT,
    };
    let arg = Arg::new(key.path).long(key.flag()?).help_heading(heading);
    if matches!(key.accepts, Accepts::Switch) {
        return Some(arg.action(ArgAction::SetTrue).help(key.meaning()));
    }
    let default = match key.value(&default_config()) {
        toml::Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(","),
        value => shown(&value),
    };
    let arg = arg
        .value_name(key.accepts.placeholder())
        .allow_negative_numbers(true)
        .help(format!("{} [default: {default}]", key.meaning()));
    // A list may be typed with commas, with spaces, and flag by flag.
    let is_list = key.accepts.is_list();
    Some(if is_list { arg.action(ArgAction::Append).num_args(1..) } else { arg })
}

impl<const SEEDS: bool> ConfigurationFlags<SEEDS> {
    /// File and flags in the order in which they override each other.
    ///
    /// # Errors
    /// If a `--set` is not of the form that it takes.
    pub fn sources(&self) -> Result<ConfigSources, ConfigError> {
        let vary = self.vary.clone();
        Ok(ConfigSources { file: self.config.clone(), overrides: self.overrides()?, vary })
    }

    /// What the flags set, in the order in which they override each other: what each was typed as,
    /// its key and its value.
    ///
    /// # Errors
    /// If a `--set` is not of the form that it takes.
    pub fn overrides(&self) -> Result<Vec<(String, String, String)>, ConfigError> {
        let flags = self.typed.iter().map(|(key, text)| {
            Ok((format!("--{}", key.flag().unwrap_or_default()), key.path.into(), text.clone()))
        });
        let set = self.set.iter().map(|setting| {
            let (key, value) = setting.split_once('=').ok_or_else(|| {
                ConfigError::value("--set", setting, "KEY=VALUE, as in training.discount=0.9")
            })?;
            Ok((format!("--set {setting}"), key.trim().into(), value.trim().into()))
        });
        flags.chain(set).collect()
    }

    /// Arguments that say the same.
    pub fn arguments(&self) -> Vec<OsString> {
        let config = self.config.iter().map(|config| {
            let mut argument = OsString::from("--config=");
            argument.push(config);
            argument
        });
        let typed = self.typed.iter().map(|(key, text)| {
            let flag = key.flag().unwrap_or_default();
            match key.accepts {
                Accepts::Switch => format!("--{flag}").into(),
                _ => format!("--{flag}={text}").into(),
            }
        });
        let set = self.set.iter().map(|setting| format!("--set={setting}").into());
        let vary = self.vary.iter().map(|varied| format!("--vary={varied}").into());
        config.chain(typed).chain(set).chain(vary).collect()
    }
}

/// Where and how to compute. Results do not depend on it, device and binary aside.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Machine")]
pub struct MachineFlags {
    /// Where to compute: auto (a real GPU if there is one), cpu, ndarray, wgpu, wgpu:N
    #[arg(long, default_value = "auto")]
    pub device: String,

    /// Runs at once on a CPU [default: all cores, of those that Slurm grants]
    #[arg(long, value_name = "N", value_parser = whole_number::<usize>(1, 65_536))]
    pub jobs: Option<usize>,

    /// Updates between saved states, from which a killed run continues
    #[arg(long, value_name = "N", default_value = "500", value_parser = whole_number::<u64>(1, gr_runs::MOST))]
    pub save_every: u64,

    /// Whether a finished run keeps its last state, from which more --updates train it on
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set)]
    pub keep_states: bool,
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
    #[arg(long, conflicts_with = "dry_run")]
    pub json: bool,
}

/// What every command that trains takes beside what it trains.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Machine")]
pub struct TrainingFlags {
    #[command(flatten)]
    pub output: OutputFlags,

    #[command(flatten)]
    pub machine: MachineFlags,

    /// Train part I of N, cut so that parts take about as long [default: in a Slurm array the task's
    /// part, else all]
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,

    /// When Slurm warns this job (SIGURG or SIGUSR1), requeue it instead of waiting to be killed
    #[arg(long)]
    pub requeue_self: bool,
}

impl MachineFlags {
    /// Refuses flags that do nothing on the device that was opened.
    ///
    /// # Errors
    /// If there are some.
    pub fn check_effect(&self, on_gpu: bool) -> Result<()> {
        ensure!(
            !(on_gpu && self.jobs.is_some()),
            "--jobs has no effect on a GPU, which trains whole batches of runs; leave it out, or use \
             --device cpu"
        );
        Ok(())
    }
}

impl TrainingFlags {
    /// Refuses `--requeue-self` where there is no job to requeue.
    ///
    /// # Errors
    /// If it was given outside Slurm.
    pub fn check_requeue(&self, in_slurm_job: bool) -> Result<()> {
        ensure!(
            in_slurm_job || !self.requeue_self,
            "--requeue-self has no effect outside a job of Slurm (SLURM_JOB_ID is not set); leave it out"
        );
        Ok(())
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

    #[derive(Parser)]
    struct TrainingLine {
        #[command(flatten)]
        training: TrainingFlags,
    }

    fn read(arguments: &[OsString]) -> ExperimentFlags {
        let line = [&["gr-sweep".into()], arguments].concat();
        Line::try_parse_from(line).unwrap_or_else(|error| panic!("{error}")).experiment
    }

    #[test]
    fn arguments_say_what_the_flags_said() {
        let mut typed = vec![OsString::from("--config"), "a file.toml".into()];
        for key in keys() {
            let Some(flag) = key.flag() else { continue };
            typed.push(format!("--{flag}").into());
            if !matches!(key.accepts, Accepts::Switch) {
                typed.push(shown(&key.value(&default_config())).into());
            }
        }
        let sets = ["--set=network.value_hidden=[8, 4]", "--set", "training.discount=0.9"];
        typed.extend(sets.map(OsString::from));
        let flags = read(&typed);
        let said = read(&flags.arguments());
        let overrides = flags.sources().unwrap().overrides;
        assert_eq!(said.sources().unwrap().overrides, overrides);
        assert_eq!(said.sources().unwrap().file, flags.sources().unwrap().file);
        assert_eq!(said.arguments(), flags.arguments());
        let with_flags = keys().filter(|key| key.flag().is_some()).count();
        assert_eq!(overrides.len(), with_flags + 2);
    }

    #[test]
    fn lists_may_be_typed_in_every_way() {
        let lists: [&[&str]; 5] = [
            &["--methods", "routing", "oracle"],
            &["--methods", "routing, oracle"],
            &["--methods=routing,oracle"],
            &["--methods", "routing", "--methods", "oracle"],
            &["--methods=[routing, \"oracle\"]"],
        ];
        for list in lists {
            let flags = read(&list.iter().map(OsString::from).collect::<Vec<_>>());
            let file = gr_runs::load(&flags.sources().unwrap()).unwrap();
            assert_eq!(file.methods, ["routing", "oracle"], "{list:?}");
        }
    }

    #[test]
    fn flags_override_the_file_and_set_overrides_flags_in_order() {
        let flags = ["--set=seeds=0..3", "--seeds", "0", "--set=seeds=0..2"].map(OsString::from);
        let file = gr_runs::load(&read(&flags).sources().unwrap()).unwrap();
        assert_eq!(file.seeds.as_slice(), [0, 1]);
    }

    #[test]
    fn flags_that_can_do_nothing_here_are_refused() {
        let flags =
            |jobs| MachineFlags { device: "auto".into(), jobs, save_every: 1, keep_states: true };
        assert!(
            flags(Some(2)).check_effect(true).is_err() && flags(None).check_effect(true).is_ok()
        );
        assert!(flags(Some(2)).check_effect(false).is_ok());
        let requeue = TrainingLine::parse_from(["gr-sweep", "--requeue-self"]).training;
        assert!(requeue.check_requeue(false).is_err());
        assert!(requeue.check_requeue(true).is_ok());
    }
}
