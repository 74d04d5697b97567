//! Results on disk: a folder with a plan and the files of its runs, each of which is at every moment
//! absent, old or complete, whoever writes, whatever kills a writer.
//!
//! Knows runs and their records, and nothing of how a run is trained.

mod atomic;
mod claim;
mod csv_table;
mod csv_values;
mod error;
mod file_check;
mod folder;
mod listing;
mod plans;
mod published;
mod sealed;
mod trials;

pub use atomic::{PendingWrites, atomic_write, write_if_changed};
pub use claim::Claim;
pub use csv_table::{CsvLine, CsvTable, RefusedLine, Selection, TableError};
pub use error::StoreError;
pub use file_check::{Check, Damage};
pub use folder::{RunFiles, RunStatus, Store, runs_csv};
pub use listing::Listing;
pub use plans::plan_files;
pub use sealed::{read_sealed, write_sealed};
pub use trials::write_trials;
