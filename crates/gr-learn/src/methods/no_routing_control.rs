//! Routing's network and losses with every mask 1: what the architecture does without routing.

use gr_grid::rewards::TERMINAL;
use gr_runs::{MaskSettings, RouteMask};

use super::by_reward::by_overseen_goal;
use super::method::Method;

pub(super) static METHOD: Method = Method {
    label: "no_routing_control",
    summary: "routing's network and losses, but every gradient goes everywhere",
    source: "Cloud et al. 2024, appendix on scalable oversight",
    reward: Some(&TERMINAL),
    crediting: by_overseen_goal,
    masks: |_| MaskSettings {
        diamond: RouteMask::ALL,
        ghost: RouteMask::ALL,
        both: RouteMask::ALL,
    },
    ..Method::ROUTED
};
