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
    /// Not overseen, timed out, or still running at the rollout's end.
    Both,
    /// The episode ended overseen on the diamond.
    Diamond,
    /// The episode ended overseen on the ghost.
    Ghost,
}

/// One (time, environment) of a rollout.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// The agent's cell.
    pub agent: usize,
    /// The ghost's cell.
    pub ghost: usize,
    /// The diamond's cell.
    pub diamond: usize,
    /// The flagged cells.
    pub flags: Vec<usize>,
    /// The action taken.
    pub action: usize,
    /// G of the sample.
    pub discounted_return: f32,
    /// Where the gradient of the sample goes.
    pub route: SampleRoute,
    /// Whether the sample is part of the sums; N counts it either way.
    pub kept: bool,
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

    /// No routing: every gradient goes everywhere.
    pub const ALL_ONE: Self = Self { weights: [[1.0; 4]; 3] };
}

/// The policy network.
#[derive(Clone, PartialEq, Debug)]
pub enum Network {
    /// One expert and an output layer.
    SingleExpert,
    /// Two experts, mixed by a gate, and an output layer.
    Routed {
        /// Where gradients go.
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
    /// The update's logged figures.
    pub losses: Losses,
}

/// The logged figures, with the reference's meanings. Means are over the kept samples.
#[derive(Clone, PartialEq, Debug)]
pub struct Losses {
    /// Mean of -log pi(a|s) (G - V(s)).
    pub policy_loss: f64,
    /// 0.5 times the mean of (V(s) - G)^2.
    pub value_loss: f64,
    /// 0.01 times the gate loss; 0 without a gate.
    pub gate_loss: f64,
    /// 0.1 times the mean entropy, for routed networks with a minus sign.
    pub entropy_bonus: f64,
    /// What is differentiated: the parts, scaled by the kept fraction.
    pub loss: f64,
    /// Mean of pi(a|s).
    pub avg_action_prob: f64,
    /// Mean of G.
    pub avg_return: f64,
    /// Mean of min(g, 1 - g); like the other averages of g, `None` without a gate that learns and
    /// where there is no sample to average over.
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

/// The losses and gradients of one update on `samples`, at `weights`, on a grid of `num_cells`
/// cells.
pub fn per_sample_update(
    weights: &NamedTensors,
    num_cells: usize,
    network: &Network,
    samples: &[Sample],
) -> PerSampleUpdate {
    let batch = Batch { samples, device: Device::flex().autodiff() };
    let layers = Layers::new(weights, num_cells, &batch.device);
    let observations = batch.observations(num_cells);

    let gate_logit = match network {
        Network::Routed { fixed_gate: false, .. } => Some(layers.gate_logit(observations.clone())),
        _ => None,
    };
    let gate = gate_logit.clone().map(sigmoid);
    let logits = match network {
        Network::SingleExpert => {
            let hidden = layers.expert(observations.clone(), "neural_net.1.1");
            layers.linear(hidden, "neural_net.2")
        }
        Network::Routed { masks, .. } => {
            routed_logits(&layers, &batch, masks, observations.clone(), gate.clone())
        }
    };
    let values = layers.values(observations);

    let log_probs = log_softmax(logits, 1);
    let action_log_probs = (log_probs.clone() * batch.action_one_hot()).sum_dim(1);
    let entropies = -(log_probs.clone().exp() * log_probs).sum_dim(1);
    let returns = batch.column(|sample| sample.discounted_return);
    let advantages = returns.clone() - values.clone().detach();

    let num_samples = samples.len() as f64;
    let kept = batch.column(|sample| f32::from(sample.kept));
    let sum_over_n = |terms: Tensor<2>| (terms * kept.clone()).sum() / num_samples;
    let policy_part = -sum_over_n(action_log_probs.clone() * advantages);
    let entropy_part = -sum_over_n(entropies) * ENTROPY_COEFFICIENT;
    let value_part = sum_over_n((values - returns).square()) * VALUE_COEFFICIENT;
    let routed_loss = policy_part.clone() + entropy_part.clone() + value_part.clone();
    let gate_part = match (network, &gate, gate_logit) {
        (Network::Routed { gate_loss_no_oversight, .. }, Some(gate), Some(gate_logit)) => {
            let loss = gate_loss(&batch, gate.clone(), gate_logit, *gate_loss_no_oversight);
            Some(loss * GATE_COEFFICIENT)
        }
        _ => None,
    };
    let loss = match gate_part.clone() {
        Some(gate_part) => routed_loss + gate_part,
        None => routed_loss,
    };
    let gradients = layers.gradients(&loss.backward());

    let kept_fraction = samples.iter().filter(|sample| sample.kept).count() as f64 / num_samples;
    let mean_of_kept = |part: Tensor<1>| scalar(part) / kept_fraction;
    let entropy_sign = if matches!(network, Network::Routed { .. }) { 1.0 } else { -1.0 };
    let gate_values = gate.map(floats);
    let gate_mean = |figure: fn(f64) -> f64, chosen: &dyn Fn(&Sample) -> bool| {
        let figures: Vec<f64> = gate_values.as_ref()?.iter().map(|&gate| figure(gate)).collect();
        batch.mean(&figures, chosen)
    };
    let gate_mean_of_route =
        |route| gate_mean(|gate| gate, &|sample: &Sample| sample.route == route);
    let returns: Vec<f64> = samples.iter().map(|s| f64::from(s.discounted_return)).collect();
    let losses = Losses {
        policy_loss: mean_of_kept(policy_part),
        value_loss: mean_of_kept(value_part),
        gate_loss: gate_part.map_or(0.0, scalar),
        entropy_bonus: entropy_sign * mean_of_kept(entropy_part),
        loss: scalar(loss),
        avg_action_prob: batch.mean(&floats(action_log_probs.exp()), |_| true).unwrap_or(0.0),
        avg_return: batch.mean(&returns, |_| true).unwrap_or(0.0),
        avg_gate_openness: gate_mean(|gate| gate.min(1.0 - gate), &|_| true),
        avg_seen_diamond_gate: gate_mean_of_route(SampleRoute::Diamond),
        avg_seen_ghost_gate: gate_mean_of_route(SampleRoute::Ghost),
        avg_unseen_or_unfinished_gate: gate_mean_of_route(SampleRoute::Both),
        kept_pct: (kept_fraction < 1.0).then_some(kept_fraction),
    };
    PerSampleUpdate { gradients, losses }
}

/// The logits of a routed policy; `gate` is [samples, 1], or `None` for g = 1/2.
fn routed_logits(
    layers: &Layers,
    batch: &Batch,
    masks: &Masks,
    observations: Tensor<2>,
    gate: Option<Tensor<2>>,
) -> Tensor<2> {
    let [diamond_weight, ghost_weight, gate_weight, output_weight] =
        std::array::from_fn(|part| batch.column(|s| masks.weights[s.route as usize][part]));
    let diamond = layers.expert(observations.clone(), "diamond_expert.1");
    let diamond = scale_gradient(diamond, diamond_weight);
    let ghost = scale_gradient(layers.expert(observations, "ghost_expert.1"), ghost_weight);
    let gate = match gate {
        Some(gate) => scale_gradient(gate, gate_weight),
        None => batch.column(|_| 0.5),
    };
    let mixed = gate.clone() * diamond + (-gate + 1.0) * ghost;

    let (weight, bias) = (layers.weight("shared_output"), layers.bias("shared_output"));
    let to_mixed = affine(mixed.clone(), weight.clone().detach(), bias.clone().detach());
    let to_layer = affine(mixed.detach(), weight, bias);
    // Twice the same value: the first passes gradients on to experts and gate, unscaled; the
    // second, of which the value is taken away again, gives the output layer its scaled gradient.
    to_mixed + scale_gradient(to_layer.clone(), output_weight) - to_layer.detach()
}

/// The value of `x`, with its gradient multiplied by `weight`.
fn scale_gradient(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    x.clone().detach() + (x.clone() - x.detach()) * weight
}

/// The binary cross-entropy of g against 1 (diamond) or 0 (ghost) over the overseen samples, plus
/// the weighted mean of min(g, 1 - g) over the others.
fn gate_loss(
    batch: &Batch,
    gate: Tensor<2>,
    gate_logit: Tensor<2>,
    no_oversight_weight: f32,
) -> Tensor<1> {
    let overseen = |sample: &Sample| sample.route != SampleRoute::Both;
    // -log g = -log sigmoid(z) and -log(1 - g) = -log sigmoid(-z).
    let sign = batch.column(|s| if s.route == SampleRoute::Ghost { -1.0 } else { 1.0 });
    let cross_entropies = -log_sigmoid(gate_logit * sign);
    let openness = gate.clone().min_pair(-gate + 1.0);
    batch.mean_tensor(cross_entropies, overseen)
        + batch.mean_tensor(openness, |sample| !overseen(sample)) * no_oversight_weight
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
        self.rows(ACTIONS, |sample| one_hot(&[sample.action], ACTIONS))
    }

    /// Agent, ghost, diamond and flags, channel after channel.
    fn observations(&self, num_cells: usize) -> Tensor<2> {
        self.rows(CHANNELS * num_cells, |sample| {
            let goals = [sample.agent, sample.ghost, sample.diamond];
            let mut observation: Vec<f32> =
                goals.iter().flat_map(|&cell| one_hot(&[cell], num_cells)).collect();
            observation.extend(one_hot(&sample.flags, num_cells));
            observation
        })
    }

    /// The mean over the kept samples that are `chosen`, `None` if there are none.
    fn mean(&self, values: &[f64], chosen: impl Fn(&Sample) -> bool) -> Option<f64> {
        let included: Vec<f64> = std::iter::zip(self.samples, values)
            .filter(|(sample, _)| sample.kept && chosen(sample))
            .map(|(_, &value)| value)
            .collect();
        (!included.is_empty()).then(|| included.iter().sum::<f64>() / included.len() as f64)
    }

    /// As [`Batch::mean`], of a [samples, 1] tensor, and 0 if there are none.
    fn mean_tensor(&self, values: Tensor<2>, chosen: impl Fn(&Sample) -> bool) -> Tensor<1> {
        let included = |sample: &Sample| sample.kept && chosen(sample);
        let count = self.samples.iter().filter(|sample| included(sample)).count();
        let mask = self.column(|sample| f32::from(included(sample)));
        (values * mask).sum() / count.max(1) as f64
    }
}

/// The weights, as leaves of the autodiff graph, and the layers they make.
struct Layers<'a> {
    shapes: BTreeMap<&'a str, &'a [usize]>,
    /// Every weight flattened.
    leaves: BTreeMap<&'a str, Tensor<1>>,
    num_cells: usize,
}

impl<'a> Layers<'a> {
    fn new(weights: &'a NamedTensors, num_cells: usize, device: &Device) -> Self {
        let mut layers = Self { shapes: BTreeMap::new(), leaves: BTreeMap::new(), num_cells };
        for (name, (shape, values)) in weights {
            let leaf = constant(values.clone(), [values.len()], device).require_grad();
            layers.shapes.insert(name, shape);
            layers.leaves.insert(name, leaf);
        }
        layers
    }

    /// The weight of `layer` as [out, in].
    fn weight(&self, layer: &str) -> Tensor<2> {
        let name = format!("{layer}.weight");
        let shape = self.shapes[name.as_str()];
        self.leaves[name.as_str()].clone().reshape([shape[0], shape[1]])
    }

    /// The bias of `layer` as [1, out].
    fn bias(&self, layer: &str) -> Tensor<2> {
        self.leaves[format!("{layer}.bias").as_str()].clone().unsqueeze()
    }

    fn linear(&self, x: Tensor<2>, layer: &str) -> Tensor<2> {
        affine(x, self.weight(layer), self.bias(layer))
    }

    /// The 1x1 convolution `layer` of flattened observations, flattened.
    fn convolution(&self, x: Tensor<2>, layer: &str) -> Tensor<2> {
        let [num_samples, _] = x.dims();
        let image = x.reshape([num_samples, CHANNELS, self.num_cells, 1]);
        let kernel = self.weight(layer).unsqueeze_dims(&[2, 3]);
        let bias = self.bias(layer).squeeze_dim(0);
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        conv2d(image, kernel, Some(bias), options).flatten(1, 3)
    }

    fn expert(&self, observations: Tensor<2>, name: &str) -> Tensor<2> {
        let hidden = relu(self.linear(observations, &format!("{name}.layers.0")));
        relu(self.linear(hidden, &format!("{name}.layers.1")))
    }

    fn gate_logit(&self, observations: Tensor<2>) -> Tensor<2> {
        let hidden = self.convolution(observations, "gating.0");
        self.linear(self.expert(hidden, "gating.2"), "gating.2.layers.2")
    }

    /// V(s), as [samples, 1].
    fn values(&self, observations: Tensor<2>) -> Tensor<2> {
        let hidden = self.convolution(observations, "value.neural_net.0");
        let layers = ["value.neural_net.2", "value.neural_net.3", "value.neural_net.4"];
        layers.iter().fold(hidden, |hidden, layer| self.linear(hidden, layer))
    }

    /// The gradients of the weights that the loss depends on.
    fn gradients(&self, gradients: &Gradients) -> NamedTensors {
        let gradient_of = |name: &str, leaf: &Tensor<1>| {
            let values = floats(leaf.grad(gradients)?).iter().map(|&value| value as f32).collect();
            Some((name.to_owned(), (self.shapes[name].to_vec(), values)))
        };
        self.leaves.iter().filter_map(|(name, leaf)| gradient_of(name, leaf)).collect()
    }
}

/// x W' + b.
fn affine(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<2>) -> Tensor<2> {
    x.matmul(weight.transpose()) + bias
}

/// Ones at `cells`, zeros elsewhere.
fn one_hot(cells: &[usize], length: usize) -> Vec<f32> {
    let mut values = vec![0.0; length];
    for &cell in cells {
        values[cell] = 1.0;
    }
    values
}

/// An f64 tensor with the given values.
fn constant<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F64))
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.try_into_vec_as().expect("a float tensor can be read as f64")
}

fn scalar(tensor: Tensor<1>) -> f64 {
    floats(tensor)[0]
}
