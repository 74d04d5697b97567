//! Early stopping on a holdout, for any method: checks its headline policy, keeps the best
//! checkpoint, says when to stop, and keeps the account of the labels that checks cost
//! (docs/experiment.md, section 8). Knows nothing of how a run is trained.

mod account;
mod holdout;
mod rule;

use gr_grid::{LabelledReturn, TrueReturn};
use gr_runs::{EvaluationMode, HoldoutReturn, HoldoutSource, LabelCount, RunSpec};

pub use account::LabelAccount;
use holdout::HoldoutSet;
pub use rule::StoppingMemory;
use rule::StoppingRule;
use serde::{Deserialize, Serialize};

use crate::evaluation::{NotFinite, evaluate, evaluate_tables};
use crate::methods::evaluation_rules;
use crate::network::{PolicyNetwork, PolicyType};

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
    fn can_check(&self, update_idx: u64) -> bool {
        let EarlyStoppingState { account, latest_check, .. } = &self.state;
        let due = latest_check.is_none_or(|latest| update_idx - latest >= self.check_every);
        let can_pay = |holdout: &HoldoutSet| account.can_pay(holdout.price(), self.label_rate);
        due && self.holdout.as_ref().is_none_or(can_pay)
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

    /// Checks the network after `update_idx`, if that is due and the labels of the whole set can be paid
    /// for, and pays for those that it used. Tells whether its parameters are to be kept. A check of which
    /// no episode ended on an overseen cell found nothing: it keeps nothing, stops nothing, costs nothing
    /// and is not reported, and the next one comes when it would have come after any other.
    pub fn check(
        &mut self,
        spec: &RunSpec,
        network: impl FnOnce() -> PolicyNetwork,
        headline: PolicyType,
        update_idx: u64,
    ) -> Result<Option<(HoldoutCheck, bool)>, NotFinite> {
        if !self.can_check(update_idx) {
            return Ok(None);
        }
        let network = network();
        let (signal, labels) = match &self.holdout {
            Some(holdout) => {
                let LabelledReturn { avg_return, labels } =
                    holdout.check(&network, headline, update_idx)?;
                (avg_return.map(|value| HoldoutSignal::Paid(HoldoutReturn::new(value))), labels)
            }
            None => (Some(HoldoutSignal::Privileged(true_return(&network, spec, headline)?)), 0),
        };
        let state = &mut self.state;
        state.latest_check = Some(update_idx);
        state.account.spent += labels;
        let Some(signal) = signal else { return Ok(None) };
        let verdict = self.rule.check(&mut state.memory, update_idx, signal.value());
        if verdict.keep {
            let kept_avg_return = match (signal, spec.settings.evaluation.mode) {
                (HoldoutSignal::Privileged(exact), EvaluationMode::Exact) => exact,
                _ => headline.of(evaluate(&network, spec, update_idx)?).avg_return,
            };
            state.kept_avg_return = Some(kept_avg_return);
        }
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
        Ok(Some((check, verdict.keep)))
    }
}

fn true_return(
    network: &PolicyNetwork,
    spec: &RunSpec,
    headline: PolicyType,
) -> Result<TrueReturn, NotFinite> {
    let rules = evaluation_rules(spec);
    let discount = spec.settings.training.discount;
    let envs = spec.settings.evaluation.envs;
    let evaluations = evaluate_tables(network, &[rules], discount, envs)?.swap_remove(0);
    Ok(headline.of(evaluations).avg_return)
}

#[cfg(test)]
mod tests {
    use gr_runs::{OverseenCells, Settings};

    use super::*;
    use crate::device::ComputeDevice;
    use crate::network::{Architecture, NetworkKind};

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
        let architecture =
            Architecture { kind: NetworkKind::SingleExpert, num_cells: 25, hidden: 4 };
        let parameters = architecture.initial_parameters(0);
        let network = || PolicyNetwork::new(architecture, &[parameters], &ComputeDevice::cpu());
        early_stopping.check(spec, network, PolicyType::Training, update_idx).unwrap()
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
