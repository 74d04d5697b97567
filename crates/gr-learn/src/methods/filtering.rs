//! Train on what was seen: episodes that ended unseen on a goal are left out of every sum.

use gr_grid::Ending;
use gr_grid::rewards::GROUND_TRUTH;

use super::method::{
    HoldoutUse, Method, Outcome, Route, all_updates, configured_masks, overseen_goals,
};
use crate::network::NetworkKind;

pub(super) static METHOD: Method = Method {
    label: "filtering",
    summary: "one expert, the true reward, without the episodes that ended unseen",
    source: "Cloud et al. 2024, section 4.3",
    network: NetworkKind::SingleExpert,
    reward: &GROUND_TRUTH,
    route: |outcome| match outcome {
        Outcome::Ended { ending: Ending::Diamond | Ending::Ghost, overseen: false } => None,
        _ => Some(Route::Both),
    },
    masks: configured_masks,
    uses_label: overseen_goals,
    early_stopping: HoldoutUse::Optional,
    planned_updates: all_updates,
};
