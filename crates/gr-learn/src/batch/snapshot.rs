//! Everything that a run needs to go on exactly where it was: weights, optimizer, environments,
//! positions of its random streams. Stored as safetensors.

use std::collections::HashMap;

use gr_grid::{Environment, Flags, Layout, TrueReturn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::early_stopping::{EarlyStoppingState, LabelAccount, Progress};

/// State of one run between two updates.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSnapshot {
    /// Key of the run that it is of.
    pub key: String,
    /// Updates done; also the optimizers' step count and the position of the action streams.
    pub updates_done: u64,
    /// True labels used so far.
    pub labels_training: u64,
    /// Policy parameters, then Adam's means and squares of them.
    pub policy: [Vec<Vec<f32>>; 3],
    /// The same of the value network.
    pub value: [Vec<Vec<f32>>; 3],
    /// State of each environment.
    pub environments: Vec<Environment>,
    /// Index of each environment's episode.
    pub episodes: Vec<u64>,
    /// Of a run that is stopped early.
    pub early_stopping: Option<EarlyStoppingState>,
    /// What the caller keeps with it.
    pub notes: HashMap<String, String>,
}

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Not a safetensors file.
    #[error("not a saved state: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// A part is missing or of another size.
    #[error("saved state without usable {0}")]
    Part(String),
}

const EARLY_STOPPING: &str = "early_stopping";

const GROUPS: [&str; 8] = [
    "policy.weights",
    "policy.means",
    "policy.squares",
    "value.weights",
    "value.means",
    "value.squares",
    "kept.policy",
    "kept.value",
];

impl RunSnapshot {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut parts: Vec<(String, Dtype, Vec<u8>)> = Vec::new();
        let kept = self.early_stopping.iter().flat_map(|state| &state.kept);
        let groups = self.policy.iter().chain(&self.value).chain(kept);
        for (group, tensors) in GROUPS.iter().zip(groups) {
            for (index, values) in tensors.iter().enumerate() {
                let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                parts.push((format!("{group}.{index}"), Dtype::F32, bytes));
            }
        }
        let words = |words: Vec<u64>| words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let states = self.environments.iter().flat_map(|state| {
            let Layout { ghost, diamond, flags } = state.layout;
            let cells = [state.agent, ghost, diamond].map(u64::from);
            [cells[0], cells[1], cells[2], flags.0, u64::from(state.episode_steps)]
        });
        parts.push(("environments".into(), Dtype::U64, words(states.collect())));
        parts.push(("episodes".into(), Dtype::U64, words(self.episodes.clone())));
        if let Some(state) = &self.early_stopping {
            parts.push((EARLY_STOPPING.into(), Dtype::U64, words(to_words(state))));
        }

        let mut notes = self.notes.clone();
        notes.insert("key".into(), self.key.clone());
        notes.insert("updates_done".into(), self.updates_done.to_string());
        notes.insert("labels_training".into(), self.labels_training.to_string());
        let views = parts.iter().map(|(name, dtype, bytes)| {
            let width = if *dtype == Dtype::F32 { 4 } else { 8 };
            let view = TensorView::new(*dtype, vec![bytes.len() / width], bytes);
            (name.clone(), view.expect("lengths are whole numbers of values"))
        });
        safetensors::serialize(views, Some(notes)).expect("names are distinct")
    }

    /// From the bytes of [`RunSnapshot::to_bytes`].
    ///
    /// # Errors
    /// If they are not such bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let tensors = SafeTensors::deserialize(bytes)?;
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let mut notes = header.metadata().clone().unwrap_or_default();
        let mut note =
            |name: &str| notes.remove(name).ok_or_else(|| SnapshotError::Part(name.into()));
        let number = |name: &str, text: String| {
            text.parse::<u64>().map_err(|_| SnapshotError::Part(name.into()))
        };
        let key = note("key")?;
        let updates_done = number("updates_done", note("updates_done")?)?;
        let labels_training = number("labels_training", note("labels_training")?)?;

        let group = |group: &str| -> Result<Vec<Vec<f32>>, SnapshotError> {
            let mut values = Vec::new();
            while let Ok(view) = tensors.tensor(&format!("{group}.{}", values.len())) {
                if view.dtype() != Dtype::F32 {
                    return Err(SnapshotError::Part(group.into()));
                }
                let (words, _) = view.data().as_chunks::<4>();
                values.push(words.iter().map(|word| f32::from_le_bytes(*word)).collect());
            }
            Ok(values)
        };
        let words = |name: &str| -> Result<Vec<u64>, SnapshotError> {
            let view = tensors.tensor(name)?;
            if view.dtype() != Dtype::U64 {
                return Err(SnapshotError::Part(name.into()));
            }
            let (words, _) = view.data().as_chunks::<8>();
            Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
        };
        let (states, _) = words("environments")?.as_chunks::<5>().0.iter().try_fold(
            (Vec::new(), ()),
            |(mut states, ()), [agent, ghost, diamond, flags, steps]| {
                let cell = |word: &u64| u8::try_from(*word).ok().filter(|cell| *cell < 64);
                let state = (|| {
                    let layout = Layout {
                        ghost: cell(ghost)?,
                        diamond: cell(diamond)?,
                        flags: Flags(*flags),
                    };
                    let episode_steps = u32::try_from(*steps).ok()?;
                    Some(Environment { agent: cell(agent)?, layout, episode_steps })
                })();
                states.push(state.ok_or_else(|| SnapshotError::Part("environments".into()))?);
                Ok::<_, SnapshotError>((states, ()))
            },
        )?;
        let episodes = words("episodes")?;
        let [a, b, c, d, e, f, kept_policy, kept_value] = GROUPS.map(group);
        let early_stopping = match words(EARLY_STOPPING) {
            Ok(words) => {
                let damaged = || SnapshotError::Part(EARLY_STOPPING.into());
                Some(from_words(&words, [kept_policy?, kept_value?]).ok_or_else(damaged)?)
            }
            Err(_) => None,
        };
        Ok(Self {
            key,
            updates_done,
            labels_training,
            policy: [a?, b?, c?],
            value: [d?, e?, f?],
            environments: states,
            episodes,
            early_stopping,
            notes,
        })
    }
}

/// Stands for an update that has not been.
const NEVER: u64 = u64::MAX;

fn to_words(state: &EarlyStoppingState) -> Vec<u64> {
    let EarlyStoppingState { account, progress, latest_check, kept_avg_return, kept: _ } = state;
    let pair = |pair: Option<(f64, u64)>| {
        pair.map_or([0, NEVER], |(value, update_idx)| [value.to_bits(), update_idx])
    };
    let ([best, best_update], [kept, kept_update]) = (pair(progress.best), pair(progress.kept));
    let latest_check = latest_check.unwrap_or(NEVER);
    let known =
        [account.episodes, account.spent, latest_check, best, best_update, kept, kept_update];
    known.into_iter().chain(kept_avg_return.map(|value| value.reveal().to_bits())).collect()
}

fn from_words(words: &[u64], kept: [Vec<Vec<f32>>; 2]) -> Option<EarlyStoppingState> {
    // Earlier versions did not keep the true return.
    let (
        &[episodes, spent, latest_check, best, best_update, highest, kept_update],
        kept_avg_return,
    ) = words.split_first_chunk()?;
    let kept_avg_return = match kept_avg_return {
        [] => None,
        [bits] => Some(TrueReturn::new(f64::from_bits(*bits))),
        _ => return None,
    };
    let pair =
        |value, update_idx| (update_idx != NEVER).then_some((f64::from_bits(value), update_idx));
    Some(EarlyStoppingState {
        account: LabelAccount { episodes, spent },
        progress: Progress { best: pair(best, best_update), kept: pair(highest, kept_update) },
        latest_check: (latest_check != NEVER).then_some(latest_check),
        kept_avg_return,
        kept,
    })
}
