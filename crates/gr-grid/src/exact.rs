//! The exact expectation of the evaluation metric, by dynamic programming (docs/experiment.md, section 7).
//!
//! Episodes are a renewal process: a new one is independent of the last but for, with stale first
//! observations, its first action. So the window's expectation follows from the law of one episode
//! (how long it lasts, how it ends, what its terminal observation makes the next one do first) and
//! from the expected number of episodes that start at each step.

use crate::environment::{Ending, EnvironmentRules, FirstObservation};
use crate::grid::{Action, Cell, NUM_ACTIONS};
use crate::layout::{Flags, Layout, ObservationSpace};
use crate::outcome::{
    EndingProbabilities, EpisodeCounts, Evaluation, flag_weights, sum_of_discounts,
};
use crate::policy_table::PolicyTable;

/// Most cells a grid can have.
const MAX_CELLS: usize = 64;

/// The law of an episode's end, for each of `STARTS` ways to begin it: way 0 draws the first action
/// from the episode's own observation, way `1 + a` takes action `a` whatever it sees.
#[derive(Clone)]
struct EpisodeLaw<const STARTS: usize> {
    /// `[length - 1][way]`: probability of ending on each goal at that length.
    ended: Vec<[[f64; 2]; STARTS]>,
    /// `[length - 1][way][action]`: the same summed over goals, times the probability that the
    /// terminal observation makes the next episode begin with `action`.
    next_action: Vec<[[f64; NUM_ACTIONS]; STARTS]>,
}

/// The placements of the goals that have flags drawn on the same goals, and the laws of an episode on
/// them: one for each combination of flags, numbered by bits (1 the ghost's, 2 the diamond's).
struct Placements<const STARTS: usize> {
    /// Goals on cells where flags may be drawn, as bits.
    overseen: usize,
    /// Flags that the agent is shown if they are drawn, as bits.
    shown: usize,
    /// Share of all placements.
    share: f64,
    /// Probabilities over all placements, those of other `Placements` counted as 0.
    laws: [EpisodeLaw<STARTS>; 4],
}

impl<const STARTS: usize> Placements<STARTS> {
    /// The law of an episode on which `flags` are drawn.
    fn law(&self, flags: usize) -> &EpisodeLaw<STARTS> {
        &self.laws[flags & self.shown]
    }

    /// Every combination of flags: its bits, its law and its probability at oversight level `oversight`.
    fn weighted(&self, oversight: f64) -> impl Iterator<Item = (usize, &EpisodeLaw<STARTS>, f64)> {
        let [ghost, diamond] =
            [1, 2].map(|flag| if self.overseen & flag != 0 { oversight } else { 0.0 });
        let weights = flag_weights(ghost, diamond).into_iter().enumerate();
        weights.map(|(flags, weight)| (flags, self.law(flags), weight))
    }
}

/// Evaluates `policy` exactly: the expectation of what [`crate::evaluate_by_sampling`] estimates
/// over `envs` newly reset environments run for `max_step` steps, discounted by `discount`.
///
/// `rules.spurious_oversight` must be 0: the table has no other observations. A blind agent acts on those
/// without flags alone.
pub fn evaluate_exactly(
    policy: &PolicyTable,
    rules: &EnvironmentRules,
    discount: f64,
    envs: usize,
) -> Evaluation {
    assert_eq!(rules.spurious_oversight, 0.0, "exact evaluation covers flags on goals only");
    match rules.first_observation {
        FirstObservation::Fresh => evaluate::<1>(policy, rules, discount, envs),
        FirstObservation::Stale => evaluate::<{ 1 + NUM_ACTIONS }>(policy, rules, discount, envs),
    }
}

fn evaluate<const STARTS: usize>(
    policy: &PolicyTable,
    rules: &EnvironmentRules,
    discount: f64,
    envs: usize,
) -> Evaluation {
    let window = rules.max_step as usize;
    // One step more than the window, so that ending probabilities count whole episodes.
    let placements = all_placements::<STARTS>(policy, rules, window + 1);
    // The laws by flags do not depend on how often there are flags.
    let expected = |oversight| {
        let laws: Vec<_> = placements.iter().flat_map(|some| some.weighted(oversight)).collect();
        expected_window(&laws, window, discount, envs)
    };
    let (counts, avg_return) = expected(rules.oversight);
    let (_, avg_return_unflagged) = expected(0.0);

    let endings_by_flags = endings_by_flags(&placements);
    let gaming_gap = endings_by_flags.map(|endings| {
        let (on, off) = (rules.oversight, 1.0 - rules.oversight);
        let ghost_given_unflagged = off * endings[0].ghost + on * endings[2].ghost;
        let ghost_given_flagged = off * endings[1].ghost + on * endings[3].ghost;
        ghost_given_unflagged - ghost_given_flagged
    });
    Evaluation {
        endings_by_flags,
        gaming_gap,
        ..counts.into_evaluation(avg_return, avg_return_unflagged)
    }
}

/// How an episode ends for each combination of flags drawn, over the placements whose ghost may be flagged;
/// `None` where there are none.
fn endings_by_flags<const STARTS: usize>(
    placements: &[Placements<STARTS>],
) -> Option<[EndingProbabilities; 4]> {
    let ghost_overseen = || placements.iter().filter(|some| some.overseen & 1 != 0);
    let share: f64 = ghost_overseen().map(|some| some.share).sum();
    let endings = [0, 1, 2, 3].map(|flags| {
        let ended = ghost_overseen().flat_map(|some| &some.law(flags).ended);
        let [diamond, ghost] =
            ended.fold([0.0; 2], |sum, ended| [sum[0] + ended[0][0], sum[1] + ended[0][1]]);
        EndingProbabilities { diamond: diamond / share, ghost: ghost / share }
    });
    (share > 0.0).then_some(endings)
}

/// Expected counts of episodes in the window over `envs` environments, and the mean return, where episodes
/// have `laws`: flags as bits, law, probability.
fn expected_window<const STARTS: usize>(
    laws: &[(usize, &EpisodeLaw<STARTS>, f64)],
    window: usize,
    discount: f64,
    envs: usize,
) -> (EpisodeCounts, f64) {
    let starts = expected_starts(laws, window);
    let mut counts = EpisodeCounts::default();
    let mut sum_of_returns = 0.0;
    for (start_step, ways) in starts.iter().enumerate() {
        for length in 1..=window - start_step {
            // Every step of an episode earns its last reward, discounted by the steps between.
            let discounted = sum_of_discounts(length, discount);
            for (flags, law, weight) in laws {
                for (way, number) in ways.iter().enumerate() {
                    let [diamond, ghost] =
                        law.ended[length - 1][way].map(|ended| ended * weight * number);
                    sum_of_returns += discounted * (diamond - ghost);
                    counts.add(Ending::Diamond, flags & 2 != 0, length, diamond * envs as f64);
                    counts.add(Ending::Ghost, flags & 1 != 0, length, ghost * envs as f64);
                }
            }
        }
    }
    (counts, sum_of_returns / window as f64)
}

/// Expected number of episodes per environment that start at each step of the window, by the way
/// in which they start.
fn expected_starts<const STARTS: usize>(
    laws: &[(usize, &EpisodeLaw<STARTS>, f64)],
    window: usize,
) -> Vec<[f64; STARTS]> {
    let mut starts = vec![[0.0; STARTS]; window];
    starts[0][0] = 1.0;
    for start_step in 0..window {
        for way in 0..STARTS {
            let number = starts[start_step][way];
            for length in 1..window - start_step {
                let next = &mut starts[start_step + length];
                for (_, law, weight) in laws {
                    if STARTS == 1 {
                        let [diamond, ghost] = law.ended[length - 1][way];
                        next[0] += number * weight * (diamond + ghost);
                    } else {
                        for action in 0..NUM_ACTIONS {
                            next[1 + action] +=
                                number * weight * law.next_action[length - 1][way][action];
                        }
                    }
                }
            }
        }
    }
    starts
}

/// All placements of the goals, with the law of an episode over uniformly drawn ones and agent cells.
fn all_placements<const STARTS: usize>(
    policy: &PolicyTable,
    rules: &EnvironmentRules,
    max_length: usize,
) -> Vec<Placements<STARTS>> {
    let grid = rules.grid;
    let neighbours: Vec<[Cell; NUM_ACTIONS]> =
        grid.cells().map(|cell| Action::ALL.map(|action| grid.neighbour(cell, action))).collect();
    let empty = EpisodeLaw {
        ended: vec![[[0.0; 2]; STARTS]; max_length],
        next_action: vec![[[0.0; NUM_ACTIONS]; STARTS]; max_length],
    };
    let mut all = [0, 1, 2, 3].map(|overseen| Placements {
        overseen,
        shown: if rules.agent_is_blind() { 0 } else { overseen },
        share: 0.0,
        laws: [0; 4].map(|_| empty.clone()),
    });
    let num_placements = (grid.num_cells() * (grid.num_cells() - 1)) as f64;
    for layout in ObservationSpace::new(grid).layouts() {
        let bits = |cells: Flags| {
            usize::from(cells.contains(layout.ghost))
                + 2 * usize::from(cells.contains(layout.diamond))
        };
        let (placements, flags) = (&mut all[bits(rules.overseen_cells)], bits(layout.flags));
        if flags & placements.shown == flags {
            add_layout(&mut placements.laws[flags], policy, &layout, &neighbours);
            // Every placement has one layout without flags.
            placements.share += if flags == 0 { 1.0 } else { 0.0 };
        }
    }
    for placements in &mut all {
        placements.share /= num_placements;
        for law in &mut placements.laws {
            let ended = law.ended.iter_mut().flatten().flatten();
            let next = law.next_action.iter_mut().flatten().flatten();
            ended.chain(next).for_each(|probability| *probability /= num_placements);
        }
    }
    all.into_iter().filter(|some| some.share > 0.0).collect()
}

/// Adds the law of an episode on `layout`, the agent's first cell uniform over the free ones.
///
/// Goes backwards, from what can still happen to where the agent stands: two numbers a cell, one for
/// each goal, serve all ways to begin, which differ in the first step only.
fn add_layout<const STARTS: usize>(
    law: &mut EpisodeLaw<STARTS>,
    policy: &PolicyTable,
    layout: &Layout,
    neighbours: &[[Cell; NUM_ACTIONS]],
) {
    let num_cells = neighbours.len();
    let rows = &policy.rows_from(policy.space().layout_offset(layout))[..num_cells];
    let probabilities: Vec<[f64; NUM_ACTIONS]> =
        rows.iter().map(|row| row.map(f64::from)).collect();
    let goals = [usize::from(layout.diamond), usize::from(layout.ghost)];
    let free: Vec<usize> = (0..num_cells).filter(|cell| !goals.contains(cell)).collect();
    let share = 1.0 / free.len() as f64;

    // Probability of ending on each goal with exactly so many further steps, by cell.
    let mut ahead = [[0.0; 2]; MAX_CELLS];
    ahead[goals[0]][0] = 1.0;
    ahead[goals[1]][1] = 1.0;
    for (ended, next_action) in law.ended.iter_mut().zip(&mut law.next_action) {
        let mut one_more = [[0.0; 2]; MAX_CELLS];
        let mut by_way = [[0.0; 2]; 1 + NUM_ACTIONS];
        for &cell in &free {
            let steps = neighbours[cell].iter().zip(&probabilities[cell]);
            for ((neighbour, probability), forced) in steps.zip(&mut by_way[1..]) {
                let after = ahead[usize::from(*neighbour)];
                for goal in 0..2 {
                    one_more[cell][goal] += probability * after[goal];
                }
                if STARTS > 1 {
                    forced[0] += after[0];
                    forced[1] += after[1];
                }
            }
            for goal in 0..2 {
                by_way[0][goal] += one_more[cell][goal];
            }
        }
        for way in 0..STARTS {
            for (goal_index, goal) in goals.into_iter().enumerate() {
                let mass = share * by_way[way][goal_index];
                ended[way][goal_index] += mass;
                for (action, probability) in probabilities[goal].iter().enumerate() {
                    next_action[way][action] += mass * probability;
                }
            }
        }
        // Where an episode is over, none of it lies ahead.
        ahead = one_more;
    }
}
