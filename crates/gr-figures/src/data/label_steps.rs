//! Values of a run as step functions of the true labels that it has used: read when a figure asks for
//! them, from the run's own CSV files.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Result, ensure};
use gr_runs::{CsvLine, EvaluationRow, HoldoutRow};
use serde::Deserialize;

use super::table::{Columns, probability, read_rows};
use super::{Run, Warnings};

/// What the header of a file is looked for in: more than any header takes.
const HEADER_BYTES: u64 = 1 << 16;

const EVALUATIONS: Columns =
    Columns { needed: "update_idx policy_type avg_return", optional: "labels_training" };

const CHECKS: Columns = Columns {
    needed: "update_idx",
    optional: "labels_training kept_update kept_avg_return stopped",
};

const TRAINED: Columns = Columns { needed: "labels_training model_accuracy", optional: "" };

const EXACT: Columns =
    Columns { needed: "policy_type labels_training model_exact_accuracy", optional: "" };

/// A value that holds from a number of labels on, until the next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelStep {
    /// Labels used up to then.
    pub labels: u64,
    /// The value from there on.
    pub value: f64,
}

/// A value of a run as a step function of the labels that it has used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSteps {
    /// Its steps, ascending, each number of labels once; there is one at least.
    pub steps: Vec<LabelStep>,
    /// Labels that the run used in all; it says nothing of more of them, unless it was stopped early.
    pub end: u64,
    /// Whether it was stopped early, so that its last value holds however many labels others use.
    pub stopped_early: bool,
}

/// True return of the policy that a run would keep, over its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptByLabels {
    /// The return.
    pub returns: LabelSteps,
    /// Whether the return of a checkpoint is not recorded, so that the evaluation before it stands for it.
    pub from_evaluations_before: bool,
}

/// What a run records of its reward model, over the labels of training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelAccuracies {
    /// Accuracy on new labels before they are learnt.
    pub before_learning: Option<LabelSteps>,
    /// Accuracy over all states in which an episode can end on a goal; `None` of a model that sees others.
    pub exact: Option<LabelSteps>,
}

/// A row of training with the column of a reward model.
#[derive(Deserialize)]
struct TrainedRow {
    labels_training: u64,
    model_accuracy: Option<f64>,
}

/// A row of an evaluation with the column of a reward model.
#[derive(Deserialize)]
struct ExactRow {
    policy_type: String,
    labels_training: u64,
    model_exact_accuracy: Option<f64>,
}

impl LabelSteps {
    /// The value after so many labels; `None` before the first step, and beyond the end of a run that was
    /// not stopped early.
    pub fn at(&self, labels: u64) -> Option<f64> {
        let after = self.steps.partition_point(|step| step.labels <= labels);
        let within = self.stopped_early || labels <= self.end;
        self.steps[..after].last().filter(|_| within).map(|step| step.value)
    }

    /// Ends at its last step; `None` if there is none.
    fn of(steps: Vec<LabelStep>) -> Option<Self> {
        let end = steps.last()?.labels;
        Some(Self { steps, end, stopped_early: false })
    }
}

/// The policy that `run` would keep: the headline policy itself, or with a holdout the checkpoint that it
/// chose so far. `None` if the run does not record its labels.
///
/// # Errors
/// Names file, line, column and value of what is wrong.
pub fn kept(run: &Run, warnings: &Warnings) -> Result<Option<KeptByLabels>> {
    if run.series.holdout.is_some() {
        return kept_on_holdout(run, warnings);
    }
    let path = run.file("eval_results", "csv");
    let mut steps = Vec::new();
    if path.exists() {
        read_rows(&path, &EVALUATIONS, warnings, |line, row: EvaluationRow| {
            let is_headline = run.headline.as_ref() == Some(&row.policy_type);
            match line.has("labels_training") && is_headline {
                true => push(&mut steps, line, row.labels_training, row.avg_return),
                false => Ok(()),
            }
        })?;
    }
    let kept = |returns| KeptByLabels { returns, from_evaluations_before: false };
    Ok(LabelSteps::of(steps).map(kept))
}

fn kept_on_holdout(run: &Run, warnings: &Warnings) -> Result<Option<KeptByLabels>> {
    let path = run.file("holdout_results", "csv");
    let mut steps = Vec::new();
    let mut stopped_early = run.stopped_update.is_some();
    let mut from_evaluations_before = false;
    if !path.exists() {
        return Ok(None);
    }
    read_rows(&path, &CHECKS, warnings, |line, row: HoldoutRow| {
        let says_labels = line.has("labels_training") && line.has("labels_holdout");
        let kept_return = match row.kept_avg_return {
            None if line.has("kept_update") => evaluation_before(run, row.kept_update),
            kept_return => kept_return,
        };
        let Some(kept_return) = kept_return.filter(|_| says_labels) else { return Ok(()) };
        from_evaluations_before |= row.kept_avg_return.is_none();
        stopped_early |= row.stopped == 1;
        let holdout = line.labels_holdout()?.and_then(|labels| labels.counted());
        let labels = holdout.and_then(|holdout| holdout.checked_add(row.labels_training));
        match labels {
            Some(labels) => push(&mut steps, line, labels, kept_return),
            None => Err(line.refuse("labels_holdout", "a number of labels"))?,
        }
    })?;
    let Some(returns) = LabelSteps::of(steps) else { return Ok(None) };
    // Training reads labels after the last check, too.
    let all = run.labels.and_then(|labels| labels.training.checked_add(labels.holdout.counted()?));
    let end = all.unwrap_or(0).max(returns.end);
    let returns = LabelSteps { end, stopped_early, ..returns };
    Ok(Some(KeptByLabels { returns, from_evaluations_before }))
}

/// True return at the last evaluation up to `update`.
fn evaluation_before(run: &Run, update: u64) -> Option<f64> {
    let after = run.evaluations.partition_point(|point| point.update <= update);
    run.evaluations[..after].last().map(|point| point.true_return)
}

/// What `run` records of its reward model; nothing if it has none.
///
/// # Errors
/// Names file, line, column and value of what is wrong.
pub fn model_accuracies(run: &Run, warnings: &Warnings) -> Result<ModelAccuracies> {
    let [mut before_learning, mut exact] = [Vec::new(), Vec::new()];
    let path = run.file("train_results", "csv");
    if header_has(&path, "model_accuracy") {
        read_rows(&path, &TRAINED, warnings, |line, row: TrainedRow| {
            accuracy(
                &mut before_learning,
                line,
                "model_accuracy",
                row.labels_training,
                row.model_accuracy,
            )
        })?;
    }
    let path = run.file("eval_results", "csv");
    if header_has(&path, "model_exact_accuracy") {
        read_rows(&path, &EXACT, warnings, |line, row: ExactRow| {
            let is_headline = run.headline.as_ref() == Some(&row.policy_type);
            let value = row.model_exact_accuracy.filter(|_| is_headline);
            accuracy(&mut exact, line, "model_exact_accuracy", row.labels_training, value)
        })?;
    }
    let (before_learning, exact) = (LabelSteps::of(before_learning), LabelSteps::of(exact));
    Ok(ModelAccuracies { before_learning, exact })
}

fn accuracy(
    steps: &mut Vec<LabelStep>,
    line: &CsvLine<'_>,
    column: &str,
    labels: u64,
    value: Option<f64>,
) -> Result<()> {
    match value {
        Some(value) => push(steps, line, labels, probability(line, column, value)?),
        None => Ok(()),
    }
}

/// Adds a step. Of several values at one number of labels the last one counts: a run whose labels are used
/// up goes on learning from those that it has.
fn push(steps: &mut Vec<LabelStep>, line: &CsvLine<'_>, labels: u64, value: f64) -> Result<()> {
    match steps.last_mut() {
        Some(last) if last.labels == labels => last.value = value,
        last => {
            let before = last.map_or(0, |last| last.labels);
            ensure!(
                before <= labels,
                "{}, but the row before had used {before} labels; restore the file or remove its run",
                line.place("labels_training")
            );
            steps.push(LabelStep { labels, value });
        }
    }
    Ok(())
}

/// Whether the first line of a file names a column. Most files of training are long, and of no interest.
fn header_has(path: &Path, column: &str) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut header = Vec::new();
    let read = BufReader::new(file.take(HEADER_BYTES)).read_until(b'\n', &mut header);
    read.is_ok() && header.windows(column.len()).any(|part| part == column.as_bytes())
}
