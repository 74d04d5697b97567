//! From a configuration to trained runs on disk: plan, schedule, train, summarise; and a look at
//! saved policies. The binaries `gr-sweep`, `gr-search` and `gr-policy` only call into here.
//!
//! Rooms, from the top: `cli`; `verify`, `slurm_script`; `search`; `sweep`; `results`; `training`; `options`,
//! `terminal`; `plan`, `policy`. Each knows those below it only.

pub mod cli;
mod options;
mod plan;
mod policy;
mod results;
pub mod search;
mod slurm_script;
mod sweep;
mod terminal;
mod training;
mod verify;

/// The allocator of the binaries. glibc's returns large buffers to the system after every update
/// and pays thousands of page faults to get them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
