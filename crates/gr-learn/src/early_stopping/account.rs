//! The label account of a holdout: what training episodes earn and checks cost
//! (docs/experiment.md, section 8).

use serde::{Deserialize, Serialize};

/// Labels earned and used. Never overdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelAccount {
    /// Training episodes completed.
    pub episodes: u64,
    /// Labels used.
    pub spent: u64,
}

impl LabelAccount {
    /// Labels earned and not used, where an episode earns `rate`.
    pub fn balance(&self, rate: f64) -> f64 {
        rate * self.episodes as f64 - self.spent as f64
    }

    /// Pays `labels`, if there are as many.
    pub fn pay(&mut self, labels: u64, rate: f64) -> bool {
        let can = self.balance(rate) >= labels as f64;
        if can {
            self.spent += labels;
        }
        can
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_account_is_never_overdrawn(
            rate in 0.0..1.0f64,
            earned in prop::collection::vec(0u64..3000, 0..50),
            cost in 1u64..1000,
        ) {
            let mut account = LabelAccount::default();
            for episodes in earned {
                account.episodes += episodes;
                let before = account.spent;
                let paid = account.pay(cost, rate);
                prop_assert_eq!(account.spent, before + if paid { cost } else { 0 });
                prop_assert!(account.balance(rate) >= 0.0);
                prop_assert!(paid || account.balance(rate) < cost as f64);
            }
        }
    }
}
