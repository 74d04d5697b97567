//! Observations as a network takes them, and the first layer of a network on them.
//!
//! An observation is three ones and its flags among `4 × cells` zeros. A GPU multiplies the zeros
//! too, which costs it nothing worth a launch of its own, and takes the rows by number from a table that it
//! keeps; a CPU adds up the selected rows of the weight instead, a fifth of an update's arithmetic
//! otherwise.

use std::sync::Arc;

use burn::tensor::{Int, Tensor, TensorData};
use gr_grid::Observation;

use super::NUM_CHANNELS;
use super::observation_table::ObservationTable;
use crate::device::ComputeDevice;

/// Encoded observations of a run batch, `[runs, observations, 4 × cells]`.
#[derive(Clone, Debug)]
pub struct Inputs {
    num_inputs: usize,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// Zeros and ones.
    OneHot(Box<Tensor<3>>),
    /// Positions of the ones, by run and observation; a row that only fills up has none.
    Active(Arc<ActiveInputs>),
}

#[derive(Debug)]
struct ActiveInputs {
    /// Runs and observations of each.
    shape: [usize; 2],
    /// Where the positions of each observation end.
    ends: Vec<u32>,
    positions: Vec<u16>,
}

impl Inputs {
    /// The observations of every run, each followed by empty rows up to `rows`, to be looked up.
    pub(super) fn looked_up<'a>(
        runs: impl IntoIterator<Item = &'a [Observation]>,
        rows: usize,
        num_cells: usize,
    ) -> Self {
        let active = ActiveInputs::new(runs, rows, num_cells);
        Self { num_inputs: NUM_CHANNELS * num_cells, form: Form::Active(Arc::new(active)) }
    }

    /// The same one-hot, from the table by number where it has them all.
    pub(super) fn one_hot<'a>(
        runs: impl IntoIterator<Item = &'a [Observation]> + Clone,
        rows: usize,
        num_cells: usize,
        table: Option<&ObservationTable>,
        device: &ComputeDevice,
    ) -> Self {
        let num_inputs = NUM_CHANNELS * num_cells;
        let numbers = table.and_then(|table| Some((table, table.numbers(runs.clone(), rows)?)));
        let one_hot = match numbers {
            Some((table, numbers)) => table.select(device.numbers(numbers)),
            None => {
                let active = ActiveInputs::new(runs, rows, num_cells);
                let mut values = vec![0.0f32; active.ends.len() * num_inputs];
                let rows = values.chunks_exact_mut(num_inputs).zip(active.rows());
                rows.for_each(|(row, active)| active.for_each(|input| row[input] = 1.0));
                device.floats(values, [active.ends.len(), num_inputs])
            }
        };
        let runs = one_hot.dims()[0] / rows;
        let one_hot = one_hot.reshape([runs, rows, num_inputs]);
        Self { num_inputs, form: Form::OneHot(Box::new(one_hot)) }
    }

    /// Of every run the rows at `positions`, of which `rows` are a run's, counted through all runs.
    ///
    /// # Panics
    /// If inputs are looked up, as they are where every row is met.
    pub(super) fn select(&self, positions: &Tensor<1, Int>, rows: usize) -> Self {
        let Form::OneHot(inputs) = &self.form else { panic!("only one-hot rows are selected") };
        let inputs = select_rows(inputs, positions, rows);
        Self { num_inputs: self.num_inputs, form: Form::OneHot(Box::new(inputs)) }
    }

    /// `inputs weight + bias`, `[runs, observations, outputs]`.
    pub(crate) fn linear(&self, weight: &Tensor<3>, bias: &Tensor<3>) -> Tensor<3> {
        match &self.form {
            Form::OneHot(inputs) => Tensor::clone(inputs).matmul(weight.clone()) + bias.clone(),
            Form::Active(active) => active.linear(weight, bias),
        }
    }

    /// Gradient of the weight, `[runs, inputs, outputs]`, from the cotangent of what
    /// [`Inputs::linear`] yields.
    pub(crate) fn weight_gradient(&self, cotangent: Tensor<3>) -> Tensor<3> {
        match &self.form {
            Form::OneHot(inputs) => Tensor::clone(inputs).transpose().matmul(cotangent),
            Form::Active(active) => active.weight_gradient(cotangent, self.num_inputs),
        }
    }
}

impl ActiveInputs {
    fn new<'a>(
        runs: impl IntoIterator<Item = &'a [Observation]>,
        rows: usize,
        num_cells: usize,
    ) -> Self {
        let mut active = Self { shape: [0, rows], ends: Vec::new(), positions: Vec::new() };
        for observations in runs {
            active.shape[0] += 1;
            for observation in observations {
                let inputs = observation.active_inputs(num_cells);
                active.positions.extend(inputs.map(|input| input as u16));
                active.ends.push(active.positions.len() as u32);
            }
            active.ends.resize(active.shape[0] * rows, active.positions.len() as u32);
        }
        active
    }

    /// The ones of every row.
    fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = usize> + '_> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let row = &self.positions[start..end as usize];
            start = end as usize;
            row.iter().map(|input| usize::from(*input))
        })
    }

    fn linear(&self, weight: &Tensor<3>, bias: &Tensor<3>) -> Tensor<3> {
        let [runs, inputs, outputs] = weight.dims();
        let [_, rows] = self.shape;
        let (weight_data, bias_data) = (weight.to_data(), bias.to_data());
        let (weights, biases) = (as_floats(&weight_data), as_floats(&bias_data));
        let mut sums = Vec::with_capacity(runs * rows * outputs);
        for (row, active) in self.rows().enumerate() {
            let run = row / rows;
            let start = sums.len();
            sums.extend_from_slice(&biases[run * outputs..][..outputs]);
            let sum = &mut sums[start..];
            for input in active {
                add(sum, &weights[(run * inputs + input) * outputs..][..outputs]);
            }
        }
        Tensor::from_data(TensorData::new(sums, [runs, rows, outputs]), &weight.device())
    }

    fn weight_gradient(&self, cotangent: Tensor<3>, inputs: usize) -> Tensor<3> {
        let [runs, rows, outputs] = cotangent.dims();
        let device = cotangent.device();
        let cotangents = cotangent.into_data();
        let mut gradient = vec![0.0; runs * inputs * outputs];
        let cotangents = as_floats(&cotangents).chunks_exact(outputs);
        for (row, (cotangent, active)) in cotangents.zip(self.rows()).enumerate() {
            let run = row / rows;
            for input in active {
                add(&mut gradient[(run * inputs + input) * outputs..][..outputs], cotangent);
            }
        }
        let shape = [runs, inputs, outputs];
        Tensor::from_data(TensorData::new(gradient, shape), &device)
    }
}

/// Of `tensor`, `[runs, observations, values]`, the rows at `positions`, counted through all runs:
/// `[runs, rows, values]`.
pub(super) fn select_rows(
    tensor: &Tensor<3>,
    positions: &Tensor<1, Int>,
    rows: usize,
) -> Tensor<3> {
    let [runs, observations, values] = tensor.dims();
    let all = tensor.clone().reshape([runs * observations, values]);
    all.select(0, positions.clone()).reshape([runs, rows, values])
}

fn add(sum: &mut [f32], values: &[f32]) {
    sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

fn as_floats(data: &TensorData) -> &[f32] {
    data.as_slice().expect("the tensor holds 32-bit floats")
}

#[cfg(test)]
mod tests {
    use gr_grid::{Flags, Layout};

    use super::*;

    /// Every cell, with up to three flags, on a 2 × 3 grid.
    fn observations(flags: [u64; 3]) -> Vec<Observation> {
        let layout = |flags| Layout { ghost: 4, diamond: 5, flags: Flags(flags) };
        let of_flags =
            |flags| (0..6).map(move |agent| Observation { agent, layout: layout(flags) });
        flags.into_iter().flat_map(of_flags).collect()
    }

    /// Small whole numbers, of which sums are exact in any order.
    fn tensor(shape: [usize; 3], device: &ComputeDevice) -> Tensor<3> {
        let values = (0..shape.iter().product::<usize>()).map(|i| (i * 7 % 13) as f32 - 6.0);
        device.floats(values.collect(), shape)
    }

    #[test]
    fn looking_up_equals_multiplying() {
        let device = ComputeDevice::cpu();
        let rows = 20;
        let table = ObservationTable::new(6, &device);
        let (weight, bias) = (tensor([2, 24, 5], &device), tensor([2, 1, 5], &device));
        let cotangent = tensor([2, rows, 5], &device);
        // Flags on goals, which the table has, and elsewhere.
        for flags in [[0, 0b11_0000, 0b10_0000], [0, 0b11_0000, 0b10_0101]] {
            let observations = observations(flags);
            let runs = [&observations[..17], &observations[3..]];
            let looked_up = Inputs::looked_up(runs, rows, 6);
            let one_hot = Inputs::one_hot(runs, rows, 6, table.as_ref(), &device);
            let [expected, found] =
                [&one_hot, &looked_up].map(|inputs| inputs.linear(&weight, &bias).into_data());
            assert_eq!(found, expected);
            let [expected, found] = [one_hot, looked_up]
                .map(|inputs| inputs.weight_gradient(cotangent.clone()).into_data());
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_table_has_what_lies_on_goals_and_knows_what_it_has_not() {
        let table = ObservationTable::new(6, &ComputeDevice::cpu()).unwrap();
        let flagged = observations([0, 0b11_0000, 0b10_0000]);
        assert_eq!(table.numbers([&flagged[..], &flagged[..4]], 20).unwrap().len(), 40);
        assert!(table.numbers([&observations([0, 0b10_0001, 0])[..]], 20).is_none());
    }
}
