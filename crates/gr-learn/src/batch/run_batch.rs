//! A run batch: runs of one network shape that train in lock-step on one device. On a CPU a batch
//! holds one run, so that a run's numbers never depend on its company.

mod evaluation;

use gr_grid::Observation;
use gr_runs::{LabelCount, Purpose, RunSpec, stream_at};
use rayon::prelude::*;

use super::chunk::{Chunk, evaluate_ahead, evaluate_unknown};
use super::run::{Run, UpdateReport};
use super::snapshot::{RunSnapshot, SnapshotError};
use super::structure::BatchStructure;
use crate::device::ComputeDevice;
use crate::early_stopping::{EarlyStopping, HoldoutSignal};
use crate::evaluation::NotFinite;
use crate::methods::Columns;
use crate::network::{
    AdamSettings, Architecture, Gradients, Passes, PolicyNetwork, StackedAdam, ValueNetwork,
    select_runs, stack, unstack,
};
use crate::update::{Losses, OutputGradient, Rollout, Statistics};

/// Runs that train together.
pub struct RunBatch {
    runs: Vec<Run>,
    network: PolicyNetwork,
    optimizer: StackedAdam,
    prefetch: bool,
}

/// A policy of one run.
pub struct RunPolicy {
    /// The update after which it was.
    pub update_idx: u64,
    /// The policy network of this run alone.
    pub network: PolicyNetwork,
    /// The value network.
    pub value: ValueNetwork,
    /// What the holdout found of it, if that chose it.
    pub signal: Option<HoldoutSignal>,
}

/// What a rollout of every run came to.
pub struct Collected {
    chunks: Vec<Chunk>,
    /// By run.
    pub statistics: Vec<Statistics>,
}

impl RunBatch {
    /// A batch of runs, each from its saved state if there is one. All must share a
    /// [`BatchStructure`].
    ///
    /// # Errors
    /// If a saved state does not fit its run.
    pub fn new(
        runs: Vec<(RunSpec, Option<RunSnapshot>)>,
        device: &ComputeDevice,
    ) -> Result<Self, SnapshotError> {
        let architecture = Architecture::of(&runs[0].0);
        let structure = BatchStructure::of(&runs[0].0);
        let mut weights = [Vec::new(), Vec::new(), Vec::new()];
        let mut batch = Vec::new();
        for (spec, snapshot) in runs {
            assert_eq!(BatchStructure::of(&spec), structure, "a batch shares one structure");
            let (run, policy) = Run::new(spec, snapshot)?;
            batch.push(run);
            weights.iter_mut().zip(policy).for_each(|(all, one)| all.push(one));
        }
        let [parameters, ..] = &weights;
        let network = PolicyNetwork::new(architecture, parameters, device);
        let weights = weights.map(|weights| stack(&architecture, &weights, device));
        let optimizer = StackedAdam::new(&weights, device);
        Ok(Self { network, optimizer, prefetch: device.is_gpu, runs: batch })
    }

    /// Evaluates tables before the rollout instead of during it. Worth it where a round trip to the
    /// device costs more than rows that turn out not to be met; results do not depend on it.
    pub fn set_prefetch(&mut self, prefetch: bool) {
        self.prefetch = prefetch;
    }

    /// The runs, in order.
    pub fn specs(&self) -> impl Iterator<Item = &RunSpec> {
        self.runs.iter().map(|run| &run.spec)
    }

    /// Updates that `run` has done.
    pub fn updates_done(&self, run: usize) -> u64 {
        self.runs[run].updates_done
    }

    /// True labels that `run` has used.
    pub fn labels_training(&self, run: usize) -> u64 {
        self.runs[run].crediting.labels()
    }

    /// One update of every run.
    pub fn update(&mut self) -> Vec<Result<UpdateReport, NotFinite>> {
        let collected = self.collect();
        self.learn(collected)
    }

    /// The first half of an update: rolls out and adds up statistics.
    pub fn collect(&mut self) -> Collected {
        let (rollouts, mut chunks) = self.roll_out();
        let runs = self.runs.par_iter_mut().zip(rollouts);
        let statistics = runs.map(|(run, rollout)| run.statistics(&rollout)).collect();
        // Rows that the rollout did not meet: what is to be imitated.
        self.runs.par_iter_mut().for_each(Run::look_up_new_rows);
        evaluate_unknown(&Passes::new(&self.network), &mut self.runs, &mut chunks);
        Collected { chunks, statistics }
    }

    /// In place of [`RunBatch::collect`], what another batch collected: by run, its observations by
    /// row and the statistics of them.
    pub fn recollect(&mut self, recorded: &[(Vec<Observation>, Statistics)]) -> Collected {
        for (run, (observations, _)) in self.runs.iter_mut().zip(recorded) {
            run.forget_policy();
            observations.iter().for_each(|observation| {
                run.table.row(observation);
            });
        }
        self.runs.par_iter_mut().for_each(Run::look_up_new_rows);
        let mut chunks = Vec::new();
        evaluate_unknown(&Passes::new(&self.network), &mut self.runs, &mut chunks);
        Collected { chunks, statistics: recorded.iter().map(|(_, s)| s.clone()).collect() }
    }

    /// The observations of `run` that the latest half update met, by row.
    pub fn observations(&self, run: usize) -> &[Observation] {
        self.runs[run].table.observations()
    }

    /// The second half of an update: takes the objective's gradient and steps.
    pub fn learn(&mut self, collected: Collected) -> Vec<Result<UpdateReport, NotFinite>> {
        let Collected { chunks, statistics } = collected;
        let runs = self.runs.par_iter().zip(&statistics);
        let outcomes: Vec<(Losses, OutputGradient)> =
            runs.map(|(run, statistics)| run.objective(statistics)).collect();
        let gradients: Vec<&OutputGradient> =
            outcomes.iter().map(|(_, gradient)| gradient).collect();
        self.step(&chunks, &gradients);
        self.runs
            .par_iter_mut()
            .zip(outcomes.into_par_iter().zip(statistics))
            .map(|(run, ((losses, gradient), statistics))| {
                run.finish_update(&statistics, losses, &gradient)
            })
            .collect()
    }

    /// Plays one rollout of every run, evaluating the network on observations as they are met.
    fn roll_out(&mut self) -> (Vec<Rollout>, Vec<Chunk>) {
        let mut chunks = Vec::new();
        let passes = Passes::new(&self.network);
        self.runs.par_iter_mut().for_each(Run::forget_policy);
        if self.prefetch {
            self.runs.par_iter_mut().for_each(Run::meet_upcoming);
            evaluate_ahead(&passes, &mut self.runs, &mut chunks);
        }
        let mut rollouts: Vec<Rollout> =
            self.runs.iter().map(|run| Rollout::start(&run.environments)).collect();
        let mut actions: Vec<_> = self
            .runs
            .iter()
            .map(|run| stream_at(run.spec.seed, Purpose::Actions, run.updates_done, 0))
            .collect();
        loop {
            // Each run goes as far as it can while its table lies in a core's cache.
            let runs = self.runs.par_iter_mut().zip(&mut rollouts).zip(&mut actions);
            runs.for_each(|((run, rollout), actions)| run.play(rollout, actions));
            if !evaluate_unknown(&passes, &mut self.runs, &mut chunks) {
                break;
            }
        }
        (rollouts, chunks)
    }

    /// Pushes the gradients of the outputs back through the networks and steps their weights.
    fn step(&mut self, chunks: &[Chunk], gradients: &[&OutputGradient]) {
        let passes = Passes::new(&self.network);
        let parts = chunks.iter().map(|chunk| chunk.backward(&passes, &self.runs, gradients));
        let total = parts.reduce(Gradients::plus);
        let total = passes.unfold(total.expect("a rollout meets at least one observation"));
        let settings: Vec<AdamSettings> =
            self.runs.iter().map(|run| (&run.spec.settings.training).into()).collect();
        let steps: Vec<u64> = self.runs.iter().map(|run| run.updates_done + 1).collect();
        self.network.parameters = self.optimizer.step(&total, &settings, &steps);
    }

    /// What the method of `run` records beside an evaluation.
    pub fn evaluation_columns(&self, run: usize) -> Columns {
        self.runs[run].crediting.method().evaluation_columns()
    }

    /// True labels that checks of `run` against its holdout have used.
    pub fn labels_holdout(&self, run: usize) -> LabelCount {
        let early_stopping = self.runs[run].early_stopping.as_ref();
        early_stopping.map_or(LabelCount::Counted(0), EarlyStopping::labels)
    }

    /// The policy of `run` as it is.
    pub fn policy(&self, run: usize) -> RunPolicy {
        RunPolicy {
            update_idx: self.runs[run].updates_done.saturating_sub(1),
            network: self.network_of(run),
            value: self.runs[run].value.clone(),
            signal: None,
        }
    }

    /// The policy that `run` keeps: the one that its holdout chose, or else the one that it has.
    pub fn kept_policy(&self, run: usize) -> RunPolicy {
        let early_stopping = self.runs[run].early_stopping.as_ref();
        let kept =
            early_stopping.and_then(|stopping| stopping.kept().zip(Some(&stopping.state.kept)));
        let mut policy = self.policy(run);
        if let Some(((update_idx, signal), [parameters, value])) = kept {
            policy.update_idx = update_idx;
            policy.signal = Some(signal);
            policy.network = self.network.alone_with(parameters);
            policy.value.set_parameters(value.clone());
        }
        policy
    }

    /// The network of one run alone.
    pub fn network_of(&self, run: usize) -> PolicyNetwork {
        self.network_of_runs(&[run])
    }

    /// The network of `runs`, in that order.
    fn network_of_runs(&self, runs: &[usize]) -> PolicyNetwork {
        let mut network = self.network.clone();
        if !runs.iter().copied().eq(0..self.runs.len()) {
            network.select_runs(runs);
        }
        network
    }

    /// Everything that `run` needs to go on from here.
    pub fn snapshot(&self, run: usize) -> RunSnapshot {
        let state = &self.runs[run];
        let optimizer = state.value.optimizer();
        let (environments, episodes) = state.environments.states();
        let device = self.network.device();
        RunSnapshot {
            key: state.spec.key(),
            updates_done: state.updates_done,
            labels_training: state.crediting.labels(),
            crediting: state.crediting.method().state(),
            policy: self.optimizer.state().map(|tensors| unstack(&tensors, run, device)),
            value: [
                state.value.parameters().to_vec(),
                optimizer.means.clone(),
                optimizer.squares.clone(),
            ],
            environments: environments.to_vec(),
            episodes: episodes.to_vec(),
            early_stopping: state.early_stopping.as_ref().map(|stopping| stopping.state.clone()),
        }
    }

    /// Takes `run` out of the batch. The last one cannot be.
    pub fn remove(&mut self, run: usize) {
        let rest: Vec<usize> = (0..self.runs.len()).filter(|index| *index != run).collect();
        assert!(!rest.is_empty(), "a batch without runs is dropped instead");
        let device = self.network.device().clone();
        let rest_of = |tensors: Vec<_>| select_runs(&tensors, &rest, &device);
        let state = self.optimizer.state().map(rest_of);
        self.optimizer = StackedAdam::new(&state, &device);
        [self.network.parameters, ..] = state;
        self.runs.remove(run);
    }
}

#[cfg(test)]
mod accounting;
