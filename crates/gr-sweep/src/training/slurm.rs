//! The Slurm job that this process is part of, as its environment tells. Knows nothing of signals.

use std::io;
use std::process::Command;

/// A job, or a task of a job array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlurmJob {
    /// What `scontrol` calls it: `12`, or `12_3` for a task of an array.
    pub id: String,
}

impl SlurmJob {
    /// The job around this process, if there is one.
    pub fn here() -> Option<Self> {
        Self::from_environment(|name| std::env::var(name).ok())
    }

    fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let job = variable("SLURM_JOB_ID")?;
        // A task of an array has a job id of its own, by which requeueing does not find it.
        let task = variable("SLURM_ARRAY_JOB_ID").zip(variable("SLURM_ARRAY_TASK_ID"));
        Some(Self { id: task.map_or(job, |(array, task)| format!("{array}_{task}")) })
    }

    /// Asks Slurm to end this job and to start it again later.
    ///
    /// # Errors
    /// If `scontrol` cannot be run or refuses.
    pub fn requeue(&self) -> io::Result<()> {
        let output = Command::new("scontrol").args(["requeue", &self.id]).output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!("{}: {}", output.status, said.trim())))
    }
}

/// Cores that Slurm gave to this task, where that was asked for.
pub fn cpus_per_task() -> Option<usize> {
    std::env::var("SLURM_CPUS_PER_TASK").ok()?.parse().ok().filter(|cpus| *cpus > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(environment: &[(&str, &str)]) -> Option<String> {
        let variable = |name: &str| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string())
        };
        SlurmJob::from_environment(variable).map(|job| job.id)
    }

    #[test]
    fn a_job_is_called_what_scontrol_calls_it() {
        let array = [("SLURM_ARRAY_JOB_ID", "12"), ("SLURM_ARRAY_TASK_ID", "3")];
        assert_eq!(job(&[]), None);
        assert_eq!(job(&array), None);
        assert_eq!(job(&[("SLURM_JOB_ID", "15")]).unwrap(), "15");
        assert_eq!(job(&[&[("SLURM_JOB_ID", "15")], &array[..]].concat()).unwrap(), "12_3");
    }
}
