//! What methods remember, in few bytes, and how it is read from a saved state.

use gr_grid::{Cell, Layout, Observation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// An observation with flags on goals only, and a note of up to 6 bits about it, in 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Remembered {
    agent: Cell,
    ghost: Cell,
    diamond: Cell,
    /// Bit 0: the ghost's flag; bit 1: the diamond's; from bit 2 on the note.
    bits: u8,
}

impl Remembered {
    pub fn new(observation: &Observation, note: u8) -> Self {
        let Observation { agent, layout } = *observation;
        let flags = u8::from(layout.ghost_flag()) | u8::from(layout.diamond_flag()) << 1;
        Self { agent, ghost: layout.ghost, diamond: layout.diamond, bits: flags | note << 2 }
    }

    pub fn note(self) -> u8 {
        self.bits >> 2
    }

    pub fn observation(self) -> Observation {
        let Self { agent, ghost, diamond, bits } = self;
        let layout = Layout::with_goal_flags(ghost, diamond, bits & 1 != 0, bits & 2 != 0);
        Observation { agent, layout }
    }

    /// Whether it is an observation of a grid of `num_cells`.
    pub fn is_on(self, num_cells: usize) -> bool {
        let on_grid = |cell: Cell| usize::from(cell) < num_cells;
        [self.agent, self.ghost, self.diamond].into_iter().all(on_grid)
            && self.ghost != self.diamond
    }
}

/// The state of a method as bytes.
pub(super) fn to_bytes(state: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(state).expect("plain data is written to memory")
}

/// What [`to_bytes`] wrote.
///
/// # Errors
/// Why it did not write these bytes.
pub(super) fn from_bytes<State: DeserializeOwned>(bytes: &[u8]) -> Result<State, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((state, [])) => Ok(state),
        Ok(_) => Err("more follows its end".into()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_takes_4_bytes_and_is_read_as_it_was_written() {
        assert_eq!(size_of::<Remembered>(), 4);
        for note in [0, 1, 0b111111] {
            let layout = Layout::with_goal_flags(24, 3, note == 0, note == 1);
            let observation = Observation { agent: 24, layout };
            let remembered = Remembered::new(&observation, note);
            assert_eq!((remembered.observation(), remembered.note()), (observation, note));
            assert!(remembered.is_on(25) && !remembered.is_on(24));
            let bytes = to_bytes(&remembered);
            assert_eq!(from_bytes(&bytes), Ok(remembered));
            assert!(from_bytes::<Remembered>(&[&bytes[..], b"+"].concat()).is_err());
        }
    }
}
