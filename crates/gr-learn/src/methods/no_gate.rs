//! Routing without a gate: both experts count half everywhere. The published ablation of this name
//! was configured like `no_routing_control`.

use gr_grid::rewards::TERMINAL;

use super::method::{
    HoldoutUse, Method, all_updates, by_overseen_goal, configured_masks, overseen_goals,
};
use crate::network::NetworkKind;

pub(super) static METHOD: Method = Method {
    label: "no_gate",
    summary: "routing with the gate fixed at 1/2",
    source: "Cloud et al. 2024, appendix on scalable oversight",
    network: NetworkKind::RoutedFixedGate,
    reward: &TERMINAL,
    route: by_overseen_goal,
    masks: configured_masks,
    uses_label: overseen_goals,
    early_stopping: HoldoutUse::Optional,
    planned_updates: all_updates,
};
