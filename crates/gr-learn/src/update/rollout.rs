//! One run's environments, and one rollout of them by table lookup. Knows nothing of tensors: the
//! table's rows are filled in between steps by whoever evaluates the network.

use std::collections::VecDeque;

use gr_grid::{
    Environment, EnvironmentRules, EpisodeStart, FirstObservation, NUM_ACTIONS, Observation,
    choose_action, unit_interval,
};
use gr_runs::{Purpose, Seed, stream_at};
use rand::Rng;

use super::observation_rows::ObservationRows;
use crate::methods::EndedEpisode;

/// The environments of a run; they live on from update to update.
#[derive(Clone, Debug)]
pub struct Environments {
    rules: EnvironmentRules,
    seed: Seed,
    states: Vec<Environment>,
    /// Index of the current episode of each environment: the position of its streams.
    episodes: Vec<u64>,
    /// Whether the agent is shown the flags of the current episode of each environment.
    shows_flags: Vec<bool>,
    /// Episodes of each environment that were drawn before they begin, the next one first.
    drawn: Vec<VecDeque<Episode>>,
}

/// An episode at its start.
#[derive(Clone, Copy, Debug)]
struct Episode {
    state: Environment,
    shows_flags: bool,
}

impl Environments {
    /// Freshly reset environments.
    pub fn new(rules: EnvironmentRules, seed: Seed, envs: usize) -> Self {
        let states = (0..envs as u64).map(|env| start(&rules, seed, env, 0)).collect();
        Self::restore(rules, seed, states, vec![0; envs])
    }

    /// Environments in a saved state.
    pub(crate) fn restore(
        rules: EnvironmentRules,
        seed: Seed,
        states: Vec<Environment>,
        episodes: Vec<u64>,
    ) -> Self {
        let numbered = episodes.iter().enumerate();
        let shows_flags = numbered
            .map(|(env, episode)| shows_flags(&rules, seed, env as u64, *episode))
            .collect();
        let drawn = vec![VecDeque::new(); states.len()];
        Self { rules, seed, states, episodes, shows_flags, drawn }
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

    /// Layouts that the next rollout may show, as the agent sees them: the current one of each
    /// environment and those of its next `episodes` ones. Layouts do not depend on actions.
    pub fn upcoming_layouts(&mut self, episodes: usize) -> impl Iterator<Item = gr_grid::Layout> {
        for (env, drawn) in self.drawn.iter_mut().enumerate() {
            let missing = drawn.len()..episodes;
            drawn.extend(missing.map(|ahead| {
                let episode = self.episodes[env] + 1 + ahead as u64;
                Episode::draw(&self.rules, self.seed, env as u64, episode)
            }));
        }
        self.drawn.iter().enumerate().flat_map(|(env, drawn)| {
            let next = drawn.iter().map(Episode::seen);
            std::iter::once(self.seen(env)).chain(next).map(|observation| observation.layout)
        })
    }

    /// What the agent sees in environment `env` now.
    #[inline]
    fn seen(&self, env: usize) -> Observation {
        seen(self.states[env].observation(), self.shows_flags[env])
    }

    /// Begins the next episode of environment `env`.
    fn begin_next(&mut self, env: usize) {
        self.episodes[env] += 1;
        let draw = || Episode::draw(&self.rules, self.seed, env as u64, self.episodes[env]);
        let next = self.drawn[env].pop_front().unwrap_or_else(draw);
        (self.states[env], self.shows_flags[env]) = (next.state, next.shows_flags);
    }
}

impl Episode {
    /// Episode `episode` of environment `env`, from streams of its own.
    fn draw(rules: &EnvironmentRules, seed: Seed, env: u64, episode: u64) -> Self {
        Self {
            state: start(rules, seed, env, episode),
            shows_flags: shows_flags(rules, seed, env, episode),
        }
    }

    /// What the agent sees first.
    fn seen(&self) -> Observation {
        seen(self.state.observation(), self.shows_flags)
    }
}

/// What an agent sees of `observation`.
#[inline]
fn seen(observation: Observation, shows_flags: bool) -> Observation {
    if shows_flags { observation } else { observation.without_flags() }
}

/// Whether the agent is shown the flags of episode `episode` of environment `env`, drawn from a stream of
/// the episode's own (docs/experiment.md, section 10).
fn shows_flags(rules: &EnvironmentRules, seed: Seed, env: u64, episode: u64) -> bool {
    match rules.flag_visibility {
        0.0 => false,
        1.0 => true,
        visibility => {
            let mut stream = stream_at(seed, Purpose::FlagVisibility, env, episode);
            unit_interval(&mut stream) < visibility
        }
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
    /// The episodes that ended, in the order in which they did.
    pub ended: Vec<EndedEpisode>,
    /// What each environment acts on next.
    observations: Vec<Observation>,
    envs: usize,
}

impl Rollout {
    /// Starts a rollout. The first observations are always fresh.
    pub fn start(environments: &Environments) -> Self {
        let observations = (0..environments.num_envs()).map(|env| environments.seen(env)).collect();
        Self { observations, envs: environments.num_envs(), ..Self::default() }
    }

    /// A rollout that was recorded elsewhere: columns as in the fields, of `envs` environments.
    pub fn recorded(
        envs: usize,
        rows: Vec<u32>,
        actions: Vec<u8>,
        ended: Vec<EndedEpisode>,
    ) -> Self {
        Self { rows, actions, ended, observations: Vec::new(), envs }
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
            let last = state.observation();
            let action = choose_action(actions.next_u32(), &probabilities[*row as usize]);
            let ending = state.step(&rules, action);
            let sample = self.actions.len();
            self.actions.push(action.index() as u8);
            let (terminal, flagged) = (state.observation(), state.is_overseen());
            self.observations[env] = environments.seen(env);
            if let Some(ending) = ending {
                let (place, episode) = ([sample, env], environments.episodes[env]);
                let states = [last, terminal];
                self.ended.push(EndedEpisode::new(place, episode, states, ending, flagged));
                environments.begin_next(env);
                if rules.first_observation == FirstObservation::Fresh {
                    self.observations[env] = environments.seen(env);
                }
            }
        }
    }
}
