//! From a configuration to trained runs on disk: plan, schedule, train, summarise; and a look at
//! saved policies. The binaries `gr-sweep`, `gr-search` and `gr-policy` only call into here.
//!
//! Rooms, from the top: `cli`; `verify`, `slurm_script`; `search`; `sweep`; `export`; `results`; `training`; `options`,
//! `terminal`; `plan`, `policy`. Each knows those below it only.

pub mod cli;
mod export;
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

pub use gr_grid;
pub use gr_learn;
pub use gr_runs;

/// The program `gr-sweep` with further methods beside those built in; `docs/add-a-method.md` writes one.
/// A whole program of one's own is
///
/// ```no_run
/// use gr_sweep::gr_learn::{Credit, Method, PerEpisode};
///
/// static PAYS_NOTHING: Method = Method {
///     label: "pays_nothing",
///     summary: "one expert that earns nothing",
///     source: "an example",
///     crediting: |_| PerEpisode::new(|_, _| Credit::BOTH),
///     ..Method::SINGLE_EXPERT
/// };
///
/// fn main() -> std::process::ExitCode {
///     gr_sweep::main_with(&[&PAYS_NOTHING])
/// }
/// ```
///
/// A label that another method has, or that is no plain word, is said and ends the program with exit code 2.
pub fn main_with(methods: &[&'static gr_learn::Method]) -> std::process::ExitCode {
    gr_learn::look_for_no_display();
    cli::sweep::main(methods)
}

/// The allocator of the binaries. glibc's returns large buffers to the system after every update
/// and pays thousands of page faults to get them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
