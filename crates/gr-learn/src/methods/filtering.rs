//! Train on what was seen: episodes that ended unseen on a goal are left out of every sum.

use gr_grid::rewards::GROUND_TRUTH;

use super::by_reward::{paid, reward_of};
use super::crediting::{Credit, PerEpisode};
use super::method::{LabelUse, Method};

pub(super) static METHOD: Method = Method {
    label: "filtering",
    summary: "one expert, the true reward, without the episodes that ended unseen",
    source: "Cloud et al. 2024, section 4.3",
    reward: Some(&GROUND_TRUTH),
    crediting: |spec| {
        let reward = reward_of(spec, &GROUND_TRUTH);
        PerEpisode::leaving_out(move |episode, meter| {
            if episode.on_goal && !episode.overseen(meter) {
                return Credit::LEFT_OUT;
            }
            paid(reward, episode, meter).map_or(Credit::LEFT_OUT, Credit::earning)
        })
    },
    labels: LabelUse::Reward,
    ..Method::SINGLE_EXPERT
};
