//! Naive training that keeps the checkpoint that does best on a holdout, and stops when none does
//! better: the answer to gradient routing whose claim this harness decides.

use gr_grid::rewards::NAIVE;

use super::by_reward::by_reward;
use super::method::{HoldoutUse, LabelUse, Method};

pub(super) static METHOD: Method = Method {
    label: "naive_early_stopping",
    summary: "naive_outcomes, stopped early on a part of the oversight that is set aside",
    source: "docs/experiment.md, section 8",
    reward: Some(&NAIVE),
    crediting: |spec| by_reward(spec, &NAIVE),
    labels: LabelUse::Reward,
    early_stopping: HoldoutUse::Always,
    ..Method::SINGLE_EXPERT
};
