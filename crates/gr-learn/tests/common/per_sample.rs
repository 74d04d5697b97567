//! The losses and gradients of one update, computed sample by sample: every observation goes
//! through the networks as they are defined, and autodiff differentiates the loss as it is defined.
//! Slow and plain on purpose, in f64, and independent of the crate, whose update it checks.

use std::collections::BTreeMap;

use burn::tensor::activation::{log_sigmoid, log_softmax, relu, sigmoid};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};

/// Tensors by the names of the reference's state dicts, as (shape, values): linear weights are
/// [out, in], 1x1 convolutions [out, in, 1, 1].
pub type NamedTensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Agent, ghost, diamond, flags.
const CHANNELS: usize = 4;
const ACTIONS: usize = 4;
const ENTROPY_COEFFICIENT: f64 = 0.1;
const VALUE_COEFFICIENT: f64 = 0.5;
const GATE_COEFFICIENT: f64 = 0.01;

/// Where the gradient of a sample goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SampleRoute {
    Both,
    Diamond,
    Ghost,
}

/// One (time, environment) of a rollout; agent, goals and flags are cells.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    pub agent: usize,
    pub ghost: usize,
    pub diamond: usize,
    pub flags: Vec<usize>,
    pub action: usize,
    pub discounted_return: f32,
    pub route: SampleRoute,
    /// How often the sample counts in the sums, 0 leaving it out; N counts it once either way.
    pub weight: f32,
}

/// By how much gradients are multiplied on their way to each part of a routed policy.
#[derive(Clone, PartialEq, Debug)]
pub struct Masks {
    /// Per route (both, diamond, ghost): the weight of [diamond expert, ghost expert, gate through
    /// the policy, output layer].
    pub weights: [[f32; 4]; 3],
}

impl Masks {
    /// The default masks of gradient routing.
    pub const ROUTING: Self =
        Self { weights: [[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]] };
    /// Every gradient goes everywhere.
    pub const ALL_ONE: Self = Self { weights: [[1.0; 4]; 3] };
}

/// The policy network.
#[derive(Clone, PartialEq, Debug)]
pub enum Network {
    SingleExpert,
    Routed {
        masks: Masks,
        /// The weight of the mean of min(g, 1 - g) over the `Both` samples in the gate loss.
        gate_loss_no_oversight: f32,
        /// g is 1/2, there is no gate loss, and the gate has no gradient.
        fixed_gate: bool,
    },
}

/// What [`per_sample_update`] computes.
#[derive(Clone, PartialEq, Debug)]
pub struct PerSampleUpdate {
    /// The gradient of every weight that has one.
    pub gradients: NamedTensors,
    pub losses: Losses,
}

/// The logged figures, with the reference's meanings. Means weigh samples by their weights but for
/// those of g, the gate, which are over the kept samples. An average of g is `None` without a gate that learns, or without a sample to average over.
#[derive(Clone, PartialEq, Debug)]
pub struct Losses {
    /// Mean of -log pi(a|s) (G - V(s)).
    pub policy_loss: f64,
    /// 0.5 times the mean of (V(s) - G)^2.
    pub value_loss: f64,
    /// 0.01 times the gate loss; 0 without a gate that learns.
    pub gate_loss: f64,
    /// 0.1 times the mean entropy, for routed networks with a minus sign.
    pub entropy_bonus: f64,
    /// What is differentiated: the sum of the first four (the entropy always negative), all but
    /// the gate loss multiplied by the kept fraction.
    pub loss: f64,
    /// Mean of pi(a|s).
    pub avg_action_prob: f64,
    /// Mean of G.
    pub avg_return: f64,
    /// Mean of min(g, 1 - g).
    pub avg_gate_openness: Option<f64>,
    /// Mean of g over the `Diamond` samples.
    pub avg_seen_diamond_gate: Option<f64>,
    /// Mean of g over the `Ghost` samples.
    pub avg_seen_ghost_gate: Option<f64>,
    /// Mean of g over the `Both` samples.
    pub avg_unseen_or_unfinished_gate: Option<f64>,
    /// The kept fraction; `None` where every sample is kept.
    pub kept_pct: Option<f64>,
}

/// What a single expert is to imitate: the mean of -log pi(a|s) over the pairs, times the coefficient,
/// is added to the loss.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Imitation {
    pub coefficient: f64,
    /// Observations and actions, as samples of which nothing else counts.
    pub pairs: Vec<Sample>,
}

/// The losses and gradients of one update on `samples`, at `weights`, for grids of `num_cells`.
pub fn per_sample_update(
    weights: &NamedTensors,
    num_cells: usize,
    network: &Network,
    samples: &[Sample],
    imitation: &Imitation,
) -> PerSampleUpdate {
    let batch = Batch { samples, device: Device::flex().autodiff() };
    let layers = Layers::new(weights, num_cells, &batch.device);
    let observations = batch.observations(num_cells);

    let gate = match network {
        Network::Routed { fixed_gate: false, .. } => Some(layers.gate(observations.clone())),
        _ => None,
    };
    let logits = match network {
        Network::SingleExpert => layers.single_expert_logits(observations.clone()),
        Network::Routed { masks, .. } => {
            let g = gate.as_ref().map_or_else(|| batch.column(|_| 0.5), |gate| gate.g.clone());
            layers.routed_logits(observations.clone(), g, |part| {
                batch.column(|sample| masks.weights[sample.route as usize][part])
            })
        }
    };
    let values = layers.values(observations);

    let log_probs = log_softmax(logits, 1);
    let action_log_probs = (log_probs.clone() * batch.action_one_hot()).sum_dim(1);
    let entropies = -(log_probs.clone().exp() * log_probs).sum_dim(1);
    let returns = batch.column(|sample| sample.discounted_return);
    let advantages = returns.clone() - values.clone().detach();

    let num_samples = samples.len() as f64;
    let weighing = batch.column(|sample| sample.weight);
    let sum_over_n = |terms: Tensor<2>| (terms * weighing.clone()).sum() / num_samples;
    let policy_part = -sum_over_n(action_log_probs.clone() * advantages);
    let value_part = sum_over_n((values - returns.clone()).square()) * VALUE_COEFFICIENT;
    let entropy_part = -sum_over_n(entropies) * ENTROPY_COEFFICIENT;
    let gate_part = match (network, &gate) {
        (Network::Routed { gate_loss_no_oversight, .. }, Some(gate)) => {
            gate.loss(&batch, *gate_loss_no_oversight) * GATE_COEFFICIENT
        }
        _ => Tensor::zeros([1], (&batch.device, DType::F64)),
    };
    let mut loss =
        policy_part.clone() + value_part.clone() + entropy_part.clone() + gate_part.clone();
    if !imitation.pairs.is_empty() {
        let pairs = Batch { samples: &imitation.pairs, device: batch.device.clone() };
        let logits = layers.single_expert_logits(pairs.observations(num_cells));
        let log_probs = (log_softmax(logits, 1) * pairs.action_one_hot()).sum_dim(1);
        loss = loss - log_probs.mean() * imitation.coefficient;
    }

    let num_kept = samples.iter().filter(|sample| sample.weight > 0.0).count();
    let weight: f64 = samples.iter().map(|sample| f64::from(sample.weight)).sum();
    let weight = if weight > 0.0 { weight } else { 1.0 };
    let mean_of_kept = |part: Tensor<1>| scalar(part) * num_samples / weight;
    let entropy_sign = if *network == Network::SingleExpert { -1.0 } else { 1.0 };
    let mean_g = |route| batch.mean(gate.as_ref()?.g.clone(), |sample| sample.route == route);
    let losses = Losses {
        policy_loss: mean_of_kept(policy_part),
        value_loss: mean_of_kept(value_part),
        gate_loss: scalar(gate_part),
        entropy_bonus: entropy_sign * mean_of_kept(entropy_part),
        loss: scalar(loss.clone()),
        avg_action_prob: mean_of_kept(sum_over_n(action_log_probs.exp())),
        avg_return: mean_of_kept(sum_over_n(returns)),
        avg_gate_openness: gate.as_ref().and_then(|gate| batch.mean(gate.openness(), |_| true)),
        avg_seen_diamond_gate: mean_g(SampleRoute::Diamond),
        avg_seen_ghost_gate: mean_g(SampleRoute::Ghost),
        avg_unseen_or_unfinished_gate: mean_g(SampleRoute::Both),
        kept_pct: (num_kept < samples.len()).then_some(num_kept as f64 / num_samples),
    };
    PerSampleUpdate { gradients: layers.gradients(&loss.backward()), losses }
}

/// The samples of the update and where tensors are put.
struct Batch<'a> {
    samples: &'a [Sample],
    device: Device,
}

impl Batch<'_> {
    /// A constant of shape [samples, width], from what `row` gives for each sample.
    fn rows(&self, width: usize, row: impl Fn(&Sample) -> Vec<f32>) -> Tensor<2> {
        let values: Vec<f32> = self.samples.iter().flat_map(row).collect();
        constant(values, [self.samples.len(), width], &self.device)
    }

    /// A constant of shape [samples, 1].
    fn column(&self, value: impl Fn(&Sample) -> f32) -> Tensor<2> {
        self.rows(1, |sample| vec![value(sample)])
    }

    fn action_one_hot(&self) -> Tensor<2> {
        self.rows(ACTIONS, |sample| ones_at(&[sample.action], ACTIONS))
    }

    /// Agent, ghost, diamond and flags, channel after channel.
    fn observations(&self, num_cells: usize) -> Tensor<2> {
        self.rows(CHANNELS * num_cells, |sample| {
            let channels: [&[usize]; CHANNELS] =
                [&[sample.agent], &[sample.ghost], &[sample.diamond], &sample.flags];
            channels.iter().flat_map(|cells| ones_at(cells, num_cells)).collect()
        })
    }

    /// The mean of a [samples, 1] tensor over the kept samples that are `chosen`; over none, 0.
    fn mean_or_zero(&self, x: Tensor<2>, chosen: impl Fn(&Sample) -> bool) -> Tensor<1> {
        let mask = self.column(|sample| f32::from(sample.weight > 0.0 && chosen(sample)));
        (x * mask.clone()).sum() / mask.sum().clamp_min(1.0)
    }

    /// The same as a number, `None` over none.
    fn mean(&self, x: Tensor<2>, chosen: impl Fn(&Sample) -> bool) -> Option<f64> {
        let any = self.samples.iter().any(|sample| sample.weight > 0.0 && chosen(sample));
        any.then(|| scalar(self.mean_or_zero(x, chosen)))
    }
}

/// A gate that learns: the logit and g, as [samples, 1].
struct Gate {
    logit: Tensor<2>,
    g: Tensor<2>,
}

impl Gate {
    fn openness(&self) -> Tensor<2> {
        self.g.clone().min_pair(-self.g.clone() + 1.0)
    }

    /// The binary cross-entropy of g against 1 (diamond) or 0 (ghost) over the overseen samples,
    /// plus `no_oversight` times the openness over the others.
    fn loss(&self, batch: &Batch, no_oversight: f32) -> Tensor<1> {
        // -log g = -log sigmoid(logit) and -log(1 - g) = -log sigmoid(-logit).
        let sign = batch.column(|s| if s.route == SampleRoute::Ghost { -1.0 } else { 1.0 });
        let cross_entropies = -log_sigmoid(self.logit.clone() * sign);
        batch.mean_or_zero(cross_entropies, |sample| sample.route != SampleRoute::Both)
            + batch.mean_or_zero(self.openness(), |sample| sample.route == SampleRoute::Both)
                * no_oversight
    }
}

/// The weights, as leaves of the autodiff graph, and the networks they make.
struct Layers<'a> {
    weights: &'a NamedTensors,
    /// Every weight flattened.
    leaves: BTreeMap<&'a str, Tensor<1>>,
    num_cells: usize,
}

impl<'a> Layers<'a> {
    fn new(weights: &'a NamedTensors, num_cells: usize, device: &Device) -> Self {
        let leaf = |(name, (_, values)): (&'a String, &(_, Vec<f32>))| {
            (name.as_str(), constant(values.clone(), [values.len()], device).require_grad())
        };
        Self { weights, leaves: weights.iter().map(leaf).collect(), num_cells }
    }

    /// The weight of `layer` as [out, in] and its bias as [1, out].
    fn weight_and_bias(&self, layer: &str) -> (Tensor<2>, Tensor<2>) {
        let bias = self.leaves[format!("{layer}.bias").as_str()].clone();
        let weight = self.leaves[format!("{layer}.weight").as_str()].clone();
        let [num_out] = bias.dims();
        (weight.reshape([num_out as i64, -1]), bias.unsqueeze())
    }

    fn linear(&self, x: Tensor<2>, layer: &str) -> Tensor<2> {
        affine(x, self.weight_and_bias(layer))
    }

    /// The 1x1 convolution `layer` of flattened observations, flattened.
    fn convolution(&self, x: Tensor<2>, layer: &str) -> Tensor<2> {
        let image = x.reshape([-1, CHANNELS as i64, self.num_cells as i64, 1]);
        let (weight, bias) = self.weight_and_bias(layer);
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        conv2d(image, weight.unsqueeze_dims(&[2, 3]), Some(bias.squeeze_dim(0)), options)
            .flatten(1, 3)
    }

    fn expert(&self, observations: Tensor<2>, name: &str) -> Tensor<2> {
        let hidden = relu(self.linear(observations, &format!("{name}.layers.0")));
        relu(self.linear(hidden, &format!("{name}.layers.1")))
    }

    fn single_expert_logits(&self, observations: Tensor<2>) -> Tensor<2> {
        self.linear(self.expert(observations, "neural_net.1.1"), "neural_net.2")
    }

    fn gate(&self, observations: Tensor<2>) -> Gate {
        let hidden = self.expert(self.convolution(observations, "gating.0"), "gating.2");
        let logit = self.linear(hidden, "gating.2.layers.2");
        Gate { g: sigmoid(logit.clone()), logit }
    }

    /// The logits of a routed policy; `mask` gives the weights, [samples, 1], of a part, the parts
    /// in the order of [`Masks::weights`].
    fn routed_logits(
        &self,
        observations: Tensor<2>,
        g: Tensor<2>,
        mask: impl Fn(usize) -> Tensor<2>,
    ) -> Tensor<2> {
        let diamond = self.expert(observations.clone(), "diamond_expert.1");
        let diamond = scale_gradient(diamond, mask(0));
        let ghost = scale_gradient(self.expert(observations, "ghost_expert.1"), mask(1));
        let g = scale_gradient(g, mask(2));
        let mixed = g.clone() * diamond + (-g + 1.0) * ghost;

        // The same value twice: the first passes gradients on to experts and gate, unscaled; the
        // second, whose value is taken away again, gives the output layer its scaled gradient.
        let (weight, bias) = self.weight_and_bias("shared_output");
        let passing = affine(mixed.clone(), (weight.clone().detach(), bias.clone().detach()));
        let ending = affine(mixed.detach(), (weight, bias));
        passing + scale_gradient(ending.clone(), mask(3)) - ending.detach()
    }

    /// V(s), as [samples, 1].
    fn values(&self, observations: Tensor<2>) -> Tensor<2> {
        let hidden = self.convolution(observations, "value.neural_net.0");
        let layers = ["value.neural_net.2", "value.neural_net.3", "value.neural_net.4"];
        layers.iter().fold(hidden, |hidden, layer| self.linear(hidden, layer))
    }

    /// The gradients of the weights that the loss depends on.
    fn gradients(&self, gradients: &Gradients) -> NamedTensors {
        let gradient = |(&name, leaf): (&&str, &Tensor<1>)| {
            let values = floats(leaf.grad(gradients)?).iter().map(|&value| value as f32).collect();
            Some((name.to_owned(), (self.weights[name].0.clone(), values)))
        };
        self.leaves.iter().filter_map(gradient).collect()
    }
}

/// x W' + b.
fn affine(x: Tensor<2>, (weight, bias): (Tensor<2>, Tensor<2>)) -> Tensor<2> {
    x.matmul(weight.transpose()) + bias
}

/// The value of `x`, with its gradient multiplied by `weight`.
fn scale_gradient(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    x.clone().detach() + (x.clone() - x.detach()) * weight
}

fn ones_at(indices: &[usize], length: usize) -> Vec<f32> {
    let mut values = vec![0.0; length];
    for &index in indices {
        values[index] = 1.0;
    }
    values
}

/// An f64 tensor with the given values.
fn constant<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F64))
}

fn floats(tensor: Tensor<1>) -> Vec<f64> {
    tensor.try_into_vec_as().expect("a float tensor can be read as f64")
}

fn scalar(tensor: Tensor<1>) -> f64 {
    floats(tensor)[0]
}
