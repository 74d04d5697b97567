//! Routing by a coin: what routing does that has nothing to do with which goal was reached.

use gr_grid::rewards::TERMINAL;
use gr_runs::{Purpose, stream_at};
use rand::Rng;

use super::by_reward::by_reward_and_route;
use super::crediting::Route;
use super::method::{LabelUse, Method};

pub(super) static METHOD: Method = Method {
    label: "placebo_routing",
    summary: "routing, but overseen episodes teach the expert that a fair coin names",
    source: "docs/experiment.md, section 11",
    reward: Some(&TERMINAL),
    crediting: |spec| {
        let seed = spec.seed;
        by_reward_and_route(spec, &TERMINAL, move |episode, meter| {
            if !episode.overseen(meter) {
                return Route::Both;
            }
            let mut coin = stream_at(seed, Purpose::PlaceboRoutes, episode.env, episode.episode);
            if coin.next_u32() >> 31 == 0 { Route::Diamond } else { Route::Ghost }
        })
    },
    labels: LabelUse::Reward,
    ..Method::ROUTED
};
