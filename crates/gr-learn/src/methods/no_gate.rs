//! Routing without a gate: both experts count half everywhere. The published ablation of this name
//! was configured like `no_routing_control`.

use gr_grid::rewards::TERMINAL;

use super::by_reward::by_overseen_goal;
use super::method::Method;
use crate::network::NetworkKind;

pub(super) static METHOD: Method = Method {
    label: "no_gate",
    summary: "routing with the gate fixed at 1/2",
    source: "Cloud et al. 2024, appendix on scalable oversight",
    network: NetworkKind::RoutedFixedGate,
    reward: Some(&TERMINAL),
    crediting: by_overseen_goal,
    ..Method::ROUTED
};
