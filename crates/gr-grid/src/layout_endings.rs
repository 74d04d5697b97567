//! How episodes on one layout end, by the cell where they start.

use crate::environment::EnvironmentRules;
use crate::grid::{Action, Cell, NUM_ACTIONS};
use crate::layout::Layout;
use crate::outcome::EndingProbabilities;

/// The exact probabilities of how an episode on `layout` ends under a policy, by the agent's first cell; `None` on
/// the goals, where no episode starts. `probabilities` has the policy's row for every cell, which is what it does on
/// what the agent is shown of the layout.
///
/// # Panics
/// If there is not a row for every cell of the grid.
pub fn layout_endings(
    probabilities: &[[f32; NUM_ACTIONS]],
    rules: &EnvironmentRules,
    layout: &Layout,
) -> Vec<Option<EndingProbabilities>> {
    let grid = rules.grid;
    assert_eq!(probabilities.len(), grid.num_cells(), "there is a row for every cell");
    let goals = [usize::from(layout.diamond), usize::from(layout.ghost)];
    let is_free = |cell: Cell| !goals.contains(&usize::from(cell));

    // Probability of ending on each goal within so many further steps.
    let mut within = vec![[0.0; 2]; grid.num_cells()];
    within[goals[0]][0] = 1.0;
    within[goals[1]][1] = 1.0;
    // The step that is taken when `max_step` have been is the last one.
    for _ in 0..=rules.max_step {
        let mut one_more = within.clone();
        for cell in grid.cells().filter(|cell| is_free(*cell)) {
            let row = &probabilities[usize::from(cell)];
            let after = |action: Action| within[usize::from(grid.neighbour(cell, action))];
            one_more[usize::from(cell)] = [0, 1].map(|goal| {
                Action::ALL
                    .map(|action| f64::from(row[action.index()]) * after(action)[goal])
                    .iter()
                    .sum()
            });
        }
        within = one_more;
    }
    let endings = |cell: Cell| {
        let [diamond, ghost] = within[usize::from(cell)];
        is_free(cell).then_some(EndingProbabilities { diamond, ghost })
    };
    grid.cells().map(endings).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Flags, Observation, ObservationSpace};
    use crate::{FirstObservation, Grid, PolicyTable, evaluate_exactly};

    fn rules(rows: usize, cols: usize, max_step: u32) -> EnvironmentRules {
        EnvironmentRules {
            grid: Grid::new(rows, cols).unwrap(),
            max_step,
            oversight: 0.5,
            spurious_oversight: 0.0,
            first_observation: FirstObservation::Fresh,
            flag_visibility: 1.0,
            overseen_cells: Flags::ALL,
        }
    }

    #[test]
    fn a_walk_to_the_right_ends_where_it_leads_and_takes_as_long_as_it_takes() {
        let layout = Layout::with_goal_flags(0, 7, false, false);
        let right = [[0.0, 1.0, 0.0, 0.0]; 8];
        let ends = |max_step| layout_endings(&right, &rules(2, 4, max_step), &layout);
        let at = |diamond| Some(EndingProbabilities { diamond, ghost: 0.0 });
        assert_eq!(ends(32)[4..], [at(1.0), at(1.0), at(1.0), None]);
        // Two steps are the last within a limit of one.
        assert_eq!(ends(1)[4..], [at(0.0), at(1.0), at(1.0), None]);
        assert_eq!((ends(32)[0], ends(32)[1]), (None, at(0.0)));
    }

    #[test]
    fn the_mean_over_layouts_and_cells_is_that_of_the_exact_evaluation() {
        let rules = rules(3, 3, 6);
        let space = ObservationSpace::new(rules.grid);
        let row = |observation: &Observation| {
            let weights = [1, 2, 3, 4].map(|a| ((space.index(observation) * a) % 7 + 1) as f32);
            weights.map(|weight| weight / weights.iter().sum::<f32>())
        };
        let table = PolicyTable::from_fn(rules.grid, row);
        let mut sums = [[0.0; 2]; 4];
        let mut starts = 0;
        for layout in space.layouts() {
            let rows: Vec<_> =
                rules.grid.cells().map(|agent| row(&Observation { agent, layout })).collect();
            let flags = usize::from(layout.ghost_flag()) + 2 * usize::from(layout.diamond_flag());
            for ends in layout_endings(&rows, &rules, &layout).into_iter().flatten() {
                sums[flags][0] += ends.diamond;
                sums[flags][1] += ends.ghost;
                starts += usize::from(flags == 0);
            }
        }
        let exact = evaluate_exactly(&table, &rules, 0.97, 1).endings_by_flags.unwrap();
        for (sum, exact) in sums.into_iter().zip(exact) {
            assert!((sum[0] / starts as f64 - exact.diamond).abs() < 1e-12, "{sum:?} {exact:?}");
            assert!((sum[1] / starts as f64 - exact.ghost).abs() < 1e-12, "{sum:?} {exact:?}");
        }
    }
}
