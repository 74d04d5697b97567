//! Gradient routing: two experts, each taught by the overseen episodes that reached its goal.

use gr_grid::rewards::TERMINAL;

use super::method::{
    HoldoutUse, Method, all_updates, by_overseen_goal, configured_masks, overseen_goals,
};
use crate::network::NetworkKind;

pub(super) static METHOD: Method = Method {
    label: "routing",
    summary: "two experts and a gate; overseen episodes teach the expert of the goal they reached",
    source: "Cloud et al. 2024, section 4.3",
    network: NetworkKind::Routed,
    reward: &TERMINAL,
    route: by_overseen_goal,
    masks: configured_masks,
    uses_label: overseen_goals,
    early_stopping: HoldoutUse::Optional,
    planned_updates: all_updates,
};
