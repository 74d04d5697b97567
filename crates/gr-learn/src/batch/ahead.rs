//! What the network puts out on observations that a rollout may meet, evaluated before it. A round trip to a
//! GPU takes longer than rows that turn out not to be met.

use gr_grid::{
    EnvironmentRules, FirstObservation, Layout, NUM_ACTIONS, Observation, ObservationSpace,
};

use crate::network::PolicyRow;
use crate::update::ObservationRows;

/// The observations of one run and one update.
pub(super) struct Ahead {
    rules: EnvironmentRules,
    observations: ObservationRows,
    /// How many of the first of them have no flag, and may be met in every update.
    unflagged: usize,
    /// Logits, and the gate's where it is learnt.
    outputs: Vec<([f32; NUM_ACTIONS], Option<f32>)>,
    /// The row of the update's table that each observation has, once it is met.
    rows: Vec<Option<u32>>,
}

impl Ahead {
    /// What every update may meet. Nothing where flags lie anywhere: most of the observations that there are could be
    /// met then, and few of them are.
    pub fn new(rules: &EnvironmentRules) -> Self {
        let observations = ObservationRows::new(rules.grid, rules.spurious_oversight > 0.0);
        let (outputs, rows) = (Vec::new(), Vec::new());
        let mut ahead = Self { rules: *rules, observations, unflagged: 0, outputs, rows };
        if ahead.is_possible() {
            let space = ObservationSpace::new(rules.grid);
            let unflagged = space.layouts().filter(|layout| layout.flags.0 == 0);
            unflagged.for_each(|layout| ahead.note(layout));
            ahead.unflagged = ahead.observations().len();
        }
        ahead
    }

    /// Whether what a rollout may meet is little enough to be evaluated before it.
    pub fn is_possible(&self) -> bool {
        self.rules.spurious_oversight == 0.0
    }

    /// Forgets the flagged observations, and what the network puts out.
    pub fn clear(&mut self) {
        self.observations.truncate(self.unflagged);
        self.outputs.clear();
        self.rows.clear();
    }

    /// Takes in a layout that may be met.
    pub fn add(&mut self, layout: Layout) {
        if layout.flags.0 != 0 {
            self.note(layout);
        }
    }

    /// The observations of `layout`. On a goal nobody acts, unless an episode begins with what the one before
    /// ended on.
    fn note(&mut self, layout: Layout) {
        let is_stale = self.rules.first_observation == FirstObservation::Stale;
        let goals = [layout.ghost, layout.diamond];
        for agent in self.rules.grid.cells().filter(|cell| is_stale || !goals.contains(cell)) {
            self.observations.row(&Observation { agent, layout });
        }
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
