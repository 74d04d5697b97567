//! The three random draws that the experiment needs, defined here rather than taken from a
//! distribution library so that results cannot change with a library's version.

use rand::Rng;

use crate::grid::{Action, NUM_ACTIONS};

/// Uniform integer in `0..bound`.
///
/// One 32-bit word scaled by multiplication: probabilities are off by less than `bound / 2^32`,
/// below 2e-8 for every grid.
pub fn uniform_below(rng: &mut impl Rng, bound: u32) -> u32 {
    ((u64::from(rng.next_u32()) * u64::from(bound)) >> 32) as u32
}

/// Uniform number in `[0, 1)` with 53 random bits.
pub fn unit_interval(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Draws an action from `probabilities` by inverting their running sum at one 32-bit word.
///
/// Only the upper 24 bits are used, the number that an `f32` can tell apart; the last action takes
/// what rounding leaves of the sum.
#[inline]
pub fn choose_action(word: u32, probabilities: &[f32; NUM_ACTIONS]) -> Action {
    let u = (word >> 8) as f32 * (1.0 / (1u32 << 24) as f32);
    let first = probabilities[0];
    let second = first + probabilities[1];
    let third = second + probabilities[2];
    Action::from_index(usize::from(u >= first) + usize::from(u >= second) + usize::from(u >= third))
}
