//! Early stopping on a holdout, for any method: checks its headline policy, keeps the best
//! checkpoint, says when to stop, and keeps the account of the labels that checks cost
//! (docs/experiment.md, section 8). Knows nothing of how a run is trained.

mod account;
mod holdout;
mod rule;

use std::borrow::Cow;

use gr_grid::{
    LabelledReturn, NUM_ACTIONS, Observation, ObservationSpace, PolicyTable, TrueReturn,
    evaluate_exactly,
};
use gr_runs::{HoldoutReturn, HoldoutSource, LabelCount, RunSpec};

pub use account::LabelAccount;
use holdout::HoldoutSet;
pub use rule::StoppingMemory;
use rule::StoppingRule;
use serde::{Deserialize, Serialize};

use crate::methods::evaluation_rules;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HoldoutSignal {
    /// The return of episodes whose labels were paid for.
    Paid(HoldoutReturn),
    /// The true return, which no overseer has: the one place where training sees it.
    Privileged(TrueReturn),
}

impl HoldoutSignal {
    /// The number that the stopping rule goes by.
    pub fn value(self) -> f64 {
        match self {
            Self::Paid(value) => value.value(),
            Self::Privileged(value) => value.reveal(),
        }
    }
}

/// A check of one run against its holdout.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldoutCheck {
    /// The update just done.
    pub update_idx: u64,
    /// What was found.
    pub signal: HoldoutSignal,
    /// Labels that checks have used so far, this one's included.
    pub labels: LabelCount,
    /// Labels earned and not used, after this check; `None` if they are unlimited.
    pub account: Option<f64>,
    /// Training episodes so far that ended on overseen cells, by time-out too.
    pub training_episodes: u64,
    /// The stopping rule's best.
    pub best: Option<f64>,
    /// The update of the checkpoint kept so far.
    pub kept_update: u64,
    /// [`EarlyStoppingState::kept_avg_return`].
    pub kept_avg_return: Option<TrueReturn>,
    /// Whether training ends here.
    pub stop: bool,
}

/// What early stopping remembers of a run; part of its saved state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EarlyStoppingState {
    /// Labels earned and used.
    pub account: LabelAccount,
    /// What the stopping rule remembers.
    pub memory: StoppingMemory,
    /// The update of the latest check.
    pub latest_check: Option<u64>,
    /// True return of the checkpoint kept so far, which nothing chooses by. `None` before the first
    /// check, and after a state that did not hold it until another checkpoint is kept.
    pub kept_avg_return: Option<TrueReturn>,
    /// Parameters of the policy and of the value network that are kept; none before the first check.
    pub kept: [Vec<Vec<f32>>; 2],
}

/// What a check found, before anything follows from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finding {
    update_idx: u64,
    /// `None` if no episode ended on an overseen cell.
    signal: Option<HoldoutSignal>,
    /// Labels that it used.
    labels: u64,
}

/// Early stopping of one run.
pub(crate) struct EarlyStopping {
    rule: StoppingRule,
    check_every: u64,
    /// `None` watches the true return instead.
    holdout: Option<HoldoutSet>,
    /// Labels that a training episode that ended on an overseen cell earns: h·p.
    label_rate: f64,
    pub state: EarlyStoppingState,
}

impl EarlyStopping {
    /// That of a run, if its settings ask for it, from a saved state if there is one.
    pub fn of(spec: &RunSpec, saved: Option<EarlyStoppingState>) -> Option<Self> {
        let settings = &spec.settings.early_stopping;
        if !settings.enabled {
            return None;
        }
        let paid = settings.holdout_source != HoldoutSource::Privileged;
        Some(Self {
            rule: StoppingRule {
                tolerance: settings.tolerance,
                min_steps: settings.min_steps,
                patience: settings.patience.updates(spec.oversight),
            },
            check_every: settings.check_every.interval(spec.oversight),
            holdout: paid.then(|| HoldoutSet::draw(spec)),
            label_rate: settings.share_set_aside() * spec.oversight,
            state: saved.unwrap_or_default(),
        })
    }

    /// Takes in the episodes of an update that ended on overseen cells, by time-out too.
    pub fn earn(&mut self, episodes: u64) {
        self.state.account.episodes += episodes;
    }

    /// Whether a check after `update_idx` is due and can be paid for, whatever it will use of the set.
    pub fn can_check(&self, update_idx: u64) -> bool {
        let EarlyStoppingState { account, latest_check, .. } = &self.state;
        let due = latest_check.is_none_or(|latest| update_idx - latest >= self.check_every);
        let can_pay = |holdout: &HoldoutSet| account.can_pay(holdout.price(), self.label_rate);
        due && self.holdout.as_ref().is_none_or(can_pay)
    }

    /// What a check asks the policy about: all that its holdout can show, or all there is.
    pub fn observations(&self, spec: &RunSpec) -> Cow<'_, [Observation]> {
        match &self.holdout {
            Some(holdout) => holdout.observations().into(),
            None => ObservationSpace::new(evaluation_rules(spec).grid).observations().collect(),
        }
    }

    /// What a check of a policy after `update_idx` finds, from its `probabilities` on
    /// [`EarlyStopping::observations`].
    pub fn find(
        &self,
        spec: &RunSpec,
        probabilities: &[[f32; NUM_ACTIONS]],
        update_idx: u64,
    ) -> Finding {
        if let Some(holdout) = &self.holdout {
            let LabelledReturn { avg_return, labels } = holdout.check(probabilities, update_idx);
            let signal = avg_return.map(|value| HoldoutSignal::Paid(HoldoutReturn::new(value)));
            return Finding { update_idx, signal, labels };
        }
        let rules = evaluation_rules(spec);
        let mut rows = probabilities.iter();
        let table = PolicyTable::from_fn(rules.grid, |_| *rows.next().expect("a row each"));
        let (discount, envs) = (spec.settings.training.discount, spec.settings.evaluation.envs);
        let exact = evaluate_exactly(&table, &rules, discount, envs).avg_return;
        Finding { update_idx, signal: Some(HoldoutSignal::Privileged(exact)), labels: 0 }
    }

    /// The update of the checkpoint kept so far and what its check found.
    pub fn kept(&self) -> Option<(u64, HoldoutSignal)> {
        let (value, update_idx) = self.state.memory.kept?;
        Some((update_idx, self.signal(value)))
    }

    fn signal(&self, value: f64) -> HoldoutSignal {
        match self.holdout {
            Some(_) => HoldoutSignal::Paid(HoldoutReturn::new(value)),
            None => HoldoutSignal::Privileged(TrueReturn::new(value)),
        }
    }

    /// Labels that checks have used.
    pub fn labels(&self) -> LabelCount {
        match self.holdout {
            Some(_) => LabelCount::Counted(self.state.account.spent),
            None => LabelCount::Unlimited,
        }
    }

    /// Takes in what a check found, and pays for the labels that it used. Tells whether the policy is to be kept.
    /// A check of which no episode ended on an overseen cell found nothing: it keeps nothing, stops nothing,
    /// costs nothing and is not reported, and the next one comes when it would have come after any other.
    pub fn take(&mut self, finding: Finding) -> Option<(HoldoutCheck, bool)> {
        let Finding { update_idx, signal, labels } = finding;
        let state = &mut self.state;
        state.latest_check = Some(update_idx);
        state.account.spent += labels;
        let signal = signal?;
        let verdict = self.rule.check(&mut state.memory, update_idx, signal.value());
        let (_, kept_update) = state.memory.kept.expect("a check leaves a checkpoint");
        let check = HoldoutCheck {
            update_idx,
            signal,
            account: self.holdout.as_ref().map(|_| state.account.balance(self.label_rate)),
            training_episodes: state.account.episodes,
            best: state.memory.best.map(|(best, _)| best),
            kept_update,
            kept_avg_return: state.kept_avg_return,
            stop: verdict.stop,
            labels: self.labels(),
        };
        Some((check, verdict.keep))
    }
}

#[cfg(test)]
mod tests {
    use gr_runs::{OverseenCells, Settings};

    use super::*;

    /// A run with a set of 50 episodes on overseen `cells`, whose training episodes earn half a label each.
    fn early_stopping(cells: &[u8]) -> (EarlyStopping, RunSpec) {
        let mut settings = Settings::default();
        settings.early_stopping.enabled = true;
        settings.early_stopping.holdout_episodes = 50;
        settings.overseer.cells = OverseenCells::Listed(cells.to_vec());
        let spec = RunSpec { method: "routing".into(), oversight: 1.0, seed: 3, settings };
        (EarlyStopping::of(&spec, None).unwrap(), spec)
    }

    fn check(
        (early_stopping, spec): &mut (EarlyStopping, RunSpec),
        update_idx: u64,
    ) -> Option<(HoldoutCheck, bool)> {
        if !early_stopping.can_check(update_idx) {
            return None;
        }
        let observations = early_stopping.observations(spec).len();
        let uniform = vec![[0.25; NUM_ACTIONS]; observations];
        let finding = early_stopping.find(spec, &uniform, update_idx);
        early_stopping.take(finding)
    }

    #[test]
    fn a_check_waits_for_the_price_of_the_set_and_pays_for_what_it_used() {
        let mut run = early_stopping(&[0, 1]);
        run.0.earn(99);
        assert_eq!(check(&mut run, 0), None);
        assert_eq!((run.0.state.latest_check, run.0.state.account.spent), (None, 0));
        run.0.earn(1);
        let (found, keep) = check(&mut run, 1).unwrap();
        let spent = run.0.state.account.spent;
        assert!(keep && (1..50).contains(&spent), "{spent}");
        assert_eq!(found.labels, LabelCount::Counted(spent));
        assert_eq!(found.account, Some(50.0 - spent as f64));
    }

    #[test]
    fn a_check_without_an_overseen_episode_keeps_nothing_stops_nothing_and_costs_nothing() {
        let mut run = early_stopping(&[]);
        run.0.earn(100);
        assert_eq!(check(&mut run, 0), None);
        let EarlyStoppingState { account, memory, latest_check, .. } = &run.0.state;
        assert_eq!((account.spent, *memory), (0, StoppingMemory::default()));
        assert_eq!((*latest_check, run.0.kept()), (Some(0), None));
    }
}
