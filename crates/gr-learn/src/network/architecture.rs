//! The policy networks of the experiment: which layers there are, their shapes, the order in which
//! their parameters are kept, and their initial weights (docs/experiment.md, section 4).

use gr_grid::NUM_ACTIONS;
use gr_runs::{Edge, Purpose, Seed, stream_at};
use rand::Rng;

use super::policy::PolicyType;

/// Channels of an observation: agent, ghost, diamond, flags.
pub const NUM_CHANNELS: usize = 4;

/// Which network a method trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetworkKind {
    /// One expert and an output layer.
    SingleExpert,
    /// Diamond and ghost expert, mixed by a gate, and a shared output layer.
    Routed,
    /// The same with the gate fixed at 1/2 and no gate parameters.
    RoutedFixedGate,
}

impl NetworkKind {
    /// Every kind of network.
    pub const ALL: [Self; 3] = [Self::SingleExpert, Self::Routed, Self::RoutedFixedGate];

    /// Whether there are two experts, and so routes for gradients to take and masks that matter.
    pub fn is_routed(self) -> bool {
        self.num_experts() > 1
    }

    /// Number of experts.
    pub fn num_experts(self) -> usize {
        match self {
            Self::SingleExpert => 1,
            Self::Routed | Self::RoutedFixedGate => 2,
        }
    }

    /// Whether the gate is learnt.
    pub fn has_gate(self) -> bool {
        self == Self::Routed
    }

    /// The policies of a network: the one that acts in training and, where there are two experts, each alone.
    pub fn policies(self) -> &'static [PolicyType] {
        match self.is_routed() {
            false => &[PolicyType::Training],
            true => &[PolicyType::Training, PolicyType::Diamond, PolicyType::Ghost],
        }
    }

    /// The policy that a network is judged by: the diamond expert alone where there is one.
    pub fn headline(self) -> PolicyType {
        if self.is_routed() { PolicyType::Diamond } else { PolicyType::Training }
    }

    /// Expected work of one update, in updates of a single expert.
    pub fn cost_per_update(self) -> u64 {
        self.num_experts() as u64 + u64::from(self.has_gate())
    }

    /// Number of columns of a cotangent row: one block of logits' cotangents, or one for each [`Edge`] and, where
    /// the gate is learnt, the gate loss's cotangent of the gate's logit.
    pub fn cotangent_width(self) -> usize {
        let blocks = if self.is_routed() { Edge::ALL.len() } else { 1 };
        blocks * NUM_ACTIONS + usize::from(self.has_gate())
    }
}

/// A network's kind and sizes: what runs must share to train in one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Architecture {
    /// Which layers there are.
    pub kind: NetworkKind,
    /// Cells of the grid.
    pub num_cells: usize,
    /// Width of both hidden layers of experts and gate.
    pub hidden: usize,
}

/// A linear layer: weight `[inputs, outputs]` and bias `[outputs]`, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// Name of the layer; its tensors are `<name>.weight` and `<name>.bias`.
    pub name: &'static str,
    /// Rows of the weight.
    pub inputs: usize,
    /// Columns of the weight.
    pub outputs: usize,
}

/// Position of a layer's weight among the parameters; its bias follows.
pub(crate) type LayerIndex = usize;

impl Architecture {
    /// Number of inputs, `4 × cells`.
    pub fn num_inputs(&self) -> usize {
        NUM_CHANNELS * self.num_cells
    }

    /// All layers in the order in which parameters are kept.
    pub fn layers(&self) -> Vec<LayerShape> {
        let Self { hidden, .. } = *self;
        let layer = |name, inputs, outputs| LayerShape { name, inputs, outputs };
        let experts: &[[&str; 2]] = match self.kind.is_routed() {
            false => &[["expert.0", "expert.1"]],
            true => {
                &[["diamond_expert.0", "diamond_expert.1"], ["ghost_expert.0", "ghost_expert.1"]]
            }
        };
        let mut layers = Vec::new();
        for [first, second] in experts {
            layers.push(layer(first, self.num_inputs(), hidden));
            layers.push(layer(second, hidden, hidden));
        }
        layers.push(layer("output", hidden, NUM_ACTIONS));
        if self.kind.has_gate() {
            layers.push(layer("gate.mixing", NUM_CHANNELS, NUM_CHANNELS));
            layers.push(layer("gate.0", self.num_inputs(), hidden));
            layers.push(layer("gate.1", hidden, hidden));
            layers.push(layer("gate.2", hidden, 1));
        }
        layers
    }

    /// Parameter index of the first layer of an expert.
    pub(crate) fn expert(&self, expert: usize) -> LayerIndex {
        4 * expert
    }

    /// Parameter index of the output layer.
    pub(crate) fn output(&self) -> LayerIndex {
        4 * self.kind.num_experts()
    }

    /// Parameter index of the gate's mixing layer.
    pub(crate) fn gate(&self) -> LayerIndex {
        self.output() + 2
    }

    /// Shapes `[inputs, outputs]` of all parameters, a bias being `[1, outputs]`.
    pub fn parameter_shapes(&self) -> Vec<[usize; 2]> {
        let layers = self.layers();
        layers.iter().flat_map(|l| [[l.inputs, l.outputs], [1, l.outputs]]).collect()
    }

    /// Names of all parameters.
    pub fn parameter_names(&self) -> Vec<String> {
        let layers = self.layers();
        layers
            .iter()
            .flat_map(|l| ["weight", "bias"].map(|part| format!("{}.{part}", l.name)))
            .collect()
    }

    /// Initial parameters of one run, in order. The same seed gives a layer the same weights in
    /// every network that has it; the single expert starts as the diamond expert does.
    pub fn initial_parameters(&self, seed: Seed) -> Vec<Vec<f32>> {
        self.layers().iter().flat_map(|layer| initial_layer(seed, layer)).collect()
    }
}

/// Initial weight and bias of a layer: every weight uniform in ±1/√fan_in, every bias 0.
pub(crate) fn initial_layer(seed: Seed, layer: &LayerShape) -> [Vec<f32>; 2] {
    let mut rng = stream_at(seed, Purpose::Weights, stream_of(layer.name), 0);
    let bound = 1.0 / (layer.inputs as f64).sqrt();
    let weight = (0..layer.inputs * layer.outputs)
        .map(|_| {
            let centred = f64::from(rng.next_u32()) + 0.5 - f64::from(1u32 << 31);
            (centred / f64::from(1u32 << 31) * bound) as f32
        })
        .collect();
    [weight, vec![0.0; layer.outputs]]
}

/// Number of a layer's random stream. Part of every result: never reuse or change one.
fn stream_of(layer: &str) -> u64 {
    match layer {
        "expert.0" | "diamond_expert.0" => 0,
        "expert.1" | "diamond_expert.1" => 1,
        "ghost_expert.0" => 2,
        "ghost_expert.1" => 3,
        "output" => 4,
        "gate.mixing" => 5,
        "gate.0" => 6,
        "gate.1" => 7,
        "gate.2" => 8,
        "value.mixing" => 9,
        "value.0" => 10,
        "value.1" => 11,
        "value.2" => 12,
        _ => unreachable!("layer {layer} has no random stream"),
    }
}
