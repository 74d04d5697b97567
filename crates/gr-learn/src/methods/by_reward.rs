//! Crediting by one of the rewards that have a name, which most methods do.

use gr_grid::Ending;
use gr_grid::rewards::{Reward, TERMINAL};
use gr_runs::RunSpec;

use super::crediting::{Credit, Crediting, PerEpisode, Route};
use super::labels::{EndedEpisode, LabelMeter};

/// The reward that a run trains on: `training.reward`, or the method's own.
pub(super) fn reward_of(spec: &RunSpec, own: &'static Reward) -> &'static Reward {
    let configured = spec.settings.training.reward.name();
    configured.map_or(own, |name| Reward::find(name).expect("checked settings name a reward"))
}

/// What `reward` pays for an episode, reading the labels that it needs: of overseen episodes where it
/// tells the goals apart when they are seen, of the others where it tells them apart unseen. `None`
/// where such a label cannot be read any more.
pub(super) fn paid(reward: &Reward, episode: &EndedEpisode, meter: &mut LabelMeter) -> Option<f32> {
    let seen = episode.overseen(meter);
    if !episode.on_goal {
        return Some(reward.pay(Ending::TimeLimit, seen));
    }
    if !reward.tells_apart(seen) {
        return Some(reward.pay(Ending::Diamond, seen));
    }
    Some(reward.pay(episode.any_label(meter)?, seen))
}

/// Crediting by a reward, with a route for each episode. Episodes whose label the reward needs and the
/// budget does not reach are left out.
pub(super) fn by_reward_and_route(
    spec: &RunSpec,
    own: &'static Reward,
    route: impl Fn(&EndedEpisode, &mut LabelMeter) -> Route + Send + Sync + 'static,
) -> Box<dyn Crediting> {
    let reward = reward_of(spec, own);
    let credit = move |episode: &EndedEpisode, meter: &mut LabelMeter| {
        let route = route(episode, meter);
        let earned = paid(reward, episode, meter);
        earned.map_or(Credit::LEFT_OUT, |reward| Credit { route, ..Credit::earning(reward) })
    };
    let is_limited = spec.settings.overseer.label_budget.labels().is_some();
    if reward.tells_apart(false) && is_limited {
        PerEpisode::leaving_out(credit)
    } else {
        PerEpisode::new(credit)
    }
}

/// Crediting by a reward alone: every sample takes the route of both.
pub(super) fn by_reward(spec: &RunSpec, own: &'static Reward) -> Box<dyn Crediting> {
    by_reward_and_route(spec, own, |_, _| Route::Both)
}

/// Crediting by the reward that cannot tell the goals apart, overseen episodes teaching the expert of
/// the goal that they reached.
pub(super) fn by_overseen_goal(spec: &RunSpec) -> Box<dyn Crediting> {
    by_reward_and_route(spec, &TERMINAL, |episode, meter| Route::of(episode.label(meter)))
}
