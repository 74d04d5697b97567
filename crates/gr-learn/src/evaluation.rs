//! From a network to what its policies do: probabilities on given observations, and the exact or
//! sampled evaluation (docs/experiment.md, section 7).

use gr_grid::{
    EnvironmentRules, Evaluation, Grid, NUM_ACTIONS, Observation, ObservationSpace, PolicyTable,
    evaluate_by_sampling, evaluate_exactly,
};
use gr_runs::{EvaluationMode, Purpose, RunSpec, stream_at};
use rayon::prelude::*;

use crate::methods::evaluation_rules;
use crate::network::{Passes, PolicyNetwork, PolicyRow, PolicyType};

/// A network put out something that is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a weight or loss is no longer a number")]
pub struct NotFinite;

/// Something of each of a network's policies.
pub type ByPolicy<T> = Vec<(PolicyType, T)>;

/// Every policy of a network of one run on `observations`: the training policy, and of a routed
/// network each expert alone.
///
/// # Errors
/// If a probability is not a number.
pub fn policies(
    network: &PolicyNetwork,
    observations: &[Observation],
) -> Result<ByPolicy<Vec<PolicyRow>>, NotFinite> {
    policies_by_run(network, &[observations], |row| row).swap_remove(0)
}

/// By run every policy of a network on observations of the run's own; of each row what `part` takes of it.
pub(crate) fn policies_by_run<T: Send>(
    network: &PolicyNetwork,
    runs: &[&[Observation]],
    part: impl Fn(PolicyRow) -> T + Sync,
) -> Vec<Result<ByPolicy<Vec<T>>, NotFinite>> {
    assert_eq!(network.num_runs(), runs.len(), "observations of every run");
    let types = network.architecture().kind.policies();
    let empty = |observations: &&[Observation]| {
        Ok(types.iter().map(|t| (*t, Vec::with_capacity(observations.len()))).collect())
    };
    let mut all: Vec<Result<ByPolicy<Vec<T>>, NotFinite>> = runs.iter().map(empty).collect();
    let (passes, device) = (Passes::new(network), network.device());
    let most = network.rows_at_once();
    let longest = runs.iter().map(|observations| observations.len()).max().unwrap_or(0);
    for first in (0..longest).step_by(most) {
        let of_run = |observations: &&'_ [Observation]| {
            let [first, end] = [first, first + most].map(|at| at.min(observations.len()));
            first..end
        };
        let chunk = runs.iter().map(|observations| &observations[of_run(observations)]);
        let rows = network.padded(most.min(longest - first));
        let (outputs, activations) = passes.forward(network.inputs(chunk.clone(), rows));
        let gates = outputs.gate_logit.map(|gates| device.read(gates));
        for (index, policy_type) in types.iter().enumerate() {
            let logits = device.read(match policy_type {
                PolicyType::Training => outputs.logits.clone(),
                PolicyType::Diamond => passes.expert_logits(&activations, 0),
                PolicyType::Ghost => passes.expert_logits(&activations, 1),
            });
            let gates = gates.as_ref();
            all.par_iter_mut().zip(runs).enumerate().for_each(|(run, (policies, observations))| {
                let gates = gates.map(|gates| &gates[run * rows..][..rows]);
                let logits = &logits[run * rows * NUM_ACTIONS..][..rows * NUM_ACTIONS];
                for row in to_rows(logits, gates).take(of_run(observations).len()) {
                    match policies {
                        Ok(policies) if row.is_finite() => policies[index].1.push(part(row)),
                        _ => *policies = Err(NotFinite),
                    }
                }
            });
        }
    }
    all
}

/// Rows from logits `[observations × actions]` and gate logits `[observations]`.
pub(crate) fn to_rows<'a>(
    logits: &'a [f32],
    gate: Option<&'a [f32]>,
) -> impl Iterator<Item = PolicyRow> + 'a {
    let (rows, _) = logits.as_chunks::<NUM_ACTIONS>();
    rows.iter()
        .enumerate()
        .map(move |(row, logits)| PolicyRow::new(*logits, gate.map(|gate| gate[row])))
}

/// Evaluates every policy of a network of one run as `spec` says.
///
/// # Errors
/// If a probability is not a number.
pub fn evaluate(
    network: &PolicyNetwork,
    spec: &RunSpec,
    update_idx: u64,
) -> Result<ByPolicy<Evaluation>, NotFinite> {
    let rules = evaluation_rules(spec);
    let discount = spec.settings.training.discount;
    let envs = spec.settings.evaluation.envs;
    match spec.settings.evaluation.mode {
        EvaluationMode::Exact => evaluate_runs(network, &[spec]).swap_remove(0),
        EvaluationMode::Sampled => {
            let types = policies(network, &[])?.into_iter().map(|(policy_type, _)| policy_type);
            let sample = |(index, policy_type)| {
                let ask = |observations: &[Observation]| {
                    let (_, rows) = policies(network, observations)?.swap_remove(index);
                    Ok(rows.iter().map(|row| row.probabilities).collect())
                };
                let rng = |purpose| stream_at(spec.seed, purpose, update_idx, index as u64);
                let (mut rng, mut unflagged) =
                    (rng(Purpose::Evaluation), rng(Purpose::EvaluationUnflagged));
                let evaluation =
                    evaluate_by_sampling(ask, &rules, discount, envs, &mut rng, &mut unflagged)?;
                Ok((policy_type, evaluation))
            };
            types.enumerate().map(sample).collect()
        }
    }
}

/// Evaluates every policy of a network of one run exactly, once for each of `rules`, all of one
/// grid.
///
/// # Errors
/// If a probability is not a number.
pub fn evaluate_tables(
    network: &PolicyNetwork,
    rules: &[EnvironmentRules],
    discount: f64,
    envs: usize,
) -> Result<Vec<ByPolicy<Evaluation>>, NotFinite> {
    let Some(EnvironmentRules { grid, .. }) = rules.first() else { return Ok(Vec::new()) };
    let tables = tables(network, &[*grid]).swap_remove(0)?;
    let of_rules = |rules| {
        tables
            .iter()
            .map(|(policy, table)| (*policy, evaluate_exactly(table, rules, discount, envs)))
            .collect()
    };
    Ok(rules.iter().map(of_rules).collect())
}

/// Evaluates every policy of every run of a network exactly, as the run's spec says: one pass over the
/// device, and all cores. There is one run at least.
pub(crate) fn evaluate_runs(
    network: &PolicyNetwork,
    specs: &[&RunSpec],
) -> Vec<Result<ByPolicy<Evaluation>, NotFinite>> {
    let rules: Vec<EnvironmentRules> = specs.iter().map(|spec| evaluation_rules(spec)).collect();
    let grids: Vec<Grid> = rules.iter().map(|rules| rules.grid).collect();
    let runs = tables(network, &grids).into_par_iter().zip(specs).zip(&rules);
    runs.map(|((tables, spec), rules)| {
        let discount = spec.settings.training.discount;
        let envs = spec.settings.evaluation.envs;
        let of_table = |(policy, table): &(PolicyType, PolicyTable)| {
            (*policy, evaluate_exactly(table, rules, discount, envs))
        };
        Ok(tables?.par_iter().map(of_table).collect())
    })
    .collect()
}

/// By run every policy as a table over all observations of its grid.
fn tables(
    network: &PolicyNetwork,
    grids: &[Grid],
) -> Vec<Result<ByPolicy<PolicyTable>, NotFinite>> {
    // Observations are told by cells, of which the runs of a network have equally many.
    let observations: Vec<Observation> = ObservationSpace::new(grids[0]).observations().collect();
    let all =
        policies_by_run(network, &vec![&observations[..]; grids.len()], |row| row.probabilities);
    let of_run = |(policies, grid): (Result<ByPolicy<Vec<_>>, NotFinite>, &Grid)| {
        let table = |(policy_type, rows): (PolicyType, Vec<_>)| {
            let mut rows = rows.into_iter();
            (policy_type, PolicyTable::from_fn(*grid, |_| rows.next().expect("a row each")))
        };
        Ok(policies?.into_iter().map(table).collect())
    };
    all.into_iter().zip(grids).map(of_run).collect()
}
