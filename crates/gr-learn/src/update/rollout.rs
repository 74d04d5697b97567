//! One run's environments, and one rollout of them by table lookup. Knows nothing of tensors: the
//! table's rows are filled in between steps by whoever evaluates the network.

use gr_grid::{
    Ending, Environment, EnvironmentRules, EpisodeStart, FirstObservation, NUM_ACTIONS,
    Observation, choose_action,
};
use gr_runs::{Purpose, Seed, stream_at};
use rand::Rng;

use super::observation_rows::ObservationRows;
use crate::methods::Outcome;

/// The environments of a run; they live on from update to update.
#[derive(Clone, Debug)]
pub struct Environments {
    rules: EnvironmentRules,
    seed: Seed,
    states: Vec<Environment>,
    /// Index of the current episode of each environment: the position of its layout stream.
    episodes: Vec<u64>,
}

impl Environments {
    /// Freshly reset environments.
    pub fn new(rules: EnvironmentRules, seed: Seed, envs: usize) -> Self {
        let states = (0..envs as u64).map(|env| start(&rules, seed, env, 0)).collect();
        Self { rules, seed, states, episodes: vec![0; envs] }
    }

    /// Environments in a saved state.
    pub(crate) fn restore(
        rules: EnvironmentRules,
        seed: Seed,
        states: Vec<Environment>,
        episodes: Vec<u64>,
    ) -> Self {
        Self { rules, seed, states, episodes }
    }

    /// The state of each environment and the index of its episode.
    pub(crate) fn states(&self) -> (&[Environment], &[u64]) {
        (&self.states, &self.episodes)
    }

    /// The rules.
    pub fn rules(&self) -> &EnvironmentRules {
        &self.rules
    }

    /// Number of environments.
    pub fn num_envs(&self) -> usize {
        self.states.len()
    }

    /// Layouts that the next rollout may show: the current one of each environment and those of its
    /// next `episodes` ones. Layouts do not depend on actions.
    pub fn upcoming_layouts(&self, episodes: u64) -> impl Iterator<Item = gr_grid::Layout> {
        self.states.iter().enumerate().flat_map(move |(env, state)| {
            let next = (1..=episodes).map(move |ahead| {
                start(&self.rules, self.seed, env as u64, self.episodes[env] + ahead).layout
            });
            std::iter::once(state.layout).chain(next)
        })
    }
}

/// Episode `episode` of environment `env`, from a stream of its own.
fn start(rules: &EnvironmentRules, seed: Seed, env: u64, episode: u64) -> Environment {
    let mut rng = stream_at(seed, Purpose::Layouts, env, episode);
    Environment::new(EpisodeStart::draw(rules, &mut rng))
}

/// A rollout while it happens and when it is over: time-major, `[time × envs]`.
#[derive(Clone, Debug, Default)]
pub struct Rollout {
    /// Row of the observation acted on.
    pub rows: Vec<u32>,
    /// Index of the action taken.
    pub actions: Vec<u8>,
    /// How the episode ended with this step; `Unfinished` if it went on.
    pub outcomes: Vec<Outcome>,
    /// What each environment acts on next.
    observations: Vec<Observation>,
    envs: usize,
}

impl Rollout {
    /// Starts a rollout. The first observations are always fresh.
    pub fn start(environments: &Environments) -> Self {
        let observations = environments.states.iter().map(Environment::observation).collect();
        Self { observations, envs: environments.num_envs(), ..Self::default() }
    }

    /// A rollout that was recorded elsewhere: columns as in the fields, of `envs` environments.
    pub fn recorded(envs: usize, rows: Vec<u32>, actions: Vec<u8>, outcomes: Vec<Outcome>) -> Self {
        Self { rows, actions, outcomes, observations: Vec::new(), envs }
    }

    /// Number of environments.
    pub fn envs(&self) -> usize {
        self.envs
    }

    /// Looks up what each environment acts on next; observations not met before get new rows.
    pub fn observe(&mut self, table: &mut ObservationRows) {
        self.rows.extend(self.observations.iter().map(|observation| table.row(observation)));
    }

    /// Takes one step everywhere. `probabilities` are the table's, by row; `actions` is the update's
    /// action stream, of which every step takes one word per environment in order.
    pub fn act(
        &mut self,
        environments: &mut Environments,
        probabilities: &[[f32; NUM_ACTIONS]],
        actions: &mut impl Rng,
    ) {
        let rules = environments.rules;
        let rows = &self.rows[self.actions.len()..];
        debug_assert_eq!(rows.len(), self.envs);
        for (env, row) in rows.iter().enumerate() {
            let state = &mut environments.states[env];
            let action = choose_action(actions.next_u32(), &probabilities[*row as usize]);
            let ending = state.step(&rules, action);
            self.actions.push(action.index() as u8);
            self.outcomes.push(match ending {
                None => Outcome::Unfinished,
                Some(ending) => Outcome::Ended {
                    ending,
                    overseen: ending != Ending::TimeLimit && state.is_overseen(),
                },
            });
            self.observations[env] = state.observation();
            if ending.is_some() {
                environments.episodes[env] += 1;
                let episode = environments.episodes[env];
                *state = start(&rules, environments.seed, env as u64, episode);
                if rules.first_observation == FirstObservation::Fresh {
                    self.observations[env] = state.observation();
                }
            }
        }
    }
}
