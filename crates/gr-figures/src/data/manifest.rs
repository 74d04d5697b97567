//! What `run_<run>.toml` says of a finished run: its result, and the settings that it was trained with.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use gr_runs::{RunResult, Settings};
use gr_terminal::count;
use serde::Deserialize;

use super::run::{EvaluationPoint, Holdout, Run, RunLabels, RunState};

/// Largest return that is taken for one, as in CSV files.
const LARGEST: f64 = 1e9;

/// What figures need of a manifest.
#[derive(Deserialize)]
struct Finished {
    result: RunResult,
    spec: Option<Spec>,
}

/// What they need of what was trained, whatever a later version adds to it.
#[derive(Deserialize)]
struct Spec {
    settings: Settings,
}

/// Takes from the manifest at `path` what came out of `run`.
///
/// # Errors
/// If it is no manifest, or says what no run can come to; `run` is then as it was.
pub fn finish(run: &mut Run, path: &Path) -> Result<()> {
    let place = || format!("{}; remove the file to train the run again", path.display());
    let text = fs::read_to_string(path).with_context(place)?;
    let Finished { result, spec } = parse(&text).with_context(place)?;
    check(&result).with_context(place)?;

    run.state = RunState::Finished;
    run.updates = Some(result.updates);
    run.final_return = Some(result.final_return.reveal());
    run.kept = Some(EvaluationPoint {
        update: result.selected_update,
        true_return: result.selected_return.reveal(),
        gaming_gap: result.gaming_gap,
    });
    run.labels =
        Some(RunLabels { training: result.labels_training, holdout: result.labels_holdout });
    run.stopped_update = result.stopped_update;
    // One that was stopped early was to have all of them: no method that trains fewer stops early.
    run.planned_updates = match result.stopped_update {
        Some(_) => run.configured_updates,
        None => run.updates,
    };
    run.headline = Some(result.policy_type);
    let early_stopping = spec.map(|spec| spec.settings.early_stopping);
    run.series.holdout = early_stopping.filter(|settings| settings.enabled).map(|settings| {
        Holdout::new(settings.holdout_source.name().into(), Some(settings.holdout_fraction))
    });
    Ok(())
}

fn check(result: &RunResult) -> Result<()> {
    for (key, value) in [
        ("final_return", Some(result.final_return.reveal())),
        ("selected_return", Some(result.selected_return.reveal())),
        ("gaming_gap", result.gaming_gap),
    ] {
        let is_usual = value.is_none_or(|value| value.abs() <= LARGEST);
        ensure!(is_usual, "result.{key} = {:?} is no return", value.unwrap_or_default());
    }
    for (key, update) in [
        ("selected_update", Some(result.selected_update)),
        ("stopped_update", result.stopped_update),
    ] {
        let updates = result.updates;
        if let Some(update) = update.filter(|update| *update >= updates) {
            bail!("result.{key} is {update}, but the run had {}", count(updates, "update"));
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Finished> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let missing = error.message().strip_prefix("missing field `");
        if let Some((field, _)) = missing.and_then(|rest| rest.split_once('`')) {
            return anyhow!("{field} is missing");
        }
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..start).unwrap_or_default();
        let line = text[before.rfind('\n').map_or(0, |end| end + 1)..].lines().next();
        let number = before.matches('\n').count() + 1;
        anyhow!("line {number}: {} is not what belongs there", line.unwrap_or_default())
    })
}
