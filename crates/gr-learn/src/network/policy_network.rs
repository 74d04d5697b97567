//! The policy networks of a run batch on a device: stacked parameters. Runs are axis 0 of every
//! tensor, so one launch serves a whole batch.

use burn::tensor::Tensor;
use gr_grid::Observation;

use super::architecture::Architecture;
use super::inputs::Inputs;
use super::observation_table::ObservationTable;
use crate::device::ComputeDevice;

/// Observations evaluated at once on a CPU: large enough for the matrix products, small enough that
/// their activations stay in the cache.
const CPU_ROWS: usize = 1024;

/// Rows are padded to multiples of this on a GPU: every new shape costs it preparation.
const GPU_PADDING: usize = 512;

/// Stacked parameters of a batch of policies, in the order of [`Architecture::layers`].
#[derive(Clone, Debug)]
pub struct PolicyNetwork {
    architecture: Architecture,
    /// Weights `[runs, inputs, outputs]`, biases `[runs, 1, outputs]`.
    pub(crate) parameters: Vec<Tensor<3>>,
    device: ComputeDevice,
    /// What observations are selected from on a GPU, if it takes a tensor of that size.
    observations: Option<ObservationTable>,
}

impl PolicyNetwork {
    /// A batch of policies with the given parameters, one list per run in the architecture's order.
    pub fn new(architecture: Architecture, runs: &[Vec<Vec<f32>>], device: &ComputeDevice) -> Self {
        let parameters = stack(&architecture, runs, device);
        let table = || ObservationTable::new(architecture.num_cells, device);
        let observations = device.is_gpu.then(table).flatten();
        Self { architecture, parameters, device: device.clone(), observations }
    }

    /// A network like this one, of a single run with other parameters.
    pub fn alone_with(&self, parameters: &[Vec<f32>]) -> Self {
        let parameters = stack(&self.architecture, &[parameters.to_vec()], &self.device);
        Self { parameters, ..self.clone() }
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
    pub fn device(&self) -> &ComputeDevice {
        &self.device
    }

    /// Observations of every run that are best evaluated at once.
    pub fn rows_at_once(&self) -> usize {
        if !self.device.is_gpu {
            return CPU_ROWS;
        }
        let widest = self.architecture.hidden.max(self.architecture.num_inputs());
        let fitting = self.device.largest_tensor / (size_of::<f32>() * widest * self.num_runs());
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
        runs: impl IntoIterator<Item = &'a [Observation]> + Clone,
        rows: usize,
    ) -> Inputs {
        let num_cells = self.architecture.num_cells;
        if !self.device.is_gpu {
            return Inputs::looked_up(runs, rows, num_cells);
        }
        Inputs::one_hot(runs, rows, num_cells, self.observations.as_ref(), &self.device)
    }

    /// Keeps the runs at `positions` only, in that order.
    pub fn select_runs(&mut self, positions: &[usize]) {
        self.parameters = select_runs(&self.parameters, positions, &self.device);
    }

    /// Parameters of one run, in order.
    pub fn parameters_of(&self, run: usize) -> Vec<Vec<f32>> {
        unstack(&self.parameters, run, &self.device)
    }
}

/// Host parameters of several runs, stacked: `[runs, inputs, outputs]` per parameter.
pub(crate) fn stack(
    architecture: &Architecture,
    runs: &[Vec<Vec<f32>>],
    device: &ComputeDevice,
) -> Vec<Tensor<3>> {
    let shapes = architecture.parameter_shapes();
    let stacked = shapes.iter().enumerate().map(|(index, [inputs, outputs])| {
        let values: Vec<f32> = runs.iter().flat_map(|run| run[index].iter().copied()).collect();
        device.floats(values, [runs.len(), *inputs, *outputs])
    });
    stacked.collect()
}

/// The values of one run in stacked tensors.
pub(crate) fn unstack(tensors: &[Tensor<3>], run: usize, device: &ComputeDevice) -> Vec<Vec<f32>> {
    tensors.iter().map(|tensor| device.read(tensor.clone().narrow(0, run, 1))).collect()
}

/// The runs at `positions`, stacked anew.
pub(crate) fn select_runs(
    tensors: &[Tensor<3>],
    positions: &[usize],
    device: &ComputeDevice,
) -> Vec<Tensor<3>> {
    let indices = device.numbers(positions.iter().map(|position| *position as i32).collect());
    tensors.iter().map(|tensor| tensor.clone().select(0, indices.clone())).collect()
}
