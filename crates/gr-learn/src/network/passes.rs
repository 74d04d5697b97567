//! The forward and the backward pass of a run batch's policies.
//!
//! The backward pass is written out instead of taken from automatic differentiation, because a
//! routing mask is then nothing but a factor: the cotangent of the logits is handed in once per
//! edge (diamond expert, ghost expert, gate, output layer), already summed over routes with their
//! mask weights, and each edge is pushed through once, whatever the number of routes.

use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Int, Tensor};
use gr_grid::NUM_ACTIONS;
use gr_runs::Edge;

use super::architecture::LayerIndex;
use super::folded_gate::FoldedGate;
use super::inputs::{Inputs, select_rows};
use super::policy_network::PolicyNetwork;

/// Passes through a network as it is between two steps. Observations may go through in parts; what
/// those share is worked out once.
#[derive(Debug)]
pub struct Passes<'a> {
    network: &'a PolicyNetwork,
    gate: Option<FoldedGate>,
}

/// What a forward pass yields.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// `[runs, observations, actions]`.
    pub logits: Tensor<3>,
    /// Gate before its sigmoid, `[runs, observations, 1]`, where the gate is learnt.
    pub gate_logit: Option<Tensor<3>>,
}

/// What a forward pass keeps for the backward pass.
#[derive(Clone, Debug)]
pub struct Activations {
    inputs: Inputs,
    experts: Vec<Hidden>,
    /// Of a single expert there is none.
    mixture: Option<Mixture>,
    /// What enters the output layer, `[runs, observations, hidden]`.
    mixed: Tensor<3>,
}

/// Hidden activations of a two-layer ReLU stack, `[runs, observations, hidden]` each.
#[derive(Clone, Debug)]
struct Hidden {
    first: Tensor<3>,
    second: Tensor<3>,
}

/// How two experts are mixed.
#[derive(Clone, Debug)]
struct Mixture {
    /// Weight of the diamond expert, `[runs, observations, 1]`.
    gate_value: Tensor<3>,
    /// Diamond expert minus ghost expert, `[runs, observations, hidden]`.
    difference: Tensor<3>,
    /// Of the gate, where it is learnt.
    gate: Option<Hidden>,
}

/// Gradient of every parameter, in order, but with the gate's convolution still multiplied in.
/// Gradients of the parts of an update add up.
#[derive(Clone, Debug)]
pub struct Gradients(Vec<Tensor<3>>);

impl<'a> Passes<'a> {
    /// Passes through `network`.
    pub fn new(network: &'a PolicyNetwork) -> Self {
        let architecture = network.architecture();
        let gate = || FoldedGate::new(&network.parameters[architecture.gate()..]);
        Self { network, gate: architecture.kind.has_gate().then(gate) }
    }

    /// The network.
    pub fn network(&self) -> &'a PolicyNetwork {
        self.network
    }

    /// Evaluates all runs on observations, as [`PolicyNetwork::inputs`] has them.
    pub fn forward(&self, inputs: Inputs) -> (Outputs, Activations) {
        let architecture = self.network.architecture();
        let experts: Vec<Hidden> = (0..architecture.kind.num_experts())
            .map(|expert| {
                let [w0, b0] = self.layer(architecture.expert(expert));
                Hidden::forward(&inputs, [w0, b0], self.layer(architecture.expert(expert) + 2))
            })
            .collect();
        let mut gate_logit = None;
        let mut mixture = None;
        let mut mixed = experts[0].second.clone();
        if let [diamond, ghost] = &experts[..] {
            let gate = self.gate.as_ref().map(|folded| {
                let second = self.layer(architecture.gate() + 4);
                let gate = Hidden::forward(&inputs, [&folded.weight, &folded.bias], second);
                gate_logit = Some(linear(&gate.second, self.layer(architecture.gate() + 6)));
                gate
            });
            let gate_value = gate_logit.clone().map_or_else(|| one_half(&mixed), sigmoid);
            let difference = diamond.second.clone() - ghost.second.clone();
            // g d + (1 − g) h.
            mixed = ghost.second.clone() + difference.clone() * gate_value.clone();
            mixture = Some(Mixture { gate_value, difference, gate });
        }
        let logits = linear(&mixed, self.layer(architecture.output()));
        (Outputs { logits, gate_logit }, Activations { inputs, experts, mixture, mixed })
    }

    /// Logits of the policies that consist of one expert alone, `[runs, observations, actions]`.
    pub fn expert_logits(&self, activations: &Activations, expert: usize) -> Tensor<3> {
        let output = self.layer(self.network.architecture().output());
        linear(&activations.experts[expert].second, output)
    }

    /// Gradients from the cotangents of the outputs.
    ///
    /// # Shapes
    /// `cotangents`: `[runs, observations, width]` with [`super::NetworkKind::cotangent_width`]; for routed networks
    /// a block of logits' cotangents into each [`Edge`], then the gate loss's.
    pub fn backward(&self, activations: &Activations, cotangents: &Tensor<3>) -> Gradients {
        let architecture = self.network.architecture();
        let Activations { inputs, experts, mixture, mixed } = activations;
        let block =
            |edge: Edge| cotangents.clone().narrow(2, edge as usize * NUM_ACTIONS, NUM_ACTIONS);
        let [output, _] = self.layer(architecture.output());
        // Scaled before it is spread over the hidden units, where it is 64 times smaller.
        let is_gpu = self.network.device().is_gpu;
        let into_expert = |expert: usize, logits: Tensor<3>| {
            let [second, _] = self.layer(architecture.expert(expert) + 2);
            let cotangent = logits.matmul(output.clone().transpose());
            experts[expert].backward(inputs, second, cotangent, is_gpu)
        };

        let mut gradients = Vec::with_capacity(self.network.parameters.len());
        let Some(Mixture { gate_value, difference, gate }) = mixture else {
            let only = cotangents.clone();
            gradients.extend(into_expert(0, only.clone()));
            gradients.extend(linear_gradient(mixed, &only));
            return Gradients(gradients);
        };
        let to_ghost = gate_value.clone().neg() + 1.0;
        gradients.extend(into_expert(0, block(Edge::DiamondExpert) * gate_value.clone()));
        gradients.extend(into_expert(1, block(Edge::GhostExpert) * to_ghost.clone()));
        gradients.extend(linear_gradient(mixed, &block(Edge::Output)));
        if let Some(gate) = gate {
            let logits_of_difference = difference.clone().matmul(output.clone());
            let into_gate = (block(Edge::Gate) * logits_of_difference).sum_dim(2);
            let gate_loss = cotangents.clone().narrow(2, Edge::ALL.len() * NUM_ACTIONS, 1);
            let logit = into_gate * gate_value.clone() * to_ghost + gate_loss;
            let [second, _] = self.layer(architecture.gate() + 4);
            let [last, _] = self.layer(architecture.gate() + 6);
            let cotangent = logit.clone().matmul(last.clone().transpose());
            gradients.extend(gate.backward(inputs, second, cotangent, is_gpu));
            gradients.extend(linear_gradient(&gate.second, &logit));
        }
        Gradients(gradients)
    }

    /// The gradient of every parameter, in order.
    pub fn unfold(&self, gradients: Gradients) -> Vec<Tensor<3>> {
        let Gradients(mut gradients) = gradients;
        if let Some(folded) = &self.gate {
            let at = self.network.architecture().gate();
            let gate = &self.network.parameters[at..];
            let (weight, bias) = (gradients[at].clone(), gradients[at + 1].clone());
            gradients.splice(at..at + 2, folded.unfold(gate, weight, bias));
        }
        gradients
    }

    /// Weight and bias.
    fn layer(&self, at: LayerIndex) -> [&'a Tensor<3>; 2] {
        [0, 1].map(|offset| &self.network.parameters[at + offset])
    }
}

impl Activations {
    /// Of every run those of the observations at `positions`, of which `rows` are a run's, counted through
    /// all runs. Not where inputs are looked up.
    pub fn select(&self, positions: &Tensor<1, Int>, rows: usize) -> Self {
        let of = |tensor: &Tensor<3>| select_rows(tensor, positions, rows);
        let of_stack =
            |hidden: &Hidden| Hidden { first: of(&hidden.first), second: of(&hidden.second) };
        let experts: Vec<Hidden> = self.experts.iter().map(of_stack).collect();
        let mixture = self.mixture.as_ref().map(|mixture| Mixture {
            gate_value: of(&mixture.gate_value),
            difference: experts[0].second.clone() - experts[1].second.clone(),
            gate: mixture.gate.as_ref().map(of_stack),
        });
        // What leaves a single expert is what enters the output layer.
        let mixed = if mixture.is_some() { of(&self.mixed) } else { experts[0].second.clone() };
        Self { inputs: self.inputs.select(positions, rows), experts, mixture, mixed }
    }
}

impl Gradients {
    /// Those of both parts together.
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.into_iter().zip(other.0).map(|(a, b)| a + b).collect())
    }
}

impl Hidden {
    /// `relu(relu(inputs w0 + b0) w1 + b1)` and what lies between.
    fn forward(inputs: &Inputs, [w0, b0]: [&Tensor<3>; 2], second: [&Tensor<3>; 2]) -> Self {
        let first = relu(inputs.linear(w0, b0));
        let second = relu(linear(&first, second));
        Self { first, second }
    }

    /// Gradients of `w0`, `b0`, `w1`, `b1` from the cotangent of the second layer's activations.
    fn backward(
        &self,
        inputs: &Inputs,
        w1: &Tensor<3>,
        cotangent: Tensor<3>,
        is_gpu: bool,
    ) -> [Tensor<3>; 4] {
        let second = through_relu(&self.second, cotangent, is_gpu);
        let [d_w1, d_b1] = linear_gradient(&self.first, &second);
        let first = through_relu(&self.first, second.matmul(w1.clone().transpose()), is_gpu);
        let d_b0 = first.clone().sum_dim(1);
        [inputs.weight_gradient(first), d_b0, d_w1, d_b1]
    }
}

fn linear(inputs: &Tensor<3>, [weight, bias]: [&Tensor<3>; 2]) -> Tensor<3> {
    inputs.clone().matmul(weight.clone()) + bias.clone()
}

/// Gradients of weight and bias of a linear layer.
fn linear_gradient(inputs: &Tensor<3>, cotangent: &Tensor<3>) -> [Tensor<3>; 2] {
    [inputs.clone().transpose().matmul(cotangent.clone()), cotangent.clone().sum_dim(1)]
}

/// The cotangent where the unit was active. On a CPU a product, because flex fills by mask element by
/// element: that alone was 31 % of an update. (A product with the sign is slower by half.) A GPU fills, which is a
/// launch less.
fn through_relu(activation: &Tensor<3>, cotangent: Tensor<3>, is_gpu: bool) -> Tensor<3> {
    if is_gpu {
        return cotangent.mask_fill(activation.clone().lower_equal_elem(0.0), 0.0);
    }
    cotangent * activation.clone().greater_elem(0.0).float()
}

/// The gate of [`super::NetworkKind::RoutedFixedGate`] for every observation.
fn one_half(like: &Tensor<3>) -> Tensor<3> {
    let [runs, observations, _hidden] = like.dims();
    Tensor::full([runs, observations, 1], 0.5, &like.device())
}
