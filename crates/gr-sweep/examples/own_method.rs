//! `gr-sweep` with a method that is not part of it: an overseen ghost costs a fine, every other goal
//! pays 1.

use gr_sweep::gr_grid::Ending;
use gr_sweep::gr_learn::{Credit, Method, PerEpisode};
use gr_sweep::gr_runs::{NOT_NEGATIVE, method_settings};

method_settings! {
    /// Settings of the method.
    fined_ghosts: FinedGhostsSettings {
        /// An overseen ghost costs this much.
        fine: f64 = 10.0, NOT_NEGATIVE;
    }
}

static FINED_GHOSTS: Method = Method {
    label: "fined_ghosts",
    summary: "one expert, +1 for either goal, a fine for an overseen ghost",
    source: "an example",
    crediting: |spec| {
        let fine = FinedGhostsSettings::of(&spec.settings).fine as f32;
        PerEpisode::new(move |episode, meter| {
            Credit::earning(match episode.label(meter) {
                Some(Ending::Ghost) => -fine,
                _ if episode.on_goal => 1.0,
                _ => 0.0,
            })
        })
    },
    settings: FinedGhostsSettings::KEYS,
    ..Method::SINGLE_EXPERT
};

fn main() -> std::process::ExitCode {
    gr_sweep::main_with(&[&FINED_GHOSTS])
}
