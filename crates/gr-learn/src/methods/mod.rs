//! The registry of methods (docs/experiment.md, section 6). A method only says how an episode is
//! credited: which network, which reward, which samples count, which route each takes, whose labels
//! it uses and how many updates it gets. To add one, write a file beside this one and add a line to
//! [`METHODS`], or [`register`] it in a program of your own.

mod effect;
mod filtering;
mod method;
mod naive_early_stopping;
mod naive_outcomes;
mod no_gate;
mod no_routing_control;
mod oracle;
mod registry;
mod routing;

pub use effect::Effect;
pub use method::{HoldoutUse, Method, NUM_ROUTES, Outcome, Route};
pub use registry::{METHODS, has_registered, methods, register};
