//! What every setting may be, and the error that says so.

use gr_grid::Grid;

use super::{
    Cadence, ConfigError, EarlyStoppingSettings, EvaluationMode, HoldoutSource, Patience, Settings,
    SweepFile,
};

/// Most runs of a sweep: they are all in memory at once. More are taken for a typing error.
pub const MAX_RUNS: usize = 1_000_000;

/// How many runs so many of each are together, or the largest number if that overflows.
pub fn num_runs<const N: usize>(factors: [usize; N]) -> usize {
    factors.into_iter().fold(1, usize::saturating_mul)
}

impl Settings {
    /// Checks every value.
    ///
    /// # Errors
    /// The first value that is not accepted, by its dotted key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self {
            updates,
            environment,
            training,
            network,
            masks,
            early_stopping,
            evaluation,
            recording,
        } = self;
        whole("updates", updates.0, 1, 1_000_000_000)?;

        if Grid::new(environment.rows, environment.cols).is_err() {
            let (key, value) = match environment.rows {
                2..=8 => ("environment.cols", environment.cols),
                rows => ("environment.rows", rows),
            };
            return Err(ConfigError::value(key, value, "2 to 8, so that three cells fit"));
        }
        whole("environment.envs", environment.envs as u64, 1, 1_000_000)?;
        whole("environment.max_step", environment.max_step.into(), 1, 100_000)?;
        probability("environment.spurious_oversight", environment.spurious_oversight)?;
        if environment.spurious_oversight > 0.0 && evaluation.mode == EvaluationMode::Exact {
            return Err(ConfigError::value(
                "evaluation.mode",
                "\"exact\"",
                "\"sampled\" while environment.spurious_oversight is above 0: exact evaluation \
                 covers flags on goals only",
            ));
        }

        whole("training.rollout_steps", training.rollout_steps as u64, 1, 100_000)?;
        probability("training.discount", training.discount)?;
        positive("training.learning_rate", training.learning_rate)?;
        below_one("training.adam_beta1", training.adam_beta1)?;
        below_one("training.adam_beta2", training.adam_beta2)?;
        positive("training.adam_epsilon", training.adam_epsilon)?;
        for (key, value) in [
            ("training.entropy_coefficient", training.entropy_coefficient),
            ("training.value_coefficient", training.value_coefficient),
            ("training.gate_loss_coefficient", training.gate_loss_coefficient),
            ("training.gate_loss_no_oversight", training.gate_loss_no_oversight),
        ] {
            accept(value.is_finite(), key, value, "a finite number")?;
        }

        whole("network.hidden", network.hidden as u64, 1, 65_536)?;
        whole("network.value_channels", network.value_channels as u64, 1, 65_536)?;
        for width in network.value_hidden {
            whole("network.value_hidden", width as u64, 1, 65_536)?;
        }

        for (route, mask) in
            [("diamond", masks.diamond), ("ghost", masks.ghost), ("both", masks.both)]
        {
            let edges = ["diamond_expert", "ghost_expert", "gate", "output"];
            for (edge, weight) in edges.into_iter().zip(mask.weights()) {
                let key = format!("masks.{route}.{edge}");
                accept(weight.is_finite(), &key, weight, "a finite number")?;
            }
        }

        early_stopping.check()?;
        if early_stopping.enabled
            && early_stopping.holdout_source == HoldoutSource::Privileged
            && environment.spurious_oversight > 0.0
        {
            return Err(ConfigError::value(
                "early_stopping.holdout_source",
                "\"privileged\"",
                "\"hidden\" or \"visible\" while environment.spurious_oversight is above 0: the \
                 exact return covers flags on goals only",
            ));
        }
        cadence("evaluation.every", evaluation.every)?;
        whole("evaluation.envs", evaluation.envs as u64, 1, 1_000_000)?;
        whole("recording.record_every", recording.record_every, 1, u64::MAX)?;
        let num_cells = environment.rows * environment.cols;
        for [ghost, diamond] in &recording.policy_goals {
            accept(
                ghost != diamond && *ghost < num_cells && *diamond < num_cells,
                "recording.policy_goals",
                format!("[{ghost}, {diamond}]"),
                &format!("pairs [ghost, diamond] of two different cells below {num_cells}"),
            )?;
        }
        Ok(())
    }
}

impl EarlyStoppingSettings {
    fn check(&self) -> Result<(), ConfigError> {
        let share = self.holdout_fraction;
        accept(
            share > 0.0 && share < 1.0,
            "early_stopping.holdout_fraction",
            share,
            "between 0 and 1: the share of overseen episodes that is never trained on",
        )?;
        whole("early_stopping.holdout_episodes", self.holdout_episodes as u64, 1, 1_000_000)?;
        cadence("early_stopping.check_every", self.check_every)?;
        let patience = self.patience != Patience::Intervals(0);
        accept(patience, "early_stopping.patience", 0, "at least 1, or \"unlimited\"")?;
        let tolerance = self.tolerance;
        let accepted = "a finite number of 0 or more";
        accept(
            tolerance >= 0.0 && tolerance.is_finite(),
            "early_stopping.tolerance",
            tolerance,
            accepted,
        )?;
        whole("early_stopping.min_steps", self.min_steps, 1, u64::MAX)
    }
}

impl SweepFile {
    /// Checks every value but the method labels, which the training crate's registry knows.
    ///
    /// # Errors
    /// The first value that is not accepted, by its dotted key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let repeated = |index: usize| self.methods[..index].contains(&self.methods[index]);
        accept(!self.methods.is_empty(), "methods", "[]", "at least one method")?;
        for (index, method) in self.methods.iter().enumerate() {
            accept(!repeated(index), "methods", method, "methods, each once")?;
        }
        accept(!self.oversight.is_empty(), "oversight", "[]", "at least one level from 0 to 1")?;
        for (index, &level) in self.oversight.iter().enumerate() {
            probability("oversight", level)?;
            let once = !self.oversight[..index].contains(&level);
            accept(once, "oversight", level, "levels from 0 to 1, each once")?;
        }
        let runs =
            num_runs([self.methods.len(), self.oversight.len(), self.seeds.as_slice().len()]);
        let accepted =
            format!("so few that methods x oversight x seeds are at most {MAX_RUNS} runs");
        accept(runs <= MAX_RUNS, "seeds", &self.seeds, &accepted)?;
        self.settings.check()
    }
}

fn accept(
    condition: bool,
    key: &str,
    value: impl ToString,
    accepted: &str,
) -> Result<(), ConfigError> {
    if condition { Ok(()) } else { Err(ConfigError::value(key, value, accepted)) }
}

fn cadence(key: &str, cadence: Cadence) -> Result<(), ConfigError> {
    let accepted = "at least 1, or \"reference\"";
    accept(cadence != Cadence::Updates(0), key, 0, accepted)
}

fn whole(key: &str, value: u64, least: u64, most: u64) -> Result<(), ConfigError> {
    let accepted = if most == u64::MAX {
        format!("a whole number of at least {least}")
    } else {
        format!("a whole number from {least} to {most}")
    };
    accept((least..=most).contains(&value), key, value, &accepted)
}

fn probability(key: &str, value: f64) -> Result<(), ConfigError> {
    accept((0.0..=1.0).contains(&value), key, value, "a number from 0 to 1")
}

fn below_one(key: &str, value: f64) -> Result<(), ConfigError> {
    accept((0.0..1.0).contains(&value), key, value, "a number from 0 to below 1")
}

fn positive(key: &str, value: f64) -> Result<(), ConfigError> {
    accept(value > 0.0 && value.is_finite(), key, value, "a finite number above 0")
}
