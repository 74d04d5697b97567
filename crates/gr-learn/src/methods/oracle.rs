//! Full oversight for as many updates as use the same number of labels.

use gr_grid::rewards::GROUND_TRUTH;

use super::by_reward::by_reward;
use super::method::{HoldoutUse, LabelUse, Method};

pub(super) static METHOD: Method = Method {
    label: "oracle",
    summary: "one expert, every episode, the true reward; p times as many updates (same labels)",
    source: "Cloud et al. 2024, section 4.3 (oracle filtering)",
    reward: Some(&GROUND_TRUTH),
    crediting: |spec| by_reward(spec, &GROUND_TRUTH),
    labels: LabelUse::Reward,
    early_stopping: HoldoutUse::Refused,
    // The small term keeps 0.29 × 100 from becoming 28 in floating point.
    planned_updates: |updates, oversight| (oversight * updates as f64 + 1e-9) as u64,
    ..Method::SINGLE_EXPERT
};
