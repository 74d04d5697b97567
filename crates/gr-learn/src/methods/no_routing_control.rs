//! Routing's network and losses with every mask 1: what the architecture does without routing.

use gr_grid::rewards::TERMINAL;
use gr_runs::{MaskSettings, RouteMask};

use super::method::{HoldoutUse, Method, all_updates, by_overseen_goal, overseen_goals};
use crate::network::NetworkKind;

pub(super) static METHOD: Method = Method {
    label: "no_routing_control",
    summary: "routing's network and losses, but every gradient goes everywhere",
    source: "Cloud et al. 2024, appendix on scalable oversight",
    network: NetworkKind::Routed,
    reward: &TERMINAL,
    route: by_overseen_goal,
    masks: |_| MaskSettings {
        diamond: RouteMask::ALL,
        ghost: RouteMask::ALL,
        both: RouteMask::ALL,
    },
    uses_label: overseen_goals,
    early_stopping: HoldoutUse::Optional,
    planned_updates: all_updates,
};
