//! Fills in what a run did over its updates, from its own CSV files.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::Warnings;
use super::run::{EvaluationPoint, Holdout, Run, RunState, UpdateValue};
use super::table::{Column, Row, Table};

/// Policies that are evaluated, in the columns' words.
const POLICIES: [&str; 3] = ["training_policy", "diamond", "ghost"];

/// Reads the curves of a finished run.
pub fn fill(run: &mut Run, warnings: &Warnings) -> Result<()> {
    if !run.is_finished() {
        return Ok(());
    }
    fill_evaluations(run, warnings)?;
    fill_holdout(run, warnings)?;
    if run.series.holdout.is_some() {
        let table = read(run, "train_results", warnings)?;
        run.training_returns = table.map_or(Ok(Vec::new()), |t| values(&t, "avg_return"))?;
    }
    Ok(())
}

fn path(run: &Run, kind: &str) -> PathBuf {
    run.folder.join(format!("{kind}_{}.csv", run.id))
}

fn read(run: &Run, kind: &str, warnings: &Warnings) -> Result<Option<Table>> {
    let path = path(run, kind);
    if path.exists() { Table::read(&path, warnings) } else { Ok(None) }
}

fn fill_evaluations(run: &mut Run, warnings: &Warnings) -> Result<()> {
    let Some(table) = read(run, "eval_results", warnings)? else {
        let path = path(run, "eval_results");
        warnings.add(format!("{}: no evaluations, so the run has no curve", path.display()));
        if run.kept.is_none() {
            // Only its evaluations could have told what it is.
            run.state = RunState::Missing;
        }
        return Ok(());
    };
    let (update, method) = (table.column("update_idx")?, table.column("run_label")?);
    let (oversight, policy) = (table.column("oversight_prob")?, table.column("policy_type")?);
    let (avg_return, id) = (table.column("avg_return")?, table.column("run_id")?);
    let (seed, meaning) = (table.optional("seed"), table.optional("first_observation"));
    let (evaluation, gap) = (table.optional("evaluation"), table.optional("gaming_gap"));
    let text = |row: &Row<'_>, column: Option<Column>| column.map(|c| row.text(c).to_string());
    let nothing_known = run.series.method.is_empty();
    let mut policies: [Vec<EvaluationPoint>; 3] = Default::default();
    let mut first = true;
    table.for_each(|row| {
        if first && nothing_known {
            run.series.method = row.text(method).into();
            run.oversight.0 = row.probability(oversight)?;
            run.seed = seed.map(|column| row.value(column, "a seed")).transpose()?;
            run.first_observation = text(row, meaning);
            run.evaluation = text(row, evaluation);
        }
        first = false;
        let source = if nothing_known { "the first line" } else { "runs.csv or the plan" };
        row.must_be(method, &run.series.method, source)?;
        row.must_be(id, &run.id, "the file's name")?;
        if row.number(oversight)? != run.oversight.0 {
            bail!("{}, but {source} says {}", row.place(oversight), run.oversight.0);
        }
        if let (Some(column), Some(expected)) = (meaning, &run.first_observation) {
            row.must_be(column, expected, source)?;
        }
        let points = &mut policies[row.choice(policy, &POLICIES)?];
        let point = EvaluationPoint {
            update: row.value(update, "an update")?,
            true_return: row.number(avg_return)?,
            gaming_gap: gap.map(|column| row.optional_number(column)).transpose()?.flatten(),
        };
        if points.last().is_some_and(|last: &EvaluationPoint| last.update >= point.update) {
            return Err(row.refuse(update, "above the one before"));
        }
        points.push(point);
        Ok(())
    })?;
    if run.headline.is_none() {
        let routed = !policies[1].is_empty();
        run.headline = Some(POLICIES[usize::from(routed)].into());
    }
    let headline = POLICIES.iter().position(|name| Some(*name) == run.headline.as_deref());
    run.evaluations =
        headline.map(|index| std::mem::take(&mut policies[index])).unwrap_or_default();
    agree_with_result(run, warnings)
}

/// Holds the last evaluation against the run's result, or makes it the result where there is none.
fn agree_with_result(run: &mut Run, warnings: &Warnings) -> Result<()> {
    let path = path(run, "eval_results");
    let Some(last) = run.evaluations.last().copied() else {
        warnings.add(format!("{}: no evaluation of the headline policy", path.display()));
        if run.kept.is_none() {
            run.state = RunState::Missing;
        }
        return Ok(());
    };
    match (run.updates, run.final_return) {
        (Some(updates), Some(final_return)) if last.update + 1 == updates => {
            if (last.true_return - final_return).abs() > 1e-9 {
                bail!(
                    "{}: the last avg_return is {}, but the run's result says {final_return}; \
                     these files are not of the same run",
                    path.display(),
                    last.true_return
                );
            }
        }
        (Some(updates), _) => warnings.add(format!(
            "{}: ends at update {} of a finished run of {updates} updates",
            path.display(),
            last.update
        )),
        (None, _) => {}
    }
    run.updates = run.updates.or(Some(last.update + 1));
    run.final_return = run.final_return.or(Some(last.true_return));
    run.kept = run.kept.or(Some(last));
    Ok(())
}

fn fill_holdout(run: &mut Run, warnings: &Warnings) -> Result<()> {
    let Some(table) = read(run, "holdout_results", warnings)? else { return Ok(()) };
    run.holdout_returns = values(&table, "holdout_return")?;
    if run.series.holdout.is_none() {
        let source = table.column("holdout_source")?;
        table.for_each(|row| {
            run.series.holdout = Some(Holdout::new(row.text(source).into(), None));
            Ok(())
        })?;
    }
    Ok(())
}

fn values(table: &Table, name: &str) -> Result<Vec<UpdateValue>> {
    let (update, value) = (table.column("update_idx")?, table.column(name)?);
    let mut values: Vec<UpdateValue> = Vec::new();
    table.for_each(|row| {
        let point =
            UpdateValue { update: row.value(update, "an update")?, value: row.number(value)? };
        if values.last().is_some_and(|last| last.update >= point.update) {
            return Err(row.refuse(update, "above the one before"));
        }
        values.push(point);
        Ok(())
    })?;
    Ok(values)
}
