//! The policy that is optimal for what the goals pay, and the true return of the one that is optimal
//! for the true objective: what every curve of true returns can be held against.

use crate::environment::EnvironmentRules;
use crate::exact::evaluate_exactly;
use crate::grid::{Action, Cell, Grid, NUM_ACTIONS};
use crate::layout::Layout;
use crate::policy_table::PolicyTable;
use crate::true_return::TrueReturn;

/// Actions whose value is within this of the best one's share its probability evenly.
const TIE: f64 = 1e-8;

/// Most steps of cells that the evaluation of an optimal policy may take: about a second.
const MAX_WORK: f64 = 2e8;

/// What ending an episode pays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoalPay {
    /// On the diamond.
    pub diamond: f64,
    /// On the ghost.
    pub ghost: f64,
}

impl GoalPay {
    /// The true objective: the diamond is wanted, the ghost is not.
    pub const TRUE: Self = Self { diamond: 1.0, ghost: -1.0 };
}

/// The policy that is optimal within one episode without time limit, discounted by `discount`, where
/// goals pay `pay` of a layout. Ties are split evenly; where an episode is over, every action is as good.
pub fn optimal_policy(grid: Grid, discount: f64, pay: impl Fn(&Layout) -> GoalPay) -> PolicyTable {
    let mut solved: Option<Problem> = None;
    PolicyTable::from_fn(grid, |observation| {
        let Layout { ghost, diamond, .. } = observation.layout;
        if [ghost, diamond].contains(&observation.agent) {
            return [1.0 / NUM_ACTIONS as f32; NUM_ACTIONS];
        }
        let pay = pay(&observation.layout);
        // Layouts come in order, and most differ in flags that pay alike.
        let same = solved.take().filter(|known| known.is_of(ghost, diamond, pay));
        let problem = solved
            .insert(same.unwrap_or_else(|| Problem::solve(grid, discount, ghost, diamond, pay)));
        let values = Action::ALL.map(|action| problem.action_value(observation.agent, action));
        let best = values.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let is_best = values.map(|value| value > best - TIE);
        let share = 1.0 / is_best.iter().filter(|best| **best).count() as f32;
        is_best.map(|best| if best { share } else { 0.0 })
    })
}

/// True return of the policy that is optimal for the true objective, which no flag changes: at every
/// oversight level, with or without spurious flags. `None` where a discount is so close to 0 or 1 that a
/// longer way cannot be told from a tie, or a grid and window are so large that it takes seconds.
pub fn optimal_return(rules: &EnvironmentRules, discount: f64) -> Option<TrueReturn> {
    let cells = rules.grid.num_cells();
    let longest_way = cells as i32;
    let tells_ways_apart = discount.powi(longest_way) * (1.0 - discount) > TIE;
    let work = 4.0 * (cells as f64).powi(3) * f64::from(rules.max_step);
    if !tells_ways_apart || work > MAX_WORK {
        return None;
    }
    let policy = optimal_policy(rules.grid, discount, |_| GoalPay::TRUE);
    let rules = EnvironmentRules { spurious_oversight: 0.0, ..*rules };
    Some(evaluate_exactly(&policy, &rules, discount, 1).avg_return)
}

/// One placement of the goals, with the value of every cell.
struct Problem {
    grid: Grid,
    discount: f64,
    ghost: Cell,
    diamond: Cell,
    pay: GoalPay,
    values: Vec<f64>,
}

impl Problem {
    /// Value iteration in place. Moves are certain and walking on is worth 0, so that values rise from
    /// there to their fixed point in finitely many rounds, at most one for every cell.
    fn solve(grid: Grid, discount: f64, ghost: Cell, diamond: Cell, pay: GoalPay) -> Self {
        let values = vec![0.0; grid.num_cells()];
        let mut problem = Self { grid, discount, ghost, diamond, pay, values };
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for agent in grid.cells().filter(|cell| ![ghost, diamond].contains(cell)) {
                let values = Action::ALL.map(|action| problem.action_value(agent, action));
                let best = values.into_iter().fold(f64::NEG_INFINITY, f64::max);
                let value = &mut problem.values[usize::from(agent)];
                changed |= best > *value;
                *value = value.max(best);
            }
        }
        problem
    }

    fn is_of(&self, ghost: Cell, diamond: Cell, pay: GoalPay) -> bool {
        (self.ghost, self.diamond, self.pay) == (ghost, diamond, pay)
    }

    fn action_value(&self, agent: Cell, action: Action) -> f64 {
        match self.grid.neighbour(agent, action) {
            next if next == self.diamond => self.pay.diamond,
            next if next == self.ghost => self.pay.ghost,
            next => self.discount * self.values[usize::from(next)],
        }
    }
}
