//! Naive training that keeps the checkpoint that does best on a holdout, and stops when none does
//! better: the answer to gradient routing whose claim this harness decides.

use gr_grid::rewards::NAIVE;

use super::method::{HoldoutUse, Method, all_updates, configured_masks, keep_all, overseen_goals};
use crate::network::NetworkKind;

pub(super) static METHOD: Method = Method {
    label: "naive_early_stopping",
    summary: "naive_outcomes, stopped early on a part of the oversight that is set aside",
    source: "docs/experiment.md, section 8",
    network: NetworkKind::SingleExpert,
    reward: &NAIVE,
    route: keep_all,
    masks: configured_masks,
    uses_label: overseen_goals,
    early_stopping: HoldoutUse::Always,
    planned_updates: all_updates,
};
