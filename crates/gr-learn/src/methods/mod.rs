//! The registry of methods (docs/experiment.md, sections 6 and 12). A method says which network it
//! trains, how it credits the episodes that ended, and how many updates it gets. To add one, write a
//! file beside this one and add a line to [`METHODS`].

mod by_reward;
mod corrective_actions;
mod crediting;
mod effect;
mod filtering;
mod inverse_propensity;
mod labels;
mod method;
mod naive_early_stopping;
mod naive_outcomes;
mod no_gate;
mod no_routing_control;
mod oracle;
mod placebo_routing;
mod refusals;
mod reward_table;
mod routing;
mod rules;
mod surrogate_reward;
mod zero_unseen;

use gr_runs::ConfigError;

pub use crediting::{
    Columns, Credit, Crediting, Imitation, NUM_ROUTES, PerEpisode, Route, Samples,
};
pub use effect::Effect;
pub use labels::{EndedEpisode, LabelMeter};
pub use method::{HoldoutUse, LabelUse, Method};
pub use rules::{evaluation_rules, training_rules};

/// Every method, in the order in which they are listed.
pub static METHODS: [&Method; 13] = [
    &routing::METHOD,
    &no_routing_control::METHOD,
    &no_gate::METHOD,
    &placebo_routing::METHOD,
    &naive_outcomes::METHOD,
    &naive_early_stopping::METHOD,
    &filtering::METHOD,
    &zero_unseen::METHOD,
    &inverse_propensity::METHOD,
    &surrogate_reward::METHOD,
    &reward_table::METHOD,
    &corrective_actions::METHOD,
    &oracle::METHOD,
];

/// Declares the settings of every method to whoever reads configurations.
pub fn declare_settings() {
    gr_runs::declare_method_keys(METHODS.map(|method| method.settings));
}

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
