//! The label account of a holdout: what training episodes earn and checks cost
//! (docs/experiment.md, section 8).

use serde::{Deserialize, Serialize};

/// Labels earned and used. Never overdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelAccount {
    /// Training episodes that earned: those that ended on overseen cells, by time-out too.
    pub episodes: u64,
    /// Labels used.
    pub spent: u64,
}

impl LabelAccount {
    /// Labels earned and not used, where an episode earns `rate`.
    pub fn balance(&self, rate: f64) -> f64 {
        rate * self.episodes as f64 - self.spent as f64
    }

    /// Whether there are `labels`.
    pub fn can_pay(&self, labels: u64, rate: f64) -> bool {
        self.balance(rate) >= labels as f64
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
            price in 1u64..1000,
            shares_used in prop::collection::vec(0.0..=1.0f64, 50),
        ) {
            let mut account = LabelAccount::default();
            for (episodes, used) in earned.into_iter().zip(shares_used) {
                account.episodes += episodes;
                let can = account.can_pay(price, rate);
                prop_assert_eq!(can, account.balance(rate) >= price as f64);
                if can {
                    account.spent += (used * price as f64) as u64;
                }
                prop_assert!(account.balance(rate) >= 0.0);
            }
        }
    }
}
