//! Random hyperparameter search: trials with random settings, the one that the holdout chooses, and
//! its re-run on other seeds. What is chosen never depends on a true return ([`select()`]).

mod checks;
mod domain;
mod folder;
mod outcome;
mod report;
mod select;
mod space;
mod table;
mod trial;

pub(crate) use folder::{RERUN_SEEDS, Rerun, SearchFolder};
pub(crate) use outcome::GroupOutcome;
pub(crate) use report::{GroupReport, SearchReport};
pub use select::{Candidate, Selected, select};
pub use space::Search;
pub(crate) use trial::MOST_RERUN_SEEDS;
pub use trial::SearchPlan;
