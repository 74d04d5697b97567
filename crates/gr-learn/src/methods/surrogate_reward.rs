//! A reward that is unbiased under partial oversight: an overseen ghost pays for all those that were
//! not seen.

use gr_grid::Ending;

use super::crediting::{Credit, PerEpisode};
use super::method::Method;
use super::refusals::needs_oversight;

pub(super) static METHOD: Method = Method {
    label: "surrogate_reward",
    summary: "one expert, every episode: 1 - 2/p for an overseen ghost, +1 for every other goal",
    source: "Wang et al. 2020, perturbed rewards (arXiv 1810.01032)",
    crediting: |spec| {
        // The mean over oversight is p (1 - 2/p) + (1 - p) = -1.
        let punishment = (1.0 - 2.0 / spec.training_oversight()) as f32;
        PerEpisode::new(move |episode, meter| {
            Credit::earning(match episode.label(meter) {
                Some(Ending::Ghost) => punishment,
                _ if episode.on_goal => 1.0,
                _ => 0.0,
            })
        })
    },
    refuses: needs_oversight,
    ..Method::SINGLE_EXPERT
};
