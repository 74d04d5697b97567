//! Choosing a trial. Sees what was paid for with labels, and nothing else.

use gr_runs::HoldoutReturn;

/// A trial that was chosen, and what it was chosen by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selected {
    /// Number of the trial.
    pub trial: u64,
    /// Its holdout return.
    pub holdout_return: HoldoutReturn,
}

/// The trial with the highest holdout return, the earliest on ties; `None` of none.
///
/// ```
/// use gr_runs::HoldoutReturn;
/// let trials = [(0, HoldoutReturn::new(0.1)), (1, HoldoutReturn::new(0.4))];
/// assert_eq!(gr_sweep::search::select(trials).unwrap().trial, 1);
/// ```
///
/// Ground truth is no signal to choose by: the same with true returns does not compile.
///
/// ```compile_fail,E0271
/// use gr_grid::TrueReturn;
/// let trials = [(0, TrueReturn::new(0.1)), (1, TrueReturn::new(0.4))];
/// assert_eq!(gr_sweep::search::select(trials).unwrap().trial, 1);
/// ```
pub fn select(trials: impl IntoIterator<Item = (u64, HoldoutReturn)>) -> Option<Selected> {
    trials.into_iter().fold(None, |best: Option<Selected>, (trial, holdout_return)| {
        let is_number = !holdout_return.value().is_nan();
        let better = is_number && best.is_none_or(|best| holdout_return > best.holdout_return);
        if better { Some(Selected { trial, holdout_return }) } else { best }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(returns: &[f64]) -> Option<u64> {
        let trials = (0..).zip(returns.iter().map(|value| HoldoutReturn::new(*value)));
        select(trials).map(|selected| selected.trial)
    }

    #[test]
    fn the_highest_holdout_return_is_chosen_and_the_earliest_on_ties() {
        assert_eq!(chosen(&[-0.5, 0.3, 0.2]), Some(1));
        assert_eq!(chosen(&[0.1, 0.3, 0.3, 0.2]), Some(1));
        assert_eq!(chosen(&[-0.2]), Some(0));
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    fn what_is_not_a_number_is_never_chosen() {
        assert_eq!(chosen(&[f64::NAN, -0.5, f64::NAN]), Some(1));
        assert_eq!(chosen(&[f64::NAN]), None);
    }
}
