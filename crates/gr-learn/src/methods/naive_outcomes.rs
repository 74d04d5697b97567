//! Train on what the overseer reports: the policy can learn to behave only where it is watched.

use gr_grid::rewards::NAIVE;

use super::method::{HoldoutUse, Method, all_updates, configured_masks, keep_all, overseen_goals};
use crate::network::NetworkKind;

pub(super) static METHOD: Method = Method {
    label: "naive_outcomes",
    summary: "one expert, every episode, the reward that partial oversight yields",
    source: "Cloud et al. 2024, section 4.3",
    network: NetworkKind::SingleExpert,
    reward: &NAIVE,
    route: keep_all,
    masks: configured_masks,
    uses_label: overseen_goals,
    early_stopping: HoldoutUse::Optional,
    planned_updates: all_updates,
};
