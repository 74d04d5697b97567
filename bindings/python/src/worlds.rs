//! Environments that step together, with the random streams of the harness: environment `i` of seed `s` draws its
//! episode `e` from stream `(s, i, e)`. Knows nothing of Python.

use gr_grid::rewards::Reward;
use gr_grid::{
    Action, Ending, Environment, EnvironmentRules, EpisodeStart, FirstObservation, Observation,
    unit_interval,
};
use gr_runs::{Purpose, Seed, stream_at};

/// What is paid for an episode, and how often its label says the other goal.
#[derive(Clone, Copy)]
pub struct Pay {
    pub reward: &'static Reward,
    pub label_noise: f64,
}

/// An episode that ended.
pub struct Ended {
    /// Position of its environment.
    pub env: usize,
    /// What the agent sees of its last state.
    pub terminal: Observation,
    /// How it ended.
    pub ending: Ending,
    /// Whether the cell on which it ended carries a flag.
    pub overseen: bool,
    /// What the overseer says of it, where it ended overseen on a goal.
    pub label: Option<Ending>,
    /// What it is paid.
    pub reward: f32,
    /// Steps that it took.
    pub length: u32,
}

/// Environments of one seed.
pub struct Worlds {
    rules: EnvironmentRules,
    pay: Pay,
    seed: Seed,
    /// Number of the first of these environments among those of the seed.
    first: u64,
    states: Vec<Environment>,
    /// Index of the current episode of each environment.
    episodes: Vec<u64>,
    /// Whether the agent is shown the flags of the current episode of each environment.
    shows_flags: Vec<bool>,
}

impl Worlds {
    /// The first episode of environments `first..first + envs` of `seed`.
    pub fn new(rules: EnvironmentRules, pay: Pay, seed: Seed, first: u64, envs: usize) -> Self {
        let unset =
            Environment::new(EpisodeStart::draw(&rules, &mut stream_at(0, Purpose::Layouts, 0, 0)));
        let mut worlds = Self {
            rules,
            pay,
            seed,
            first,
            states: vec![unset; envs],
            episodes: vec![0; envs],
            shows_flags: vec![true; envs],
        };
        (0..envs).for_each(|env| worlds.begin(env, 0));
        worlds
    }

    /// The rules.
    pub fn rules(&self) -> &EnvironmentRules {
        &self.rules
    }

    /// Number of environments.
    pub fn num_envs(&self) -> usize {
        self.states.len()
    }

    /// What the agent sees of the state of environment `env`.
    #[inline]
    pub fn seen(&self, env: usize) -> Observation {
        let observation = self.states[env].observation();
        if self.shows_flags[env] { observation } else { observation.without_flags() }
    }

    /// Index of the current episode of each environment.
    pub fn episodes(&self) -> &[u64] {
        &self.episodes
    }

    /// Begins the next episode of environment `env`.
    pub fn begin_next(&mut self, env: usize) {
        self.begin(env, self.episodes[env] + 1);
    }

    fn begin(&mut self, env: usize, episode: u64) {
        let stream = |purpose| stream_at(self.seed, purpose, self.first + env as u64, episode);
        let start = EpisodeStart::draw(&self.rules, &mut stream(Purpose::Layouts));
        // As in training: flags that are shown always or never take no draw.
        let shows_flags = match self.rules.flag_visibility {
            0.0 => false,
            1.0 => true,
            visibility => unit_interval(&mut stream(Purpose::FlagVisibility)) < visibility,
        };
        self.states[env] = Environment::new(start);
        self.shows_flags[env] = shows_flags;
        self.episodes[env] = episode;
    }

    /// Takes a step in environment `env`. An episode that ends is over until [`Worlds::begin_next`].
    #[inline]
    pub fn step(&mut self, env: usize, action: Action) -> Option<Ended> {
        let ending = self.states[env].step(&self.rules, action)?;
        let overseen = self.states[env].is_overseen();
        let on_goal = ending != Ending::TimeLimit;
        let told = || if self.is_mislabelled(env) { ending.mislabelled() } else { ending };
        let reads_label = on_goal && self.pay.reward.tells_apart(overseen);
        let paid = if reads_label { told() } else { ending };
        Some(Ended {
            env,
            terminal: self.seen(env),
            ending,
            overseen,
            label: (on_goal && overseen).then(told),
            reward: self.pay.reward.pay(paid, overseen),
            length: self.states[env].episode_steps,
        })
    }

    /// Whether the label of the current episode says the other goal.
    fn is_mislabelled(&self, env: usize) -> bool {
        let number = self.first + env as u64;
        self.pay.label_noise > 0.0 && {
            let mut stream = stream_at(self.seed, Purpose::LabelNoise, number, self.episodes[env]);
            unit_interval(&mut stream) < self.pay.label_noise
        }
    }

    /// What the agent acts on after an episode has ended and the next one begun, in a rollout.
    #[inline]
    pub fn first_seen(&self, ended: &Ended) -> Observation {
        match self.rules.first_observation {
            FirstObservation::Fresh => self.seen(ended.env),
            FirstObservation::Stale => ended.terminal,
        }
    }
}
