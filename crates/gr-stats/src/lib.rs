//! Statistics over runs. A run is the unit of replication. Numbers in, numbers out.
//!
//! Every value that goes in is the result of one whole run (one seed), in whatever unit that result
//! has; episodes, steps or evaluations of one run are not replicates and must be reduced to one
//! number first (Agarwal et al., 2021, "Deep Reinforcement Learning at the Edge of the Statistical
//! Precipice").
//!
//! All functions answer unusable input in the same way, never with a silent number:
//!
//! - `None` where the data cannot carry the answer: too few values, a value that is NaN or
//!   infinite, or a result that overflows. [`paired_differences`] says more, with an error; a
//!   [`Verdict`] has words for it.
//! - A panic where the call itself is wrong: a confidence outside (0, 1) such as 95 for 95 %, more
//!   successes than trials, lists of unequal lengths.
//!
//! No interval is without width. Runs that all agree, or that all win, are no certainty: where a
//! method would say so, there is no interval ([`mean_interval`]) or one that grows with fewer runs
//! ([`wilson_interval`], [`probability_of_improvement`]).

mod aggregate;
mod crossed;
mod estimate;
mod improvement;
mod paired;
mod power;
mod share;
mod student;
mod trend;
mod verdict;
mod welch;
mod wilson;

pub use aggregate::{interquartile_mean, mean, median, quartiles};
pub use crossed::crossed_mean_interval;
pub use estimate::Estimate;
pub use improvement::probability_of_improvement;
pub use paired::{PairedDifferences, PairingError, Side, paired_differences};
pub use power::{MOST_SEEDS, Pilot, SeedPlan, plan_pair, plan_seeds};
pub use share::{FAILED_BELOW, share_below};
pub use student::{MeanInterval, mean_interval};
pub use trend::slope;
pub use verdict::{FEWEST_SEEDS, Judgement, MARGIN, Verdict, judge_family, verdict};
pub use welch::{WelchDifference, welch_difference};
pub use wilson::wilson_interval;
