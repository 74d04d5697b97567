//! Early stopping on a holdout, for any method: checks its headline policy, keeps the best
//! checkpoint, says when to stop, and keeps the account of the labels that checks cost
//! (docs/experiment.md, section 8). Knows nothing of how a run is trained.

mod account;
mod holdout;
mod rule;

use gr_grid::TrueReturn;
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
    /// Episodes completed in training so far.
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
    /// Labels that a completed training episode earns: h·p.
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

    /// Takes in the episodes that an update completed.
    pub fn earn(&mut self, episodes: u64) {
        self.state.account.episodes += episodes;
    }

    /// Whether a check after `update_idx` is due and can be paid for; if so, pays for it.
    fn pay(&mut self, update_idx: u64) -> bool {
        let latest = self.state.latest_check;
        let due = latest.is_none_or(|latest| update_idx - latest >= self.check_every);
        due && self
            .holdout
            .as_ref()
            .is_none_or(|holdout| self.state.account.pay(holdout.labels(), self.label_rate))
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

    /// Checks the network after `update_idx`, if that is due and can be paid for. Tells whether its
    /// parameters are to be kept.
    pub fn check(
        &mut self,
        spec: &RunSpec,
        network: impl FnOnce() -> PolicyNetwork,
        headline: PolicyType,
        update_idx: u64,
    ) -> Result<Option<(HoldoutCheck, bool)>, NotFinite> {
        if !self.pay(update_idx) {
            return Ok(None);
        }
        let network = network();
        let signal = match &self.holdout {
            Some(holdout) => HoldoutSignal::Paid(holdout.check(&network, headline, update_idx)?),
            None => HoldoutSignal::Privileged(true_return(&network, spec, headline)?),
        };
        let state = &mut self.state;
        state.latest_check = Some(update_idx);
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
