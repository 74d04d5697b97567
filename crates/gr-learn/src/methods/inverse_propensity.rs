//! Overseen rewards weighted by how rare they are, so that their sum is unbiased: its variance is what
//! that costs.

use gr_grid::rewards::GROUND_TRUTH;

use super::crediting::{Credit, PerEpisode};
use super::method::Method;
use super::refusals::needs_oversight;

pub(super) static METHOD: Method = Method {
    label: "inverse_propensity",
    summary: "zero_unseen with overseen rewards divided by p",
    source: "Horvitz and Thompson 1952; docs/experiment.md, section 11",
    crediting: |spec| {
        let scale = (1.0 / spec.training_oversight()) as f32;
        PerEpisode::new(move |episode, meter| {
            let label = episode.label(meter);
            Credit::earning(label.map_or(0.0, |ending| scale * GROUND_TRUTH.pay(ending, true)))
        })
    },
    refuses: needs_oversight,
    ..Method::SINGLE_EXPERT
};
