//! When to stop, and which checkpoint to keep, from the returns of the checks alone
//! (docs/experiment.md, section 8).

use serde::{Deserialize, Serialize};

/// The post's stopping rule.
#[derive(Clone, Debug, PartialEq)]
pub struct StoppingRule {
    /// Least improvement that counts.
    pub tolerance: f64,
    /// Checks before this update cannot stop anything.
    pub min_steps: u64,
    /// Updates without an improvement after which training stops; `None` never stops it.
    pub patience: Option<u64>,
}

/// What the rule remembers of the checks so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoppingMemory {
    /// The best return since `min_steps` and the update at which it was set, improvements within the
    /// tolerance left out.
    pub best: Option<(f64, u64)>,
    /// The highest return of all checks and its update, the earliest on ties.
    pub kept: Option<(f64, u64)>,
}

/// What a check leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The policy is the best of all checks so far: keep it.
    pub keep: bool,
    /// Training ends here.
    pub stop: bool,
}

impl StoppingRule {
    /// Takes in a check after `update_idx`.
    pub fn check(
        &self,
        memory: &mut StoppingMemory,
        update_idx: u64,
        holdout_return: f64,
    ) -> Verdict {
        let keep = memory.kept.is_none_or(|(highest, _)| holdout_return > highest);
        if keep {
            memory.kept = Some((holdout_return, update_idx));
        }
        if update_idx < self.min_steps {
            return Verdict { keep, stop: false };
        }
        let (_, since) = match memory.best {
            Some((best, since)) if holdout_return <= best + self.tolerance => (best, since),
            _ => *memory.best.insert((holdout_return, update_idx)),
        };
        let stop = self.patience.is_some_and(|patience| update_idx - since >= patience);
        Verdict { keep, stop }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The update at which checks (update, return) stop training, and the one of the kept checkpoint.
    fn outcome(rule: &StoppingRule, checks: &[(u64, f64)]) -> (Option<u64>, u64) {
        let mut memory = StoppingMemory::default();
        let stopped = checks
            .iter()
            .find(|(update, value)| rule.check(&mut memory, *update, *value).stop)
            .map(|(update, _)| *update);
        (stopped, memory.kept.unwrap().1)
    }

    /// Checks every 10 updates from 0 on.
    fn every_ten(returns: &[f64]) -> Vec<(u64, f64)> {
        (0..).step_by(10).zip(returns.iter().copied()).collect()
    }

    #[test]
    fn the_rule_stops_and_keeps_as_the_table_says() {
        let rule = StoppingRule { tolerance: 0.25, min_steps: 20, patience: Some(30) };
        let plateau = [0.0, 0.1, 0.5, 0.5, 0.5, 0.5, 0.5];
        let late_rise = [0.0, 0.1, 0.5, 0.4, 0.4, 1.0, 0.9, 0.8, 0.7, 0.6];
        let slow_rise = [0.0, 0.0, 0.5, 0.6, 0.7, 0.75, 0.8];
        let tolerance_met = [0.0, 0.0, 0.5, 0.75, 0.75, 0.75, 0.75];
        let tolerance_passed = [0.0, 0.0, 0.5, 0.76, 0.75, 0.75, 0.75, 0.75];
        let early_peak = [0.9, 0.1, 0.2, 0.2, 0.2, 0.2];
        let still_rising = [0.0, 0.0, 0.0, 0.3, 0.6, 0.9];
        let last_update = [0.0, 0.0, 0.5, 0.1, 0.1, 0.1];
        for (name, returns, stopped, kept) in [
            ("a plateau ends after patience, its first check is kept", &plateau[..], Some(50), 20),
            ("a late rise starts patience anew", &late_rise, Some(80), 50),
            ("a rise within the tolerance does not count, yet is kept", &slow_rise, Some(50), 50),
            ("exactly the tolerance is no improvement", &tolerance_met, Some(50), 30),
            ("more than the tolerance is", &tolerance_passed, Some(60), 30),
            ("a peak before min_steps is kept, though not the best", &early_peak, Some(50), 0),
            ("a curve that rises to the end never stops", &still_rising, None, 50),
            ("patience may end with the last update", &last_update, Some(50), 20),
        ] {
            assert_eq!(outcome(&rule, &every_ten(returns)), (stopped, kept), "{name}");
        }
    }

    #[test]
    fn patience_is_in_updates_however_seldom_checks_come() {
        let rule = StoppingRule { tolerance: 0.0, min_steps: 1, patience: Some(30) };
        let seldom = [(1, 0.5), (29, 0.4), (45, 0.4), (61, 0.4)];
        assert_eq!(outcome(&rule, &seldom), (Some(45), 1));
    }

    #[test]
    fn without_patience_the_best_checkpoint_is_kept_to_the_end() {
        let rule = StoppingRule { tolerance: 0.1, min_steps: 1, patience: None };
        let checks = every_ten(&[0.1, 0.3, 0.2, 0.0, 0.0, 0.0, 0.3, 0.0]);
        assert_eq!(outcome(&rule, &checks), (None, 10));
    }

    #[test]
    fn the_first_check_after_min_steps_is_the_best_however_bad() {
        let rule = StoppingRule { tolerance: 0.1, min_steps: 15, patience: Some(20) };
        let checks = every_ten(&[0.9, 0.9, -0.5, -0.5, -0.5]);
        assert_eq!(outcome(&rule, &checks), (Some(40), 0));
    }
}
