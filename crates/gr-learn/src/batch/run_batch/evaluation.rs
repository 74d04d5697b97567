//! What the policies of a batch are asked between updates, each in one pass over the device for all runs
//! that it is due for: evaluation, and checks of holdouts.

use std::borrow::Cow;

use gr_grid::{Evaluation, Observation};
use gr_runs::{EvaluationMode, RunSpec};
use rayon::prelude::*;

use super::super::run::Run;
use super::RunBatch;
use crate::early_stopping::{EarlyStopping, Finding, HoldoutCheck, HoldoutSignal};
use crate::evaluation::{ByPolicy, NotFinite, evaluate, evaluate_runs, policies_by_run};

impl RunBatch {
    /// Evaluates every policy of each of `runs`, which are given in order. A run has none if a probability is not
    /// a number.
    pub fn evaluate(&self, runs: &[usize]) -> Vec<Result<ByPolicy<Evaluation>, NotFinite>> {
        // As after most updates: no network is to be selected then.
        if runs.is_empty() {
            return Vec::new();
        }
        let specs: Vec<&RunSpec> = runs.iter().map(|run| &self.runs[*run].spec).collect();
        let is_exact = |spec: &&RunSpec| spec.settings.evaluation.mode == EvaluationMode::Exact;
        if specs.iter().all(is_exact) {
            return evaluate_runs(&self.network_of_runs(runs), &specs);
        }
        let sample = |run: &usize| {
            let update_idx = self.runs[*run].updates_done.saturating_sub(1);
            evaluate(&self.network_of(*run), &self.runs[*run].spec, update_idx)
        };
        runs.iter().map(sample).collect()
    }

    /// Checks the holdout of each of `runs`, which are given in order, that has one and for which a check is
    /// due and can be paid for, and keeps the policy if it is the best so far. A run has no outcome if a
    /// probability is not a number.
    pub fn check_holdouts(
        &mut self,
        runs: &[usize],
    ) -> Vec<Result<Option<HoldoutCheck>, NotFinite>> {
        let at = |run: usize| runs.iter().position(|other| *other == run).expect("one of them");
        let mut outcomes: Vec<_> = runs.iter().map(|_| Ok(None)).collect();
        let mut to_evaluate = Vec::new();
        for (run, finding) in self.find(runs) {
            outcomes[at(run)] = finding.map(|finding| {
                let state = &mut self.runs[run];
                let (mut check, keep) = state.early_stopping.as_mut()?.take(finding)?;
                match (check.signal, state.spec.settings.evaluation.mode) {
                    _ if !keep => {}
                    (HoldoutSignal::Privileged(exact), EvaluationMode::Exact) => {
                        state.keep(&mut check, exact, self.network.parameters_of(run));
                    }
                    _ => to_evaluate.push(run),
                }
                Some(check)
            });
        }
        for (run, evaluations) in to_evaluate.iter().zip(self.evaluate(&to_evaluate)) {
            let (state, parameters) = (&mut self.runs[*run], self.network.parameters_of(*run));
            let outcome = &mut outcomes[at(*run)];
            *outcome = std::mem::replace(outcome, Ok(None)).and_then(|check| {
                let mut check = check.expect("its policy is to be kept");
                let avg_return = state.method.headline().of(evaluations?).avg_return;
                state.keep(&mut check, avg_return, parameters);
                Ok(Some(check))
            });
        }
        outcomes
    }

    /// What checks of the holdouts of those of `runs` find for which one is due and can be paid for.
    fn find(&self, runs: &[usize]) -> Vec<(usize, Result<Finding, NotFinite>)> {
        let due = |run: &usize| {
            let state = &self.runs[*run];
            let stopping = state.early_stopping.as_ref()?;
            stopping.can_check(state.updates_done - 1).then_some((*run, state, stopping))
        };
        let due: Vec<(usize, &Run, &EarlyStopping)> = runs.iter().filter_map(due).collect();
        if due.is_empty() {
            return Vec::new();
        }
        let network = self.network_of_runs(&due.iter().map(|(run, ..)| *run).collect::<Vec<_>>());
        let asked: Vec<Cow<[Observation]>> =
            due.iter().map(|(_, run, stopping)| stopping.observations(&run.spec)).collect();
        let asked: Vec<&[Observation]> = asked.iter().map(|asked| &asked[..]).collect();
        let policies = policies_by_run(&network, &asked, |row| row.probabilities);
        due.par_iter()
            .zip(policies)
            .map(|((index, run, stopping), policies)| {
                let finding = policies.map(|policies| {
                    let probabilities = run.method.headline().of(policies);
                    stopping.find(&run.spec, &probabilities, run.updates_done - 1)
                });
                (*index, finding)
            })
            .collect()
    }
}
