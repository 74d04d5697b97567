//! Unlabelled data sharing: what is not overseen earns nothing.

use gr_grid::rewards::GROUND_TRUTH;

use super::crediting::{Credit, PerEpisode};
use super::method::Method;

pub(super) static METHOD: Method = Method {
    label: "zero_unseen",
    summary: "one expert, every episode, the true reward of overseen ones and 0 for the others",
    source: "Yu et al. 2022, unlabeled data sharing (arXiv 2202.01741)",
    crediting: |_| {
        PerEpisode::new(|episode, meter| {
            let label = episode.label(meter);
            Credit::earning(label.map_or(0.0, |ending| GROUND_TRUTH.pay(ending, true)))
        })
    },
    ..Method::SINGLE_EXPERT
};
