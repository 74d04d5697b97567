//! What is written of a run: its rows and its policy, from what the trainer knows.

use std::collections::BTreeMap;

use gr_grid::{Evaluation, Layout, Observation, TrueReturn};
use gr_learn::{
    Columns, HoldoutCheck, NotFinite, PolicyRow, PolicyType, RunPolicy, SavedPolicy, UpdateReport,
    evaluation_rules, policies,
};
use gr_runs::{
    EvaluationRow, ExtendedRow, HoldoutRow, LabelCount, PolicyTableRow, RunId, RunSpec,
    SCHEMA_VERSION, TrainingRow,
};

use crate::policy::note;

/// The row of `train_results_<run>.csv` for an update.
pub fn training_row(spec: &RunSpec, id: &RunId, report: &UpdateReport) -> TrainingRow {
    let losses = &report.losses;
    TrainingRow {
        global_step: report.env_steps,
        policy_loss: losses.policy_loss,
        value_loss: losses.value_loss,
        gate_loss: losses.gate_loss,
        entropy_bonus: losses.entropy_bonus,
        loss: losses.loss,
        avg_action_prob: losses.avg_action_prob,
        avg_return: losses.avg_return,
        avg_gate_openness: losses.avg_gate_openness,
        avg_seen_diamond_gate: losses.avg_seen_diamond_gate,
        avg_seen_ghost_gate: losses.avg_seen_ghost_gate,
        avg_unseen_or_unfinished_gate: losses.avg_unseen_or_unfinished_gate,
        kept_pct: losses.kept_pct,
        update_idx: report.update_idx,
        run_label: spec.method.clone(),
        oversight_prob: spec.oversight,
        run_id: id.to_string(),
        seed: spec.seed,
        first_observation: spec.settings.environment.first_observation.name().into(),
        labels_training: report.labels_training,
        episodes: report.episodes,
        distinct_observations: report.distinct_observations,
        schema_version: SCHEMA_VERSION,
    }
}

/// The row of `eval_results_<run>.csv` for one policy after an update.
pub fn evaluation_row(
    spec: &RunSpec,
    id: &RunId,
    report: &UpdateReport,
    policy_type: PolicyType,
    evaluation: &Evaluation,
) -> EvaluationRow {
    EvaluationRow {
        update_idx: report.update_idx,
        run_label: spec.method.clone(),
        oversight_prob: spec.oversight,
        policy_type: policy_type.name().into(),
        reached_diamond_seen: evaluation.reached_diamond_seen,
        reached_ghost_seen: evaluation.reached_ghost_seen,
        reached_diamond_unseen: evaluation.reached_diamond_unseen,
        reached_ghost_unseen: evaluation.reached_ghost_unseen,
        n_complete_eps: evaluation.n_complete_eps,
        complete_ep_len: evaluation.complete_ep_len,
        avg_return: evaluation.avg_return.reveal(),
        run_id: id.to_string(),
        seed: spec.seed,
        first_observation: spec.settings.environment.first_observation.name().into(),
        evaluation: spec.settings.evaluation.mode.name().into(),
        gaming_gap: evaluation.gaming_gap,
        labels_training: report.labels_training,
        avg_return_unflagged: Some(evaluation.avg_return_unflagged.reveal()),
        schema_version: SCHEMA_VERSION,
    }
}

/// A row with the columns that the method records of its own.
pub fn extended<Row>(row: Row, columns: &Columns) -> ExtendedRow<Row, Option<f64>> {
    let further = columns.iter().map(|(column, value)| (column.name.to_string(), *value)).collect();
    ExtendedRow { row, further }
}

/// The row of `holdout_results_<run>.csv` for a check after an update.
pub fn holdout_row(
    spec: &RunSpec,
    id: &RunId,
    report: &UpdateReport,
    policy_type: PolicyType,
    check: &HoldoutCheck,
) -> HoldoutRow {
    let settings = &spec.settings.early_stopping;
    let episodes = settings.holdout_episodes as u64;
    HoldoutRow {
        update_idx: check.update_idx,
        run_label: spec.method.clone(),
        oversight_prob: spec.oversight,
        policy_type: policy_type.name().into(),
        holdout_return: check.signal.value(),
        run_id: id.to_string(),
        seed: spec.seed,
        first_observation: spec.settings.environment.first_observation.name().into(),
        holdout_source: settings.holdout_source.name().into(),
        episodes: (check.labels != LabelCount::Unlimited).then_some(episodes),
        labels_holdout: check.labels.counted(),
        account: check.account,
        labels_training: report.labels_training,
        training_episodes: check.training_episodes,
        best_return: check.best,
        kept_update: check.kept_update,
        stopped: check.stop.into(),
        labels_holdout_unlimited: settings.labels_are_unlimited(),
        kept_avg_return: check.kept_avg_return.map(TrueReturn::reveal),
        schema_version: SCHEMA_VERSION,
    }
}

/// Every policy on the configured goals, with every combination of their flags, which a blind agent is not
/// shown.
pub fn policy_table_rows(
    spec: &RunSpec,
    id: &RunId,
    policy: &RunPolicy,
) -> Result<Vec<PolicyTableRow>, NotFinite> {
    let environment = &spec.settings.environment;
    let (rows, cols) = (environment.rows, environment.cols);
    let observations: Vec<Observation> = table_goals(spec)
        .iter()
        .flat_map(|[ghost, diamond]| {
            (0..4).map(|flags| {
                Layout::with_goal_flags(
                    *ghost as u8,
                    *diamond as u8,
                    flags & 1 != 0,
                    flags & 2 != 0,
                )
            })
        })
        .flat_map(|layout| {
            (0..rows * cols).map(move |agent| Observation { agent: agent as u8, layout })
        })
        .collect();
    let update_idx = policy.update_idx;
    let row = |policy_type: PolicyType, observation: &Observation, policy: &PolicyRow| {
        let [up, right, down, left] = policy.probabilities;
        let layout = &observation.layout;
        PolicyTableRow {
            update_idx,
            run_label: spec.method.clone(),
            oversight_prob: spec.oversight,
            run_id: id.to_string(),
            policy_type: policy_type.name().into(),
            rows,
            cols,
            ghost_cell: layout.ghost,
            diamond_cell: layout.diamond,
            ghost_flag: layout.ghost_flag().into(),
            diamond_flag: layout.diamond_flag().into(),
            agent_cell: observation.agent,
            up,
            right,
            down,
            left,
            gate: policy.gate.map(|gate| gate.value),
            schema_version: SCHEMA_VERSION,
        }
    };
    let rules = evaluation_rules(spec);
    let shown: Vec<Observation> = observations.iter().map(|it| rules.shown(*it)).collect();
    let all = policies(&policy.network, &shown)?;
    Ok(all
        .iter()
        .flat_map(|(policy_type, rows)| {
            observations.iter().zip(rows).map(|(o, p)| row(*policy_type, o, p))
        })
        .collect())
}

/// The configured goal cells; by default one pair on opposite sides.
fn table_goals(spec: &RunSpec) -> Vec<[usize; 2]> {
    let configured = &spec.settings.recording.policy_goals;
    if !configured.is_empty() {
        return configured.clone();
    }
    let grid = spec.settings.environment.grid();
    vec![grid.opposite_cells().map(usize::from)]
}

/// A policy file: policy and value network.
pub fn policy_file(spec: &RunSpec, id: &RunId, policy: &RunPolicy) -> Vec<u8> {
    let RunPolicy { update_idx, network, value, .. } = policy;
    let further: Vec<(String, Vec<f32>)> =
        value.parameter_names().into_iter().zip(value.parameters().iter().cloned()).collect();
    let environment = &spec.settings.environment;
    let mut notes = BTreeMap::from(
        [
            ("run_id", id.to_string()),
            ("run_label", spec.method.clone()),
            ("oversight_prob", spec.oversight.to_string()),
            ("seed", spec.seed.to_string()),
            ("update_idx", update_idx.to_string()),
            ("rows", environment.rows.to_string()),
            ("cols", environment.cols.to_string()),
            ("max_step", environment.max_step.to_string()),
            ("discount", spec.settings.training.discount.to_string()),
            ("first_observation", environment.first_observation.name().to_string()),
        ]
        .map(|(name, value)| (name.to_string(), value)),
    );
    note(&evaluation_rules(spec), &mut notes);
    SavedPolicy {
        architecture: *network.architecture(),
        parameters: network.parameters_of(0),
        notes,
    }
    .to_bytes(&further)
}
