//! The value network (docs/experiment.md, section 4). It has no activations, so it is one affine map
//! of the observation, one number per input and a bias: its baseline is a sum of a few of them, and
//! its gradient is one vector of that length pushed through the factor matrices. All on the host.

use gr_grid::Observation;
use gr_runs::{NetworkSettings, Seed};

use super::adam::{AdamSettings, HostAdam};
use super::architecture::{LayerShape, NUM_CHANNELS, initial_layer};

/// Factor matrices of the value network: 1×1 convolution, flatten, three linear layers.
#[derive(Clone, Debug)]
pub struct ValueNetwork {
    num_cells: usize,
    layers: [LayerShape; 4],
    /// Weight `[inputs, outputs]` and bias of each layer, in order.
    parameters: Vec<Vec<f32>>,
    optimizer: HostAdam,
}

/// The network multiplied out: `value = bias + Σ weights[active input]`.
#[derive(Clone, Debug)]
pub struct AffineValue {
    num_cells: usize,
    weights: Vec<f64>,
    bias: f64,
}

/// Gradient of the loss with respect to the affine map.
#[derive(Clone, Debug)]
pub struct AffineGradient {
    /// Per input.
    pub weights: Vec<f64>,
    /// Of the bias.
    pub bias: f64,
}

impl AffineGradient {
    /// Adds the gradient `cotangent` of the value at `observation`.
    #[inline]
    pub fn add(&mut self, observation: &Observation, cotangent: f64) {
        for input in observation.active_inputs(self.weights.len() / NUM_CHANNELS) {
            self.weights[input] += cotangent;
        }
        self.bias += cotangent;
    }
}

impl AffineValue {
    /// No gradient yet.
    pub fn zero_gradient(&self) -> AffineGradient {
        AffineGradient { weights: vec![0.0; self.weights.len()], bias: 0.0 }
    }

    /// The value of an observation.
    #[inline]
    pub fn at(&self, observation: &Observation) -> f32 {
        let inputs = observation.active_inputs(self.num_cells);
        (self.bias + inputs.map(|input| self.weights[input]).sum::<f64>()) as f32
    }
}

impl ValueNetwork {
    /// The network with the initial weights of `seed`.
    pub fn new(num_cells: usize, settings: &NetworkSettings, seed: Seed) -> Self {
        let [first, second] = settings.value_hidden;
        let channels = settings.value_channels;
        let layer = |name, inputs, outputs| LayerShape { name, inputs, outputs };
        let layers = [
            layer("value.mixing", NUM_CHANNELS, channels),
            layer("value.0", channels * num_cells, first),
            layer("value.1", first, second),
            layer("value.2", second, 1),
        ];
        let parameters: Vec<Vec<f32>> =
            layers.iter().flat_map(|layer| initial_layer(seed, layer)).collect();
        let optimizer = HostAdam::new(parameters.iter().map(Vec::len));
        Self { num_cells, layers, parameters, optimizer }
    }

    /// Names of the parameters, in order.
    pub fn parameter_names(&self) -> Vec<String> {
        let names = self.layers.iter();
        names.flat_map(|l| ["weight", "bias"].map(|part| format!("{}.{part}", l.name))).collect()
    }

    /// The parameters, in order.
    pub fn parameters(&self) -> &[Vec<f32>] {
        &self.parameters
    }

    /// Replaces the parameters. Lengths must be those of [`ValueNetwork::parameters`].
    pub fn set_parameters(&mut self, parameters: Vec<Vec<f32>>) {
        assert!(parameters.iter().map(Vec::len).eq(self.parameters.iter().map(Vec::len)));
        self.parameters = parameters;
    }

    /// The optimizer's state.
    pub(crate) fn optimizer_mut(&mut self) -> &mut HostAdam {
        &mut self.optimizer
    }

    /// The optimizer's state.
    pub(crate) fn optimizer(&self) -> &HostAdam {
        &self.optimizer
    }

    /// Multiplies the factors out.
    pub fn collapse(&self) -> AffineValue {
        let tails = self.tails();
        let [mixing, first_bias, second_bias, third_bias] =
            [0, 3, 5, 7].map(|i| &self.parameters[i]);
        let mixed = &tails[0];
        let channels = self.layers[0].outputs;
        let cells = self.num_cells;
        let mut weights = vec![0.0; NUM_CHANNELS * cells];
        let mut bias =
            f64::from(third_bias[0]) + dot(second_bias, &tails[2]) + dot(first_bias, &tails[1]);
        for channel in 0..channels {
            let tail = &mixed[channel * cells..][..cells];
            bias += f64::from(self.parameters[1][channel]) * tail.iter().sum::<f64>();
            for input in 0..NUM_CHANNELS {
                let weight = f64::from(mixing[input * channels + channel]);
                for (sum, tail) in weights[input * cells..][..cells].iter_mut().zip(tail) {
                    *sum += weight * tail;
                }
            }
        }
        AffineValue { num_cells: cells, weights, bias }
    }

    /// Derivative of the value with respect to what enters the first, second and third linear
    /// layer, in this order.
    fn tails(&self) -> [Vec<f64>; 3] {
        let third: Vec<f64> = self.parameters[6].iter().map(|w| f64::from(*w)).collect();
        let second = matrix_times(&self.parameters[4], &third);
        let first = matrix_times(&self.parameters[2], &second);
        [first, second, third]
    }

    /// The gradient of every parameter, in order, from the gradient of the affine map.
    pub fn gradient(&self, affine: &AffineGradient) -> Vec<Vec<f32>> {
        let [mixed_tail, first_tail, second_tail] = self.tails();
        let (cells, channels) = (self.num_cells, self.layers[0].outputs);
        let mixing = &self.parameters[0];

        // What a sum of samples, weighted by their cotangents, becomes on its way up.
        let mut mixed = vec![0.0; channels * cells];
        let mut mixing_gradient = vec![0.0; NUM_CHANNELS * channels];
        let mut mixing_bias_gradient = vec![0.0; channels];
        for channel in 0..channels {
            let tail = &mixed_tail[channel * cells..][..cells];
            let out = &mut mixed[channel * cells..][..cells];
            out.fill(f64::from(self.parameters[1][channel]) * affine.bias);
            mixing_bias_gradient[channel] = affine.bias * tail.iter().sum::<f64>();
            for input in 0..NUM_CHANNELS {
                let weight = f64::from(mixing[input * channels + channel]);
                let inputs = &affine.weights[input * cells..][..cells];
                out.iter_mut().zip(inputs).for_each(|(sum, x)| *sum += weight * x);
                mixing_gradient[input * channels + channel] =
                    inputs.iter().zip(tail).map(|(x, tail)| x * tail).sum();
            }
        }
        let first = times_matrix(&mixed, &self.parameters[2], &self.parameters[3], affine.bias);
        let second = times_matrix(&first, &self.parameters[4], &self.parameters[5], affine.bias);

        let scaled = |tail: &[f64]| tail.iter().map(|x| (affine.bias * x) as f32).collect();
        let single = |values: Vec<f64>| values.into_iter().map(|x| x as f32).collect();
        vec![
            single(mixing_gradient),
            single(mixing_bias_gradient),
            outer(&mixed, &first_tail),
            scaled(&first_tail),
            outer(&first, &second_tail),
            scaled(&second_tail),
            single(second),
            vec![affine.bias as f32],
        ]
    }

    /// Adam's step number `step`, counted from 1, on all factors.
    pub fn step(&mut self, affine: &AffineGradient, settings: &AdamSettings, step: u64) {
        let gradient = self.gradient(affine);
        self.optimizer.step(&mut self.parameters, &gradient, settings, step);
    }
}

fn dot(a: &[f32], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * b).sum()
}

/// `matrix [rows, cols] × vector [cols]`.
fn matrix_times(matrix: &[f32], vector: &[f64]) -> Vec<f64> {
    matrix.chunks_exact(vector.len()).map(|row| dot(row, vector)).collect()
}

/// `vector [rows] × matrix [rows, cols] + scale × bias [cols]`.
fn times_matrix(vector: &[f64], matrix: &[f32], bias: &[f32], scale: f64) -> Vec<f64> {
    let mut product: Vec<f64> = bias.iter().map(|bias| scale * f64::from(*bias)).collect();
    for (factor, row) in vector.iter().zip(matrix.chunks_exact(bias.len())) {
        product.iter_mut().zip(row).for_each(|(sum, weight)| *sum += factor * f64::from(*weight));
    }
    product
}

fn outer(column: &[f64], row: &[f64]) -> Vec<f32> {
    column.iter().flat_map(|a| row.iter().map(move |b| (a * b) as f32)).collect()
}
