//! Observations of a batch that are evaluated in one forward pass, and the backward pass through those of them
//! that were met.

use std::mem;

use gr_grid::{NUM_ACTIONS, Observation};
use rayon::prelude::*;

use super::run::Run;
use crate::evaluation::to_rows;
use crate::network::{Activations, Gradients, Passes};
use crate::update::OutputGradient;

/// Observations of every run that were evaluated in one forward pass.
pub(super) struct Chunk {
    which: Which,
    /// Observations of every run in the activations, those that fill up included.
    padded: usize,
    activations: Activations,
}

/// Which observations a chunk has.
enum Which {
    /// Those of these rows of every run's table.
    Met(Vec<Vec<u32>>),
    /// Those that might be met, from this one on.
    Ahead(usize),
}

/// Evaluates what `runs` may meet, before they do.
pub(super) fn evaluate_ahead(passes: &Passes, runs: &mut [Run], chunks: &mut Vec<Chunk>) {
    let most = passes.network().rows_at_once();
    let longest = runs.iter().map(|run| run.ahead.observations().len()).max().unwrap_or(0);
    for first in (0..longest).step_by(most) {
        let part = |run: &Run| {
            let number = run.ahead.observations().len();
            first.min(number)..(first + most).min(number)
        };
        let observations: Vec<&[Observation]> =
            runs.iter().map(|run| &run.ahead.observations()[part(run)]).collect();
        let (outputs, padded, activations) = forward(passes, &observations);
        runs.par_iter_mut().enumerate().for_each(|(index, run)| {
            let (logits, gates) = outputs.of(index, padded, part(run).len());
            run.ahead.evaluated(logits, gates);
        });
        chunks.push(Chunk { which: Which::Ahead(first), padded, activations });
    }
}

/// Evaluates the rows of the tables of `runs` on which the policy is unknown, in chunks that all runs share. Whether
/// there were any.
pub(super) fn evaluate_unknown(passes: &Passes, runs: &mut [Run], chunks: &mut Vec<Chunk>) -> bool {
    let most = passes.network().rows_at_once();
    let unknown: Vec<Vec<u32>> = runs.iter_mut().map(|run| mem::take(&mut run.unknown)).collect();
    let longest = unknown.iter().map(Vec::len).max().unwrap_or(0);
    for first in (0..longest).step_by(most) {
        let part =
            |rows: &Vec<u32>| rows[first.min(rows.len())..].iter().take(most).copied().collect();
        let rows: Vec<Vec<u32>> = unknown.iter().map(part).collect();
        let seen = |(run, rows): (&Run, &Vec<u32>)| -> Vec<Observation> {
            rows.iter().map(|row| run.table.observations()[*row as usize]).collect()
        };
        let observations: Vec<Vec<Observation>> = runs.iter().zip(&rows).map(seen).collect();
        let observations: Vec<&[Observation]> = observations.iter().map(|seen| &seen[..]).collect();
        let (outputs, padded, activations) = forward(passes, &observations);
        runs.par_iter_mut().zip(&rows).enumerate().for_each(|(index, (run, rows))| {
            let (logits, gates) = outputs.of(index, padded, rows.len());
            for (row, policy) in rows.iter().zip(to_rows(logits, gates)) {
                run.set_policy(*row, policy);
            }
        });
        chunks.push(Chunk { which: Which::Met(rows), padded, activations });
    }
    longest > 0
}

/// What a network puts out on a chunk, `[runs × padded × actions]` and `[runs × padded]`.
struct HostOutputs {
    logits: Vec<f32>,
    gates: Option<Vec<f32>>,
}

impl HostOutputs {
    /// The first `number` of those of a run.
    fn of(&self, run: usize, padded: usize, number: usize) -> (&[f32], Option<&[f32]>) {
        let logits = &self.logits[run * padded * NUM_ACTIONS..][..number * NUM_ACTIONS];
        (logits, self.gates.as_ref().map(|gates| &gates[run * padded..][..number]))
    }
}

/// Evaluates observations of every run: what the network puts out, observations of every run with those that fill
/// up, and what the backward pass needs.
fn forward(passes: &Passes, runs: &[&[Observation]]) -> (HostOutputs, usize, Activations) {
    let network = passes.network();
    let longest = runs.iter().map(|observations| observations.len()).max().unwrap_or(0);
    let padded = network.padded(longest);
    let (outputs, activations) = passes.forward(network.inputs(runs.iter().copied(), padded));
    let logits = network.device().read(outputs.logits);
    let gates = outputs.gate_logit.map(|gates| network.device().read(gates));
    (HostOutputs { logits, gates }, padded, activations)
}

impl Chunk {
    /// Gradients of the parameters of `runs` from those of the outputs. Observations that were not met have no
    /// cotangent, and are neither sent nor passed through where that leaves fewer.
    pub fn backward(
        &self,
        passes: &Passes,
        runs: &[Run],
        gradients: &[&OutputGradient],
    ) -> Gradients {
        let network = passes.network();
        let (device, width) = (network.device(), network.architecture().kind.cotangent_width());
        let met: Vec<Vec<(usize, u32)>> = match &self.which {
            Which::Met(rows) => {
                rows.iter().map(|rows| rows.iter().copied().enumerate().collect()).collect()
            }
            Which::Ahead(first) => runs.par_iter().map(|run| self.met_of(run, *first)).collect(),
        };
        let longest = met.iter().map(Vec::len).max().unwrap_or(0);
        let needed = network.padded(longest.max(1));
        // A CPU looks inputs up, which are not selected.
        let selects = device.is_gpu && needed < self.padded;
        let padded = if selects { needed } else { self.padded };

        let mut cotangents = vec![0.0; met.len() * padded * width];
        let by_run = cotangents.par_chunks_exact_mut(padded * width).zip(&met).zip(gradients);
        by_run.for_each(|((to, met), gradient)| {
            for (nth, (position, row)) in met.iter().enumerate() {
                let at = if selects { nth } else { *position };
                let from = &gradient.cotangents[*row as usize * width..][..width];
                to[at * width..][..width].copy_from_slice(from);
            }
        });
        let cotangents = device.floats(cotangents, [met.len(), padded, width]);
        if !selects {
            return passes.backward(&self.activations, &cotangents);
        }
        // What fills up is a run's first observation again, with a cotangent of zero.
        let mut positions = Vec::with_capacity(met.len() * padded);
        for (run, met) in met.iter().enumerate() {
            let within = met.iter().map(|(position, _)| *position);
            let within = within.chain(std::iter::repeat(0)).take(padded);
            positions.extend(within.map(|position| (run * self.padded + position) as i32));
        }
        let activations = self.activations.select(&device.numbers(positions), padded);
        passes.backward(&activations, &cotangents)
    }

    /// Positions in this chunk, which begins with the `first` that might be met, of what `run` met, with their rows.
    fn met_of(&self, run: &Run, first: usize) -> Vec<(usize, u32)> {
        let rows = run.ahead.rows().iter().skip(first).take(self.padded).enumerate();
        rows.filter_map(|(position, row)| Some((position, (*row)?))).collect()
    }
}
