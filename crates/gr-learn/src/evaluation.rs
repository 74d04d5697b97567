//! From a network to what its policies do: probabilities on given observations, and the exact or
//! sampled evaluation (docs/experiment.md, section 7).

use gr_grid::{
    EnvironmentRules, Evaluation, Grid, NUM_ACTIONS, Observation, ObservationSpace, PolicyTable,
    evaluate_by_sampling, evaluate_exactly,
};
use gr_runs::{EvaluationMode, Purpose, RunSpec, stream_at};

use crate::methods::evaluation_rules;
use crate::network::{Passes, PolicyNetwork, PolicyRow, PolicyType, to_host};

/// A network put out something that is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a weight or loss is no longer a number")]
pub struct NotFinite;

/// Every policy of a network of one run on `observations`: the training policy, and of a routed
/// network each expert alone.
///
/// # Errors
/// If a probability is not a number.
pub fn policies(
    network: &PolicyNetwork,
    observations: &[Observation],
) -> Result<Vec<(PolicyType, Vec<PolicyRow>)>, NotFinite> {
    assert_eq!(network.num_runs(), 1, "one run at a time");
    let types = network.architecture().kind.policies();
    let mut all: Vec<(PolicyType, Vec<PolicyRow>)> =
        types.iter().map(|t| (*t, Vec::with_capacity(observations.len()))).collect();
    let passes = Passes::new(network);
    for chunk in observations.chunks(network.rows_at_once()) {
        let inputs = network.inputs([chunk], network.padded(chunk.len()));
        let (outputs, activations) = passes.forward(inputs);
        let gate = outputs.gate_logit.map(to_host);
        for (policy_type, rows) in &mut all {
            let logits = match policy_type {
                PolicyType::Training => outputs.logits.clone(),
                PolicyType::Diamond => passes.expert_logits(&activations, 0),
                PolicyType::Ghost => passes.expert_logits(&activations, 1),
            };
            rows.extend(to_rows(&to_host(logits), gate.as_deref()).take(chunk.len()));
        }
    }
    let finite = all.iter().all(|(_, rows)| rows.iter().all(PolicyRow::is_finite));
    if finite { Ok(all) } else { Err(NotFinite) }
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
) -> Result<Vec<(PolicyType, Evaluation)>, NotFinite> {
    let rules = evaluation_rules(spec);
    let discount = spec.settings.training.discount;
    let envs = spec.settings.evaluation.envs;
    match spec.settings.evaluation.mode {
        EvaluationMode::Exact => {
            Ok(evaluate_tables(network, &[rules], discount, envs)?.swap_remove(0))
        }
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
) -> Result<Vec<Vec<(PolicyType, Evaluation)>>, NotFinite> {
    let Some(EnvironmentRules { grid, .. }) = rules.first() else { return Ok(Vec::new()) };
    let tables = tables(network, *grid)?;
    let of_rules = |rules| {
        tables
            .iter()
            .map(|(policy, table)| (*policy, evaluate_exactly(table, rules, discount, envs)))
            .collect()
    };
    Ok(rules.iter().map(of_rules).collect())
}

/// Every policy as a table over all observations of `grid`.
fn tables(
    network: &PolicyNetwork,
    grid: Grid,
) -> Result<Vec<(PolicyType, PolicyTable)>, NotFinite> {
    let observations: Vec<Observation> = ObservationSpace::new(grid).observations().collect();
    let all = policies(network, &observations)?;
    Ok(all
        .into_iter()
        .map(|(policy_type, rows)| {
            let mut rows = rows.into_iter();
            let table = PolicyTable::from_fn(grid, |_| {
                rows.next().expect("one row per observation").probabilities
            });
            (policy_type, table)
        })
        .collect())
}
