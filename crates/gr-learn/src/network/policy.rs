//! What a policy does on one observation, on the host: the network's outputs as probabilities.

use gr_grid::NUM_ACTIONS;

/// Which of a run's policies is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyType {
    /// The policy that acts in training: the only one of a single expert, the mixture of a routed
    /// network.
    Training,
    /// The diamond expert alone.
    Diamond,
    /// The ghost expert alone.
    Ghost,
}

impl PolicyType {
    /// Name in CSV columns, as in the published code.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "training_policy",
            Self::Diamond => "diamond",
            Self::Ghost => "ghost",
        }
    }

    /// What a list by policy has for this one.
    ///
    /// # Panics
    /// If it has nothing; a method's network has its headline policy.
    pub fn of<T>(self, by_policy: Vec<(Self, T)>) -> T {
        let found = by_policy.into_iter().find(|(policy_type, _)| *policy_type == self);
        found.expect("the network has this policy").1
    }
}

/// Action probabilities on one observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyRow {
    /// π(a|s).
    pub probabilities: [f32; NUM_ACTIONS],
    /// log π(a|s).
    pub log_probabilities: [f32; NUM_ACTIONS],
    /// The gate, where it is learnt.
    pub gate: Option<GateRow>,
}

/// A learnt gate on one observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateRow {
    /// Before the sigmoid.
    pub logit: f32,
    /// g, the weight of the diamond expert.
    pub value: f32,
}

impl PolicyRow {
    /// Nothing that is finite.
    pub(crate) const UNKNOWN: Self = Self {
        probabilities: [f32::NAN; NUM_ACTIONS],
        log_probabilities: [f32::NAN; NUM_ACTIONS],
        gate: None,
    };

    /// The softmax of `logits`.
    #[inline]
    pub fn new(logits: [f32; NUM_ACTIONS], gate_logit: Option<f32>) -> Self {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shifted = logits.map(|logit| logit - largest);
        let exponentials = shifted.map(f32::exp);
        let total: f32 = exponentials.iter().sum();
        let log_total = total.ln();
        Self {
            probabilities: exponentials.map(|exponential| exponential / total),
            log_probabilities: shifted.map(|logit| logit - log_total),
            gate: gate_logit.map(|logit| GateRow { logit, value: 1.0 / (1.0 + (-logit).exp()) }),
        }
    }

    /// −Σ π log π.
    pub fn entropy(&self) -> f32 {
        -self.probabilities.iter().zip(&self.log_probabilities).map(|(p, log)| p * log).sum::<f32>()
    }

    /// Whether every number is one.
    pub fn is_finite(&self) -> bool {
        self.log_probabilities.iter().all(|log| !log.is_nan())
            && self.probabilities.iter().all(|p| p.is_finite())
            && self.gate.is_none_or(|gate| gate.value.is_finite())
    }
}
