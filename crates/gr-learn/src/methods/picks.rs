//! Which episodes or samples are labelled where a method picks them itself.

use std::collections::HashSet;

use gr_grid::{Observation, uniform_below};
use rand::Rng;

/// How many picks are owed: a share of `episodes`, the fraction of a pick carried over.
pub(super) fn owed(carried: &mut f64, share: f64, episodes: usize) -> usize {
    let owed = *carried + share * episodes as f64;
    // What was given too much is owed back, not picked again.
    let picks = owed.round().max(0.0);
    *carried = owed - picks;
    (picks as usize).min(episodes)
}

/// `number` of `of` positions, drawn uniformly without replacement.
pub(super) fn uniform(number: usize, of: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..of).collect();
    for first in 0..number {
        let rest = (of - first) as u32;
        positions.swap(first, first + uniform_below(rng, rest) as usize);
    }
    positions.truncate(number);
    positions
}

/// `number` positions of `states`: half of them, rounded up, uniformly; the rest by how much the members
/// of an ensemble differ on them, `deviations`, each state once and ties in order.
pub(super) fn by_disagreement(
    number: usize,
    states: &[Observation],
    deviations: &[f32],
    rng: &mut impl Rng,
) -> Vec<usize> {
    let mut picked = uniform(number.div_ceil(2), states.len(), rng);
    let mut known: HashSet<Observation> = picked.iter().map(|p| states[*p]).collect();
    let mut rest: Vec<usize> = (0..states.len()).collect();
    // A stable sort: ties stay in the order of ending.
    rest.sort_by(|a, b| deviations[*b].total_cmp(&deviations[*a]));
    let further = rest.into_iter().filter(|position| known.insert(states[*position]));
    picked.extend(further.take(number / 2));
    picked
}

#[cfg(test)]
mod tests {
    use gr_grid::Layout;
    use gr_runs::{Purpose, stream};

    use super::*;

    #[test]
    fn fractions_of_picks_carry_over() {
        let mut carried = 0.0;
        let picks: Vec<usize> = (0..8).map(|_| owed(&mut carried, 0.3, 1)).collect();
        assert_eq!(picks.iter().sum::<usize>(), 2);
        assert_eq!(owed(&mut 0.0, 1.0, 7), 7);
    }

    #[test]
    fn half_are_uniform_and_half_those_that_differ_most_each_state_once() {
        let layout = Layout::with_goal_flags(1, 2, false, false);
        // Two episodes ended in each state.
        let states: Vec<Observation> =
            (0..20).map(|i| Observation { agent: i / 2, layout }).collect();
        let deviations: Vec<f32> = (0..20).map(|i| (i / 2) as f32).collect();
        let mut rng = stream(3, Purpose::Picks);
        let picked = by_disagreement(5, &states, &deviations, &mut rng);
        assert_eq!(picked.len(), 5);
        let expected = uniform(3, 20, &mut stream(3, Purpose::Picks));
        assert_eq!(picked[..3], expected);
        let known: Vec<u8> = expected.iter().map(|p| states[*p].agent).collect();
        let best: Vec<u8> = (0..10).rev().filter(|agent| !known.contains(agent)).take(2).collect();
        assert_eq!(picked[3..], [2 * usize::from(best[0]), 2 * usize::from(best[1])]);
    }
}
