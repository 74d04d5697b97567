//! Train on what the overseer reports: the policy can learn to behave only where it is watched.

use gr_grid::rewards::NAIVE;

use super::by_reward::by_reward;
use super::method::{LabelUse, Method};

pub(super) static METHOD: Method = Method {
    label: "naive_outcomes",
    summary: "one expert, every episode, the reward that partial oversight yields",
    source: "Cloud et al. 2024, section 4.3",
    reward: Some(&NAIVE),
    crediting: |spec| by_reward(spec, &NAIVE),
    labels: LabelUse::Reward,
    ..Method::SINGLE_EXPERT
};
