//! What `run_<run>.toml` says of a finished run: its result, and the settings that it was trained with.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use gr_runs::{RunResult, Settings};
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::run::{EvaluationPoint, Holdout, Run, RunLabels, RunState};

/// Largest return that is taken for one, as in CSV files.
const LARGEST: f64 = 1e9;

/// Takes from the manifest at `path` what came out of `run`.
///
/// # Errors
/// If it is no manifest, or says what no run can come to; `run` is then as it was.
pub fn finish(run: &mut Run, path: &Path) -> Result<()> {
    let place = || format!("{}; remove the file to train the run again", path.display());
    let text = fs::read_to_string(path).with_context(place)?;
    let manifest: Table = toml::from_str(&text).context("not TOML").with_context(place)?;
    let result: RunResult = part(&manifest, "result").with_context(place)?;
    let settings: Option<Settings> =
        match manifest.get("spec").and_then(|spec| spec.get("settings")) {
            Some(_) => Some(part(&manifest, "spec.settings").with_context(place)?),
            None => None,
        };
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
    let early_stopping = settings.map(|settings| settings.early_stopping);
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
            bail!("result.{key} is {update}, but the run had {updates} updates");
        }
    }
    Ok(())
}

/// The value at a dotted key, read into the type that it was written from.
fn part<T: DeserializeOwned>(table: &Table, key: &str) -> Result<T> {
    let at = |key: &str| {
        let mut parts = key.split('.');
        let first = parts.next().and_then(|part| table.get(part));
        parts.fold(first, |value: Option<&Value>, part| value?.get(part))
    };
    let value = at(key).ok_or_else(|| anyhow!("{key} is missing"))?;
    serde_path_to_error::deserialize(value.clone()).map_err(|error| {
        let inside = error.path().to_string();
        let key = if inside == "." { key.to_string() } else { format!("{key}.{inside}") };
        let message = error.into_inner().to_string();
        let missing = message.trim().strip_prefix("missing field `");
        match (missing.and_then(|rest| rest.split('`').next()), at(&key)) {
            (Some(field), _) => anyhow!("{key}.{field} is missing"),
            (None, Some(value)) => anyhow!("{key} = {value} is not what belongs there"),
            (None, None) => anyhow!("{key} is not what belongs there"),
        }
    })
}
