//! Fills in what a run did over its updates, from its own CSV files.

use anyhow::{Result, ensure};
use gr_runs::{CsvLine, EvaluationRow, HoldoutRow, TrainingRow};
use gr_terminal::count;

use super::Warnings;
use super::run::{EvaluationPoint, Holdout, Oversight, Run, RunState, UpdateValue};
use super::table::{Columns, choice, must_be, probability, read_rows};

/// Policies that are evaluated, in the columns' words.
const POLICIES: [&str; 3] = ["training_policy", "diamond", "ghost"];

const EVALUATIONS: Columns = Columns {
    needed: "update_idx run_label oversight_prob policy_type avg_return run_id",
    optional: "seed first_observation evaluation gaming_gap",
};

const TRAINING: Columns = Columns { needed: "update_idx avg_return", optional: "" };

const CHECKS: Columns = Columns { needed: "update_idx holdout_return", optional: "holdout_source" };

/// Reads the curves of a finished run. A run with a file that is not what it should be is left out.
pub fn fill(run: &mut Run, warnings: &Warnings) {
    if run.is_finished()
        && let Err(error) = fill_finished(run, warnings)
    {
        warnings.leave_out(&error);
        run.state = RunState::Unreadable;
    }
}

fn fill_finished(run: &mut Run, warnings: &Warnings) -> Result<()> {
    fill_evaluations(run, warnings)?;
    fill_holdout(run, warnings)?;
    let path = run.file("train_results", "csv");
    if run.series.holdout.is_some() && path.exists() {
        let returns = &mut run.training_returns;
        read_rows(&path, &TRAINING, warnings, |line, row: TrainingRow| {
            push(returns, line, row.update_idx, row.avg_return)
        })?;
    }
    Ok(())
}

fn fill_evaluations(run: &mut Run, warnings: &Warnings) -> Result<()> {
    let path = run.file("eval_results", "csv");
    let nothing_known = run.series.method.is_empty();
    let source = if nothing_known { "the first line" } else { "runs.csv or the plan" };
    let mut policies: [Vec<EvaluationPoint>; 3] = Default::default();
    let visit = |line: &CsvLine<'_>, row: EvaluationRow| {
        if run.series.method.is_empty() {
            run.oversight = Oversight(probability(line, "oversight_prob", row.oversight_prob)?);
            run.series.method.clone_from(&row.run_label);
            run.seed = line.has("seed").then_some(row.seed);
            run.first_observation = recorded(&row.first_observation);
            run.evaluation = recorded(&row.evaluation);
        }
        must_be(line, "run_label", &row.run_label, &run.series.method, source)?;
        must_be(line, "run_id", &row.run_id, &run.id, "the file's name")?;
        ensure!(
            row.oversight_prob == run.oversight.0,
            "{}, but {source} says {}",
            line.place("oversight_prob"),
            run.oversight.0
        );
        if let (Some(found), Some(expected)) =
            (recorded(&row.first_observation), &run.first_observation)
        {
            must_be(line, "first_observation", &found, expected, source)?;
        }
        agree_with_result(run, line, &row)?;
        let points = &mut policies[choice(line, "policy_type", &row.policy_type, &POLICIES)?];
        if points.last().is_some_and(|last| last.update >= row.update_idx) {
            return Err(line.refuse("update_idx", "above the one before").into());
        }
        points.push(EvaluationPoint {
            update: row.update_idx,
            true_return: row.avg_return,
            gaming_gap: row.gaming_gap,
        });
        Ok(())
    };
    if !path.exists() || !read_rows(&path, &EVALUATIONS, warnings, visit)? {
        warnings.add(format!("{}: no evaluations, so the run has no curve", path.display()));
        if run.kept.is_none() {
            // Only its evaluations could have told what it is.
            run.state = RunState::Missing;
        }
        return Ok(());
    }
    if run.headline.is_none() {
        let routed = !policies[1].is_empty();
        run.headline = Some(POLICIES[usize::from(routed)].into());
    }
    let headline = POLICIES.iter().position(|name| Some(*name) == run.headline.as_deref());
    run.evaluations =
        headline.map(|index| std::mem::take(&mut policies[index])).unwrap_or_default();
    complete(run, warnings);
    Ok(())
}

fn recorded(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}

/// Holds the evaluation after a run's last update against the run's result.
fn agree_with_result(run: &Run, line: &CsvLine<'_>, row: &EvaluationRow) -> Result<()> {
    let Some(final_return) = run.final_return else { return Ok(()) };
    let is_last = run.updates == row.update_idx.checked_add(1)
        && run.headline.as_ref() == Some(&row.policy_type);
    ensure!(
        !is_last || (row.avg_return - final_return).abs() <= 1e-9,
        "{}, but the run's result says {final_return}; these files are not of the same run",
        line.place("avg_return")
    );
    Ok(())
}

/// Takes from the last evaluation what nothing else tells of the run, and warns if it is not the one
/// after the last update.
fn complete(run: &mut Run, warnings: &Warnings) {
    let path = run.file("eval_results", "csv");
    let Some(last) = run.evaluations.last().copied() else {
        warnings.add(format!("{}: no evaluation of the headline policy", path.display()));
        if run.kept.is_none() {
            run.state = RunState::Missing;
        }
        return;
    };
    if let Some(updates) = run.updates.filter(|updates| last.update + 1 != *updates) {
        warnings.add(format!(
            "{}: ends at update {} of a finished run of {}",
            path.display(),
            last.update,
            count(updates, "update")
        ));
    }
    run.updates = run.updates.or(Some(last.update + 1));
    run.final_return = run.final_return.or(Some(last.true_return));
    run.kept = run.kept.or(Some(last));
}

fn fill_holdout(run: &mut Run, warnings: &Warnings) -> Result<()> {
    let path = run.file("holdout_results", "csv");
    if !path.exists() {
        return Ok(());
    }
    let (series, returns) = (&mut run.series, &mut run.holdout_returns);
    read_rows(&path, &CHECKS, warnings, |line, row: HoldoutRow| {
        if series.holdout.is_none() {
            let source = recorded(&row.holdout_source);
            series.holdout = source.map(|source| Holdout::new(source, None));
        }
        push(returns, line, row.update_idx, row.holdout_return)
    })?;
    Ok(())
}

fn push(values: &mut Vec<UpdateValue>, line: &CsvLine<'_>, update: u64, value: f64) -> Result<()> {
    if values.last().is_some_and(|last| last.update >= update) {
        return Err(line.refuse("update_idx", "above the one before").into());
    }
    values.push(UpdateValue { update, value });
    Ok(())
}
