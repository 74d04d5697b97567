//! Adam (Kingma and Ba 2015, algorithm 1), on the host and on stacked device tensors. Burn's own
//! works on modules with one step count; runs of a batch may be at different updates and have
//! different learning rates.

use burn::tensor::{Device, Tensor, TensorData};
use gr_runs::TrainingSettings;

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

/// Adam's state for stacked parameters `[runs, in, out]`. Decays and ε are shared by the batch.
#[derive(Clone, Debug)]
pub struct StackedAdam {
    /// Decayed mean of gradients, per parameter.
    pub means: Vec<Tensor<3>>,
    /// Decayed mean of squared gradients, per parameter.
    pub squares: Vec<Tensor<3>>,
}

impl StackedAdam {
    /// One step on every parameter. `steps` is each run's step count after this one.
    pub fn step(
        &mut self,
        parameters: &mut [Tensor<3>],
        gradients: Vec<Tensor<3>>,
        settings: &[AdamSettings],
        steps: &[u64],
        device: &Device,
    ) {
        let corrections: Vec<(f64, f64)> = settings
            .iter()
            .zip(steps)
            .map(|(settings, step)| settings.corrections(*step))
            .collect();
        let per_run = |values: Vec<f32>| {
            let shape = [values.len(), 1, 1];
            Tensor::<3>::from_data(TensorData::new(values, shape), device)
        };
        let step_sizes = per_run(corrections.iter().map(|c| c.0 as f32).collect());
        let root_corrections = per_run(corrections.iter().map(|c| c.1 as f32).collect());
        let AdamSettings { beta1, beta2, epsilon, .. } = settings[0];

        let state = self.means.iter_mut().zip(&mut self.squares);
        for ((parameter, gradient), (mean, square)) in
            parameters.iter_mut().zip(gradients).zip(state)
        {
            let new_mean = mean.clone() * beta1 + gradient.clone() * (1.0 - beta1);
            let new_square = square.clone() * beta2 + gradient.square() * (1.0 - beta2);
            let root = new_square.clone().sqrt() * root_corrections.clone() + epsilon;
            *parameter = parameter.clone() - new_mean.clone() * step_sizes.clone() / root;
            (*mean, *square) = (new_mean, new_square);
        }
    }
}
