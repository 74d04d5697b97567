//! From a configuration to trained runs on disk: plan, schedule, train, summarise; and a look at
//! saved policies. The binaries `gr-sweep`, `gr-search` and `gr-policy` only call into here.

mod dry_run;
mod errors;
mod flags;
mod interrupt;
mod listing;
mod logs;
mod merge;
mod opened_policy;
mod output;
mod plan;
pub mod policy_cli;
mod progress;
mod reading;
mod record;
mod schedule;
pub mod search;
pub mod search_cli;
mod session;
mod shard;
mod slurm;
mod slurm_script;
mod status;
mod status_view;
mod summary;
mod survey;
pub mod sweep_cli;
mod train;
mod verify;
mod workplace;

/// The allocator of the binaries. glibc's returns large buffers to the system after every update
/// and pays thousands of page faults to get them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
