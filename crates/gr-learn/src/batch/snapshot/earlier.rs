//! Saved states of the first format: safetensors, with numbers as tensors of words and all text, the
//! run's logs included, as notes in the header. They are read, so that a run that an earlier version
//! began is continued, and no longer written.

use std::collections::HashMap;

use gr_grid::{Cell, Environment, Flags, Layout};
use safetensors::tensor::{Dtype, SafeTensors};

use super::{MAGIC, RunSnapshot, SnapshotError};
use crate::early_stopping::{EarlyStoppingState, LabelAccount, StoppingMemory};

/// Stands for an update that has not been.
const NEVER: u64 = u64::MAX;

impl RunSnapshot {
    /// Reads a saved state of the first format, with the notes that the caller kept beside it;
    /// nothing if the bytes are of a later one, which [`RunSnapshot::from_bytes`] reads.
    ///
    /// # Errors
    /// If the bytes are of neither.
    #[expect(clippy::type_complexity, reason = "a pair that the caller takes apart")]
    pub fn from_earlier(
        bytes: &[u8],
    ) -> Result<Option<(Self, HashMap<String, String>)>, SnapshotError> {
        if bytes.starts_with(MAGIC) {
            return Ok(None);
        }
        let tensors = Tensors(SafeTensors::deserialize(bytes)?);
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let mut notes = header.metadata().clone().unwrap_or_default();
        let mut note = |name: &str| notes.remove(name).ok_or_else(|| without(name));
        let number = |name: &str, text: String| text.parse::<u64>().map_err(|_| without(name));
        let snapshot = Self {
            key: note("key")?,
            updates_done: number("updates_done", note("updates_done")?)?,
            labels_training: number("labels_training", note("labels_training")?)?,
            policy: tensors.groups("policy")?,
            value: tensors.groups("value")?,
            environments: tensors.environments()?,
            episodes: tensors.words("episodes")?,
            crediting: Vec::new(),
            early_stopping: tensors.early_stopping()?,
        };
        Ok(Some((snapshot, notes)))
    }
}

fn without(part: &str) -> SnapshotError {
    SnapshotError::Part(part.into())
}

struct Tensors<'a>(SafeTensors<'a>);

impl Tensors<'_> {
    fn data(&self, name: &str, dtype: Dtype) -> Result<&[u8], SnapshotError> {
        let view = self.0.tensor(name)?;
        if view.dtype() == dtype { Ok(view.data()) } else { Err(without(name)) }
    }

    fn words(&self, name: &str) -> Result<Vec<u64>, SnapshotError> {
        let (words, _) = self.data(name, Dtype::U64)?.as_chunks::<8>();
        Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }

    /// The tensors `<group>.0`, `<group>.1` and so on.
    fn group(&self, group: &str) -> Result<Vec<Vec<f32>>, SnapshotError> {
        let names = (0..).map(|index| format!("{group}.{index}"));
        let there = names.take_while(|name| self.0.tensor(name).is_ok());
        let values = there.map(|name| {
            let (words, _) = self.data(&name, Dtype::F32)?.as_chunks::<4>();
            Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
        });
        values.collect()
    }

    /// Parameters of a network, then Adam's means and squares of them.
    fn groups(&self, network: &str) -> Result<[Vec<Vec<f32>>; 3], SnapshotError> {
        let group = |part: &str| self.group(&format!("{network}.{part}"));
        Ok([group("weights")?, group("means")?, group("squares")?])
    }

    fn environments(&self) -> Result<Vec<Environment>, SnapshotError> {
        let name = "environments";
        let words = self.words(name)?;
        let states = words.as_chunks::<5>().0.iter().map(environment);
        states.collect::<Option<_>>().ok_or_else(|| without(name))
    }

    fn early_stopping(&self) -> Result<Option<EarlyStoppingState>, SnapshotError> {
        let name = "early_stopping";
        let Ok(words) = self.words(name) else { return Ok(None) };
        let &[episodes, spent, latest_check, best, best_update, highest, kept_update] = &words[..]
        else {
            return Err(without(name));
        };
        let at = |update_idx| (update_idx != NEVER).then_some(update_idx);
        let pair = |value, update_idx| Some((f64::from_bits(value), at(update_idx)?));
        Ok(Some(EarlyStoppingState {
            account: LabelAccount { episodes, spent },
            memory: StoppingMemory {
                best: pair(best, best_update),
                kept: pair(highest, kept_update),
            },
            latest_check: at(latest_check),
            kept_avg_return: None,
            kept: [self.group("kept.policy")?, self.group("kept.value")?],
        }))
    }
}

fn environment([agent, ghost, diamond, flags, steps]: &[u64; 5]) -> Option<Environment> {
    let cell = |word: &u64| Cell::try_from(*word).ok();
    let layout = Layout { ghost: cell(ghost)?, diamond: cell(diamond)?, flags: Flags(*flags) };
    Some(Environment { agent: cell(agent)?, layout, episode_steps: u32::try_from(*steps).ok()? })
}
