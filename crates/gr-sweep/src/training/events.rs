//! What an update of one run came to, as a value: the update, a check of its holdout, evaluations, a
//! policy that is kept, the run's end. Works it out from the batch, for all its runs at once; log, screen and
//! store each take it once, and it knows nothing of them.

use std::time::Instant;

use gr_grid::{Evaluation, TrueReturn};
use gr_learn::{
    ByPolicy, Columns, HoldoutCheck, NotFinite, RunBatch, RunPolicy, UpdateReport, evaluate,
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
    pub evaluations: Option<ByPolicy<Evaluation>>,
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
    /// This run's share of the seconds that checks and evaluations of the batch took.
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
    /// Checks, evaluates and keeps what is due of each of `runs`, which are those of `batch`, after their
    /// `updates`: all runs in one go. A run has no events if a probability is not a number.
    pub fn after(
        updates: Vec<Result<UpdateReport, NotFinite>>,
        runs: &[&PlannedRun],
        batch: &mut RunBatch,
    ) -> Vec<Result<Self, NotFinite>> {
        let started = Instant::now();
        let finite: Vec<usize> = (0..runs.len()).filter(|run| updates[*run].is_ok()).collect();
        let mut checks = batch.check_holdouts(&finite).into_iter();
        let mut checked = || checks.next().expect("one of every run that is finite");
        let begun = updates.into_iter().map(|update| Ok(Self::new(update?, checked()?)));
        let mut all: Vec<Result<Self, NotFinite>> = begun.collect();

        let is_due = |run: &usize| matches!(&all[*run], Ok(events) if events.asks_for_evaluation(runs[*run]));
        let due: Vec<usize> = (0..runs.len()).filter(is_due).collect();
        for (run, evaluations) in due.iter().zip(batch.evaluate(&due)) {
            let take = |events: &mut Self| events.evaluated(evaluations?, runs[*run], batch, *run);
            go_on(&mut all[*run], take);
        }
        let seconds = started.elapsed().as_secs_f64() / runs.len() as f64;
        for (run, events) in all.iter_mut().enumerate() {
            go_on(events, |events| {
                events.evaluation_seconds = seconds;
                events.keep(runs[run], batch, run)
            });
        }
        all
    }

    /// What follows an update without evaluation.
    fn new(update: UpdateReport, check: Option<HoldoutCheck>) -> Self {
        Self {
            update,
            check,
            evaluations: None,
            evaluation_columns: Columns::new(),
            headline: None,
            checkpoint: None,
            over: None,
            policy_rows: Vec::new(),
            evaluation_seconds: 0.0,
        }
    }

    fn is_stopped(&self) -> bool {
        self.check.as_ref().is_some_and(|check| check.stop)
    }

    fn is_last(&self, run: &PlannedRun) -> bool {
        self.is_stopped() || self.update.update_idx + 1 == run.updates
    }

    fn asks_for_evaluation(&self, run: &PlannedRun) -> bool {
        let every = run.spec.settings.evaluation.every.interval(run.spec.oversight);
        self.is_last(run) || self.update.update_idx.is_multiple_of(every)
    }

    /// Takes in the evaluations of run number `index`, which may be over by this.
    fn evaluated(
        &mut self,
        evaluations: ByPolicy<Evaluation>,
        run: &PlannedRun,
        batch: &RunBatch,
        index: usize,
    ) -> Result<(), NotFinite> {
        let headline = run.method.headline();
        let last = headline.of(evaluations.clone());
        self.headline = Some(last.avg_return);
        self.evaluations = Some(evaluations);
        self.evaluation_columns = batch.evaluation_columns(index);
        if self.is_last(run) {
            let kept = batch.kept_policy(index);
            let selected = match kept.signal {
                None => last.clone(),
                Some(_) => headline.of(evaluate(&kept.network, &run.spec, kept.update_idx)?),
            };
            let (is_stopped, labels_holdout) = (self.is_stopped(), batch.labels_holdout(index));
            self.over = Some(RunOver { is_stopped, last, kept, selected, labels_holdout });
        }
        Ok(())
    }

    /// Keeps the policy of run number `index`, if it is to be kept for its own sake or the run is over.
    fn keep(&mut self, run: &PlannedRun, batch: &RunBatch, index: usize) -> Result<(), NotFinite> {
        let PlannedRun { spec, name, .. } = run;
        let update_idx = self.update.update_idx;
        self.checkpoint = is_checkpoint(spec, update_idx).then(|| batch.policy(index));
        let kept = self.over.as_ref().map(|over| &over.kept);
        let kept = kept.filter(|kept| !is_checkpoint(spec, kept.update_idx));
        for policy in self.checkpoint.iter().chain(kept) {
            self.policy_rows.extend(policy_table_rows(spec, &name.id, policy)?);
        }
        Ok(())
    }
}

/// Goes on with the events of a run that has some.
fn go_on(
    events: &mut Result<UpdateEvents, NotFinite>,
    with: impl FnOnce(&mut UpdateEvents) -> Result<(), NotFinite>,
) {
    if let Ok(known) = events
        && let Err(not_finite) = with(known)
    {
        *events = Err(not_finite);
    }
}
