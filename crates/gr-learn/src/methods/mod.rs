//! The registry of methods (docs/experiment.md, section 6). A method only says how an episode is
//! credited: which network, which reward, which samples count, which route each takes, whose labels
//! it uses and how many updates it gets. To add one, write a file beside this one and add a line to
//! [`METHODS`].

mod effect;
mod filtering;
mod method;
mod naive_early_stopping;
mod naive_outcomes;
mod no_gate;
mod no_routing_control;
mod oracle;
mod routing;

use gr_runs::ConfigError;

pub use effect::Effect;
pub use method::{HoldoutUse, Method, NUM_ROUTES, Outcome, Route};

/// Every method, in the order in which they are listed.
pub static METHODS: [&Method; 7] = [
    &routing::METHOD,
    &no_routing_control::METHOD,
    &no_gate::METHOD,
    &naive_outcomes::METHOD,
    &naive_early_stopping::METHOD,
    &filtering::METHOD,
    &oracle::METHOD,
];

impl Method {
    /// The method called `label`.
    ///
    /// # Errors
    /// [`ConfigError::UnknownName`] with the nearest label and the list.
    pub fn find(label: &str) -> Result<&'static Method, ConfigError> {
        METHODS.iter().copied().find(|method| method.label == label).ok_or_else(|| {
            ConfigError::unknown_name("method", label, &METHODS.map(|method| method.label))
        })
    }
}
