//! `gr-sweep export --tensorboard`: a folder of event files, one for each run. The same rows give the same bytes, and
//! more rows more bytes behind them, so that a TensorBoard that is looking on sees a running sweep grow.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use gr_runs::{
    EvaluationRow, ExtendedRow, HoldoutRow, RunFiles, Store, TrainingRow, atomic_write, read_rows,
};
use gr_terminal::{DONE, count, say};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::event_file::EventFile;
use crate::plan::PlannedRun;
use crate::results::folder::open_to_look_at;

/// What `gr-sweep export` takes.
#[derive(Debug, clap::Args)]
pub struct ExportArguments {
    /// A results folder, finished or running
    folder: PathBuf,
    /// Write event files for TensorBoard (W&B and Aim read them too) into this folder, one folder for each run
    #[arg(long, value_name = "OUT", required = true)]
    tensorboard: PathBuf,
}

/// Name of a run's event file. TensorBoard looks for `tfevents`.
const FILE: &str = "events.out.tfevents.0.gr-sweep";

/// Numbers by tag, by update and by table: the order of an event file.
type Events = BTreeMap<(u64, Table), Vec<(String, f64)>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Table {
    Training,
    Evaluation,
    Holdout,
}

/// Exports the runs of a folder.
///
/// # Errors
/// If there is no sweep, or a file cannot be read or written.
pub fn export(arguments: &ExportArguments) -> Result<u8> {
    let (store, plan) = open_to_look_at(&arguments.folder)?;
    let mut exported = 0;
    for run in &plan.runs {
        let events = events(&store, run)?;
        if events.is_empty() {
            continue;
        }
        let file = event_file(run, events);
        let folder = arguments.tensorboard.join(run.name.id.as_str());
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        write(&folder.join(FILE), file.bytes())?;
        exported += 1;
    }
    if exported == 0 {
        bail!(
            "{} has no rows of any of its {}",
            arguments.folder.display(),
            count(plan.runs.len(), "run")
        );
    }
    let out = arguments.tensorboard.display();
    say(format!("{} in {out}: `tensorboard --logdir {out}` shows them", count(exported, "run")));
    Ok(DONE)
}

/// The events of a run, whose steps are those that its environments had taken.
fn event_file(run: &PlannedRun, events: Events) -> EventFile {
    let settings = &run.spec.settings;
    let steps_per_update = (settings.environment.envs * settings.training.rollout_steps) as u64;
    let mut file = EventFile::new();
    for ((update, _), scalars) in events {
        file.add((update + 1).saturating_mul(steps_per_update), &scalars);
    }
    file
}

fn events(store: &Store, run: &PlannedRun) -> Result<Events> {
    let RunFiles { evaluations, training, holdout, .. } = store.files(&run.name.id);
    let mut events = Events::new();
    for ExtendedRow { row, further } in rows::<TrainingRow>(store, &training)? {
        add(
            &mut events,
            row.update_idx,
            Table::Training,
            "train",
            training_scalars(&row),
            &further,
        );
    }
    for ExtendedRow { row, further } in rows::<EvaluationRow>(store, &evaluations)? {
        let prefix = format!("eval/{}", row.policy_type);
        let scalars = evaluation_scalars(&row);
        add(&mut events, row.update_idx, Table::Evaluation, &prefix, scalars, &further);
    }
    for ExtendedRow { row, further } in rows::<HoldoutRow>(store, &holdout)? {
        add(
            &mut events,
            row.update_idx,
            Table::Holdout,
            "holdout",
            holdout_scalars(&row),
            &further,
        );
    }
    Ok(events)
}

/// The rows of a run's file, or of what can be looked at of it while the run trains; none if there is neither.
fn rows<Row>(store: &Store, file: &Path) -> Result<Vec<ExtendedRow<Row, Option<f64>>>>
where
    Row: Serialize + DeserializeOwned + Default,
{
    for path in [file.to_path_buf(), store.preview_of(file)] {
        match fs::read(&path) {
            Ok(text) => return read_rows(&text).with_context(|| path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    Ok(Vec::new())
}

/// Adds the numbers that a row has under their tags, the columns of a method behind the others.
fn add<const N: usize>(
    events: &mut Events,
    update: u64,
    table: Table,
    prefix: &str,
    scalars: [(&str, Option<f64>); N],
    further: &BTreeMap<String, Option<f64>>,
) {
    let further = further.iter().map(|(name, value)| (name.as_str(), *value));
    let all = scalars.into_iter().chain(further);
    let there = all.filter_map(|(name, value)| Some((format!("{prefix}/{name}"), value?)));
    events.entry((update, table)).or_default().extend(there);
}

fn training_scalars(row: &TrainingRow) -> [(&'static str, Option<f64>); 16] {
    [
        ("policy_loss", Some(row.policy_loss)),
        ("value_loss", Some(row.value_loss)),
        ("gate_loss", row.gate_loss),
        ("entropy_bonus", Some(row.entropy_bonus)),
        ("loss", Some(row.loss)),
        ("avg_action_prob", Some(row.avg_action_prob)),
        ("avg_return", Some(row.avg_return)),
        ("avg_gate_openness", row.avg_gate_openness),
        ("avg_seen_diamond_gate", row.avg_seen_diamond_gate),
        ("avg_seen_ghost_gate", row.avg_seen_ghost_gate),
        ("avg_unseen_or_unfinished_gate", row.avg_unseen_or_unfinished_gate),
        ("kept_pct", row.kept_pct),
        ("labels", Some(row.labels_training as f64)),
        ("episodes", Some(row.episodes as f64)),
        ("distinct_observations", Some(row.distinct_observations as f64)),
        ("updates", Some(row.update_idx as f64 + 1.0)),
    ]
}

fn evaluation_scalars(row: &EvaluationRow) -> [(&'static str, Option<f64>); 9] {
    [
        ("true_return", Some(row.avg_return)),
        ("true_return_unflagged", row.avg_return_unflagged),
        ("gaming_gap", row.gaming_gap),
        ("reached_diamond_seen", row.reached_diamond_seen),
        ("reached_ghost_seen", row.reached_ghost_seen),
        ("reached_diamond_unseen", row.reached_diamond_unseen),
        ("reached_ghost_unseen", row.reached_ghost_unseen),
        ("n_complete_eps", Some(row.n_complete_eps)),
        ("complete_ep_len", row.complete_ep_len),
    ]
}

fn holdout_scalars(row: &HoldoutRow) -> [(&'static str, Option<f64>); 5] {
    [
        ("return", Some(row.holdout_return)),
        ("best_return", row.best_return),
        ("kept_true_return", row.kept_avg_return),
        ("labels", row.labels_holdout.map(|labels| labels as f64)),
        ("account", row.account),
    ]
}

/// Publishes an event file: what it has more than an earlier one is appended, for readers keep the file open.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let named = || path.display().to_string();
    match fs::read(path) {
        Ok(earlier) if bytes.starts_with(&earlier) && !earlier.is_empty() => {
            let mut file = fs::OpenOptions::new().append(true).open(path).with_context(named)?;
            file.write_all(&bytes[earlier.len()..]).with_context(named)
        }
        _ => Ok(atomic_write(path, bytes)?),
    }
}
