//! Choosing a trial. Sees what was paid for with labels, and nothing else.
//!
//! A check is a noisy number, and the highest of many noisy numbers is high by luck alone: a setting with more
//! checks, say of a larger holdout, would be chosen for their number. So trials are compared at the same number
//! of checks: the fewest that a run of any of them has, spread evenly over each run.

use gr_runs::HoldoutReturn;

/// A trial that may be chosen.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Number of the trial.
    pub trial: u64,
    /// What the checks of each of its runs came to, in their order; at least one of each.
    pub checks: Vec<Vec<HoldoutReturn>>,
}

/// A trial that was chosen, and what it was chosen by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selected {
    /// Number of the trial.
    pub trial: u64,
    /// Its highest holdout return of the checks that were compared, as a mean over its runs.
    pub holdout_return: HoldoutReturn,
    /// Checks of every run that were compared.
    pub checks_compared: usize,
}

/// The trial whose compared checks have the highest maximum, as a mean over its runs; the earliest on ties, and
/// `None` of none.
///
/// ```
/// use gr_runs::HoldoutReturn;
/// use gr_sweep::search::{Candidate, select};
/// let candidate = |trial, value| Candidate { trial, checks: vec![vec![HoldoutReturn::new(value)]] };
/// assert_eq!(select(&[candidate(0, 0.1), candidate(1, 0.4)]).unwrap().trial, 1);
/// ```
///
/// Ground truth is no signal to choose by: the same with true returns does not compile.
///
/// ```compile_fail,E0308
/// use gr_grid::TrueReturn;
/// use gr_sweep::search::{Candidate, select};
/// let candidate = |trial, value| Candidate { trial, checks: vec![vec![TrueReturn::new(value)]] };
/// assert_eq!(select(&[candidate(0, 0.1), candidate(1, 0.4)]).unwrap().trial, 1);
/// ```
pub fn select(candidates: &[Candidate]) -> Option<Selected> {
    let numbers = candidates.iter().flat_map(|candidate| candidate.checks.iter().map(Vec::len));
    let checks_compared = numbers.min()?;
    let mut best: Option<Selected> = None;
    for Candidate { trial, checks } in candidates {
        let highest: Option<Vec<HoldoutReturn>> =
            checks.iter().map(|run| highest(run, checks_compared)).collect();
        let Some(holdout_return) = highest.and_then(|runs| HoldoutReturn::mean(&runs)) else {
            continue;
        };
        if best.is_none_or(|best| holdout_return > best.holdout_return) {
            best = Some(Selected { trial: *trial, holdout_return, checks_compared });
        }
    }
    best
}

/// The highest of `number` of `checks` that lie evenly over them; `None` if one of those is not a number.
fn highest(checks: &[HoldoutReturn], number: usize) -> Option<HoldoutReturn> {
    let compared = (0..number).map(|part| checks[(2 * part + 1) * checks.len() / (2 * number)]);
    let values: Vec<f64> = compared.map(HoldoutReturn::value).collect();
    let are_numbers = !values.iter().any(|value| value.is_nan());
    are_numbers.then(|| HoldoutReturn::new(values.into_iter().fold(f64::NEG_INFINITY, f64::max)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A candidate for each list of its runs' checks.
    fn candidates(trials: &[&[&[f64]]]) -> Vec<Candidate> {
        let checks = |run: &&[f64]| run.iter().map(|value| HoldoutReturn::new(*value)).collect();
        let of_trial = |runs: &&[&[f64]]| runs.iter().map(checks).collect();
        (0..)
            .zip(trials.iter().map(of_trial))
            .map(|(trial, checks)| Candidate { trial, checks })
            .collect()
    }

    fn chosen(trials: &[&[&[f64]]]) -> Option<u64> {
        select(&candidates(trials)).map(|selected| selected.trial)
    }

    #[test]
    fn the_highest_holdout_return_is_chosen_and_the_earliest_on_ties() {
        assert_eq!(chosen(&[&[&[-0.5]], &[&[0.3]], &[&[0.2]]]), Some(1));
        assert_eq!(chosen(&[&[&[0.1]], &[&[0.3]], &[&[0.3]], &[&[0.2]]]), Some(1));
        assert_eq!(chosen(&[&[&[-0.2]]]), Some(0));
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    fn more_checks_are_no_advantage() {
        let few: &[&[f64]] = &[&[0.4, 0.5]];
        let many: &[&[f64]] = &[&[0.0, 0.1, 0.0, 0.9, 0.1, 0.0]];
        let selected = select(&candidates(&[many, few])).unwrap();
        assert_eq!((selected.trial, selected.checks_compared), (1, 2));
        assert_eq!(selected.holdout_return.value(), 0.5);
        // With the same number of checks all of them are compared, the luckiest too.
        let as_many: &[&[f64]] = &[&[0.4, 0.5, 0.0, 0.0, 0.0, 0.0]];
        assert_eq!(chosen(&[many, as_many]), Some(0));
        // The fewest of any run count, and runs of one trial as their mean.
        let two_runs: &[&[f64]] = &[&[0.2], &[0.0, 0.7, 0.0]];
        let selected = select(&candidates(&[two_runs, few])).unwrap();
        assert_eq!((selected.trial, selected.checks_compared), (1, 1));
        let mean = select(&candidates(&[two_runs])).unwrap().holdout_return.value();
        assert!((mean - 0.45).abs() < 1e-12, "{mean}");
    }

    #[test]
    fn compared_checks_lie_evenly_over_a_run() {
        let checks: Vec<HoldoutReturn> = (0..9).map(|i| HoldoutReturn::new(f64::from(i))).collect();
        for (number, last) in [(1, 4.0), (2, 6.0), (3, 7.0), (9, 8.0)] {
            assert_eq!(highest(&checks, number).unwrap().value(), last, "{number}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_never_chosen() {
        assert_eq!(chosen(&[&[&[f64::NAN]], &[&[-0.5]], &[&[f64::NAN]]]), Some(1));
        assert_eq!(chosen(&[&[&[f64::NAN]]]), None);
    }
}
