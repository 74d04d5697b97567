//! Which settings matter to a method: what its network, its masks and its early stopping leave to each
//! key of a configuration.

use gr_runs::{EvaluationMode, HoldoutSource, MaskSettings, Patience, RouteMask, Settings};

use super::method::{HoldoutUse, Method};
use super::registry::methods;

/// What a setting can change in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What is trained, found or written.
    Some,
    /// Nothing but a column that counts or annotates, for this reason.
    Column(&'static str),
    /// Nothing, for this reason.
    None(&'static str),
}

impl Method {
    /// Whether runs of this method are stopped early under the settings `configured`.
    pub fn stops_early(&self, configured: &Settings) -> bool {
        match self.early_stopping {
            HoldoutUse::Always => true,
            HoldoutUse::Optional => configured.early_stopping.enabled,
            HoldoutUse::Refused => false,
        }
    }

    /// What the setting at the dotted `key` can change in a run of this method at oversight level
    /// `oversight`, the settings `configured` being as they are.
    pub fn effect_of(&self, key: &str, configured: &Settings, oversight: f64) -> Effect {
        let gate_loss = configured.training.gate_loss_coefficient;
        match key.split_once('.').unwrap_or(("", key)) {
            ("early_stopping", name) => self.effect_on_stopping(name, configured),
            ("masks", mask) => self.effect_of_mask(mask, oversight),
            ("training", "gate_loss_coefficient" | "gate_loss_no_oversight")
                if !self.network.has_gate() =>
            {
                Effect::None("its network learns no gate")
            }
            ("environment", "flag_visibility") | ("overseer", "cells")
                if oversight == 0.0 && configured.environment.spurious_oversight == 0.0 =>
            {
                Effect::None("no flag is drawn at p = 0")
            }
            ("training", "overseen_weight") if oversight == 0.0 => {
                Effect::None("no episode is overseen at p = 0")
            }
            (table, _) if table != self.label && methods().any(|other| other.label == table) => {
                Effect::None("it is a setting of another method")
            }
            ("training", "gate_loss_no_oversight") if gate_loss == 0.0 => Effect::None(
                "training.gate_loss_coefficient is 0, and with it all of the gate loss",
            ),
            ("evaluation", "envs") if configured.evaluation.mode == EvaluationMode::Exact => {
                Effect::Column(
                    "evaluation is exact, so that it only scales the column n_complete_eps",
                )
            }
            _ => Effect::Some,
        }
    }

    fn effect_on_stopping(&self, name: &str, configured: &Settings) -> Effect {
        let settings = &configured.early_stopping;
        let stops = self.stops_early(configured);
        let privileged = settings.holdout_source == HoldoutSource::Privileged;
        match name {
            "enabled" if self.early_stopping == HoldoutUse::Always => {
                Effect::None("it always stops early")
            }
            "enabled" => Effect::Some,
            _ if self.early_stopping == HoldoutUse::Refused => Effect::None("it never stops early"),
            _ if !stops => Effect::None(
                "it stops early only where early_stopping.enabled is true, as with --early-stopping",
            ),
            "holdout_fraction" | "holdout_episodes" if privileged => Effect::None(
                "early_stopping.holdout_source is \"privileged\", which sets no episodes aside",
            ),
            "tolerance" | "min_steps" if settings.patience == Patience::Unlimited => {
                Effect::Column(
                    "early_stopping.patience is \"unlimited\", so that it only moves what the column of the \
                 best check says",
                )
            }
            _ => Effect::Some,
        }
    }

    fn effect_of_mask(&self, mask: &str, oversight: f64) -> Effect {
        let all = |weight: f32| {
            let mask = RouteMask {
                diamond_expert: weight,
                ghost_expert: weight,
                gate: weight,
                output: weight,
            };
            (self.masks)(&MaskSettings { diamond: mask, ghost: mask, both: mask })
        };
        if !self.network.is_routed() {
            Effect::None("its single expert has no routes to mask")
        } else if all(0.0) == all(1.0) {
            Effect::None("it sets every mask itself")
        } else if !self.network.has_gate() && mask.ends_with(".gate") {
            Effect::None("its gate is fixed, so that no gradient goes into it")
        } else if oversight == 0.0 && !mask.starts_with("both.") {
            Effect::None("no episode is overseen at p = 0")
        } else {
            Effect::Some
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::METHODS;
    use super::*;

    fn ignoring(key: &str, change: fn(&mut Settings)) -> Vec<&'static str> {
        let mut settings = Settings::default();
        change(&mut settings);
        let ignores =
            |method: &&&Method| matches!(method.effect_of(key, &settings, 0.1), Effect::None(_));
        METHODS.iter().filter(ignores).map(|method| method.label).collect()
    }

    /// Methods with a single expert.
    fn single() -> Vec<&'static str> {
        let single = METHODS.iter().filter(|method| !method.network.is_routed());
        single.map(|method| method.label).collect()
    }

    #[test]
    fn masks_and_gates_matter_to_who_has_them() {
        let both = [&["no_routing_control"], &single()[..]].concat();
        assert_eq!(ignoring("masks.both.output", |_| {}), both);
        let no_gate = [&["no_routing_control", "no_gate"], &single()[..]].concat();
        assert_eq!(ignoring("masks.ghost.gate", |_| {}), no_gate);
        let unlearnt = [&["no_gate"], &single()[..]].concat();
        assert_eq!(ignoring("training.gate_loss_coefficient", |_| {}), unlearnt);
        let without = |settings: &mut Settings| settings.training.gate_loss_coefficient = 0.0;
        assert_eq!(ignoring("training.gate_loss_no_oversight", without).len(), METHODS.len());
        let routing = Method::find("routing").unwrap();
        let effect = |key| routing.effect_of(key, &Settings::default(), 0.0);
        assert!(matches!(effect("masks.ghost.output"), Effect::None(_)));
        assert_eq!(effect("masks.both.output"), Effect::Some);
    }

    #[test]
    fn the_rule_matters_where_runs_stop_early() {
        let stopping = ["naive_early_stopping"];
        let ignores = ignoring("early_stopping.patience", |_| {});
        assert!(METHODS.iter().all(|m| stopping.contains(&m.label) != ignores.contains(&m.label)));
        let on = |settings: &mut Settings| settings.early_stopping.enabled = true;
        assert_eq!(ignoring("early_stopping.patience", on), ["oracle"]);
        let privileged = |settings: &mut Settings| {
            settings.early_stopping.holdout_source = HoldoutSource::Privileged;
        };
        assert_eq!(ignoring("early_stopping.holdout_fraction", privileged).len(), METHODS.len());
        assert_eq!(ignoring("early_stopping.enabled", |_| {}), stopping);
        assert_eq!(ignoring("early_stopping.enabled", on), stopping);
    }

    #[test]
    fn what_every_run_depends_on_matters_to_all() {
        for key in gr_runs::keys() {
            let table = key.path.split('.').next().unwrap_or_default();
            if !["masks", "early_stopping"].contains(&table) && !key.path.contains("gate_loss") {
                assert!(ignoring(key.path, |_| {}).is_empty(), "{}", key.path);
            }
        }
    }
}
