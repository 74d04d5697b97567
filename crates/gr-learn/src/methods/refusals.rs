//! Which settings of a run its method cannot have, and why.

use gr_grid::rewards::Reward;
use gr_runs::{OverseenCells, OverseenWeight, RunSpec};

use super::by_reward::reward_of;
use super::method::{LabelUse, Method};

impl Method {
    /// Why `spec`, a run of this method, cannot be trained, in one sentence that names the settings and
    /// the way out; `None` if it can.
    pub fn refusal(&self, spec: &RunSpec) -> Option<String> {
        let settings = &spec.settings;
        let (overseer, training) = (&settings.overseer, &settings.training);
        let refuse = |setting: String, reason: &str| {
            Some(format!(
                "{setting} is not accepted with the method {}: {reason}; leave one of them out",
                self.label
            ))
        };
        if let (None, Some(name)) = (self.reward, training.reward.name()) {
            return refuse(format!("training.reward = \"{name}\""), "it makes its own reward");
        }
        if !self.reads_labels(spec) {
            const REASON: &str = "it reads no labels";
            if overseer.label_noise > 0.0 {
                return refuse(
                    format!("overseer.label_noise = {:?}", overseer.label_noise),
                    REASON,
                );
            }
            if let Some(labels) = overseer.label_budget.labels() {
                return refuse(format!("overseer.label_budget = {labels}"), REASON);
            }
        }
        if (self.picks_labels)(spec) {
            let visibility = settings.environment.flag_visibility;
            if visibility != 1.0 {
                return refuse(
                    format!("environment.flag_visibility = {visibility:?}"),
                    "it picks what is labelled, so that there are no flags to see",
                );
            }
            if overseer.cells != OverseenCells::All {
                return refuse(
                    format!("overseer.cells = {}", overseer.cells),
                    "it picks what is labelled, wherever that is",
                );
            }
        }
        if training.overseen_weight == OverseenWeight::InverseOversight
            && spec.training_oversight() == 0.0
        {
            return Some(format!(
                "training.overseen_weight = \"1/p\" is no number at oversight = {:?}; set a number, or \
                 oversight above 0",
                spec.oversight
            ));
        }
        (self.refuses)(spec)
    }

    /// Whether a run of this method reads labels.
    pub fn reads_labels(&self, spec: &RunSpec) -> bool {
        let pays_by_label = |own: &'static Reward| {
            let reward = reward_of(spec, own);
            [false, true].into_iter().any(|overseen| reward.tells_apart(overseen))
        };
        match self.labels {
            LabelUse::None => false,
            LabelUse::Reward => self.reward.is_some_and(pays_by_label),
            LabelUse::Always => true,
        }
    }
}

/// Refuses a run in which nothing is overseen, of a method that divides by how much is.
pub(super) fn needs_oversight(spec: &RunSpec) -> Option<String> {
    (spec.training_oversight() == 0.0).then(|| {
        format!(
            "oversight = {:?} is not accepted with the method {}, which divides by it; set oversight above \
             0 or leave the method out",
            spec.oversight, spec.method
        )
    })
}
