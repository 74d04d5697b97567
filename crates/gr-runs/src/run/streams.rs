//! Random streams, each derived from a seed and a purpose, never from the order of draws: a new
//! consumer shifts nobody.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

use crate::settings::Seed;

/// What a stream is for. The numbers are part of every result: never reuse or change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights; further keyed by the layer.
    Weights = 1,
    /// Cells and flags of training episodes; further keyed by environment and episode.
    Layouts = 2,
    /// Actions in training; further keyed by the update.
    Actions = 3,
    /// The sampled evaluation; further keyed by the update and the policy.
    Evaluation = 4,
    /// Initial states of the holdout; further keyed by the episode.
    Holdout = 5,
    /// Actions in checks against the holdout; further keyed by the update.
    HoldoutActions = 6,
    /// Settings and seeds of a hyperparameter search; further keyed by the oversight level's bits,
    /// the trial, and the name of what is drawn.
    Search = 7,
    /// Which runs are trained again to verify a sweep; further keyed by the run.
    Sample = 8,
    /// The sampled evaluation without flags; further keyed by the update and the policy.
    EvaluationUnflagged = 9,
    /// Whether the agent is shown the flags of a training episode; further keyed by environment and
    /// episode.
    FlagVisibility = 10,
    /// Errors of the overseer's labels; further keyed by environment and episode.
    LabelNoise = 11,
    /// Errors of the labels of checks against the holdout; further keyed by the update and the episode
    /// of the set.
    HoldoutLabelNoise = 12,
    /// A fair coin for each overseen episode of `placebo_routing`; further keyed by environment and
    /// episode.
    PlaceboRoutes = 13,
    /// Initial weights of a reward model; further keyed by member and layer.
    RewardModelWeights = 14,
    /// Draws from the replay of a reward model; further keyed by update and member.
    RewardModelBatches = 15,
    /// Which episodes or samples are labelled where a method picks them; further keyed by the update.
    Picks = 16,
    /// What is told of corrective actions, and draws from their replay; further keyed by the update and
    /// which of both it is.
    CorrectiveActions = 17,
}

/// The stream of `seed` for `purpose`.
pub fn stream(seed: Seed, purpose: Purpose) -> ChaCha8Rng {
    stream_at(seed, purpose, 0, 0)
}

/// The stream of `seed` for `purpose`, further keyed by two numbers. All four make up the 32 bytes
/// of a ChaCha8 key, so no two streams overlap.
pub fn stream_at(seed: Seed, purpose: Purpose, first: u64, second: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, first, second]) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// [`stream_at`], further keyed by a name: its hash is the nonce of the cipher.
pub fn stream_named(
    seed: Seed,
    purpose: Purpose,
    first: u64,
    second: u64,
    name: &str,
) -> ChaCha8Rng {
    let hash = Sha256::digest(name);
    let nonce = hash[..8].try_into().expect("a SHA-256 has 32 bytes");
    let mut stream = stream_at(seed, purpose, first, second);
    stream.set_stream(u64::from_le_bytes(nonce));
    stream
}

#[cfg(test)]
mod tests {
    use chacha20::rand_core::Rng;

    use super::*;

    #[test]
    fn streams_never_change() {
        // Recorded once: a different word here means that every published result has changed.
        let mut rng = stream_at(7, Purpose::Layouts, 3, 11);
        assert_eq!([rng.next_u32(), rng.next_u32()], RECORDED);
    }

    const RECORDED: [u32; 2] = [1155616475, 2822240648];

    #[test]
    fn named_streams_never_change() {
        let mut rng = stream_named(7, Purpose::Search, 3, 11, "training.learning_rate");
        assert_eq!([rng.next_u32(), rng.next_u32()], RECORDED_NAMED);
    }

    const RECORDED_NAMED: [u32; 2] = [2195957262, 1751321072];

    #[test]
    fn every_part_of_the_key_matters() {
        let mut first_words: Vec<u64> = [
            stream(1, Purpose::Weights),
            stream(2, Purpose::Weights),
            stream(1, Purpose::Actions),
            stream_at(1, Purpose::Actions, 1, 0),
            stream_at(1, Purpose::Actions, 0, 1),
            stream_named(1, Purpose::Actions, 0, 1, "a"),
            stream_named(1, Purpose::Actions, 0, 1, "b"),
        ]
        .iter_mut()
        .map(Rng::next_u64)
        .collect();
        first_words.sort_unstable();
        first_words.dedup();
        assert_eq!(first_words.len(), 7);
    }
}
