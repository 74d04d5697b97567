//! Gradient routing: two experts, each taught by the overseen episodes that reached its goal.

use gr_grid::rewards::TERMINAL;

use super::by_reward::by_overseen_goal;
use super::method::Method;

pub(super) static METHOD: Method = Method {
    label: "routing",
    summary: "two experts and a gate; overseen episodes teach the expert of the goal they reached",
    source: "Cloud et al. 2024, section 4.3",
    reward: Some(&TERMINAL),
    crediting: by_overseen_goal,
    ..Method::ROUTED
};
