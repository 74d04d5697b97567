//! The policy networks of a run batch on a device: stacked parameters. Runs are axis 0 of every
//! tensor, so one launch serves a whole batch.

use burn::tensor::{Device, Tensor, TensorData};
use gr_grid::Observation;

use super::architecture::Architecture;
use super::inputs::Inputs;
use crate::device::{ComputeDevice, failure, fault};

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

    /// The observations of every run as this network takes them, each followed by empty rows up to
    /// `rows`.
    pub fn inputs<'a>(
        &self,
        runs: impl IntoIterator<Item = &'a [Observation]>,
        rows: usize,
    ) -> Inputs {
        let one_hot_on = self.device.is_gpu.then(|| self.device());
        Inputs::new(runs, rows, self.architecture.num_cells, one_hot_on)
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
    let data = tensor.try_into_data().unwrap_or_else(|error| failure::fail(error));
    data.try_into_vec().expect("the tensor holds 32-bit floats")
}
