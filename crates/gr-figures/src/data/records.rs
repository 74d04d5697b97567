//! Which runs a folder holds and how far each came: from `runs.csv`, else from plan and manifests,
//! else from the evaluation files alone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use gr_runs::{CsvLine, RunId, RunRow, Seed};
use gr_terminal::count;

use super::plan::{Plan, PlannedMethod, PlannedRun};
use super::run::{EvaluationPoint, Holdout, Run, RunLabels, RunState, Series};
use super::table::{Columns, choice, probability, read_good_rows};
use super::{Warnings, file_name, manifest};

const COLUMNS: Columns = Columns {
    needed: "run_id run_label oversight_prob seed first_observation evaluation status \
        policy_type planned_updates updates final_return selected_return selected_update \
        stopped_update labels_training gaming_gap",
    optional: "holdout_source holdout_fraction",
};

const STATES: [(&str, RunState); 3] = [
    ("finished", RunState::Finished),
    ("failed", RunState::Failed),
    ("missing", RunState::Missing),
];

/// The runs in `folder`, without their curves.
///
/// # Errors
/// If nothing tells which there are.
pub fn runs_of(folder: &Path, plans: &[Plan], warnings: &Warnings) -> Result<Vec<Run>> {
    let rows = folder.join("runs.csv");
    let mut runs = match (rows.exists(), plans) {
        (true, _) => from_rows(folder, &rows, warnings)?,
        (false, []) => from_evaluations(folder)?,
        (false, plans) => from_plans(folder, plans, warnings)?,
    };
    for run in &mut runs {
        run.planned = run.planned.take().or_else(|| planned_as(plans, run));
        run.configured_updates = run.planned.as_ref().map(|planned| planned.settings.updates.0);
        // `runs.csv` and plan may be older than the run's own files.
        let is_settled = matches!(run.state, RunState::Finished | RunState::Unreadable);
        let manifest = run.file("run", "toml");
        if is_settled || plans.is_empty() {
            continue;
        } else if manifest.exists() {
            if let Err(error) = manifest::finish(run, &manifest) {
                warnings.leave_out(&error);
                run.state = RunState::Unreadable;
            }
        } else if run.file("failed", "toml").exists() {
            run.state = RunState::Failed;
        } else if run.file("eval_results", "csv").exists() || preview(folder, &run.id).exists() {
            run.state = RunState::Unfinished;
        }
    }
    share_holdouts(&mut runs);
    Ok(runs)
}

/// What a run shows of its evaluations while it trains.
fn preview(folder: &Path, run: &str) -> PathBuf {
    folder.join(format!("checkpoints/eval_results_{run}.csv"))
}

/// Gives runs that have not finished the holdout of those of the same method that have: nothing else
/// says which series a run belongs to while `runs.csv` is not written.
fn share_holdouts(runs: &mut [Run]) {
    let mut of_methods: BTreeMap<String, Holdout> = BTreeMap::new();
    for run in runs.iter() {
        if let Some(holdout) = &run.series.holdout {
            of_methods.entry(run.series.method.clone()).or_insert_with(|| holdout.clone());
        }
    }
    for run in runs.iter_mut().filter(|run| !run.is_finished() && run.series.holdout.is_none()) {
        run.series.holdout = of_methods.get(&run.series.method).cloned();
    }
}

fn from_rows(folder: &Path, path: &Path, warnings: &Warnings) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    let mut unreadable = Vec::new();
    let visit = |line: &CsvLine<'_>, row: RunRow| {
        runs.push(from_row(folder, line, row)?);
        Ok(())
    };
    // What can be told of a run whose line is wrong is who it is, so that it is counted.
    let left_out = |line: &CsvLine<'_>| {
        let level = line.text("oversight_prob").parse().ok().filter(|p| (0.0..=1.0).contains(p));
        if let (Ok(id), Some(level)) = (line.text("run_id").parse::<RunId>(), level) {
            let series = Series::of_method(line.text("run_label"));
            let state = RunState::Unreadable;
            let seed = line.text("seed").parse().ok();
            unreadable
                .push(Run { seed, ..Run::blank(folder, id.to_string(), series, level, state) });
        }
    };
    read_good_rows(path, &COLUMNS, warnings, visit, left_out)?;
    runs.append(&mut unreadable);
    Ok(runs)
}

fn from_row(folder: &Path, line: &CsvLine<'_>, row: RunRow) -> Result<Run> {
    let state = STATES[choice(line, "status", &row.status, &STATES.map(|(name, _)| name))?].1;
    let id: RunId = row.run_id.parse().map_err(|_| line.refuse("run_id", "the name of a run"))?;
    let level = probability(line, "oversight_prob", row.oversight_prob)?;
    for (column, update) in
        [("selected_update", row.selected_update), ("stopped_update", row.stopped_update)]
    {
        if let (Some(_), Some(done)) = (update.filter(|at| row.updates <= Some(*at)), row.updates) {
            let expected = format!("one of the run's {}, from 0 on", count(done, "update"));
            return Err(line.refuse(column, expected).into());
        }
    }
    let kept = match (row.selected_update, row.selected_return) {
        (Some(update), Some(true_return)) => {
            Some(EvaluationPoint { update, true_return, gaming_gap: row.gaming_gap })
        }
        (None, None) => None,
        (None, _) => {
            return Err(line.refuse("selected_update", "an update, but there is a return").into());
        }
        (_, None) => {
            return Err(line.refuse("selected_return", "a return, but there is an update").into());
        }
    };
    if state == RunState::Finished && (kept.is_none() || row.final_return.is_none()) {
        return Err(line.refuse("final_return", "complete: a finished run has returns").into());
    }
    let labels = match row.labels_training {
        None => None,
        Some(training) => {
            let missing = || line.refuse("labels_holdout", "a number of labels or \"unlimited\"");
            Some(RunLabels { training, holdout: line.labels_holdout()?.ok_or_else(missing)? })
        }
    };
    let holdout = row.holdout_source.map(|source| Holdout::new(source, row.holdout_fraction));
    let series = Series { holdout, ..Series::of_method(row.run_label) };
    Ok(Run {
        seed: Some(row.seed),
        first_observation: Some(row.first_observation),
        evaluation: Some(row.evaluation),
        headline: row.policy_type,
        planned_updates: Some(row.planned_updates),
        updates: row.updates,
        final_return: row.final_return,
        kept,
        labels,
        stopped_update: row.stopped_update,
        ..Run::blank(folder, id.to_string(), series, level, state)
    })
}

/// Which method of `plans`, with which settings, `run` is of: the only one there is, or the one that makes
/// its name.
fn planned_as(plans: &[Plan], run: &Run) -> Option<Arc<PlannedMethod>> {
    let methods = plans.iter().flat_map(Plan::methods);
    let of_method: Vec<_> = methods.filter(|planned| planned.method == run.series.method).collect();
    let makes_its_name = |planned: &&&Arc<PlannedMethod>| {
        let names = run.seed.map(|seed| planned.names(run.oversight.0, seed));
        names.is_some_and(|names| names.iter().any(|name| name.id.as_str() == run.id))
    };
    let named = match of_method[..] {
        [_] => None,
        _ => of_method.iter().find(makes_its_name),
    };
    named.or(of_method.first()).map(|planned| Arc::clone(planned))
}

fn from_plans(folder: &Path, plans: &[Plan], warnings: &Warnings) -> Result<Vec<Run>> {
    let mut names = Vec::new();
    let checkpoints = Some(folder.join("checkpoints")).filter(|folder| folder.exists());
    for folder in [folder.to_path_buf()].into_iter().chain(checkpoints) {
        for entry in fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
    }
    // The files of a run end in its name; any of them tells it. A name is what a plan tells and, behind
    // the last line, a part of a hash.
    let mut ids: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for name in &names {
        let stem = name.strip_suffix(".toml").or_else(|| name.strip_suffix(".csv"));
        let kinds = ["run_", "failed_", "eval_results_"];
        if let Some(id) =
            stem.and_then(|stem| kinds.iter().find_map(|kind| stem.strip_prefix(kind)))
            && let Some((start, _)) = id.rsplit_once('_')
        {
            ids.entry(start).or_default().insert(id);
        }
    }
    // Plans may ask for the same run, and for several whose names begin alike.
    let mut seen = HashSet::new();
    let planned: Vec<PlannedRun> = plans
        .iter()
        .flat_map(Plan::runs)
        .filter(|run| {
            plans.len() == 1
                || seen.insert(run.method.names(run.oversight, run.seed)[0].key.clone())
        })
        .collect();
    let mut num_alike: HashMap<(&str, u64, Seed), usize> = HashMap::new();
    for run in &planned {
        *num_alike.entry((&run.method.method, run.oversight.to_bits(), run.seed)).or_default() += 1;
    }
    let run = |planned: &PlannedRun| {
        let PlannedRun { method, oversight, seed } = planned;
        let start: RunId = format!("{}_p{oversight}_s{seed}", method.method)
            .parse()
            .map_err(|error: String| anyhow!("{}: methods: {error}", plans[0].path().display()))?;
        let found = ids.get(start.as_str()).into_iter().flatten().copied();
        let number = num_alike[&(method.method.as_str(), oversight.to_bits(), *seed)];
        let (id, state) = match one_of(folder, planned, number, &found.collect::<Vec<_>>()) {
            Ok(id) => (id.unwrap_or(start.as_str()), RunState::Missing),
            Err(error) => {
                warnings.leave_out(&error);
                (start.as_str(), RunState::Unreadable)
            }
        };
        let settings = &method.settings;
        Ok(Run {
            seed: Some(*seed),
            first_observation: Some(settings.environment.first_observation.name().into()),
            evaluation: Some(settings.evaluation.mode.name().into()),
            planned: Some(method.clone()),
            ..Run::blank(folder, id.into(), Series::of_method(&method.method), *oversight, state)
        })
    };
    planned.iter().map(run).collect()
}

/// Which of the runs in `found`, whose names begin alike, is the one that is planned, beside others
/// if there are `number` whose names begin so. Where there are several, the hash in the name tells.
fn one_of<'a>(
    folder: &Path,
    planned: &PlannedRun,
    number: usize,
    found: &[&'a str],
) -> Result<Option<&'a str>> {
    if let ([] | [_], 1) = (found, number) {
        return Ok(found.first().copied());
    }
    let names = planned.method.names(planned.oversight, planned.seed).map(|name| name.id);
    let is_planned = |id: &&&str| names.iter().any(|name| name.as_str() == **id);
    match found.iter().filter(is_planned).collect::<Vec<_>>().as_slice() {
        [one] => Ok(Some(one)),
        [] if number > 1 => Ok(None),
        planned => bail!(
            "{}: runs {} begin alike and {} of them has a name that its plan makes; move the files of \
             the others elsewhere",
            folder.display(),
            found.join(" and "),
            if planned.is_empty() { "none" } else { "more than one" }
        ),
    }
}

/// Runs of which nothing but evaluations is there, as in the published files. What they are of is
/// read with their rows.
fn from_evaluations(folder: &Path) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        let name = file_name(&path);
        if let Some(id) = name.strip_prefix("eval_results_").and_then(|n| n.strip_suffix(".csv")) {
            let series = Series::of_method("");
            runs.push(Run::blank(folder, id.into(), series, f64::NAN, RunState::Finished));
        }
    }
    runs.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(runs)
}
