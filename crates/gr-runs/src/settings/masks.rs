//! Routing masks: what the gradient of each route's samples is multiplied by on each edge
//! (docs/experiment.md, section 5).

use serde::{Deserialize, Serialize};

use super::accepts::WEIGHT;
use super::key::{Key, value_of};

/// Routing masks, one per route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MaskSettings {
    /// The mask of samples that ended overseen on the diamond.
    pub diamond: RouteMask,
    /// The mask of samples that ended overseen on the ghost.
    pub ghost: RouteMask,
    /// The mask of all other samples.
    pub both: RouteMask,
}

/// What the gradient of one route's samples is multiplied by on each edge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteMask {
    /// The factor of the gradient into the diamond expert.
    pub diamond_expert: f32,
    /// The factor of the gradient into the ghost expert.
    pub ghost_expert: f32,
    /// The factor of the gradient into the gate, through the policy.
    pub gate: f32,
    /// The factor of the gradient into the output layer's own weights.
    pub output: f32,
}

/// A part of a routed network into which a gradient flows, and can be masked. The numbers are the order in
/// which whatever has a value for each edge keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The diamond expert.
    DiamondExpert = 0,
    /// The ghost expert.
    GhostExpert = 1,
    /// The gate, through the policy.
    Gate = 2,
    /// The output layer's own weights.
    Output = 3,
}

impl Edge {
    /// Every edge, in order.
    pub const ALL: [Self; 4] = [Self::DiamondExpert, Self::GhostExpert, Self::Gate, Self::Output];
}

impl RouteMask {
    /// The mask that lets every gradient pass unchanged.
    pub const ALL: Self = Self { diamond_expert: 1.0, ghost_expert: 1.0, gate: 1.0, output: 1.0 };

    /// The factor of the gradient on `edge`.
    pub fn weight(&self, edge: Edge) -> f32 {
        match edge {
            Edge::DiamondExpert => self.diamond_expert,
            Edge::GhostExpert => self.ghost_expert,
            Edge::Gate => self.gate,
            Edge::Output => self.output,
        }
    }
}

impl Default for MaskSettings {
    fn default() -> Self {
        let only_output =
            RouteMask { diamond_expert: 0.0, ghost_expert: 0.0, gate: 0.0, output: 1.0 };
        Self {
            diamond: RouteMask { diamond_expert: 1.0, ..only_output },
            ghost: RouteMask { ghost_expert: 1.0, ..only_output },
            both: RouteMask::ALL,
        }
    }
}

/// The keys of routes × edges.
macro_rules! mask_keys {
    ($($route:ident $samples:literal: $($edge:ident $part:literal),+;)+) => {
        &[$($(Key {
            path: concat!("masks.", stringify!($route), ".", stringify!($edge)),
            meaning: concat!(
                "The gradient of ", $samples, " is multiplied by this on its way into ", $part, "."
            ),
            accepts: WEIGHT,
            flag: "",
            value: |file| value_of(&file.settings.masks.$route.$edge),
        }),+),+]
    };
}

/// The keys of all masks.
pub(super) static MASK_KEYS: &[Key] = mask_keys! {
    diamond "samples that ended overseen on the diamond":
        diamond_expert "the diamond expert", ghost_expert "the ghost expert",
        gate "the gate, through the policy", output "the output layer's own weights";
    ghost "samples that ended overseen on the ghost":
        diamond_expert "the diamond expert", ghost_expert "the ghost expert",
        gate "the gate, through the policy", output "the output layer's own weights";
    both "samples that ended unseen, timed out or go on beyond the rollout":
        diamond_expert "the diamond expert", ghost_expert "the ghost expert",
        gate "the gate, through the policy", output "the output layer's own weights";
};
