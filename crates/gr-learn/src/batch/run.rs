//! One run of a batch: its environments, its table, its value network, and what an update means to
//! it. Knows nothing of the device on which its policy network is stacked with others.

use gr_grid::{Cell, Environment, Layout, NUM_ACTIONS, TrueReturn};
use gr_runs::{EnvironmentSettings, MaskSettings, RunSpec};
use rand::Rng;

use super::ahead::Ahead;
use super::snapshot::{RunSnapshot, SnapshotError};
use crate::early_stopping::{EarlyStopping, EarlyStoppingState, HoldoutCheck};
use crate::evaluation::NotFinite;
use crate::methods::{Columns, Method, training_rules};
use crate::network::{Architecture, PolicyRow, ValueNetwork};
use crate::update::{
    Environments, Losses, Objective, ObservationRows, OutputGradient, Rollout, RunCrediting,
    Statistics,
};

/// Episodes per environment and rollout whose layouts a GPU's table is prepared for; the rare later
/// ones are evaluated on demand.
const EPISODES_AHEAD: usize = 12;

/// Most episodes or labels that a saved state may have counted: no run comes to so many, and what is
/// added to them does not overflow.
const MOST_COUNTED: u64 = 1 << 53;

/// One run of a batch.
pub(crate) struct Run {
    pub spec: RunSpec,
    pub method: &'static Method,
    pub masks: MaskSettings,
    pub environments: Environments,
    pub value: ValueNetwork,
    pub updates_done: u64,
    pub crediting: RunCrediting,
    pub early_stopping: Option<EarlyStopping>,
    /// Observations met in the current update and what the policy does on them.
    pub table: ObservationRows,
    pub policy: Vec<PolicyRow>,
    /// [`PolicyRow::probabilities`] of `policy`, together for the rollout's lookups.
    pub probabilities: Vec<[f32; NUM_ACTIONS]>,
    /// What was evaluated before the rollout.
    pub ahead: Ahead,
    /// Rows of the table of which nobody knows yet what the policy does there.
    pub unknown: Vec<u32>,
}

/// What one update of one run did.
#[derive(Clone, Debug)]
pub struct UpdateReport {
    /// The update, counted from 0.
    pub update_idx: u64,
    /// The loss and what is logged beside it.
    pub losses: Losses,
    /// Environment steps taken so far.
    pub env_steps: u64,
    /// Episodes completed in this update.
    pub episodes: u64,
    /// True labels used so far.
    pub labels_training: u64,
    /// Different observations met in this update.
    pub distinct_observations: u64,
    /// What the method records of its own beside a training row.
    pub training_columns: Columns,
}

impl Run {
    /// The run, and its policy's parameters with Adam's means and squares of them.
    #[expect(clippy::type_complexity, reason = "three lists of parameters, named by the caller")]
    pub fn new(
        spec: RunSpec,
        snapshot: Option<RunSnapshot>,
    ) -> Result<(Self, [Vec<Vec<f32>>; 3]), SnapshotError> {
        let rules = training_rules(&spec);
        let method = Method::find(&spec.method).expect("planned runs have known methods");
        let architecture = Architecture::of(&spec);
        let envs = spec.settings.environment.envs;
        let mut value =
            ValueNetwork::new(architecture.num_cells, &spec.settings.network, spec.seed);
        let initial = architecture.initial_parameters(spec.seed);
        let zeros: Vec<Vec<f32>> = initial.iter().map(|values| vec![0.0; values.len()]).collect();
        let mut policy = [initial, zeros.clone(), zeros];
        let mut environments = Environments::new(rules, spec.seed, envs);
        let (mut updates_done, mut early_stopping) = (0, None);
        let mut crediting = RunCrediting::new(&spec);
        if let Some(saved) = snapshot {
            check_fit(&saved, &spec, &policy[0], &value)?;
            policy = saved.policy;
            let [parameters, means, squares] = saved.value;
            value.set_parameters(parameters);
            let optimizer = value.optimizer_mut();
            (optimizer.means, optimizer.squares) = (means, squares);
            environments =
                Environments::restore(rules, spec.seed, saved.environments, saved.episodes);
            updates_done = saved.updates_done;
            early_stopping = saved.early_stopping;
            crediting
                .restore(saved.labels_training, &saved.crediting)
                .map_err(SnapshotError::Part)?;
        }
        let table = ObservationRows::new(rules.grid, rules.spurious_oversight > 0.0);
        let run = Self {
            masks: (method.masks)(&spec.settings.masks),
            ahead: Ahead::new(&rules),
            unknown: Vec::new(),
            table,
            policy: Vec::new(),
            probabilities: Vec::new(),
            early_stopping: EarlyStopping::of(&spec, early_stopping),
            spec,
            method,
            crediting,
            environments,
            value,
            updates_done,
        };
        Ok((run, policy))
    }

    pub fn forget_policy(&mut self) {
        self.table.truncate(0);
        self.policy.clear();
        self.probabilities.clear();
        self.ahead.clear();
    }

    /// Plays on until the rollout is over, or something is met of which nobody knows what the policy does.
    pub fn play(&mut self, rollout: &mut Rollout, actions: &mut impl Rng) {
        let samples = self.environments.num_envs() * self.spec.settings.training.rollout_steps;
        while rollout.actions.len() < samples {
            if rollout.rows.len() == rollout.actions.len() {
                rollout.observe(&mut self.table);
                self.look_up_new_rows();
            }
            if !self.unknown.is_empty() {
                return;
            }
            rollout.act(&mut self.environments, &self.probabilities, actions);
        }
    }

    /// Takes what was evaluated ahead of the rows that the table has gained, and notes of which nothing was.
    pub fn look_up_new_rows(&mut self) {
        for row in self.policy.len()..self.table.observations().len() {
            let known = self.ahead.meet(&self.table.observations()[row], row as u32);
            self.unknown.extend(known.is_none().then_some(row as u32));
            let policy = known.unwrap_or(PolicyRow::UNKNOWN);
            self.policy.push(policy);
            self.probabilities.push(policy.probabilities);
        }
    }

    /// Notes what the policy does on the observation of `row`.
    pub fn set_policy(&mut self, row: u32, policy: PolicyRow) {
        self.policy[row as usize] = policy;
        self.probabilities[row as usize] = policy.probabilities;
    }

    /// Notes what the next rollout can meet.
    pub fn meet_upcoming(&mut self) {
        if self.ahead.is_possible() {
            self.environments
                .upcoming_layouts(EPISODES_AHEAD)
                .for_each(|layout| self.ahead.add(layout));
        }
    }

    /// Credits the episodes of `rollout` and adds its samples up. What the policy is to imitate gets rows
    /// of the table.
    pub fn statistics(&mut self, rollout: &Rollout) -> Statistics {
        let discount = self.spec.settings.training.discount;
        let mut statistics =
            self.crediting.statistics(self.updates_done, rollout, &mut self.table, discount);
        let cells = self.environments.rules().overseen_cells;
        let on_cells =
            rollout.ended.iter().filter(|episode| cells.contains(episode.terminal.agent));
        statistics.episodes_on_overseen_cells = on_cells.count() as u64;
        statistics
    }

    pub fn objective(&self, statistics: &Statistics) -> (Losses, OutputGradient) {
        Objective {
            network: self.method.network,
            leaves_out: self.crediting.method().leaves_out(),
            masks: &self.masks,
            settings: &self.spec.settings.training,
            observations: self.table.observations(),
            policy: &self.policy,
            value: &self.value.collapse(),
        }
        .evaluate(statistics)
    }

    /// Keeps the policy that a check of the holdout found the best so far, with its true return.
    pub fn keep(
        &mut self,
        check: &mut HoldoutCheck,
        avg_return: TrueReturn,
        parameters: Vec<Vec<f32>>,
    ) {
        check.kept_avg_return = Some(avg_return);
        if let Some(early_stopping) = &mut self.early_stopping {
            early_stopping.state.kept_avg_return = check.kept_avg_return;
            early_stopping.state.kept = [parameters, self.value.parameters().to_vec()];
        }
    }

    pub fn finish_update(
        &mut self,
        statistics: &Statistics,
        losses: Losses,
        gradient: &OutputGradient,
    ) -> Result<UpdateReport, NotFinite> {
        let update_idx = self.updates_done;
        self.updates_done += 1;
        let settings = (&self.spec.settings.training).into();
        self.value.step(&gradient.value, &settings, self.updates_done);
        if let Some(early_stopping) = &mut self.early_stopping {
            early_stopping.earn(statistics.episodes_on_overseen_cells);
        }
        if !losses.are_finite() || !self.policy.iter().all(PolicyRow::is_finite) {
            return Err(NotFinite);
        }
        let met = statistics.counts.iter().filter(|sums| sums.iter().flatten().any(|n| *n > 0.0));
        let training_columns = self.crediting.method().recorded(losses.imitation_loss);
        Ok(UpdateReport {
            update_idx,
            losses,
            env_steps: self.updates_done * statistics.num_samples,
            episodes: statistics.episodes,
            labels_training: self.crediting.labels(),
            training_columns,
            distinct_observations: met.count() as u64,
        })
    }
}

/// Refuses a saved state of another run, of other sizes, or of numbers that no run comes to.
fn check_fit(
    saved: &RunSnapshot,
    spec: &RunSpec,
    policy: &[Vec<f32>],
    value: &ValueNetwork,
) -> Result<(), SnapshotError> {
    let part = |fits: bool, name: &str| {
        if fits { Ok(()) } else { Err(SnapshotError::Part(name.into())) }
    };
    let same_sizes = |groups: &[Vec<Vec<f32>>; 3], sizes: &[Vec<f32>]| {
        groups.iter().all(|group| group.iter().map(Vec::len).eq(sizes.iter().map(Vec::len)))
    };
    part(saved.key == spec.key(), "key of this run")?;
    part(same_sizes(&saved.policy, policy), "policy")?;
    part(same_sizes(&saved.value, value.parameters()), "value network")?;
    let updates = saved.updates_done;
    part(updates < spec.settings.updates.0, "updates_done")?;
    part(saved.labels_training <= MOST_COUNTED, "labels_training")?;

    let settings = &spec.settings.environment;
    let states = &saved.environments;
    let fit =
        states.len() == settings.envs && states.iter().all(|state| is_reachable(state, settings));
    part(fit, "environments")?;
    let counted = saved.episodes.iter().all(|episode| *episode <= MOST_COUNTED);
    part(saved.episodes.len() == settings.envs && counted, "episodes")?;

    let stops = spec.settings.early_stopping.enabled;
    let fits = saved.early_stopping.as_ref().is_none_or(|state| {
        let EarlyStoppingState { account, memory, latest_check, kept, kept_avg_return: _ } = state;
        let at = |pair: Option<(f64, u64)>| pair.map(|(_, update_idx)| update_idx);
        let mut checked = [at(memory.best), at(memory.kept), *latest_check].into_iter().flatten();
        let lengths = |tensors: &[Vec<f32>]| tensors.iter().map(Vec::len).collect::<Vec<_>>();
        let [kept_policy, kept_value] = kept.each_ref().map(|tensors| lengths(tensors));
        let kept_fits = kept_policy == lengths(policy) && kept_value == lengths(value.parameters());
        checked.all(|update_idx| update_idx < updates)
            && account.episodes.max(account.spent) <= MOST_COUNTED
            && (memory.kept.is_none() || kept_fits)
    });
    part(saved.early_stopping.is_some() == stops && fits, "early stopping")
}

/// Whether an environment can be in `state` between two steps.
fn is_reachable(state: &Environment, settings: &EnvironmentSettings) -> bool {
    let EnvironmentSettings { rows, cols, max_step, spurious_oversight, .. } = *settings;
    let Layout { ghost, diamond, flags } = state.layout;
    let on_grid = |cell: Cell| usize::from(cell) < rows * cols;
    let may_be_flagged = |cell| spurious_oversight > 0.0 || cell == ghost || cell == diamond;
    [state.agent, ghost, diamond].into_iter().chain(flags.cells()).all(on_grid)
        && flags.cells().all(may_be_flagged)
        && ghost != diamond
        && state.agent != ghost
        && state.agent != diamond
        && state.episode_steps <= max_step
}
