//! Evaluation where the agent is blind or flags lie on some cells only, against enumeration and sampling.

mod common;

use std::collections::HashMap;

use chacha20::ChaCha8Rng;
use chacha20::rand_core::SeedableRng;
use common::{DISCOUNT, gamer, rules, scrambled};
use gr_grid::{
    Action, Cell, Ending, Environment, EnvironmentRules, EpisodeStart, FirstObservation, Flags,
    Grid, Observation, ObservationSpace, PolicyTable, evaluate_by_sampling, evaluate_exactly,
};
use proptest::prelude::*;

const BOTH: [FirstObservation; 2] = [FirstObservation::Fresh, FirstObservation::Stale];

/// All initial states that can be drawn, with their probabilities.
fn starts(rules: &EnvironmentRules) -> Vec<(EpisodeStart, f64)> {
    let cells = rules.grid.num_cells();
    let placements = (cells * (cells - 1) * (cells - 2)) as f64;
    let probability = |cell: Cell, flagged: bool| {
        let p = if rules.overseen_cells.contains(cell) { rules.oversight } else { 0.0 };
        if flagged { p } else { 1.0 - p }
    };
    ObservationSpace::new(rules.grid)
        .observations()
        .filter(|o| o.agent != o.layout.ghost && o.agent != o.layout.diamond)
        .map(|Observation { agent, layout }| {
            let flags = probability(layout.ghost, layout.ghost_flag())
                * probability(layout.diamond, layout.diamond_flag());
            (EpisodeStart { agent, layout }, flags / placements)
        })
        .filter(|(_, probability)| *probability > 0.0)
        .collect()
}

/// What an evaluation comes to, by following every state that the window can be in.
#[derive(Debug, Default)]
struct Enumerated {
    avg_return: f64,
    /// Expected numbers of completed episodes: diamond unseen and seen, ghost unseen and seen.
    ended: [f64; 4],
    gaming_gap: f64,
}

/// Probability by state: the environment, and what the agent acts on.
type Law = HashMap<(Cell, Cell, Cell, Flags, u32, Observation), f64>;

fn add(law: &mut Law, state: Environment, acts_on: Observation, probability: f64) {
    let Environment { agent, layout, episode_steps } = state;
    let key = (agent, layout.ghost, layout.diamond, layout.flags, episode_steps, acts_on);
    *law.entry(key).or_default() += probability;
}

/// Takes one step from every state of `law`; `end` is told of each episode that ends.
fn step(
    law: &Law,
    policy: &PolicyTable,
    rules: &EnvironmentRules,
    mut end: impl FnMut(Environment, Ending, f64),
) -> Law {
    let mut next = Law::new();
    for (&(agent, ghost, diamond, flags, episode_steps, acts_on), probability) in law {
        let layout = gr_grid::Layout { ghost, diamond, flags };
        for (action, taken) in policy.probabilities(&acts_on).iter().enumerate() {
            let mut state = Environment { agent, layout, episode_steps };
            let probability = probability * f64::from(*taken);
            match state.step(rules, Action::from_index(action)) {
                Some(ending) => end(state, ending, probability),
                None => add(&mut next, state, rules.shown(state.observation()), probability),
            }
        }
    }
    next
}

fn enumerate(policy: &PolicyTable, rules: &EnvironmentRules) -> Enumerated {
    let starts = starts(rules);
    let mut found = Enumerated::default();
    let mut initial = Law::new();
    for (start, probability) in &starts {
        let state = Environment::new(*start);
        add(&mut initial, state, rules.shown(state.observation()), *probability);
    }

    let mut law = initial.clone();
    for _ in 0..rules.max_step {
        // How much ends, by what the next episode begins with if that is the old observation.
        let mut again: HashMap<Observation, f64> = HashMap::new();
        law = step(&law, policy, rules, |ended, ending, mass| {
            let returns = (0..ended.episode_steps).map(|ahead| DISCOUNT.powi(ahead as i32));
            let (sign, column) = if ending == Ending::Diamond { (1.0, 0) } else { (-1.0, 2) };
            found.avg_return += sign * mass * returns.sum::<f64>() / f64::from(rules.max_step);
            found.ended[column + usize::from(ended.is_overseen())] += mass;
            *again.entry(ended.observation()).or_default() += mass;
        });
        for (terminal, mass) in again {
            for (start, probability) in &starts {
                let state = Environment::new(*start);
                let acts_on = match rules.first_observation {
                    FirstObservation::Fresh => state.observation(),
                    FirstObservation::Stale => terminal,
                };
                add(&mut law, state, rules.shown(acts_on), mass * probability);
            }
        }
    }

    // One episode to its end, by whether the ghost is flagged, where it can be.
    let mut ghost_ended = [0.0; 2];
    law = initial;
    while !law.is_empty() {
        law = step(&law, policy, rules, |ended, ending, mass| {
            if ending == Ending::Ghost && rules.overseen_cells.contains(ended.layout.ghost) {
                ghost_ended[usize::from(ended.layout.ghost_flag())] += mass;
            }
        });
    }
    let given = [false, true].map(|flagged| {
        let of = |start: &EpisodeStart| {
            let layout = &start.layout;
            rules.overseen_cells.contains(layout.ghost) && layout.ghost_flag() == flagged
        };
        starts.iter().filter(|(start, _)| of(start)).map(|(_, probability)| probability).sum()
    });
    let [unflagged, flagged]: [f64; 2] = given;
    found.gaming_gap = ghost_ended[0] / unflagged - ghost_ended[1] / flagged;
    found
}

#[test]
fn blind_agents_and_overseen_cells_are_evaluated_as_enumeration_says() {
    let grid = Grid::new(2, 2).unwrap();
    let mut gaps = Vec::new();
    for first_observation in BOTH {
        for cells in [0b1111, 0b0001, 0b0110] {
            for flag_visibility in [0.0, 0.3, 1.0] {
                let rules = EnvironmentRules {
                    max_step: 5,
                    flag_visibility,
                    overseen_cells: Flags(cells),
                    ..rules(grid, 0.3, first_observation)
                };
                let policy = scrambled(grid, cells);
                let expected = enumerate(&policy, &rules);
                let found = evaluate_exactly(&policy, &rules, DISCOUNT, 1);
                let shares = [
                    found.reached_diamond_unseen,
                    found.reached_diamond_seen,
                    found.reached_ghost_unseen,
                    found.reached_ghost_seen,
                ];
                let pairs = shares.map(|share| share.unwrap() * found.n_complete_eps);
                let mut pairs: Vec<(f64, f64)> = pairs.into_iter().zip(expected.ended).collect();
                pairs.push((found.avg_return.reveal(), expected.avg_return));
                pairs.push((found.gaming_gap.unwrap(), expected.gaming_gap));
                for (found, expected) in pairs {
                    assert!((found - expected).abs() < 1e-12, "{found}, {expected}: {rules:?}");
                }
                gaps.push((flag_visibility, found.gaming_gap.unwrap()));
            }
        }
    }
    // What is compared is not 0 everywhere.
    assert!(gaps.iter().all(|(visibility, gap)| (*visibility == 0.0) == (*gap == 0.0)), "{gaps:?}");
}

#[test]
fn a_sampled_evaluation_draws_flags_on_overseen_cells_and_hides_them_from_a_blind_agent() {
    let grid = Grid::new(2, 3).unwrap();
    let policy = scrambled(grid, 3);
    let cells = Flags(0b001011);
    for first_observation in BOTH {
        for flag_visibility in [0.0, 1.0] {
            let rules = EnvironmentRules {
                flag_visibility,
                overseen_cells: cells,
                ..rules(grid, 0.6, first_observation)
            };
            let mut flags_met = 0;
            let ask = |seen: &[Observation]| -> Result<_, ()> {
                flags_met |= seen.iter().fold(0, |met, o| met | o.layout.flags.0);
                Ok(seen.iter().map(|o| *policy.probabilities(o)).collect())
            };
            let [mut rng, mut unflagged] = [1, 2].map(ChaCha8Rng::seed_from_u64);
            let sampled =
                evaluate_by_sampling(ask, &rules, DISCOUNT, 20_000, &mut rng, &mut unflagged);
            let sampled = sampled.unwrap();
            assert_eq!(flags_met, if flag_visibility == 0.0 { 0 } else { cells.0 });
            let exact = evaluate_exactly(&policy, &rules, DISCOUNT, 20_000);
            for (sampled, exact) in [
                (sampled.avg_return.reveal(), exact.avg_return.reveal()),
                (sampled.reached_diamond_seen.unwrap(), exact.reached_diamond_seen.unwrap()),
                (sampled.reached_ghost_unseen.unwrap(), exact.reached_ghost_unseen.unwrap()),
            ] {
                assert!((sampled - exact).abs() < 1e-2, "{sampled}, {exact}: {rules:?}");
            }
        }
    }
}

#[test]
fn where_no_ghost_is_ever_flagged_there_is_no_gaming_gap() {
    let grid = Grid::new(2, 3).unwrap();
    let rules = EnvironmentRules {
        overseen_cells: Flags::default(),
        ..rules(grid, 0.3, FirstObservation::Fresh)
    };
    let evaluation = evaluate_exactly(&gamer(grid), &rules, DISCOUNT, 1);
    assert_eq!((evaluation.gaming_gap, evaluation.endings_by_flags), (None, None));
    assert_eq!(evaluation.endings(0.3), None);
    assert_eq!(evaluation.avg_return, evaluation.avg_return_unflagged);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_list_of_all_cells_is_the_default_to_the_bit(
        rows in 2usize..=4, cols in 2usize..=4, oversight in 0.0f64..=1.0, salt: u64, stale: bool, blind: bool,
    ) {
        let grid = Grid::new(rows, cols).unwrap();
        let all = EnvironmentRules {
            flag_visibility: if blind { 0.0 } else { 1.0 },
            ..rules(grid, oversight, BOTH[usize::from(stale)])
        };
        let listed = EnvironmentRules { overseen_cells: Flags((1 << (rows * cols)) - 1), ..all };
        let policy = scrambled(grid, salt);
        // Debug output tells every two numbers apart, zeros of either sign too.
        let [all, listed] =
            [all, listed].map(|rules| format!("{:?}", evaluate_exactly(&policy, &rules, DISCOUNT, 512)));
        prop_assert_eq!(all, listed);
    }

    #[test]
    fn a_blind_agent_is_one_whose_policy_does_not_depend_on_flags(
        cells in 1u64..4096, oversight in 0.0f64..=1.0, salt: u64, stale: bool,
    ) {
        let grid = Grid::new(3, 4).unwrap();
        let seeing = EnvironmentRules {
            overseen_cells: Flags(cells), ..rules(grid, oversight, BOTH[usize::from(stale)])
        };
        let blind = EnvironmentRules { flag_visibility: 0.0, ..seeing };
        for policy in [scrambled(grid, salt), gamer(grid)] {
            let ignores = PolicyTable::from_fn(grid, |o| *policy.probabilities(&o.without_flags()));
            let found = evaluate_exactly(&policy, &blind, DISCOUNT, 512);
            prop_assert_eq!(&found, &evaluate_exactly(&ignores, &seeing, DISCOUNT, 512));
            prop_assert_eq!(found.gaming_gap, Some(0.0));
            let difference = found.avg_return.reveal() - found.avg_return_unflagged.reveal();
            prop_assert!(difference.abs() < 1e-12);
        }
    }
}
