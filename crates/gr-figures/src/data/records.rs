//! Which runs a folder holds and how far each came: from `runs.csv`, else from plan and manifests,
//! else from the evaluation files alone.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use gr_runs::{LabelCount, RunId};
use toml::Value;

use super::plan::{Plan, lookup, read_toml};
use super::run::{EvaluationPoint, Holdout, Oversight, Run, RunLabels, RunState, Series};
use super::table::{LARGEST, Table};
use super::{Warnings, file_name};

const STATES: [(&str, RunState); 3] = [
    ("finished", RunState::Finished),
    ("failed", RunState::Failed),
    ("missing", RunState::Missing),
];

/// The runs in `folder`, without their curves.
pub fn runs_of(folder: &Path, plan: Option<&Plan>, warnings: &Warnings) -> Result<Vec<Run>> {
    let rows = folder.join("runs.csv");
    let mut runs = match (rows.exists(), plan) {
        (true, _) => from_rows(folder, &rows, warnings)?,
        (false, Some(plan)) => from_plan(folder, plan)?,
        (false, None) => from_evaluations(folder)?,
    };
    for run in &mut runs {
        // `runs.csv` and plan may be older than the run's own files.
        let file = |kind: &str, end: &str| folder.join(format!("{kind}_{}.{end}", run.id));
        let manifest = file("run", "toml");
        if run.is_finished() || plan.is_none() {
            continue;
        } else if manifest.exists() {
            finish_from_manifest(run, &manifest)?;
        } else if file("failed", "toml").exists() {
            run.state = RunState::Failed;
        } else if file("eval_results", "csv").exists() || preview(folder, &run.id).exists() {
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
    let Some(table) = Table::read(path, warnings)? else { return Ok(Vec::new()) };
    let column = |name| table.column(name);
    let (id, method, oversight) =
        (column("run_id")?, column("run_label")?, column("oversight_prob")?);
    let (seed, meaning) = (column("seed")?, column("first_observation")?);
    let (evaluation, status, policy) =
        (column("evaluation")?, column("status")?, column("policy_type")?);
    let (planned, updates) = (column("planned_updates")?, column("updates")?);
    let (last, kept_return) = (column("final_return")?, column("selected_return")?);
    let (kept_update, stopped) = (column("selected_update")?, column("stopped_update")?);
    let gaming_gap = column("gaming_gap")?;
    let labels_training = column("labels_training")?;
    let labels_holdout = column("labels_holdout")?;
    let unlimited = table.optional("labels_holdout_unlimited");
    let source = table.optional("holdout_source");
    let fraction = table.optional("holdout_fraction");
    let names = STATES.map(|(name, _)| name);
    let text = |text: &str| (!text.is_empty()).then(|| text.to_string());
    let mut runs = Vec::new();
    table.for_each(|row| {
        let holdout = match source.and_then(|column| text(row.text(column))) {
            None => None,
            Some(source) => {
                let fraction = fraction.map(|column| row.optional_number(column)).transpose()?;
                Some(Holdout::new(source, fraction.flatten()))
            }
        };
        let state = STATES[row.choice(status, &names)?].1;
        let number = |column| row.optional_value::<u64>(column, "a number of updates or nothing");
        let done = number(updates)?;
        let update = |column| match (number(column)?, done) {
            (Some(update), Some(done)) if update >= done => {
                Err(row.refuse(column, &format!("one of the run's {done} updates, from 0 on")))
            }
            (update, _) => Ok(update),
        };
        let kept = match (update(kept_update)?, row.optional_number(kept_return)?) {
            (Some(update), Some(true_return)) => {
                let gaming_gap = row.optional_number(gaming_gap)?;
                Some(EvaluationPoint { update, true_return, gaming_gap })
            }
            (None, None) => None,
            (None, _) => return Err(row.refuse(kept_update, "an update, but there is a return")),
            (_, None) => return Err(row.refuse(kept_return, "a return, but there is an update")),
        };
        let run = Run {
            seed: Some(row.value(seed, "a seed")?),
            first_observation: Some(row.text(meaning).into()),
            evaluation: Some(row.text(evaluation).into()),
            headline: text(row.text(policy)),
            planned_updates: Some(row.value(planned, "a number of updates")?),
            updates: done,
            final_return: row.optional_number(last)?,
            kept,
            labels: match row.optional_value(labels_training, "a number of labels or nothing")? {
                None => None,
                Some(training) => {
                    let accepted = "a number of labels or \"unlimited\"";
                    let holdout = match unlimited.map(|column| row.text(column)) {
                        Some("true") => LabelCount::Unlimited,
                        _ => row.value(labels_holdout, accepted)?,
                    };
                    Some(RunLabels { training, holdout })
                }
            },
            stopped_update: update(stopped)?,
            ..blank(
                folder,
                row.value::<RunId>(id, "the name of a run")?.to_string(),
                Series { method: row.text(method).into(), holdout, chosen: false },
                row.probability(oversight)?,
                state,
            )
        };
        if run.is_finished() && (run.kept.is_none() || run.final_return.is_none()) {
            return Err(row.refuse(last, "complete: a finished run has returns"));
        }
        runs.push(run);
        Ok(())
    })?;
    Ok(runs)
}

fn from_plan(folder: &Path, plan: &Plan) -> Result<Vec<Run>> {
    let mut names = Vec::new();
    let checkpoints = Some(folder.join("checkpoints")).filter(|folder| folder.exists());
    for folder in [folder.to_path_buf()].into_iter().chain(checkpoints) {
        for entry in fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
    }
    // The files of a run end in its name; any of them tells it. A name is what a plan tells and, behind
    // the last line, a part of a hash.
    let mut ids: HashMap<&str, &str> = HashMap::new();
    for name in &names {
        let stem = name.strip_suffix(".toml").or_else(|| name.strip_suffix(".csv"));
        let kinds = ["run_", "failed_", "eval_results_"];
        if let Some(id) =
            stem.and_then(|stem| kinds.iter().find_map(|kind| stem.strip_prefix(kind)))
            && let Some((start, _)) = id.rsplit_once('_')
        {
            ids.entry(start).or_insert(id);
        }
    }
    let text = |key: &str| plan.value(key).and_then(Value::as_str).map(String::from);
    let run = |(method, oversight, seed): (&str, f64, u64)| {
        let start = format!("{method}_p{oversight}_s{seed}");
        let start: RunId = start
            .parse()
            .map_err(|error: String| anyhow!("{}: methods: {error}", plan.path().display()))?;
        let id = ids.get(start.as_str()).copied().unwrap_or(start.as_str());
        let series = Series { method: method.into(), holdout: None, chosen: false };
        Ok(Run {
            seed: Some(seed),
            first_observation: text("environment.first_observation"),
            evaluation: text("evaluation.mode"),
            planned_updates: Some(match method {
                "oracle" => (oversight * plan.updates as f64 + 1e-9).floor() as u64,
                _ => plan.updates,
            }),
            ..blank(folder, id.into(), series, oversight, RunState::Missing)
        })
    };
    plan.runs().into_iter().map(run).collect()
}

fn finish_from_manifest(run: &mut Run, path: &Path) -> Result<()> {
    let manifest = read_toml(path)?;
    let value = |key: &str| lookup(&manifest, key);
    let number = |key: &str| {
        let value = value(key)?;
        let number = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
        number.filter(|number| number.abs() <= LARGEST)
    };
    let whole = |key: &str| -> Option<u64> { value(key)?.as_integer()?.try_into().ok() };
    let text = |key: &str| value(key)?.as_str().map(String::from);
    let missing = |key: &str| {
        anyhow!("{}: {key} is missing; remove the file to train the run again", path.display())
    };
    let needed = |key: &str| number(key).ok_or_else(|| missing(key));
    run.state = RunState::Finished;
    run.headline = text("result.policy_type");
    run.updates = whole("result.updates");
    let update = |key: &str| match (whole(key), run.updates) {
        (Some(update), Some(done)) if update >= done => {
            bail!(
                "{}: {key} is {update}, but the run had {done} updates; remove the file to train it again",
                path.display()
            )
        }
        (update, _) => Ok(update),
    };
    run.final_return = Some(needed("result.final_return")?);
    let kept_update = "result.selected_update";
    run.kept = Some(EvaluationPoint {
        update: update(kept_update)?.ok_or_else(|| missing(kept_update))?,
        true_return: needed("result.selected_return")?,
        gaming_gap: number("result.gaming_gap"),
    });
    let holdout = value("result.labels_holdout");
    run.labels = whole("result.labels_training").map(|training| RunLabels {
        training,
        holdout: match holdout.and_then(Value::as_integer) {
            Some(labels) => LabelCount::Counted(labels.unsigned_abs()),
            None => LabelCount::Unlimited,
        },
    });
    run.stopped_update = update("result.stopped_update")?;
    if value("spec.settings.early_stopping.enabled").and_then(Value::as_bool) == Some(true) {
        let source = text("spec.settings.early_stopping.holdout_source");
        let fraction = number("spec.settings.early_stopping.holdout_fraction");
        run.series.holdout = source.map(|source| Holdout::new(source, fraction));
    }
    Ok(())
}

/// Runs of which nothing but evaluations is there, as in the published files. What they are of is
/// read with their rows.
fn from_evaluations(folder: &Path) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        let name = file_name(&path);
        if let Some(id) = name.strip_prefix("eval_results_").and_then(|n| n.strip_suffix(".csv")) {
            let series = Series { method: String::new(), holdout: None, chosen: false };
            runs.push(blank(folder, id.into(), series, f64::NAN, RunState::Finished));
        }
    }
    runs.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(runs)
}

fn blank(folder: &Path, id: String, series: Series, oversight: f64, state: RunState) -> Run {
    Run {
        id,
        folder: folder.into(),
        series,
        oversight: Oversight(oversight),
        seed: None,
        first_observation: None,
        evaluation: None,
        state,
        headline: None,
        planned_updates: None,
        updates: None,
        final_return: None,
        kept: None,
        labels: None,
        stopped_update: None,
        evaluations: Vec::new(),
        training_returns: Vec::new(),
        holdout_returns: Vec::new(),
    }
}
