//! Everything that a run needs to go on exactly where it was: weights, optimizer, environments,
//! positions of its random streams; and the bytes of a saved state, which hold it.

mod earlier;

use gr_grid::Environment;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

use crate::early_stopping::EarlyStoppingState;

/// State of one run between two updates. Its fields, in their order, are the format of saved states:
/// whoever changes them gives [`FORMAT`] another number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// What the method's crediting keeps, in bytes of its own; beside the other fields in the format.
    #[serde(skip)]
    pub crediting: Vec<u8>,
}

/// Begins every saved state.
const MAGIC: &[u8] = b"gr state\n";

/// How what follows is written: 3 is postcard of the snapshot, what crediting keeps, and what the caller
/// keeps; 2 was the same without crediting; 1 was safetensors, without [`MAGIC`].
const FORMAT: u8 = 3;

/// The format before methods had a state of their own.
const WITHOUT_CREDITING: u8 = 2;

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes do not begin as saved states do.
    #[error("not a saved state")]
    Unknown,
    /// A program of another version wrote them.
    #[error("a saved state in format {0}, of which this version reads {FORMAT} and those before")]
    Format(u8),
    /// The bytes are not what their beginning says.
    #[error("not a saved state: {0}")]
    Postcard(#[from] postcard::Error),
    /// There are more bytes than a saved state has.
    #[error("not a saved state: more follows its end")]
    TooLong,
    /// The bytes are not a safetensors file, as states of the first format are.
    #[error("not a saved state: {0}")]
    Safetensors(#[from] safetensors::SafeTensorError),
    /// A part is missing or of another size.
    #[error("saved state without usable {0}")]
    Part(String),
}

impl RunSnapshot {
    /// The bytes of a saved state, with `beside` it whatever the caller keeps of the run.
    pub fn to_bytes(&self, beside: &impl Serialize) -> Vec<u8> {
        let begun = [MAGIC, &[FORMAT]].concat();
        let crediting = Bytes::new(&self.crediting);
        postcard::to_extend(&(self, crediting, beside), begun)
            .expect("plain data is written to memory")
    }

    /// Reads what [`RunSnapshot::to_bytes`] wrote.
    ///
    /// # Errors
    /// If it did not write these bytes.
    pub fn from_bytes<Beside: DeserializeOwned>(
        bytes: &[u8],
    ) -> Result<(Self, Beside), SnapshotError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::Unknown)?;
        let (format, rest) = rest.split_first().ok_or(SnapshotError::Unknown)?;
        let ((mut snapshot, crediting, beside), rest): ((Self, ByteBuf, Beside), &[u8]) =
            match *format {
                FORMAT => postcard::take_from_bytes(rest)?,
                WITHOUT_CREDITING => {
                    let ((snapshot, beside), rest) = postcard::take_from_bytes(rest)?;
                    ((snapshot, ByteBuf::new(), beside), rest)
                }
                other => return Err(SnapshotError::Format(other)),
            };
        if !rest.is_empty() {
            return Err(SnapshotError::TooLong);
        }
        snapshot.crediting = crediting.into_vec();
        Ok((snapshot, beside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> RunSnapshot {
        RunSnapshot {
            key: "key".into(),
            updates_done: 3,
            labels_training: 4,
            policy: Default::default(),
            value: [vec![vec![0.5, f32::NAN.copysign(-1.0)]], vec![vec![]], vec![]],
            environments: Vec::new(),
            episodes: vec![u64::MAX],
            early_stopping: Some(EarlyStoppingState::default()),
            crediting: vec![1, 2],
        }
    }

    /// The first format held logs in a header of 100 MB at most.
    #[test]
    fn a_state_with_logs_of_120_mb_is_read_as_it_was_saved() {
        let log = ByteBuf::from(vec![b'7'; 120_000_000]);
        let bytes = snapshot().to_bytes(&log);
        let (read, read_log) = RunSnapshot::from_bytes::<ByteBuf>(&bytes).unwrap();
        assert!(read_log == log);
        // NaN is no equal of itself.
        assert_eq!(read.to_bytes(&()), snapshot().to_bytes(&()));
    }

    #[test]
    fn a_state_of_a_time_when_methods_kept_none_is_read() {
        let bytes = [MAGIC, &[WITHOUT_CREDITING]].concat();
        let bytes = postcard::to_extend(&(snapshot(), 7u32), bytes).unwrap();
        let (read, beside) = RunSnapshot::from_bytes::<u32>(&bytes).unwrap();
        let expected = RunSnapshot { crediting: Vec::new(), ..snapshot() };
        assert_eq!((read.to_bytes(&()), beside), (expected.to_bytes(&()), 7));
    }

    #[test]
    fn states_that_are_cut_lengthened_or_of_another_format_are_refused_by_reason() {
        let bytes = snapshot().to_bytes(&());
        let refused = |bytes: &[u8]| RunSnapshot::from_bytes::<()>(bytes).unwrap_err().to_string();
        for length in 0..bytes.len() {
            assert!(refused(&bytes[..length]).starts_with("not a saved state"), "{length}");
        }
        assert!(refused(&[&bytes[..], b"+"].concat()).contains("more follows"));
        let mut newer = bytes.clone();
        newer[MAGIC.len()] = 4;
        assert!(refused(&newer).contains("format 4"));
        // A length of 2^63 bytes of parameters, of which none follow.
        let claims = [MAGIC, &[FORMAT, 0, 0, 0, 1], &[0xff; 8], &[0x7f]].concat();
        assert!(refused(&claims).starts_with("not a saved state"));
    }
}
