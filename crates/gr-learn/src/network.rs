//! The policy networks of a run batch on a device: stacked parameters, forward and backward pass.
//!
//! The backward pass is written out instead of taken from automatic differentiation, because a
//! routing mask is then nothing but a factor: the cotangent of the logits is handed in once per
//! edge (diamond expert, ghost expert, gate, output layer), already summed over routes with their
//! mask weights, and each edge is pushed through once, whatever the number of routes. Runs are axis
//! 0 of every tensor, so one launch serves a whole batch.

use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Device, Tensor, TensorData};
use gr_grid::NUM_ACTIONS;

use crate::architecture::{Architecture, NUM_CHANNELS, NetworkKind};
use crate::device::ComputeDevice;
use crate::fault;

/// Observations evaluated at once on a CPU: large enough for the matrix products, small enough that
/// their activations stay in the cache.
const CPU_ROWS: usize = 1024;

/// Largest tensor in one launch on a GPU: wgpu's guaranteed limit on a storage binding.
const GPU_TENSOR_BYTES: usize = 128 << 20;

/// Rows are padded to multiples of this on a GPU: every new shape costs it preparation.
const GPU_PADDING: usize = 512;

/// Stacked parameters of a batch of policies, in the order of [`Architecture::layers`].
#[derive(Clone, Debug)]
pub struct PolicyNetwork {
    architecture: Architecture,
    /// Weights `[runs, inputs, outputs]`, biases `[runs, 1, outputs]`.
    pub(crate) parameters: Vec<Tensor<3>>,
    device: ComputeDevice,
}

/// Hidden activations of a two-layer ReLU stack, `[runs, observations, hidden]` each.
#[derive(Clone, Debug)]
struct Hidden {
    first: Tensor<3>,
    second: Tensor<3>,
}

/// What a forward pass keeps for the backward pass.
#[derive(Clone, Debug)]
pub struct Activations {
    inputs: Tensor<3>,
    experts: Vec<Hidden>,
    gate: Option<Hidden>,
    /// Weight of the diamond expert, `[runs, observations, 1]`; a single expert has none.
    gate_value: Option<Tensor<3>>,
    /// What enters the output layer, `[runs, observations, hidden]`.
    mixed: Tensor<3>,
}

/// What a forward pass yields.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// `[runs, observations, actions]`.
    pub logits: Tensor<3>,
    /// Gate before its sigmoid, `[runs, observations, 1]`, where the gate is learnt.
    pub gate_logit: Option<Tensor<3>>,
}

/// Number of columns of a cotangent row for each network: one set of logits, or one per edge (and
/// the gate loss's cotangent of the gate logit where the gate is learnt).
pub fn cotangent_width(kind: NetworkKind) -> usize {
    match kind {
        NetworkKind::SingleExpert => NUM_ACTIONS,
        NetworkKind::RoutedFixedGate => 4 * NUM_ACTIONS,
        NetworkKind::Routed => 4 * NUM_ACTIONS + 1,
    }
}

/// Gate parameters with the 1×1 convolution multiplied into the first layer. There is no
/// activation between the two, so the gate sees the observation through one linear map.
#[derive(Clone, Debug)]
struct FoldedGate {
    /// `[runs, inputs, hidden]`.
    weight: Tensor<3>,
    /// `[runs, 1, hidden]`.
    bias: Tensor<3>,
    /// First-layer weights summed over cells, `[runs, channels, hidden]`.
    summed_over_cells: Tensor<3>,
}

impl PolicyNetwork {
    /// A batch of policies with the given parameters, one list per run in the architecture's order.
    pub fn new(architecture: Architecture, runs: &[Vec<Vec<f32>>], device: &ComputeDevice) -> Self {
        let parameters = stack(&architecture, runs, &device.device);
        Self { architecture, parameters, device: device.clone() }
    }

    /// A network like this one, of a single run with other parameters.
    pub fn alone_with(&self, parameters: &[Vec<f32>]) -> Self {
        Self::new(self.architecture, &[parameters.to_vec()], &self.device)
    }

    /// Kind and sizes.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Number of runs.
    pub fn num_runs(&self) -> usize {
        self.parameters[0].dims()[0]
    }

    /// The device that holds the parameters.
    pub fn device(&self) -> &Device {
        &self.device.device
    }

    /// Observations of every run that are best evaluated at once.
    pub fn rows_at_once(&self) -> usize {
        if !self.device.is_gpu {
            return CPU_ROWS;
        }
        let widest = self.architecture.hidden.max(self.architecture.num_inputs());
        let fitting = GPU_TENSOR_BYTES / (4 * widest * self.num_runs());
        (fitting / GPU_PADDING).max(1) * GPU_PADDING
    }

    /// `rows` and as many empty ones as the device wants behind them.
    pub fn padded(&self, rows: usize) -> usize {
        if self.device.is_gpu { rows.next_multiple_of(GPU_PADDING) } else { rows }
    }

    /// Evaluates all runs on their observations.
    ///
    /// # Shapes
    /// `inputs`: `[runs, observations, 4 × cells]`, zeros and ones.
    pub fn forward(&self, inputs: Tensor<3>) -> (Outputs, Activations) {
        let [_runs, _observations, num_inputs] = inputs.dims();
        debug_assert_eq!(num_inputs, self.architecture.num_inputs());
        let experts: Vec<Hidden> =
            (0..self.architecture.num_experts()).map(|e| self.expert(e, &inputs)).collect();
        let mut gate_logit = None;
        let mut gate = None;
        let gate_value = match self.architecture.kind {
            NetworkKind::SingleExpert => None,
            NetworkKind::RoutedFixedGate => Some(self.fixed_gate(&experts[0].second)),
            NetworkKind::Routed => {
                let folded = self.fold_gate();
                let at = self.architecture.gate();
                let hidden = Hidden::forward(
                    &inputs,
                    [
                        &folded.weight,
                        &folded.bias,
                        &self.parameters[at + 4],
                        &self.parameters[at + 5],
                    ],
                );
                let logit =
                    linear(&hidden.second, &self.parameters[at + 6], &self.parameters[at + 7]);
                gate = Some(hidden);
                gate_logit = Some(logit.clone());
                Some(sigmoid(logit))
            }
        };
        let mixed = match &gate_value {
            None => experts[0].second.clone(),
            Some(g) => mix(g, &experts[0].second, &experts[1].second),
        };
        let logits = self.output_layer(&mixed);
        (Outputs { logits, gate_logit }, Activations { inputs, experts, gate, gate_value, mixed })
    }

    /// Logits of the policies that consist of one expert alone, `[runs, observations, actions]`.
    pub fn expert_logits(&self, activations: &Activations, expert: usize) -> Tensor<3> {
        self.output_layer(&activations.experts[expert].second)
    }

    /// Gradient of every parameter, in order.
    ///
    /// # Shapes
    /// `cotangents`: `[runs, observations, width]` with the width of [`cotangent_width`]; for routed
    /// networks four blocks of logits' cotangents: into the diamond expert, the ghost expert, the
    /// gate and the output layer's own parameters, then the gate loss's.
    pub fn backward(&self, activations: &Activations, cotangents: Tensor<3>) -> Vec<Tensor<3>> {
        let [_runs, _observations, width] = cotangents.dims();
        debug_assert_eq!(width, cotangent_width(self.architecture.kind));
        let output_weight = &self.parameters[self.architecture.output()];
        let block = |edge: usize| cotangents.clone().narrow(2, edge * NUM_ACTIONS, NUM_ACTIONS);
        let through_output = |edge| block(edge).matmul(output_weight.clone().transpose());

        let mut gradients = Vec::with_capacity(self.parameters.len());
        match &activations.gate_value {
            None => {
                gradients.extend(self.expert_gradient(0, activations, through_output(0)));
                gradients.extend(linear_gradient(&activations.mixed, &block(0)));
            }
            Some(g) => {
                let to_ghost = g.clone().neg() + 1.0;
                gradients.extend(self.expert_gradient(
                    0,
                    activations,
                    through_output(0) * g.clone(),
                ));
                gradients.extend(self.expert_gradient(
                    1,
                    activations,
                    through_output(1) * to_ghost.clone(),
                ));
                gradients.extend(linear_gradient(&activations.mixed, &block(3)));
                if let Some(hidden) = &activations.gate {
                    let difference = activations.experts[0].second.clone()
                        - activations.experts[1].second.clone();
                    let into_gate = (through_output(2) * difference).sum_dim(2);
                    let gate_loss = cotangents.clone().narrow(2, 4 * NUM_ACTIONS, 1);
                    let logit_cotangent = into_gate * g.clone() * to_ghost + gate_loss;
                    gradients.extend(self.gate_gradient(
                        hidden,
                        &activations.inputs,
                        &logit_cotangent,
                    ));
                }
            }
        }
        gradients
    }

    fn expert(&self, expert: usize, inputs: &Tensor<3>) -> Hidden {
        let at = self.architecture.expert(expert);
        let [w0, b0, w1, b1] = [0, 1, 2, 3].map(|offset| &self.parameters[at + offset]);
        Hidden::forward(inputs, [w0, b0, w1, b1])
    }

    fn output_layer(&self, hidden: &Tensor<3>) -> Tensor<3> {
        let at = self.architecture.output();
        linear(hidden, &self.parameters[at], &self.parameters[at + 1])
    }

    /// The gate of [`NetworkKind::RoutedFixedGate`]: 1/2 for every observation.
    fn fixed_gate(&self, like: &Tensor<3>) -> Tensor<3> {
        let [runs, observations, _hidden] = like.dims();
        Tensor::full([runs, observations, 1], 0.5, self.device())
    }

    fn expert_gradient(
        &self,
        expert: usize,
        activations: &Activations,
        cotangent: Tensor<3>,
    ) -> [Tensor<3>; 4] {
        let second_weight = &self.parameters[self.architecture.expert(expert) + 2];
        activations.experts[expert].backward(&activations.inputs, second_weight, cotangent)
    }

    /// Gradients of the gate's eight parameters. Those of the mixing layer and of the first layer
    /// follow from the folded one's by the chain rule.
    fn gate_gradient(
        &self,
        hidden: &Hidden,
        inputs: &Tensor<3>,
        logit_cotangent: &Tensor<3>,
    ) -> [Tensor<3>; 8] {
        let at = self.architecture.gate();
        let [mixing, mixing_bias, first, _, second, _, last, _] =
            [0, 1, 2, 3, 4, 5, 6, 7].map(|offset| &self.parameters[at + offset]);
        let [d_last, d_last_bias] = linear_gradient(&hidden.second, logit_cotangent);
        let cotangent = logit_cotangent.clone().matmul(last.clone().transpose());
        let [d_folded, d_first_bias, d_second, d_second_bias] =
            hidden.backward(inputs, second, cotangent);

        let [runs, num_inputs, hidden_width] = first.dims();
        let per_channel = [runs, NUM_CHANNELS, num_inputs / NUM_CHANNELS * hidden_width];
        let d_folded = d_folded.reshape(per_channel);
        let d_mixing = d_folded.clone().matmul(first.clone().reshape(per_channel).transpose());
        let summed = self.fold_gate().summed_over_cells;
        let d_mixing_bias = d_first_bias.clone().matmul(summed.transpose());

        let from_weight = mixing.clone().transpose().matmul(d_folded);
        let from_bias = mixing_bias.clone().transpose().matmul(d_first_bias.clone());
        let cells = num_inputs / NUM_CHANNELS;
        let from_bias = from_bias
            .reshape([runs, NUM_CHANNELS, 1, hidden_width])
            .expand([runs, NUM_CHANNELS, cells, hidden_width])
            .reshape([runs, num_inputs, hidden_width]);
        let d_first = from_weight.reshape([runs, num_inputs, hidden_width]) + from_bias;
        [
            d_mixing,
            d_mixing_bias,
            d_first,
            d_first_bias,
            d_second,
            d_second_bias,
            d_last,
            d_last_bias,
        ]
    }

    fn fold_gate(&self) -> FoldedGate {
        let at = self.architecture.gate();
        let [mixing, mixing_bias, first, first_bias] =
            [0, 1, 2, 3].map(|offset| &self.parameters[at + offset]);
        let [runs, num_inputs, hidden] = first.dims();
        let cells = num_inputs / NUM_CHANNELS;
        let weight = mixing
            .clone()
            .matmul(first.clone().reshape([runs, NUM_CHANNELS, cells * hidden]))
            .reshape([runs, num_inputs, hidden]);
        let summed_over_cells = first
            .clone()
            .reshape([runs, NUM_CHANNELS, cells, hidden])
            .sum_dim(2)
            .reshape([runs, NUM_CHANNELS, hidden]);
        let bias = first_bias.clone() + mixing_bias.clone().matmul(summed_over_cells.clone());
        FoldedGate { weight, bias, summed_over_cells }
    }

    /// Keeps the runs at `positions` only, in that order.
    pub fn select_runs(&mut self, positions: &[usize]) {
        self.parameters = select_runs(&self.parameters, positions, self.device());
    }

    /// Parameters of one run, in order.
    pub fn parameters_of(&self, run: usize) -> Vec<Vec<f32>> {
        unstack(&self.parameters, run)
    }
}

impl Hidden {
    /// `relu(relu(inputs w0 + b0) w1 + b1)` and what lies between.
    fn forward(inputs: &Tensor<3>, [w0, b0, w1, b1]: [&Tensor<3>; 4]) -> Self {
        let first = relu(linear(inputs, w0, b0));
        let second = relu(linear(&first, w1, b1));
        Self { first, second }
    }

    /// Gradients of `w0`, `b0`, `w1`, `b1` from the cotangent of the second layer's activations.
    fn backward(&self, inputs: &Tensor<3>, w1: &Tensor<3>, cotangent: Tensor<3>) -> [Tensor<3>; 4] {
        let second = through_relu(&self.second, cotangent);
        let [d_w1, d_b1] = linear_gradient(&self.first, &second);
        let first = through_relu(&self.first, second.matmul(w1.clone().transpose()));
        let [d_w0, d_b0] = linear_gradient(inputs, &first);
        [d_w0, d_b0, d_w1, d_b1]
    }
}

fn linear(inputs: &Tensor<3>, weight: &Tensor<3>, bias: &Tensor<3>) -> Tensor<3> {
    inputs.clone().matmul(weight.clone()) + bias.clone()
}

/// Gradients of weight and bias of a linear layer.
fn linear_gradient(inputs: &Tensor<3>, cotangent: &Tensor<3>) -> [Tensor<3>; 2] {
    [inputs.clone().transpose().matmul(cotangent.clone()), cotangent.clone().sum_dim(1)]
}

/// The cotangent where the unit was active. A product, because flex fills by mask element by
/// element: that alone was 31 % of an update.
fn through_relu(activation: &Tensor<3>, cotangent: Tensor<3>) -> Tensor<3> {
    cotangent * activation.clone().greater_elem(0.0).float()
}

/// `g d + (1 − g) h`.
fn mix(g: &Tensor<3>, diamond: &Tensor<3>, ghost: &Tensor<3>) -> Tensor<3> {
    ghost.clone() + (diamond.clone() - ghost.clone()) * g.clone()
}

/// Host parameters of several runs, stacked: `[runs, inputs, outputs]` per parameter.
pub(crate) fn stack(
    architecture: &Architecture,
    runs: &[Vec<Vec<f32>>],
    device: &Device,
) -> Vec<Tensor<3>> {
    let shapes = architecture.parameter_shapes();
    let stacked = shapes.iter().enumerate().map(|(index, [inputs, outputs])| {
        let values: Vec<f32> = runs.iter().flat_map(|run| run[index].iter().copied()).collect();
        let shape = [runs.len(), *inputs, *outputs];
        Tensor::from_data(TensorData::new(values, shape), device)
    });
    stacked.collect()
}

/// The values of one run in stacked tensors.
pub(crate) fn unstack(tensors: &[Tensor<3>], run: usize) -> Vec<Vec<f32>> {
    tensors.iter().map(|tensor| to_host(tensor.clone().narrow(0, run, 1))).collect()
}

/// The runs at `positions`, stacked anew.
pub(crate) fn select_runs(
    tensors: &[Tensor<3>],
    positions: &[usize],
    device: &Device,
) -> Vec<Tensor<3>> {
    let positions: Vec<i32> = positions.iter().map(|position| *position as i32).collect();
    let indices = Tensor::<1, burn::tensor::Int>::from_data(positions.as_slice(), device);
    tensors.iter().map(|tensor| tensor.clone().select(0, indices.clone())).collect()
}

/// A tensor's values, row-major.
pub(crate) fn to_host(tensor: Tensor<3>) -> Vec<f32> {
    fault::transfer();
    tensor.into_data().try_into_vec().expect("the tensor holds 32-bit floats")
}
