//! What a method is: which network it trains, how it credits episodes, how many updates it gets.

use gr_grid::rewards::Reward;
use gr_runs::{Key, MaskSettings, RunSpec};

use super::crediting::{Crediting, PerEpisode};
use crate::network::{NetworkKind, PolicyType};

/// Whether a method is stopped early on a holdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldoutUse {
    /// Where the configuration asks for it.
    Optional,
    /// Always.
    Always,
    /// Never: it would be pointless or dishonest.
    Refused,
}

/// Which labels a method reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelUse {
    /// None at all: noise and a budget of labels mean nothing to it.
    None,
    /// Those that paying its reward takes.
    Reward,
    /// Some whatever its reward is.
    Always,
}

/// A way to train. Those of [`Method::SINGLE_EXPERT`] that say nothing of a field have its value.
#[derive(Debug)]
pub struct Method {
    /// Name in configurations and CSV columns, and of the table of its own settings.
    pub label: &'static str,
    /// One line for `gr-sweep methods`.
    pub summary: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// The network that it trains.
    pub network: NetworkKind,
    /// The reward that it trains on unless the configuration names another; `None` where it makes
    /// its own.
    pub reward: Option<&'static Reward>,
    /// How it credits the episodes of a run.
    pub crediting: fn(&RunSpec) -> Box<dyn Crediting>,
    /// Which labels it reads.
    pub labels: LabelUse,
    /// Whether it picks what is labelled after each rollout: no flags are drawn in training, and the
    /// agent sees none anywhere.
    pub picks_labels: fn(&RunSpec) -> bool,
    /// The masks that it trains with, given those of the configuration.
    pub masks: fn(&MaskSettings) -> MaskSettings,
    /// Whether it is stopped early.
    pub early_stopping: HoldoutUse,
    /// Updates that it trains, of those configured, at an oversight level.
    pub planned_updates: fn(u64, f64) -> u64,
    /// The keys of its own settings, as [`gr_runs::method_settings`] makes them.
    pub settings: &'static [Key],
    /// Why settings of a run cannot be, as one sentence that names them and the way out.
    pub refuses: fn(&RunSpec) -> Option<String>,
}

impl Method {
    /// What most methods have in common: one expert, all of the configured updates, no settings of its
    /// own, early stopping where it is asked for.
    pub const SINGLE_EXPERT: Self = Self {
        label: "",
        summary: "",
        source: "",
        network: NetworkKind::SingleExpert,
        reward: None,
        crediting: |_| PerEpisode::new(|_, _| super::Credit::BOTH),
        labels: LabelUse::Always,
        picks_labels: |_| false,
        masks: MaskSettings::clone,
        early_stopping: HoldoutUse::Optional,
        planned_updates: |updates, _| updates,
        settings: &[],
        refuses: |_| None,
    };

    /// Two experts and a gate that is learnt, and otherwise as [`Method::SINGLE_EXPERT`].
    pub const ROUTED: Self = Self { network: NetworkKind::Routed, ..Self::SINGLE_EXPERT };

    /// The policy that the method is judged by.
    pub fn headline(&self) -> PolicyType {
        self.network.headline()
    }
}
