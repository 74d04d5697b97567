//! `gr-sweep slurm-script`: a script that trains a sweep as a job array of Slurm, and merges it.
//! Writes nothing and asks Slurm nothing.

mod render;
mod tasks;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use gr_runs::{MOST, whole_number};

use crate::options::flags::ExperimentFlags;
use crate::plan::{PlannedRun, SweepPlan};
use crate::search::{Search, SearchFolder, SearchPlan};
use crate::terminal::shell;
use render::Script;
use tasks::{Bundle, Tasks};

/// Prints a script that trains a sweep as a Slurm job array, then merges it and draws its figures.
///
/// Takes what is trained from the same flags as a sweep. Write the script into a file and run it
/// with bash where sbatch is at hand: it submits itself as the array, and a second job that starts
/// when the array is over. Tasks may be preempted, requeued or killed at any moment.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gr-sweep slurm-script --oversight 0.01 --seeds 0..64 --time 4:00:00 > sweep.sh
  bash sweep.sh                  # submits the array and the job that merges
  sbatch --array=3,7 sweep.sh    # later: these tasks once more
  gr-sweep slurm-script --methods routing --seeds 0..256 --gpus 1 --partition gpu > sweep.sh
  gr-sweep slurm-script --search configs/searches/early_stopping.toml --trials 64 > search.sh")]
pub struct SlurmScriptArguments {
    #[command(flatten)]
    experiment: ExperimentFlags,

    /// A folder that all nodes see [default: results/ and a name made from the configuration]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    results: Option<PathBuf>,

    /// Train the trials of a search instead: the TOML file that gr-search draws from
    #[arg(long, value_name = "SPACE", requires = "trials", help_heading = "Search")]
    search: Option<PathBuf>,

    /// Trials for each method and oversight level
    #[arg(long, value_name = "N", requires = "search", help_heading = "Search",
          value_parser = whole_number::<u64>(1, MOST))]
    trials: Option<u64>,

    /// Seed of the draws [default: 0]
    #[arg(long, value_name = "S", requires = "search", help_heading = "Search",
          value_parser = whole_number::<u64>(0, MOST))]
    search_seed: Option<u64>,

    #[command(flatten)]
    resources: ResourceFlags,
}

/// What the tasks of the array train, and the command that the last job gathers it with.
struct Work {
    runs: Vec<PlannedRun>,
    notices: Vec<String>,
    default_folder: PathBuf,
    /// What is trained, as its arguments.
    arguments: Vec<OsString>,
}

impl SlurmScriptArguments {
    fn work(&self) -> Result<Work> {
        let experiment = &self.experiment;
        let Some(space) = &self.search else {
            let plan = SweepPlan::asked_for(&experiment.sources()?)?;
            let default_folder = plan.default_folder();
            let SweepPlan { runs, notices, .. } = plan;
            let arguments = experiment.arguments();
            return Ok(Work { runs, notices, default_folder, arguments });
        };
        let (trials, seed) = (self.trials.unwrap_or(1), self.search_seed.unwrap_or(0));
        ensure!(
            experiment.overrides()?.iter().all(|(origin, ..)| origin != "--seeds"),
            "--seeds has no effect on a search; its space file, or --set seeds=.., gives those of trials"
        );
        let search = Search::load(space, experiment.sources()?, trials, seed)?;
        let plan = SearchPlan::new(search)?;
        let mut path = OsString::from("--space=");
        path.push(space);
        let own = [path, format!("--trials={trials}").into(), format!("--seed={seed}").into()];
        Ok(Work {
            runs: plan.runs(),
            default_folder: SearchFolder::default_path(&plan.search),
            notices: plan.notices,
            arguments: own.into_iter().chain(experiment.arguments()).collect(),
        })
    }
}

/// What is asked of Slurm.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Slurm")]
struct ResourceFlags {
    /// Tasks of the array [default: so many that one takes about two hours, or 64 runs on a GPU]
    #[arg(long, value_name = "N", value_parser = whole_number::<usize>(1, MOST))]
    tasks: Option<usize>,

    /// Runs of a task, about: tasks are made alike in expected work
    #[arg(long, value_name = "N", conflicts_with = "tasks", value_parser = whole_number::<usize>(1, MOST))]
    runs_per_task: Option<usize>,

    /// Cores of a task; it trains as many runs at once
    #[arg(long, value_name = "N", default_value = "1", value_parser = whole_number::<usize>(1, 65_536))]
    cpus: usize,

    /// GPUs of a task: with 1 it trains there, through wgpu; no task uses more
    #[arg(long, value_name = "N", default_value = "0", value_parser = whole_number::<u8>(0, 1))]
    gpus: u8,

    /// Time limit of a task, as Slurm writes it; a task that reaches it is saved and requeued
    #[arg(long, value_name = "LIMIT", value_parser = values::time_limit)]
    time: Option<String>,

    /// Partition of all jobs
    #[arg(long, value_name = "NAME", value_parser = values::name)]
    partition: Option<String>,

    /// Account of all jobs
    #[arg(long, value_name = "NAME", value_parser = values::name)]
    account: Option<String>,

    /// Memory of a task, in megabytes, or as in 16G
    #[arg(long, value_name = "SIZE", value_parser = values::memory)]
    memory: Option<String>,
}

/// The script that `arguments` ask for, and what the user should know beside it.
///
/// # Errors
/// If the sweep cannot be planned or cut as asked, or a path cannot stand in a script.
pub fn script(arguments: &SlurmScriptArguments) -> Result<(String, Vec<String>)> {
    let SlurmScriptArguments { results, resources, search, .. } = arguments;
    let work = arguments.work()?;
    let bundle = match (resources.tasks, resources.runs_per_task) {
        (Some(tasks), _) => Bundle::Tasks(tasks),
        (None, Some(runs)) => Bundle::RunsPerTask(runs),
        (None, None) => Bundle::Unspecified,
    };
    let on_gpu = resources.gpus > 0;
    let at_once = (!on_gpu).then_some(resources.cpus);

    let here = std::env::current_dir().context("cannot tell the working folder")?;
    let program = std::env::current_exe().context("cannot tell where this program lies")?;
    let figures = program.with_file_name("gr-figures");
    let trains = if search.is_some() { program.with_file_name("gr-search") } else { program };
    let mut notices = work.notices;
    if !figures.exists() {
        notices.push(format!("warning: {} is not there yet", figures.display()));
    }
    let folder = results.clone().unwrap_or(work.default_folder);
    let name = folder.file_name().unwrap_or(here.as_os_str()).to_string_lossy();

    let script = Script {
        name: values::job_name(&format!("gr-{name}")),
        num_runs: work.runs.len(),
        tasks: Tasks::of(&work.runs, bundle, at_once)?,
        resources,
        folder: shell::quote(&here)?,
        results: shell::quote(shell::not_a_flag(&folder))?,
        trains: shell::quote(&trains)?,
        is_search: search.is_some(),
        gr_figures: shell::quote(&figures)?,
        experiment: work.arguments.iter().map(shell::quote).collect::<Result<_>>()?,
    };
    Ok((script.text(), notices))
}
