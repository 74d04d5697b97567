//! The loss of one update and its gradient with respect to what the networks put out, from
//! sufficient statistics (docs/experiment.md, section 5). Knows nothing of tensors.

use gr_grid::{NUM_ACTIONS, Observation};
use gr_runs::{Edge, MaskSettings, TrainingSettings};

use super::statistics::Statistics;
use crate::methods::{NUM_ROUTES, Route};
use crate::network::{AffineGradient, AffineValue, NetworkKind, PolicyRow};

/// The parts of an update's loss and what is logged beside them; see the columns of
/// [`gr_runs::TrainingRow`].
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "documented as columns of TrainingRow")]
pub struct Losses {
    pub policy_loss: f64,
    pub value_loss: f64,
    pub gate_loss: Option<f64>,
    pub entropy_bonus: f64,
    pub loss: f64,
    pub avg_action_prob: f64,
    pub avg_return: f64,
    pub avg_gate_openness: Option<f64>,
    pub avg_seen_diamond_gate: Option<f64>,
    pub avg_seen_ghost_gate: Option<f64>,
    pub avg_unseen_or_unfinished_gate: Option<f64>,
    pub kept_pct: Option<f64>,
    /// Mean cross-entropy of what the policy is to imitate, times its coefficient.
    pub imitation_loss: Option<f64>,
}

/// Gradient of the loss with respect to the networks' outputs.
#[derive(Clone, Debug)]
pub struct OutputGradient {
    /// Rows of [`crate::NetworkKind::cotangent_width`] numbers, one per observation, as
    /// [`crate::Passes::backward`] takes them.
    pub cotangents: Vec<f32>,
    /// Of the value network's affine map.
    pub value: AffineGradient,
}

/// What the objective is taken of: one update of one run.
pub struct Objective<'a> {
    /// The network that is trained.
    pub network: NetworkKind,
    /// Whether samples can be left out, so that the share that is kept is logged.
    pub leaves_out: bool,
    /// Masks that the method trains with.
    pub masks: &'a MaskSettings,
    /// Coefficients.
    pub settings: &'a TrainingSettings,
    /// Observations by row.
    pub observations: &'a [Observation],
    /// What the policy does on them.
    pub policy: &'a [PolicyRow],
    /// The baseline.
    pub value: &'a AffineValue,
}

/// Sums over rows that the logged figures are made from.
#[derive(Default)]
struct Totals {
    policy: f64,
    value: f64,
    entropy: f64,
    action_probability: f64,
    returns: f64,
    openness: f64,
    gate: [f64; NUM_ROUTES],
    samples: [f64; NUM_ROUTES],
    cross_entropy: f64,
}

impl Objective<'_> {
    /// Loss and gradient.
    pub fn evaluate(&self, statistics: &Statistics) -> (Losses, OutputGradient) {
        let kind = self.network;
        let mut gradient = OutputGradient {
            cotangents: vec![0.0; self.policy.len() * kind.cotangent_width()],
            value: self.value.zero_gradient(),
        };
        let samples = statistics.num_samples as f64;
        let gate_weights = self.gate_weights(statistics);
        let mut totals = Totals::default();
        let rows = gradient.cotangents.chunks_exact_mut(kind.cotangent_width());
        for (row, cotangent) in rows.enumerate() {
            let counts = &statistics.counts[row];
            let visits = counts.iter().flatten().sum::<f32>();
            if visits == 0.0 {
                continue;
            }
            let returns = &statistics.returns[row];
            let policy = &self.policy[row];
            let observation = &self.observations[row];
            let value = self.value.at(observation);

            // (V − G)² summed is n V² − 2 V ΣG + ΣG²; the last is the same for all rows.
            let sum_of_returns = returns.iter().flatten().sum::<f32>();
            totals.returns += f64::from(sum_of_returns);
            totals.value += f64::from(value)
                * (f64::from(visits) * f64::from(value) - 2.0 * f64::from(sum_of_returns));
            let value_error = f64::from(visits) * f64::from(value) - f64::from(sum_of_returns);
            let coefficient = 2.0 * self.settings.value_coefficient / samples;
            gradient.value.add(observation, coefficient * value_error);

            let entropy = policy.entropy();
            let mut by_route = [[0.0; NUM_ACTIONS]; NUM_ROUTES];
            for route in 0..NUM_ROUTES {
                let number = counts[route].iter().sum::<f32>();
                if number == 0.0 {
                    continue;
                }
                totals.entropy += f64::from(number * entropy);
                let advantages: [f32; NUM_ACTIONS] =
                    std::array::from_fn(|a| returns[route][a] - counts[route][a] * value);
                for action in 0..NUM_ACTIONS {
                    let log_probability = policy.log_probabilities[action];
                    totals.policy -= f64::from(log_probability * advantages[action]);
                    totals.action_probability +=
                        f64::from(counts[route][action] * policy.probabilities[action]);
                }
                by_route[route] =
                    self.logit_cotangent(policy, entropy, number, &advantages, samples);
            }
            self.spread(kind, &by_route, cotangent);
            if let Some(gate) = policy.gate {
                let last = &mut cotangent[Edge::ALL.len() * NUM_ACTIONS];
                *last = self.credit_gate(gate, &statistics.visits[row], &gate_weights, &mut totals);
            }
        }
        totals.value += statistics.squared_returns;
        let imitation = statistics.imitation.as_ref();
        let imitation_loss = imitation.map(|(coefficient, pairs)| {
            self.imitate(*coefficient, pairs, &mut gradient.cotangents)
        });
        (self.losses(&totals, statistics, imitation_loss), gradient)
    }

    /// Adds the cotangents of the mean cross-entropy over `pairs`, times `coefficient`, and returns the
    /// loss that it is: each pair (row, action) has −log π and the cotangent π − δ_action.
    fn imitate(&self, coefficient: f64, pairs: &[(u32, u8)], cotangents: &mut [f32]) -> f64 {
        let width = self.network.cotangent_width();
        let share = coefficient / pairs.len() as f64;
        let mut loss = 0.0;
        for (row, action) in pairs {
            let (row, action) = (*row as usize, usize::from(*action));
            let policy = &self.policy[row];
            loss -= share * f64::from(policy.log_probabilities[action]);
            let mut by_route = [[0.0; NUM_ACTIONS]; NUM_ROUTES];
            by_route[Route::Both as usize] = std::array::from_fn(|a| {
                share as f32 * (policy.probabilities[a] - f32::from(u8::from(a == action)))
            });
            let cotangent = &mut cotangents[row * width..][..width];
            self.spread(self.network, &by_route, cotangent);
        }
        loss
    }

    /// Cotangent of one row's logits from one route's samples: of the policy term,
    /// −(1/N) Σ_a C_a (δ_a − π) with C = ΣG − n V, and of the entropy bonus, n π (log π + H) / N.
    fn logit_cotangent(
        &self,
        policy: &PolicyRow,
        entropy: f32,
        number: f32,
        advantages: &[f32; NUM_ACTIONS],
        samples: f64,
    ) -> [f32; NUM_ACTIONS] {
        let scale = (1.0 / samples) as f32;
        let entropy_scale = (self.settings.entropy_coefficient / samples) as f32 * number;
        let total_advantage: f32 = advantages.iter().sum();
        std::array::from_fn(|action| {
            let probability = policy.probabilities[action];
            let push = probability * total_advantage - advantages[action];
            let spread = probability * (policy.log_probabilities[action] + entropy);
            scale * push + entropy_scale * spread
        })
    }

    /// Adds the routes' cotangents up, for routed networks once per edge with their mask weights.
    fn spread(
        &self,
        kind: NetworkKind,
        by_route: &[[f32; NUM_ACTIONS]; NUM_ROUTES],
        cotangent: &mut [f32],
    ) {
        for (route, route_cotangent) in Route::ALL.into_iter().zip(by_route) {
            let weights = match kind.is_routed() {
                false => &[1.0][..],
                true => &Edge::ALL.map(|edge| route.mask(self.masks).weight(edge)),
            };
            for (block, weight) in cotangent.chunks_exact_mut(NUM_ACTIONS).zip(weights) {
                block.iter_mut().zip(route_cotangent).for_each(|(sum, c)| *sum += weight * c);
            }
        }
    }

    /// Weight of one sample in the gate loss, by route: overseen samples share one average, the
    /// others another. An average over no samples is 0.
    fn gate_weights(&self, statistics: &Statistics) -> [f64; NUM_ROUTES] {
        let mut numbers = [0.0; NUM_ROUTES];
        for visits in &statistics.visits {
            for (number, visits) in numbers.iter_mut().zip(visits) {
                *number += f64::from(*visits);
            }
        }
        let share = |coefficient: f64, number: f64| {
            if number > 0.0 {
                self.settings.gate_loss_coefficient * coefficient / number
            } else {
                0.0
            }
        };
        let overseen =
            share(1.0, numbers[Route::Diamond as usize] + numbers[Route::Ghost as usize]);
        let others = share(self.settings.gate_loss_no_oversight, numbers[Route::Both as usize]);
        Route::ALL.map(|route| if route == Route::Both { others } else { overseen })
    }

    /// Adds one row's gate terms to `totals` and returns their cotangent of the gate's logit.
    fn credit_gate(
        &self,
        gate: crate::network::GateRow,
        visits: &[f32; NUM_ROUTES],
        weights: &[f64; NUM_ROUTES],
        totals: &mut Totals,
    ) -> f32 {
        let g = f64::from(gate.value);
        let openness = g.min(1.0 - g);
        // −log g and −log (1 − g) from the logit, which does not saturate as g does.
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let logit = f64::from(gate.logit);
        let costs = Route::ALL.map(|route| match route {
            Route::Both => openness,
            Route::Diamond => softplus(-logit),
            Route::Ghost => softplus(logit),
        });
        let openness_slope = if g < 0.5 {
            1.0
        } else if g > 0.5 {
            -1.0
        } else {
            0.0
        };
        let slopes = Route::ALL.map(|route| match route {
            Route::Both => openness_slope * g * (1.0 - g),
            Route::Diamond => g - 1.0,
            Route::Ghost => g,
        });
        let mut cotangent = 0.0;
        for route in 0..NUM_ROUTES {
            let number = f64::from(visits[route]);
            totals.samples[route] += number;
            totals.gate[route] += number * g;
            totals.openness += number * openness;
            totals.cross_entropy += weights[route] * number * costs[route];
            cotangent += weights[route] * number * slopes[route];
        }
        cotangent as f32
    }

    fn losses(
        &self,
        totals: &Totals,
        statistics: &Statistics,
        imitation_loss: Option<f64>,
    ) -> Losses {
        // Means weigh samples as the sums do; N does not shrink with what is left out.
        let weight = if statistics.num_kept == 0 { 1.0 } else { statistics.total_weight };
        let kept = statistics.num_kept.max(1) as f64;
        let (routed, gated) = (self.network.is_routed(), self.network.has_gate());
        let policy_loss = totals.policy / weight;
        let value_loss = self.settings.value_coefficient * totals.value / weight;
        let entropy = self.settings.entropy_coefficient * totals.entropy / weight;
        let gate_loss = gated.then_some(totals.cross_entropy);
        let samples = statistics.num_samples as f64;
        let kept_share = statistics.num_kept as f64 / samples;
        let mean_gate = |route: Route| {
            let number = totals.samples[route as usize];
            (gated && number > 0.0).then(|| totals.gate[route as usize] / number)
        };
        Losses {
            policy_loss,
            value_loss,
            gate_loss,
            entropy_bonus: if routed { -entropy } else { entropy },
            loss: statistics.total_weight / samples * (policy_loss + value_loss - entropy)
                + gate_loss.unwrap_or(0.0)
                + imitation_loss.unwrap_or(0.0),
            avg_action_prob: totals.action_probability / weight,
            avg_return: totals.returns / weight,
            avg_gate_openness: gated.then_some(totals.openness / kept),
            avg_seen_diamond_gate: mean_gate(Route::Diamond),
            avg_seen_ghost_gate: mean_gate(Route::Ghost),
            avg_unseen_or_unfinished_gate: mean_gate(Route::Both),
            kept_pct: self.leaves_out.then_some(kept_share),
            imitation_loss,
        }
    }
}

impl Losses {
    /// Whether every figure is a number.
    pub fn are_finite(&self) -> bool {
        self.loss.is_finite() && self.policy_loss.is_finite() && self.value_loss.is_finite()
    }
}
