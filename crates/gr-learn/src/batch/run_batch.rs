//! A run batch: runs of one network shape that train in lock-step on one device. On a CPU a batch
//! holds one run, so that a run's numbers never depend on its company.

use burn::tensor::{Tensor, TensorData};
use gr_grid::{Evaluation, NUM_ACTIONS, Observation};
use gr_runs::{LabelCount, Purpose, RunSpec, stream_at};
use rayon::prelude::*;

use super::run::{Run, UpdateReport};
use super::snapshot::{RunSnapshot, SnapshotError};
use super::structure::BatchStructure;
use crate::device::ComputeDevice;
use crate::early_stopping::{EarlyStopping, HoldoutCheck, HoldoutSignal};
use crate::evaluation::{NotFinite, evaluate, to_rows};
use crate::methods::Columns;
use crate::network::{
    Activations, AdamSettings, Architecture, Gradients, Passes, PolicyNetwork, PolicyType,
    StackedAdam, ValueNetwork, select_runs, stack, to_host, unstack,
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

/// Rows of every run's table that were evaluated in one forward pass.
struct Chunk {
    /// First row and number of rows, by run.
    rows: Vec<(usize, usize)>,
    /// Rows of every run in the activations, those that fill up included.
    padded: usize,
    activations: Activations,
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
        let [parameters, means, squares] = weights;
        Ok(Self {
            network: PolicyNetwork::new(architecture, &parameters, device),
            optimizer: StackedAdam {
                means: stack(&architecture, &means, &device.device),
                squares: stack(&architecture, &squares, &device.device),
            },
            prefetch: device.is_gpu,
            runs: batch,
        })
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
        evaluate_new_rows(&Passes::new(&self.network), &mut self.runs, &mut chunks);
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
        let mut chunks = Vec::new();
        evaluate_new_rows(&Passes::new(&self.network), &mut self.runs, &mut chunks);
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
            evaluate_new_rows(&passes, &mut self.runs, &mut chunks);
        }
        let mut rollouts: Vec<Rollout> =
            self.runs.iter().map(|run| Rollout::start(&run.environments)).collect();
        let mut actions: Vec<_> = self
            .runs
            .iter()
            .map(|run| stream_at(run.spec.seed, Purpose::Actions, run.updates_done, 0))
            .collect();
        for _ in 0..self.runs[0].spec.settings.training.rollout_steps {
            let runs = self.runs.par_iter_mut().zip(&mut rollouts);
            runs.for_each(|(run, rollout)| rollout.observe(&mut run.table));
            evaluate_new_rows(&passes, &mut self.runs, &mut chunks);
            let runs = self.runs.par_iter_mut().zip(&mut rollouts).zip(&mut actions);
            runs.for_each(|((run, rollout), actions)| {
                rollout.act(&mut run.environments, &run.probabilities, actions);
            });
        }
        (rollouts, chunks)
    }

    /// Pushes the gradients of the outputs back through the networks and steps their weights.
    fn step(&mut self, chunks: &[Chunk], gradients: &[&OutputGradient]) {
        let width = self.network.architecture().kind.cotangent_width();
        let passes = Passes::new(&self.network);
        let mut total: Option<Gradients> = None;
        for chunk in chunks {
            let longest = chunk.padded;
            let mut cotangents = vec![0.0; self.runs.len() * longest * width];
            for (index, (gradient, (first, number))) in
                gradients.iter().zip(&chunk.rows).enumerate()
            {
                let from = &gradient.cotangents[first * width..(first + number) * width];
                cotangents[index * longest * width..][..from.len()].copy_from_slice(from);
            }
            let shape = [self.runs.len(), longest, width];
            let cotangents =
                Tensor::from_data(TensorData::new(cotangents, shape), self.network.device());
            let part = passes.backward(&chunk.activations, &cotangents);
            total = Some(match total {
                None => part,
                Some(sum) => sum.plus(part),
            });
        }
        let total = passes.unfold(total.expect("a rollout meets at least one observation"));
        let settings: Vec<AdamSettings> =
            self.runs.iter().map(|run| (&run.spec.settings.training).into()).collect();
        let steps: Vec<u64> = self.runs.iter().map(|run| run.updates_done + 1).collect();
        let device = self.network.device().clone();
        self.optimizer.step(&mut self.network.parameters, total, &settings, &steps, &device);
    }

    /// Evaluates every policy of one run.
    ///
    /// # Errors
    /// If a probability is not a number.
    pub fn evaluate(&self, run: usize) -> Result<Vec<(PolicyType, Evaluation)>, NotFinite> {
        let run_state = &self.runs[run];
        evaluate(&self.network_of(run), &run_state.spec, run_state.updates_done.saturating_sub(1))
    }

    /// What the method of `run` records beside an evaluation.
    pub fn evaluation_columns(&self, run: usize) -> Columns {
        self.runs[run].crediting.method().evaluation_columns()
    }

    /// Checks the holdout of `run`, if it has one and a check is due and can be paid for, and keeps
    /// the policy if it is the best so far.
    ///
    /// # Errors
    /// If a probability is not a number.
    pub fn check_holdout(&mut self, run: usize) -> Result<Option<HoldoutCheck>, NotFinite> {
        let Some(mut early_stopping) = self.runs[run].early_stopping.take() else {
            return Ok(None);
        };
        let state = &self.runs[run];
        let (headline, update_idx) = (state.method.headline(), state.updates_done - 1);
        let network = || self.network_of(run);
        let checked = early_stopping.check(&state.spec, network, headline, update_idx);
        if let Ok(Some((_, true))) = checked {
            let value = state.value.parameters().to_vec();
            early_stopping.state.kept = [self.network.parameters_of(run), value];
        }
        self.runs[run].early_stopping = Some(early_stopping);
        Ok(checked?.map(|(check, _)| check))
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
        let mut network = self.network.clone();
        if self.runs.len() > 1 {
            network.select_runs(&[run]);
        }
        network
    }

    /// Everything that `run` needs to go on from here.
    pub fn snapshot(&self, run: usize) -> RunSnapshot {
        let state = &self.runs[run];
        let optimizer = state.value.optimizer();
        let (environments, episodes) = state.environments.states();
        RunSnapshot {
            key: state.spec.key(),
            updates_done: state.updates_done,
            labels_training: state.crediting.labels(),
            crediting: state.crediting.method().state(),
            policy: [
                self.network.parameters_of(run),
                unstack(&self.optimizer.means, run),
                unstack(&self.optimizer.squares, run),
            ],
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
        self.network.select_runs(&rest);
        self.optimizer.means = select_runs(&self.optimizer.means, &rest, &device);
        self.optimizer.squares = select_runs(&self.optimizer.squares, &rest, &device);
        self.runs.remove(run);
    }
}

/// Evaluates the rows that the tables of `runs` have gained, in chunks that all runs share.
fn evaluate_new_rows(passes: &Passes, runs: &mut [Run], chunks: &mut Vec<Chunk>) {
    let network = passes.network();
    let most = network.rows_at_once();
    loop {
        let rows: Vec<(usize, usize)> = runs
            .iter()
            .map(|run| {
                let known = run.policy.len();
                (known, (run.table.observations().len() - known).min(most))
            })
            .collect();
        let longest = rows.iter().map(|(_, number)| *number).max().unwrap_or(0);
        if longest == 0 {
            return;
        }
        let padded = network.padded(longest);
        let new = runs
            .iter()
            .zip(&rows)
            .map(|(run, (first, number))| &run.table.observations()[*first..first + number]);
        let (outputs, activations) = passes.forward(network.inputs(new, padded));
        let logits = to_host(outputs.logits);
        let gates = outputs.gate_logit.map(to_host);
        for (index, (run, (known, number))) in runs.iter_mut().zip(&rows).enumerate() {
            let logits = &logits[index * padded * NUM_ACTIONS..][..number * NUM_ACTIONS];
            let gates = gates.as_ref().map(|gates| &gates[index * padded..][..*number]);
            run.policy.extend(to_rows(logits, gates));
            run.probabilities.extend(run.policy[*known..].iter().map(|row| row.probabilities));
        }
        chunks.push(Chunk { rows, padded, activations });
    }
}

#[cfg(test)]
mod accounting;
