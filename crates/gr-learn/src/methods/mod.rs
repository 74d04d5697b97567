//! Methods (docs/experiment.md, sections 6 and 11). A method says which network it trains, how it credits
//! the episodes that ended, and how many updates it gets. To add one, write a file beside this one and
//! add its name to the list below.

mod by_reward;
mod crediting;
mod effect;
mod labels;
mod memory;
mod method;
mod picks;
mod refusals;
mod registry;
mod rules;

pub use crediting::{
    Columns, Credit, Crediting, Imitation, NUM_ROUTES, PerEpisode, Route, Samples,
};
pub use effect::Effect;
pub use labels::{EndedEpisode, LabelMeter};
pub use method::{HoldoutUse, LabelUse, Method};
pub use registry::{has_registered, methods, register};
pub use rules::{evaluation_rules, training_rules};

/// Takes in the file of each method, and lists them.
macro_rules! built_in {
    ($($file:ident,)+) => {
        $(mod $file;)+

        /// Every method that is built in, in the order in which they are listed.
        pub static METHODS: &[&Method] = &[$(&$file::METHOD),+];
    };
}

built_in! {
    routing,
    no_routing_control,
    no_gate,
    placebo_routing,
    naive_outcomes,
    naive_early_stopping,
    filtering,
    zero_unseen,
    inverse_propensity,
    surrogate_reward,
    reward_model,
    reward_table,
    corrective_actions,
    oracle,
}
