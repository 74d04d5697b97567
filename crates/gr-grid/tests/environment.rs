//! Properties of the environment, its random draws and its numbering.

mod common;

use std::collections::HashMap;

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use gr_grid::{
    Action, Ending, Environment, EnvironmentRules, EpisodeStart, FirstObservation, Flags, Grid,
    GridError, Layout, Observation, ObservationSpace, choose_action, render, rewards,
};
use proptest::prelude::*;

fn rules(grid: Grid) -> EnvironmentRules {
    common::rules(grid, 0.3, FirstObservation::Fresh)
}

fn any_grid() -> impl Strategy<Value = Grid> {
    (2usize..=8, 2usize..=8).prop_map(|(rows, cols)| Grid::new(rows, cols).unwrap())
}

proptest! {
    #[test]
    fn a_start_puts_agent_and_goals_on_three_cells(grid in any_grid(), seed: u64, p in 0.0f64..=1.0) {
        let rules = EnvironmentRules { oversight: p, ..rules(grid) };
        let start = EpisodeStart::draw(&rules, &mut ChaCha8Rng::seed_from_u64(seed));
        let layout = start.layout;
        prop_assert!(start.agent != layout.ghost && start.agent != layout.diamond);
        prop_assert_ne!(layout.ghost, layout.diamond);
        for cell in [start.agent, layout.ghost, layout.diamond] {
            prop_assert!(usize::from(cell) < grid.num_cells());
        }
        prop_assert!(layout.flags.cells().all(|cell| [layout.ghost, layout.diamond].contains(&cell)));
    }

    #[test]
    fn oversight_level_changes_flags_only_and_only_upwards(grid in any_grid(), seed: u64, p in 0.0f64..=1.0, q in 0.0f64..=1.0) {
        let draw = |oversight| {
            let rules = EnvironmentRules { oversight, ..rules(grid) };
            EpisodeStart::draw(&rules, &mut ChaCha8Rng::seed_from_u64(seed))
        };
        let (low, high) = (draw(p.min(q)), draw(p.max(q)));
        prop_assert_eq!((low.agent, low.layout.ghost, low.layout.diamond),
            (high.agent, high.layout.ghost, high.layout.diamond));
        prop_assert_eq!(low.layout.flags.0 & high.layout.flags.0, low.layout.flags.0);
    }

    #[test]
    fn flags_are_drawn_all_the_same_and_kept_on_overseen_cells_only(
        grid in any_grid(), seed: u64, cells: u64, p in 0.0f64..=1.0, spurious in prop::sample::select(vec![0.0, 0.4]),
    ) {
        let draw = |overseen_cells| {
            let rules = EnvironmentRules {
                oversight: p, spurious_oversight: spurious, overseen_cells, ..rules(grid)
            };
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            (EpisodeStart::draw(&rules, &mut rng), rng.next_u64())
        };
        let (all, next) = draw(Flags::ALL);
        let (listed, next_listed) = draw(Flags(cells));
        prop_assert_eq!(next, next_listed);
        let flags = Flags(all.layout.flags.0 & cells);
        prop_assert_eq!(listed, EpisodeStart { layout: Layout { flags, ..all.layout }, ..all });
    }

    #[test]
    fn moves_stay_on_the_grid_and_are_undone_by_their_opposite(grid in any_grid(), cell in 0u8..64, action in 0usize..4) {
        let cell = cell % grid.num_cells() as u8;
        let there = grid.neighbour(cell, Action::from_index(action));
        prop_assert!(usize::from(there) < grid.num_cells());
        if there != cell {
            prop_assert_eq!(grid.neighbour(there, Action::from_index((action + 2) % 4)), cell);
        }
    }

    #[test]
    fn an_episode_ends_on_a_goal_or_with_its_33rd_step(grid in any_grid(), seed: u64) {
        let rules = rules(grid);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut environment = Environment::new(EpisodeStart::draw(&rules, &mut rng));
        let layout = environment.layout;
        for step in 1..=33 {
            let ending = environment.step(&rules, choose_action(rng.next_u32(), &[0.25; 4]));
            prop_assert_eq!(environment.layout, layout);
            match ending {
                None => prop_assert!(step < 33 && ![layout.ghost, layout.diamond].contains(&environment.agent)),
                Some(Ending::Diamond) => prop_assert_eq!(environment.agent, layout.diamond),
                Some(Ending::Ghost) => prop_assert_eq!(environment.agent, layout.ghost),
                Some(Ending::TimeLimit) => prop_assert_eq!(step, 33),
            }
            if ending.is_some() {
                break;
            }
        }
    }

    #[test]
    fn active_inputs_are_the_ones_of_the_channels(grid in any_grid(), seed: u64, spurious in 0.0f64..=1.0) {
        let rules = EnvironmentRules { spurious_oversight: spurious, ..rules(grid) };
        let start = EpisodeStart::draw(&rules, &mut ChaCha8Rng::seed_from_u64(seed));
        let cells = grid.num_cells();
        let mut inputs = vec![0; 4 * cells];
        Environment::new(start).observation().active_inputs(cells).for_each(|i| inputs[i] += 1);
        for cell in 0..cells {
            prop_assert_eq!(inputs[cell], i32::from(cell == usize::from(start.agent)));
            prop_assert_eq!(inputs[cells + cell], i32::from(cell == usize::from(start.layout.ghost)));
            prop_assert_eq!(inputs[2 * cells + cell], i32::from(cell == usize::from(start.layout.diamond)));
            prop_assert_eq!(inputs[3 * cells + cell], i32::from(start.layout.flags.contains(cell as u8)));
        }
    }

    #[test]
    fn an_action_is_drawn_where_the_running_sum_passes_the_word(word: u32, weights in prop::array::uniform4(1u32..100)) {
        let total: u32 = weights.iter().sum();
        let probabilities = weights.map(|weight| weight as f32 / total as f32);
        let drawn = choose_action(word, &probabilities).index();
        let u = f64::from(word >> 8) / f64::from(1u32 << 24);
        let below: u32 = weights[..drawn].iter().sum();
        prop_assert!(u >= f64::from(below) / f64::from(total) - 1e-6);
        prop_assert!(u < f64::from(below + weights[drawn]) / f64::from(total) + 1e-6);
    }
}

#[test]
fn a_blind_agent_is_shown_all_but_the_flags() {
    let seen = rules(Grid::new(2, 3).unwrap());
    let observation = Observation { agent: 3, layout: Layout::with_goal_flags(1, 5, true, false) };
    assert_eq!(seen.shown(observation), observation);
    assert_eq!(EnvironmentRules { flag_visibility: 0.5, ..seen }.shown(observation), observation);
    let blind = EnvironmentRules { flag_visibility: 0.0, ..seen };
    let hidden = Observation { agent: 3, layout: Layout::with_goal_flags(1, 5, false, false) };
    assert_eq!(blind.shown(observation), hidden);
}

#[test]
fn grids_outside_two_to_eight_are_refused() {
    for (rows, cols) in [(1, 5), (5, 1), (9, 5), (5, 9), (0, 0)] {
        assert_eq!(Grid::new(rows, cols), Err(GridError::Size { rows, cols }));
    }
}

#[test]
fn starts_are_uniform_over_cells_and_flags_come_with_probability_p() {
    let grid = Grid::new(3, 2).unwrap();
    let rules = EnvironmentRules { oversight: 0.2, spurious_oversight: 0.6, ..rules(grid) };
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut counts, mut ghost_flags, mut other_flags) = (HashMap::new(), 0, 0);
    let draws = 120_000;
    for _ in 0..draws {
        let EpisodeStart { agent, layout } = EpisodeStart::draw(&rules, &mut rng);
        *counts.entry((agent, layout.ghost, layout.diamond)).or_insert(0) += 1;
        ghost_flags += u32::from(layout.ghost_flag());
        other_flags += u32::from(layout.flags.contains(agent));
    }
    assert_eq!(counts.len(), 6 * 5 * 4);
    // 1,000 expected in each; five standard deviations are 158.
    assert!(counts.values().all(|count| (840..1160).contains(count)), "{counts:?}");
    assert!((f64::from(ghost_flags) / f64::from(draws) - 0.2).abs() < 0.006);
    assert!((f64::from(other_flags) / f64::from(draws) - 0.6).abs() < 0.007);
}

#[test]
fn observation_indices_are_distinct_and_in_order() {
    let space = ObservationSpace::new(Grid::new(3, 4).unwrap());
    let indices: Vec<usize> = space.observations().map(|o| space.index(&o)).collect();
    assert_eq!(indices.len(), 12 * 11 * 4 * 12);
    assert!(indices.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(*indices.last().unwrap() < space.len());
}

#[test]
fn rewards_pay_what_the_table_says() {
    // (name, diamond unseen, diamond seen, ghost unseen, ghost seen)
    let table = [
        ("ground_truth", 1.0, 1.0, -1.0, -1.0),
        ("naive", 1.0, 1.0, 1.0, -1.0),
        ("terminal", 1.0, 1.0, 1.0, 1.0),
        ("biased_terminal", 1.0, 1.03, 1.0, 1.0),
    ];
    assert_eq!(table.len(), rewards::REWARDS.len());
    for (name, diamond_unseen, diamond_seen, ghost_unseen, ghost_seen) in table {
        let reward = rewards::Reward::find(name).unwrap();
        assert_eq!(reward.pay(Ending::Diamond, false), diamond_unseen);
        assert_eq!(reward.pay(Ending::Diamond, true), diamond_seen);
        assert_eq!(reward.pay(Ending::Ghost, false), ghost_unseen);
        assert_eq!(reward.pay(Ending::Ghost, true), ghost_seen);
        assert_eq!(reward.pay(Ending::TimeLimit, true), 0.0);
        assert!(!reward.summary.is_empty() && !reward.source.is_empty());
    }
}

#[test]
fn a_label_is_needed_where_the_goals_pay_differently() {
    for (name, unseen, overseen) in [
        ("ground_truth", true, true),
        ("naive", false, true),
        ("terminal", false, false),
        ("biased_terminal", false, true),
    ] {
        let reward = rewards::Reward::find(name).unwrap();
        assert_eq!(
            [false, true].map(|seen| reward.tells_apart(seen)),
            [unseen, overseen],
            "{name}"
        );
    }
}

#[test]
fn rendering_shows_agent_goals_and_flags() {
    let grid = Grid::new(2, 3).unwrap();
    let layout = Layout { ghost: 1, diamond: 5, flags: Flags::default().with(1, true) };
    let text = render::observation(grid, &Observation { agent: 3, layout });
    assert_eq!(text, "·  G! ·\nA  ·  D\n");
}
