//! Adam (Kingma and Ba 2015, algorithm 1), on the host and on stacked device tensors. Burn's own
//! works on modules with one step count; runs of a batch may be at different updates and have
//! different learning rates.

use burn::tensor::{Int, Tensor};
use gr_runs::TrainingSettings;

use crate::device::ComputeDevice;

/// Step size and decays of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamSettings {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

impl From<&TrainingSettings> for AdamSettings {
    fn from(settings: &TrainingSettings) -> Self {
        Self {
            learning_rate: settings.learning_rate,
            beta1: settings.adam_beta1,
            beta2: settings.adam_beta2,
            epsilon: settings.adam_epsilon,
        }
    }
}

impl AdamSettings {
    /// Step size, decays of the mean and of the mean square, and what is added to its root.
    pub(crate) fn new(learning_rate: f64, beta1: f64, beta2: f64, epsilon: f64) -> Self {
        Self { learning_rate, beta1, beta2, epsilon }
    }

    /// `(learning rate / (1 − β1^t), 1 / √(1 − β2^t))` at step `t`, counted from 1.
    fn corrections(&self, step: u64) -> (f64, f64) {
        let step = step as f64;
        (
            self.learning_rate / (1.0 - self.beta1.powf(step)),
            1.0 / (1.0 - self.beta2.powf(step)).sqrt(),
        )
    }
}

/// Adam's state for parameters kept on the host.
#[derive(Clone, Debug)]
pub struct HostAdam {
    /// Decayed mean of gradients, per parameter.
    pub means: Vec<Vec<f32>>,
    /// Decayed mean of squared gradients, per parameter.
    pub squares: Vec<Vec<f32>>,
}

impl HostAdam {
    /// State before the first step, for parameters of these lengths.
    pub fn new(lengths: impl Iterator<Item = usize>) -> Self {
        let means: Vec<Vec<f32>> = lengths.map(|length| vec![0.0; length]).collect();
        Self { squares: means.clone(), means }
    }

    /// Step number `step`, counted from 1.
    pub fn step(
        &mut self,
        parameters: &mut [Vec<f32>],
        gradients: &[Vec<f32>],
        settings: &AdamSettings,
        step: u64,
    ) {
        let (step_size, root_correction) = settings.corrections(step);
        let (step_size, root_correction) = (step_size as f32, root_correction as f32);
        let [beta1, beta2, epsilon] =
            [settings.beta1, settings.beta2, settings.epsilon].map(|x| x as f32);
        let state = self.means.iter_mut().zip(&mut self.squares);
        for ((parameter, gradient), (mean, square)) in
            parameters.iter_mut().zip(gradients).zip(state)
        {
            let moments = mean.iter_mut().zip(square);
            for ((weight, g), (m, v)) in parameter.iter_mut().zip(gradient).zip(moments) {
                *m = beta1 * *m + (1.0 - beta1) * g;
                *v = beta2 * *v + (1.0 - beta2) * g * g;
                *weight -= step_size * *m / (v.sqrt() * root_correction + epsilon);
            }
        }
    }
}

/// Stacked parameters `[runs, in, out]` and Adam's state of them. Decays and ε are shared by the batch.
///
/// A step costs a GPU a dozen launches whatever it steps, so there all parameters lie in one block, and what
/// networks use are views of it. A CPU steps each in a block of its own.
#[derive(Clone, Debug)]
pub struct StackedAdam {
    blocks: Vec<Block>,
    device: ComputeDevice,
}

/// Parameters that are stepped together, one after the other.
#[derive(Clone, Debug)]
struct Block {
    shapes: Vec<[usize; 3]>,
    /// The parameters, and the decayed means of their gradients and of the squares.
    values: [Tensor<1>; 3],
    /// The run that each number belongs to, if there are several.
    run: Option<Tensor<1, Int>>,
}

/// Floats by whose multiples a view of a tensor may begin on any GPU.
const ALIGNMENT: usize = 64;

impl StackedAdam {
    /// Parameters with Adam's means of gradients and of squared gradients.
    pub fn new(state: &[Vec<Tensor<3>>; 3], device: &ComputeDevice) -> Self {
        let number = state[0].len();
        let per_block = if device.is_gpu { number } else { 1 };
        let blocks = (0..number).step_by(per_block).map(|first| {
            let values = state.each_ref().map(|tensors| &tensors[first..first + per_block]);
            Block::new(values, device)
        });
        Self { blocks: blocks.collect(), device: device.clone() }
    }

    /// The parameters, the means of their gradients and of the squares.
    pub fn state(&self) -> [Vec<Tensor<3>>; 3] {
        [0, 1, 2].map(|part| self.blocks.iter().flat_map(|block| block.parted(part)).collect())
    }

    /// One step on every parameter; the parameters after it. `steps` is each run's step count after it.
    pub fn step(
        &mut self,
        gradients: &[Tensor<3>],
        settings: &[AdamSettings],
        steps: &[u64],
    ) -> Vec<Tensor<3>> {
        let corrections: Vec<(f64, f64)> = settings
            .iter()
            .zip(steps)
            .map(|(settings, step)| settings.corrections(*step))
            .collect();
        let per_run = |factor: fn(&(f64, f64)) -> f64| {
            PerRun::new(corrections.iter().map(|c| factor(c) as f32).collect(), &self.device)
        };
        let (step_size, root_correction) = (per_run(|c| c.0), per_run(|c| c.1));
        let AdamSettings { beta1, beta2, epsilon, .. } = settings[0];
        let mut gradients = gradients;
        for Block { shapes, values: [parameters, mean, square], run } in &mut self.blocks {
            let (own, others) = gradients.split_at(shapes.len());
            gradients = others;
            let gradient = joined(own);
            *mean = mean.clone() * beta1 + gradient.clone() * (1.0 - beta1);
            *square = square.clone() * beta2 + gradient.square() * (1.0 - beta2);
            let root = root_correction.times(square.clone().sqrt(), run.as_ref()) + epsilon;
            *parameters = parameters.clone() - step_size.times(mean.clone(), run.as_ref()) / root;
        }
        self.blocks.iter().flat_map(|block| block.parted(0)).collect()
    }
}

impl Block {
    fn new(values: [&[Tensor<3>]; 3], device: &ComputeDevice) -> Self {
        let shapes: Vec<[usize; 3]> = values[0].iter().map(Tensor::dims).collect();
        let values = values.map(joined);
        let run = (shapes[0][0] > 1).then(|| {
            let mut runs = Vec::new();
            for [number, inputs, outputs] in &shapes {
                let of_run = |run| std::iter::repeat_n(run as i32, inputs * outputs);
                runs.extend((0..*number).flat_map(of_run));
                if shapes.len() > 1 {
                    runs.resize(runs.len().next_multiple_of(ALIGNMENT), 0);
                }
            }
            device.numbers(runs)
        });
        Self { shapes, values, run }
    }

    /// The tensors that make up the values of one kind: views of them.
    fn parted(&self, part: usize) -> Vec<Tensor<3>> {
        let joined = &self.values[part];
        if let [only] = &self.shapes[..] {
            return vec![joined.clone().reshape(*only)];
        }
        let mut start = 0;
        let next = |shape: &[usize; 3]| {
            let length = shape.iter().product::<usize>();
            let part = joined.clone().narrow(0, start, length).reshape(*shape);
            start += length.next_multiple_of(ALIGNMENT);
            part
        };
        self.shapes.iter().map(next).collect()
    }
}

/// Tensors one after the other, each of several padded to where a view may begin.
fn joined(tensors: &[Tensor<3>]) -> Tensor<1> {
    if let [only] = tensors {
        return only.clone().flatten(0, 2);
    }
    let lengths = tensors.iter().map(|tensor| tensor.shape().num_elements());
    let ends = lengths.map(|length| length.next_multiple_of(ALIGNMENT)).scan(0, |end, length| {
        *end += length;
        Some(*end)
    });
    let ends: Vec<usize> = ends.collect();
    let all = Tensor::zeros([ends[ends.len() - 1]], &tensors[0].device());
    let starts = std::iter::once(0).chain(ends);
    // Written over zeros, which is a launch per tensor; a concatenation would take another for each padding.
    starts.zip(tensors).fold(all, |all, (start, tensor)| {
        let flat: Tensor<1> = tensor.clone().flatten(0, 2);
        let [length] = flat.dims();
        all.slice_assign(start..start + length, flat)
    })
}

/// A factor of each run.
enum PerRun {
    /// All runs have this one.
    Same(f32),
    /// By run.
    Each(Box<Tensor<1>>),
}

impl PerRun {
    fn new(factors: Vec<f32>, device: &ComputeDevice) -> Self {
        match factors.iter().all(|factor| *factor == factors[0]) {
            true => Self::Same(factors[0]),
            false => {
                let number = factors.len();
                Self::Each(Box::new(device.floats(factors, [number])))
            }
        }
    }

    /// `values` times the factor of the run that each belongs to, by `run`.
    fn times(&self, values: Tensor<1>, run: Option<&Tensor<1, Int>>) -> Tensor<1> {
        match (self, run) {
            (Self::Each(factors), Some(run)) => {
                values * Tensor::clone(factors).select(0, run.clone())
            }
            (Self::Same(factor), _) => values * *factor,
            (Self::Each(_), None) => unreachable!("one run has one factor"),
        }
    }
}
