//! What the network puts out on observations that a rollout may meet, evaluated before it. A round trip to a
//! GPU takes longer than rows that turn out not to be met.

use gr_grid::{NUM_ACTIONS, Observation};

use crate::network::PolicyRow;
use crate::update::ObservationRows;

/// The observations of one run and one update.
pub(super) struct Ahead {
    observations: ObservationRows,
    /// Logits, and the gate's where it is learnt.
    outputs: Vec<([f32; NUM_ACTIONS], Option<f32>)>,
    /// The row of the update's table that each observation has, once it is met.
    rows: Vec<Option<u32>>,
}

impl Ahead {
    /// None yet. `observations` has none.
    pub fn new(observations: ObservationRows) -> Self {
        Self { observations, outputs: Vec::new(), rows: Vec::new() }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.observations.clear();
        self.outputs.clear();
        self.rows.clear();
    }

    /// Takes in an observation that may be met.
    pub fn add(&mut self, observation: &Observation) {
        self.observations.row(observation);
    }

    /// All that may be met.
    pub fn observations(&self) -> &[Observation] {
        self.observations.observations()
    }

    /// Takes in what the network puts out on the next of them, one after the other.
    pub fn evaluated(&mut self, logits: &[f32], gates: Option<&[f32]>) {
        let (logits, _) = logits.as_chunks::<NUM_ACTIONS>();
        let gate = |row: usize| gates.map(|gates| gates[row]);
        self.outputs.extend(logits.iter().enumerate().map(|(row, logits)| (*logits, gate(row))));
        self.rows.resize(self.outputs.len(), None);
    }

    /// What the policy does on an observation that was met and now has `row` in the table, if it was evaluated.
    pub fn meet(&mut self, observation: &Observation, row: u32) -> Option<PolicyRow> {
        let known = self.observations.find(observation)? as usize;
        let (logits, gate) = *self.outputs.get(known)?;
        self.rows[known] = Some(row);
        Some(PolicyRow::new(logits, gate))
    }

    /// The row of the table that each observation has, if it was met.
    pub fn rows(&self) -> &[Option<u32>] {
        &self.rows
    }
}
