//! What an update of one run came to, as a value: the update, a check of its holdout, evaluations, a
//! policy that is kept, the run's end. Works it out from the batch; log, screen and store each take it
//! once, and it knows nothing of them.

use std::time::Instant;

use gr_grid::{Evaluation, TrueReturn};
use gr_learn::{
    Columns, HoldoutCheck, NotFinite, PolicyType, RunBatch, RunPolicy, UpdateReport, evaluate,
};
use gr_runs::{LabelCount, PolicyTableRow};

use super::logs::is_checkpoint;
use super::record::policy_table_rows;
use crate::plan::PlannedRun;

/// What happened in one update of one run.
pub struct UpdateEvents {
    /// The update itself.
    pub update: UpdateReport,
    /// The check of the run's holdout, if one was due and could be paid for.
    pub check: Option<HoldoutCheck>,
    /// Every policy of the run evaluated, if that was due.
    pub evaluations: Option<Vec<(PolicyType, Evaluation)>>,
    /// What the method records of its own beside them.
    pub evaluation_columns: Columns,
    /// The true return of the policy that the method is judged by, if it was evaluated.
    pub headline: Option<TrueReturn>,
    /// The policy after this update, if it is kept for its own sake.
    pub checkpoint: Option<RunPolicy>,
    /// The run's end, if this was its last update.
    pub over: Option<RunOver>,
    /// Tables of the policies that are kept, that of a finished run included.
    pub policy_rows: Vec<PolicyTableRow>,
    /// Seconds that the check and the evaluations took.
    pub evaluation_seconds: f64,
}

/// How a run ended.
pub struct RunOver {
    /// Whether its holdout said that it is enough.
    pub is_stopped: bool,
    /// The policy that it is judged by, after the last update.
    pub last: Evaluation,
    /// The policy that it keeps.
    pub kept: RunPolicy,
    /// The policy that it is judged by, of those that it keeps.
    pub selected: Evaluation,
    /// True labels that checks of its holdout used.
    pub labels_holdout: LabelCount,
}

impl UpdateEvents {
    /// Checks, evaluates and keeps what is due of run number `index` of `batch` after `update`.
    ///
    /// # Errors
    /// If a probability is not a number.
    pub fn after(
        update: UpdateReport,
        run: &PlannedRun,
        batch: &mut RunBatch,
        index: usize,
    ) -> Result<Self, NotFinite> {
        let PlannedRun { spec, name, method, updates, .. } = run;
        let update_idx = update.update_idx;
        let headline = method.headline();
        let started = Instant::now();
        let check = batch.check_holdout(index)?;
        let is_stopped = check.as_ref().is_some_and(|check| check.stop);
        let is_over = is_stopped || update_idx + 1 == *updates;

        let every = spec.settings.evaluation.every.interval(spec.oversight);
        let is_evaluated = is_over || update_idx.is_multiple_of(every);
        let evaluations = is_evaluated.then(|| batch.evaluate(index)).transpose()?;
        let evaluation_columns =
            if is_evaluated { batch.evaluation_columns(index) } else { Columns::new() };
        let last = evaluations.clone().map(|evaluations| headline.of(evaluations));

        let mut over = None;
        if is_over && let Some(last) = last.clone() {
            let kept = batch.kept_policy(index);
            let selected = match kept.signal {
                None => last.clone(),
                Some(_) => headline.of(evaluate(&kept.network, spec, kept.update_idx)?),
            };
            let labels_holdout = batch.labels_holdout(index);
            over = Some(RunOver { is_stopped, last, kept, selected, labels_holdout });
        }
        let evaluation_seconds = started.elapsed().as_secs_f64();

        let checkpoint = is_checkpoint(spec, update_idx).then(|| batch.policy(index));
        let kept = over.as_ref().map(|over| &over.kept);
        let kept = kept.filter(|kept| !is_checkpoint(spec, kept.update_idx));
        let mut policy_rows = Vec::new();
        for policy in checkpoint.iter().chain(kept) {
            policy_rows.extend(policy_table_rows(spec, &name.id, policy)?);
        }
        let headline = last.map(|evaluation| evaluation.avg_return);
        Ok(Self {
            update,
            check,
            evaluations,
            evaluation_columns,
            headline,
            checkpoint,
            over,
            policy_rows,
            evaluation_seconds,
        })
    }
}
