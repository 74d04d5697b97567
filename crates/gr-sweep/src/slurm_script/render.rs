//! The text of the script. Every word in it is quoted already where it needs to be.

use gr_terminal::{count, duration, program_name};

use super::ResourceFlags;
use super::tasks::Tasks;

/// Seconds before a time limit at which Slurm warns; it may do so a minute early. Saving takes two.
const WARNING_SECONDS: u64 = 60;

/// What the script says.
pub struct Script<'a> {
    /// Of the jobs.
    pub name: String,
    /// In all tasks.
    pub num_runs: usize,
    /// How they are cut.
    pub tasks: Tasks,
    /// What is asked of Slurm.
    pub resources: &'a ResourceFlags,
    /// Where relative paths begin.
    pub folder: String,
    /// Where results go.
    pub results: String,
    /// The program that trains and gathers.
    pub trains: String,
    /// Whether it is a search, which the last job ends: it chooses, and runs the choice again.
    pub is_search: bool,
    /// The program that draws.
    pub gr_figures: String,
    /// What is trained.
    pub experiment: Vec<String>,
}

impl Script<'_> {
    /// The script.
    pub fn text(&self) -> String {
        let Self { name, tasks, folder, results, trains, .. } = self;
        let number = tasks.number;
        let device = if self.resources.gpus > 0 { "wgpu" } else { "cpu" };
        let experiment: String =
            self.experiment.iter().map(|word| format!("    {word} \\\n")).collect();
        format!(
            r#"#!/bin/bash
# {summary}
# Printed by `{program} slurm-script`. In a file, say sweep.sh:
#
#   bash sweep.sh                 submits the array, and the job that merges when it is over
#   sbatch --array=3,7 sweep.sh   these tasks once more; what is finished is not trained again
#
# What Slurm says goes to {name}.log in the folder of submission, what task 3 says to
# slurm/task-3.log in the results folder.
#
{directives}
set -euo pipefail

if [[ -z ${{SLURM_ARRAY_TASK_ID:-}} ]]; then
    array=$(sbatch --parsable "$0")
    array=${{array%%;*}} # some clusters add their name
    # Not afterok: a run that failed is a result, and is to be seen in the table.
    merge=$(sbatch --parsable --dependency="afterany:$array" <<'MERGE'
{merge}MERGE
    )
    echo "submitted array job $array ({number} tasks), then job ${{merge%%;*}}, which merges"
    exit
fi

cd {folder}
results={results}
mkdir -p -- "$results/slurm"
exec >>"$results/slurm/task-$SLURM_ARRAY_TASK_ID.log" 2>&1
echo "== $(date -u +%FT%TZ) task $SLURM_ARRAY_TASK_ID/{number} of job $SLURM_ARRAY_JOB_ID," \
    "restarts: ${{SLURM_RESTART_COUNT:-0}}, on $(hostname)"

# exec, so that the warning, which goes to the shell, reaches {program}. It is SIGURG, which ends nothing
# that does not listen yet: a shell that SIGUSR1 ends has failed, and is not requeued. Not srun: a step
# is told SIGTERM instead, and a cancelled job looks no different from a preempted one.
exec {trains} \
{experiment}    --results="$results" \
    --device={device} \
    --shard="$SLURM_ARRAY_TASK_ID/{number}" \
    --requeue-self # without it a task that reaches its time limit is saved, and over
"#,
            program = program_name(),
            summary = self.summary(),
            directives = directives(&self.directives()),
            merge = self.merge(),
        )
    }

    /// What the array does, and how long it takes.
    fn summary(&self) -> String {
        let Self { num_runs, tasks, .. } = self;
        let mut text = format!(
            "Trains {} in {} of about {}, then merges them and draws figures.",
            count(*num_runs, "run"),
            count(tasks.number, "task"),
            count(tasks.runs, "run")
        );
        if let Some(time) = tasks.time {
            text += &format!(
                "\n# A task takes about {}, roughly: `{} --dry-run` measures it.",
                duration(time),
                program_name()
            );
        }
        text
    }

    fn directives(&self) -> Vec<String> {
        let ResourceFlags { cpus, gpus, time, memory, .. } = self.resources;
        let mut lines = self.common_directives();
        lines.push(format!("--array=1-{}", self.tasks.number));
        lines.push(format!("--cpus-per-task={cpus}"));
        lines.extend((*gpus > 0).then(|| format!("--gres=gpu:{gpus}")));
        lines.extend(memory.iter().map(|memory| format!("--mem={memory}")));
        lines.extend(time.iter().map(|time| format!("--time={time}")));
        lines.push("--requeue".into());
        lines.push(format!("--signal=B:URG@{WARNING_SECONDS}"));
        lines
    }

    /// Directives of all jobs.
    fn common_directives(&self) -> Vec<String> {
        let ResourceFlags { partition, account, .. } = self.resources;
        let mut lines = vec![
            format!("--job-name={}", self.name),
            format!("--output={}.log", self.name),
            "--open-mode=append".into(),
        ];
        lines.extend(partition.iter().map(|partition| format!("--partition={partition}")));
        lines.extend(account.iter().map(|account| format!("--account={account}")));
        lines
    }

    /// The job after the array: a script of its own.
    fn merge(&self) -> String {
        let Self { folder, results, trains, gr_figures, experiment, .. } = self;
        let gather = match self.is_search {
            false => format!("{trains} merge {results}"),
            true => format!("{trains} {} --results={results} --shard=1/1", experiment.join(" ")),
        };
        let mut lines = self.common_directives();
        lines.extend(self.resources.time.iter().map(|time| format!("--time={time}")));
        let directives = directives(&lines);
        format!(
            r#"#!/bin/bash
{directives}
cd {folder} || exit
{gather}
merged=$?
{gr_figures} {results} --out {results}/pictures --html {results}/report.html && exit $merged
"#
        )
    }
}

fn directives(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("#SBATCH {line}")).collect();
    lines.join("\n")
}
