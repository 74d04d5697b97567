//! Episodes that ended in a rollout, and the meter through which training reads how they ended: every
//! reading is counted. Knows nothing of what a method makes of a label.

use std::cell::Cell;

use gr_grid::{Ending, Observation, unit_interval};
use gr_runs::{Purpose, RunSpec, Seed, stream_at};

/// An episode that ended in this rollout. On which goal it ended is private: only a [`LabelMeter`]
/// tells, and counts.
///
/// ```compile_fail,E0616
/// fn cheat(episode: &gr_learn::EndedEpisode) -> gr_grid::Ending {
///     episode.ending
/// }
/// ```
///
/// Its terminal state shows where agent and goals are, as the model of a reward needs it; a method that
/// compares them has read a label past the meter, which a test of every registered method finds.
#[derive(Clone, Debug)]
pub struct EndedEpisode {
    /// The sample with which the episode ended: its position in the rollout, `time × envs + env`.
    pub sample: usize,
    /// The environment in which the episode was played.
    pub env: u64,
    /// Index of the episode among those of its environment.
    pub episode: u64,
    /// The episode's own last state, with its true flags: the agent on a goal, unless time ran out.
    pub terminal: Observation,
    /// The state in which the episode's last action was taken, with its true flags: its own, never a
    /// stale view.
    pub last: Observation,
    /// Whether the episode ended on a goal and not in time.
    pub on_goal: bool,
    ending: Ending,
    /// Whether its outcome is seen: the cell on which it ended is flagged, or it was picked.
    is_seen: Cell<bool>,
    was_read: Cell<bool>,
}

impl EndedEpisode {
    /// An episode that ended on `terminal` with the step `sample`, number `episode` of environment `env`;
    /// `last` is the state before, and a flag lies on the terminal cell if it is `flagged`.
    pub fn new(
        [sample, env]: [usize; 2],
        episode: u64,
        [last, terminal]: [Observation; 2],
        ending: Ending,
        flagged: bool,
    ) -> Self {
        let on_goal = ending != Ending::TimeLimit;
        Self {
            sample,
            env: env as u64,
            episode,
            terminal,
            last,
            on_goal,
            ending,
            is_seen: Cell::new(flagged && on_goal),
            was_read: Cell::new(false),
        }
    }

    /// Whether the episode counts as overseen: it ended on a flagged goal or was picked, and the label
    /// budget reaches it.
    pub fn overseen(&self, meter: &LabelMeter) -> bool {
        self.is_seen.get() && (self.was_read.get() || !meter.is_used_up())
    }

    /// The label of an overseen episode, with the overseer's errors; `None` of any other. Counted once,
    /// however often it is read.
    pub fn label(&self, meter: &mut LabelMeter) -> Option<Ending> {
        if self.is_seen.get() { self.any_label(meter) } else { None }
    }

    /// The label of an episode that ended on a goal, overseen or not, for methods that label every
    /// episode; `None` of a time-out, and where the budget is used up. Counted once, however often it
    /// is read.
    pub fn any_label(&self, meter: &mut LabelMeter) -> Option<Ending> {
        (self.on_goal && (self.was_read.get() || meter.pay())).then(|| {
            self.was_read.set(true);
            meter.as_told(self)
        })
    }

    /// [`EndedEpisode::any_label`] of an episode that the method picked: it counts as overseen from now
    /// on.
    pub fn pick(&self, meter: &mut LabelMeter) -> Option<Ending> {
        self.is_seen.set(self.on_goal);
        self.any_label(meter)
    }
}

/// Counts the labels that training reads, and has them err as the overseer does
/// (docs/experiment.md, section 10).
#[derive(Clone, Debug)]
pub struct LabelMeter {
    seed: Seed,
    noise: f64,
    budget: Option<u64>,
    used: u64,
}

impl LabelMeter {
    /// The meter of a run that begins.
    pub fn new(spec: &RunSpec) -> Self {
        let overseer = &spec.settings.overseer;
        let (noise, budget) = (overseer.label_noise, overseer.label_budget.labels());
        Self { seed: spec.seed, noise, budget, used: 0 }
    }

    /// Goes on after `used` labels.
    pub(crate) fn go_on_after(&mut self, used: u64) {
        self.used = used;
    }

    /// Labels read so far.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Whether the budget has no label left.
    pub fn is_used_up(&self) -> bool {
        self.budget.is_some_and(|budget| self.used >= budget)
    }

    /// Probability that what the overseer says is wrong.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    /// Takes one label from the budget, if it is not used up: for what is told of something else than
    /// the end of an episode.
    pub fn pay(&mut self) -> bool {
        let can = !self.is_used_up();
        self.used += u64::from(can);
        can
    }

    /// What the overseer says of how an episode ended: with probability `overseer.label_noise` the
    /// other goal. Drawn from a stream of the episode's own, so that all methods meet the same errors.
    fn as_told(&self, episode: &EndedEpisode) -> Ending {
        if self.noise == 0.0 {
            return episode.ending;
        }
        let mut stream = stream_at(self.seed, Purpose::LabelNoise, episode.env, episode.episode);
        let errs = unit_interval(&mut stream) < self.noise;
        if errs { episode.ending.mislabelled() } else { episode.ending }
    }
}
