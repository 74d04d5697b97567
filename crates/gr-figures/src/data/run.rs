//! A run as its files tell of it.

use std::cmp::Ordering;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gr_runs::{LabelCount, Seed};

use super::plan::PlannedMethod;

/// An oversight level p, ordered so that runs can be grouped by it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oversight(pub f64);

impl Eq for Oversight {}

impl PartialOrd for Oversight {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Oversight {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl fmt::Display for Oversight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p = {}", self.0)
    }
}

/// Where the returns come from that decide which checkpoint is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Holdout {
    /// `privileged`, `hidden` or `visible`.
    pub source: String,
    /// Share of the overseen episodes that is held out; `None` where it does not matter
    /// (`privileged`) or is not recorded.
    pub fraction: Option<f64>,
}

/// What runs must have in common to be averaged, apart from the oversight level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Method label.
    pub method: String,
    /// Present where checkpoints were chosen on a holdout.
    pub holdout: Option<Holdout>,
    /// What tells it from other series of the method, where their settings differ.
    pub variant: Option<Variant>,
    /// Whether its settings came out of a search, so that its runs are the unseen test of them.
    pub chosen: bool,
}

/// Settings in which series of one method differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its place among those of the method.
    pub place: usize,
    /// `key=value;..`.
    pub settings: String,
    /// What people call it.
    pub name: String,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// To its end. Only such runs are averaged.
    Finished,
    /// It ended without a result.
    Failed,
    /// It has rows but no result: it is under way, or was interrupted.
    Unfinished,
    /// Nothing of it is there.
    Missing,
    /// A file of it is not what it should be, so that nothing of it is drawn.
    Unreadable,
}

/// The headline policy of a run after an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvaluationPoint {
    /// The update, counted from 0.
    pub update: u64,
    /// True return.
    pub true_return: f64,
    /// Gaming gap.
    pub gaming_gap: Option<f64>,
}

/// A value at an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateValue {
    /// The update, counted from 0.
    pub update: u64,
    /// The value there.
    pub value: f64,
}

/// True labels that a run used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunLabels {
    /// In training.
    pub training: u64,
    /// In checks against a holdout.
    pub holdout: LabelCount,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// The folder with its files.
    pub folder: PathBuf,
    /// What it is averaged with.
    pub series: Series,
    /// Oversight level.
    pub oversight: Oversight,
    /// Seed; the published files do not record it.
    pub seed: Option<Seed>,
    /// `fresh` or `stale`; the published files do not record it.
    pub first_observation: Option<String>,
    /// `exact` or `sampled`; the published files do not record it.
    pub evaluation: Option<String>,
    /// How far it came.
    pub state: RunState,
    /// The headline policy: `diamond` for routed methods, else `training_policy`. Found in the
    /// evaluations where nothing else says it.
    pub headline: Option<String>,
    /// Its method with its settings, where a plan tells them.
    pub planned: Option<Arc<PlannedMethod>>,
    /// Updates that its plan configures for every method.
    pub configured_updates: Option<u64>,
    /// Updates that its method trains of those, all being well.
    pub planned_updates: Option<u64>,
    /// Updates trained.
    pub updates: Option<u64>,
    /// True return after its last update.
    pub final_return: Option<f64>,
    /// The policy that is kept.
    pub kept: Option<EvaluationPoint>,
    /// True labels that it used.
    pub labels: Option<RunLabels>,
    /// The update at which training was stopped early.
    pub stopped_update: Option<u64>,
    /// Evaluations of the headline policy, in order.
    pub evaluations: Vec<EvaluationPoint>,
    /// Mean return under its own reward while it trained; read for runs with a holdout only.
    pub training_returns: Vec<UpdateValue>,
    /// Holdout returns.
    pub holdout_returns: Vec<UpdateValue>,
}

impl Run {
    /// Whether it counts in means.
    pub fn is_finished(&self) -> bool {
        self.state == RunState::Finished
    }

    /// What its updates are multiplied by on an axis: a method that trains fewer of them than its plan
    /// configures, so that it uses as many labels as the others, is drawn over as many as they are.
    pub fn axis_scale(&self) -> f64 {
        match (self.configured_updates, self.planned_updates) {
            (Some(configured), Some(planned)) if planned > 0 => configured as f64 / planned as f64,
            _ => 1.0,
        }
    }

    /// Updates that its plan configures for every method, or else what is known of its own.
    pub fn length(&self) -> Option<u64> {
        self.configured_updates.or(self.planned_updates).or(self.updates)
    }

    /// A file of it in its folder, such as `eval_results_<run>.csv`.
    pub fn file(&self, kind: &str, end: &str) -> PathBuf {
        self.folder.join(format!("{kind}_{}.{end}", self.id))
    }

    /// A run of which no more is known.
    pub fn blank(
        folder: &Path,
        id: String,
        series: Series,
        oversight: f64,
        state: RunState,
    ) -> Self {
        Self {
            id,
            folder: folder.into(),
            series,
            oversight: Oversight(oversight),
            seed: None,
            first_observation: None,
            evaluation: None,
            state,
            headline: None,
            planned: None,
            configured_updates: None,
            planned_updates: None,
            updates: None,
            final_return: None,
            kept: None,
            labels: None,
            stopped_update: None,
            evaluations: Vec::new(),
            training_returns: Vec::new(),
            holdout_returns: Vec::new(),
        }
    }

    /// Its seed, or its name where no seed is recorded.
    pub fn seed_name(&self) -> String {
        self.seed.map_or_else(|| format!("run {}", self.id), |seed| format!("seed {seed}"))
    }
}

impl Series {
    /// The series of a method without a holdout.
    pub fn of_method(method: impl Into<String>) -> Self {
        Self { method: method.into(), ..Self::default() }
    }

    /// What tells it from other series of the method, as `key=value;..`.
    pub fn variant(&self) -> &str {
        self.variant.as_ref().map_or("", |variant| &variant.settings)
    }

    /// The same series of runs with chosen settings. The share held out is one of those, and may be
    /// another at every level.
    pub fn chosen(mut self) -> Self {
        if let Some(holdout) = &mut self.holdout {
            holdout.fraction = None;
        }
        self.chosen = true;
        self
    }
}

impl Holdout {
    /// A holdout. The fraction is left out where it changes nothing.
    pub fn new(source: String, fraction: Option<f64>) -> Self {
        let fraction = fraction.filter(|_| source != "privileged");
        Self { source, fraction }
    }
}
