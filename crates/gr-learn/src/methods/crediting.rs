//! How a method credits episodes: what each earns, how much its samples count, and which expert they
//! teach. A method may learn from labels and keep a state of its own.

use gr_grid::{Action, Ending, Observation};
use gr_runs::{Column, MaskSettings, RouteMask};

use super::labels::{EndedEpisode, LabelMeter};

/// Where the gradient of a sample goes in a routed network (docs/experiment.md, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// To both experts.
    Both = 0,
    /// To the diamond expert.
    Diamond = 1,
    /// To the ghost expert.
    Ghost = 2,
}

/// Number of routes.
pub const NUM_ROUTES: usize = Route::ALL.len();

impl Route {
    /// Every route, in the order in which whatever has a value for each route keeps them.
    pub const ALL: [Self; 3] = [Self::Both, Self::Diamond, Self::Ghost];

    /// The mask of the route's samples.
    pub fn mask(self, masks: &MaskSettings) -> &RouteMask {
        match self {
            Self::Both => &masks.both,
            Self::Diamond => &masks.diamond,
            Self::Ghost => &masks.ghost,
        }
    }

    /// The route of an episode of which this label is known.
    pub fn of(label: Option<Ending>) -> Self {
        match label {
            Some(Ending::Diamond) => Self::Diamond,
            Some(Ending::Ghost) => Self::Ghost,
            Some(Ending::TimeLimit) | None => Self::Both,
        }
    }
}

/// What the samples of an episode are credited with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Credit {
    /// Where their gradient goes; networks with a single expert take no notice.
    pub route: Route,
    /// What the episode earns on its last step.
    pub reward: f32,
    /// How often each of its samples counts in the sums over samples; 0 leaves them out.
    pub weight: f32,
}

impl Credit {
    /// Samples count once and teach both experts; nothing is earned.
    pub const BOTH: Self = Self { route: Route::Both, reward: 0.0, weight: 1.0 };

    /// The samples are left out of every sum.
    pub const LEFT_OUT: Self = Self { weight: 0.0, ..Self::BOTH };

    /// [`Credit::BOTH`] with a reward.
    pub fn earning(reward: f32) -> Self {
        Self { reward, ..Self::BOTH }
    }
}

/// The samples of a rollout, as a method that picks among them sees them.
pub struct Samples {
    /// What the agent saw, by sample: position `time × envs + env`.
    pub seen: Vec<Observation>,
    /// Whether the sample was acted on the terminal observation of the episode before, by sample.
    pub is_stale: Vec<bool>,
    /// Episodes completed.
    pub episodes: usize,
}

/// What the policy is to do, beside what it earns: the mean cross-entropy over the pairs, times the
/// coefficient, is added to the loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Imitation {
    /// The coefficient λ.
    pub coefficient: f64,
    /// Observations as the agent saw them, and what it should have done there.
    pub pairs: Vec<(Observation, Action)>,
}

/// Numbers that a method records, each with its column, which docs/data.md takes up; an absent number is an
/// empty value. Every row of a file must have the same columns.
pub type Columns = Vec<(Column, Option<f64>)>;

/// What methods record that imitate, of [`Imitation`].
const IMITATION_LOSS: Column = Column::number(
    "imitation_loss",
    "loss",
    "Coefficient × mean cross-entropy of the actions that are to be imitated; part of `loss`.",
)
.or_empty();

/// How a method credits the episodes of one run.
pub trait Crediting: Send + Sync {
    /// Credits the episodes that ended in the rollout of update `update_idx`, in the order in which they
    /// ended: by time, then environment. One credit for each is pushed to `credits`. Labels are read
    /// through `meter` alone.
    fn credit(
        &mut self,
        update_idx: u64,
        ended: &[EndedEpisode],
        meter: &mut LabelMeter,
        credits: &mut Vec<Credit>,
    );

    /// The credit of samples whose episode goes on beyond the rollout.
    fn unfinished(&self) -> Credit {
        Credit::BOTH
    }

    /// What the policy is to imitate in this update, if the method teaches it so. Called after
    /// [`Crediting::credit`] where [`Crediting::imitates`].
    fn imitate(
        &mut self,
        _update_idx: u64,
        _samples: &Samples,
        _meter: &mut LabelMeter,
    ) -> Option<Imitation> {
        None
    }

    /// Whether [`Crediting::imitate`] is to be called.
    fn imitates(&self) -> bool {
        false
    }

    /// Whether samples can be left out, so that the share that is kept is worth a column.
    fn leaves_out(&self) -> bool {
        false
    }

    /// Everything that crediting needs to go on exactly where it was, as bytes of its own.
    fn state(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Goes on from [`Crediting::state`].
    ///
    /// # Errors
    /// Why the bytes are not a state of this method with these settings.
    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        if state.is_empty() { Ok(()) } else { Err("the method keeps no state".into()) }
    }

    /// What the method records beside a training row.
    fn training_columns(&self) -> Columns {
        Vec::new()
    }

    /// What the method records beside an evaluation.
    fn evaluation_columns(&self) -> Columns {
        Vec::new()
    }
}

impl dyn Crediting + '_ {
    /// All that stands behind a training row: what the method records, and what it imitated in the update.
    pub fn recorded(&self, imitation_loss: Option<f64>) -> Columns {
        let mut columns = self.training_columns();
        if self.imitates() {
            columns.push((IMITATION_LOSS, imitation_loss));
        }
        columns
    }
}

/// Crediting of methods that look at one episode at a time and remember nothing.
pub struct PerEpisode<F> {
    credit: F,
    leaves_out: bool,
}

impl<F> PerEpisode<F>
where
    F: Fn(&EndedEpisode, &mut LabelMeter) -> Credit + Send + Sync + 'static,
{
    /// Credits every episode with what `credit` says; no sample is left out.
    #[expect(clippy::new_ret_no_self, reason = "only its crediting is of use")]
    pub fn new(credit: F) -> Box<dyn Crediting> {
        Box::new(Self { credit, leaves_out: false })
    }

    /// The same where `credit` can leave samples out.
    pub fn leaving_out(credit: F) -> Box<dyn Crediting> {
        Box::new(Self { credit, leaves_out: true })
    }
}

impl<F: Fn(&EndedEpisode, &mut LabelMeter) -> Credit + Send + Sync> Crediting for PerEpisode<F> {
    fn credit(
        &mut self,
        _update_idx: u64,
        ended: &[EndedEpisode],
        meter: &mut LabelMeter,
        credits: &mut Vec<Credit>,
    ) {
        credits.extend(ended.iter().map(|episode| (self.credit)(episode, meter)));
    }

    fn leaves_out(&self) -> bool {
        self.leaves_out
    }
}
