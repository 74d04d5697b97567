//! What a run is: its settings and seed, the key made from them, its random streams, the rows that
//! it writes and where they lie on disk.
//!
//! Knows nothing of tensors or of how a run is trained. Rooms, from the top: `store`, `run`, `settings`;
//! each knows those below it only.

mod run;
mod settings;
mod store;

pub use run::*;
pub use settings::*;
pub use store::*;
