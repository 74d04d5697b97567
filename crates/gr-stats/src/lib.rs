//! Statistics over runs. A run is the unit of replication. Numbers in, numbers out.

mod student;

pub use student::{MeanInterval, mean_interval};
