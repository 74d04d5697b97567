//! Corrective actions: the overseer says of some states what should have been done there, and the policy
//! imitates that beside earning a reward that cannot tell the goals apart.

use gr_grid::rewards::TERMINAL;
use gr_grid::{
    Action, GoalPay, NUM_ACTIONS, Observation, PolicyTable, choose_action, optimal_policy,
    uniform_below, unit_interval,
};
use gr_runs::{Accepts, Column, POSITIVE, Purpose, RunSpec, Seed, stream_at};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::by_reward::by_reward;
use super::crediting::{Columns, Credit, Crediting, Imitation, Samples};
use super::labels::{EndedEpisode, LabelMeter};
use super::memory::{self, Remembered};
use super::method::{LabelUse, Method};
use super::picks;
use super::rules::training_rules;

gr_runs::method_settings! {
    /// Settings of corrective actions (docs/experiment.md, section 11).
    corrective_actions: CorrectiveActionsSettings {
        /// The mean cross-entropy of what is to be imitated has this weight in the loss.
        coefficient: f64 = 1.0, POSITIVE;
        /// One update imitates this many pairs, drawn with replacement from all so far.
        batch: usize = 256, Accepts::Whole(1, 1_000_000);
    }
}

const ACTIONS_HELD: Column = Column::number(
    "actions_held",
    "states",
    "States for which the overseer has said so far what should be done there.",
);

pub(super) static METHOD: Method = Method {
    label: "corrective_actions",
    summary: "one expert, +1 for either goal, and the right action in a few states to imitate",
    source: "after Jiang et al. 2024; docs/experiment.md, section 11",
    reward: Some(&TERMINAL),
    crediting: |spec| Box::new(CorrectiveActions::new(spec)),
    labels: LabelUse::Always,
    settings: CorrectiveActionsSettings::KEYS,
    refuses: |spec| {
        (spec.settings.environment.spurious_oversight > 0.0).then(|| {
            "environment.spurious_oversight does not go with the method corrective_actions, which \
             remembers flags on goals only; set it to 0"
                .into()
        })
    },
    ..Method::SINGLE_EXPERT
};

struct CorrectiveActions {
    settings: CorrectiveActionsSettings,
    seed: Seed,
    /// Share of the completed episodes that is picked.
    oversight: f64,
    optimal: PolicyTable,
    by_reward: Box<dyn Crediting>,
    memory: Memory,
}

#[derive(Default, Serialize, Deserialize)]
struct Memory {
    /// The fraction of a pick that is owed.
    owed: f64,
    /// Observations as the agent saw them, and the index of the action that was told as the note.
    replay: Vec<Remembered>,
}

impl CorrectiveActions {
    fn new(spec: &RunSpec) -> Self {
        let discount = spec.settings.training.discount;
        Self {
            settings: CorrectiveActionsSettings::of(&spec.settings),
            seed: spec.seed,
            oversight: spec.training_oversight(),
            optimal: optimal_policy(training_rules(spec).grid, discount, |_| GoalPay::TRUE),
            by_reward: by_reward(spec, &TERMINAL),
            memory: Memory::default(),
        }
    }

    /// What the overseer says should have been done: one of the best actions or, with the probability of
    /// an error, any.
    fn told(&self, seen: &Observation, noise: f64, rng: &mut impl Rng) -> Action {
        let word = rng.next_u32();
        if unit_interval(rng) < noise {
            return Action::from_index(uniform_below(rng, NUM_ACTIONS as u32) as usize);
        }
        choose_action(word, self.optimal.probabilities(&seen.without_flags()))
    }
}

impl Crediting for CorrectiveActions {
    fn credit(
        &mut self,
        update_idx: u64,
        ended: &[EndedEpisode],
        meter: &mut LabelMeter,
        credits: &mut Vec<Credit>,
    ) {
        self.by_reward.credit(update_idx, ended, meter, credits);
    }

    fn leaves_out(&self) -> bool {
        self.by_reward.leaves_out()
    }

    fn imitates(&self) -> bool {
        true
    }

    fn imitate(
        &mut self,
        update_idx: u64,
        samples: &Samples,
        meter: &mut LabelMeter,
    ) -> Option<Imitation> {
        let own: Vec<usize> =
            (0..samples.seen.len()).filter(|sample| !samples.is_stale[*sample]).collect();
        let number = picks::owed(&mut self.memory.owed, self.oversight, samples.episodes);
        let mut rng = stream_at(self.seed, Purpose::Picks, update_idx, 0);
        let mut told = stream_at(self.seed, Purpose::CorrectiveActions, update_idx, 0);
        for position in picks::uniform(number.min(own.len()), own.len(), &mut rng) {
            if !meter.pay() {
                break;
            }
            let seen = &samples.seen[own[position]];
            let action = self.told(seen, meter.noise(), &mut told);
            self.memory.replay.push(Remembered::new(seen, action.index() as u8));
        }
        let replay = &self.memory.replay;
        let held = u32::try_from(replay.len()).expect("a run has fewer samples");
        let mut draws = stream_at(self.seed, Purpose::CorrectiveActions, update_idx, 1);
        let mut draw = || {
            let pair = replay[uniform_below(&mut draws, held) as usize];
            (pair.observation(), Action::from_index(usize::from(pair.note()) % NUM_ACTIONS))
        };
        (held > 0).then(|| Imitation {
            coefficient: self.settings.coefficient,
            pairs: (0..self.settings.batch).map(|_| draw()).collect(),
        })
    }

    fn state(&self) -> Vec<u8> {
        memory::to_bytes(&self.memory)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let memory: Memory = memory::from_bytes(state)?;
        let num_cells = self.optimal.space().num_cells();
        if !memory.replay.iter().all(|pair| pair.is_on(num_cells)) || !memory.owed.is_finite() {
            return Err("what is remembered is not of this grid".into());
        }
        self.memory = memory;
        Ok(())
    }

    fn training_columns(&self) -> Columns {
        vec![(ACTIONS_HELD, Some(self.memory.replay.len() as f64))]
    }
}
