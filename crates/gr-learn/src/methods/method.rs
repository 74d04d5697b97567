//! What a method is: how an episode is credited, which network it trains, whose labels it uses.

use gr_grid::Ending;
use gr_grid::rewards::Reward;
use gr_runs::{MaskSettings, RouteMask};

use crate::network::{NetworkKind, PolicyType};

/// Where the gradient of a sample goes in a routed network (docs/experiment.md, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// To both experts.
    Both = 0,
    /// To the diamond expert.
    Diamond = 1,
    /// To the ghost expert.
    Ghost = 2,
}

/// Number of routes.
pub const NUM_ROUTES: usize = Route::ALL.len();

impl Route {
    /// Every route, in the order in which whatever has a value for each route keeps them.
    pub const ALL: [Self; 3] = [Self::Both, Self::Diamond, Self::Ghost];

    /// The mask of the route's samples.
    pub fn mask(self, masks: &MaskSettings) -> &RouteMask {
        match self {
            Self::Both => &masks.both,
            Self::Diamond => &masks.diamond,
            Self::Ghost => &masks.ghost,
        }
    }
}

/// What is known of a sample's episode at the end of the rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The episode goes on beyond the rollout.
    Unfinished,
    /// It ended inside the rollout.
    Ended {
        /// How.
        ending: Ending,
        /// Whether the cell on which it ended was flagged.
        overseen: bool,
    },
}

/// Whether a method is stopped early on a holdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldoutUse {
    /// Where the configuration asks for it.
    Optional,
    /// Always.
    Always,
    /// Never: it would be pointless or dishonest.
    Refused,
}

/// A way to train.
#[derive(Debug)]
pub struct Method {
    /// Name in configurations and CSV columns.
    pub label: &'static str,
    /// One line for `gr-sweep methods`.
    pub summary: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// The network that it trains.
    pub network: NetworkKind,
    /// The reward that it trains on.
    pub reward: &'static Reward,
    /// The route of a sample; `None` leaves it out of every sum. Single-expert networks take no
    /// notice of which route it is.
    pub route: fn(Outcome) -> Option<Route>,
    /// The masks that it trains with, given those of the configuration.
    pub masks: fn(&MaskSettings) -> MaskSettings,
    /// Whether it uses the true label of an episode that ended so, overseen or not.
    pub uses_label: fn(Ending, bool) -> bool,
    /// Whether it is stopped early.
    pub early_stopping: HoldoutUse,
    /// Updates that it trains, of those configured, at an oversight level.
    pub planned_updates: fn(u64, f64) -> u64,
}

impl Method {
    /// Whether samples can be left out.
    pub fn drops_samples(&self) -> bool {
        [Ending::Diamond, Ending::Ghost, Ending::TimeLimit].into_iter().any(|ending| {
            [false, true]
                .into_iter()
                .any(|overseen| (self.route)(Outcome::Ended { ending, overseen }).is_none())
        })
    }

    /// The policy that the method is judged by.
    pub fn headline(&self) -> PolicyType {
        self.network.headline()
    }
}

/// Every sample counts and takes the route of both.
pub(super) fn keep_all(_: Outcome) -> Option<Route> {
    Some(Route::Both)
}

/// Samples of overseen episodes take the route of the goal reached.
pub(super) fn by_overseen_goal(outcome: Outcome) -> Option<Route> {
    Some(match outcome {
        Outcome::Ended { ending: Ending::Diamond, overseen: true } => Route::Diamond,
        Outcome::Ended { ending: Ending::Ghost, overseen: true } => Route::Ghost,
        _ => Route::Both,
    })
}

/// The label of an episode that ended on a flagged goal.
pub(super) fn overseen_goals(ending: Ending, overseen: bool) -> bool {
    overseen && ending != Ending::TimeLimit
}

pub(super) fn configured_masks(masks: &MaskSettings) -> MaskSettings {
    masks.clone()
}

pub(super) fn all_updates(updates: u64, _oversight: f64) -> u64 {
    updates
}
