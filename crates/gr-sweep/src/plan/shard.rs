//! Which part of a sweep one of several processes trains. Parts are cut from the plan and never from
//! what is left of it, so that processes agree on them without talking to each other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

use gr_runs::{ConfigError, MOST, whole_number};

use super::PlannedRun;

/// One of `count` parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    index: usize,
    count: usize,
}

impl Shard {
    /// The whole.
    const ALL: Self = Self { index: 0, count: 1 };

    /// What this process is to train: `asked` if somebody asked, else its share of the Slurm array
    /// that it runs in, else everything.
    ///
    /// # Errors
    /// If it runs in an array from whose numbers the shares cannot be told.
    pub fn of_this_process(asked: Option<Self>) -> Result<Self, ConfigError> {
        let variable = |name: &str| std::env::var(name).ok();
        asked.map_or_else(|| Ok(Self::of_slurm_task(variable)?.unwrap_or(Self::ALL)), Ok)
    }

    /// The share of a task in a Slurm array; nothing outside of one.
    fn of_slurm_task(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ConfigError> {
        let Some(task) = variable("SLURM_ARRAY_TASK_ID") else { return Ok(None) };
        let number = |name: &str| variable(&format!("SLURM_ARRAY_TASK_{name}"))?.parse().ok();
        let shard = (|| {
            let task: usize = task.parse().ok()?;
            let (least, most, count): (usize, usize, usize) =
                (number("MIN")?, number("MAX")?, number("COUNT")?);
            // A step, or numbers left out as when some tasks are submitted anew, would leave a part
            // of the sweep to nobody.
            let is_dense = number("STEP").unwrap_or(1) == 1
                && most.checked_sub(least)?.checked_add(1)? == count
                && (least..=most).contains(&task);
            is_dense.then(|| Self { index: task - least, count })
        })();
        let seen = ["ID", "MIN", "MAX", "STEP", "COUNT"].map(|name| {
            let name = format!("SLURM_ARRAY_TASK_{name}");
            format!("{name}={}", variable(&name).unwrap_or_default())
        });
        shard.map(Some).ok_or_else(|| {
            ConfigError::value(
                "--shard",
                "not given",
                format!(
                    "given in a Slurm array whose tasks are not numbered one by one ({}): \
                     --shard I/N for part I of N, or --shard 1/1 for all",
                    seen.join(" ")
                ),
            )
        })
    }

    /// Whether this is everything.
    pub fn is_all(self) -> bool {
        self.count == 1
    }

    /// This part of `runs`, in their order. Parts cost about the same: the longest run goes to the
    /// part with the least to do so far, then the next one.
    pub fn part(self, runs: &[PlannedRun]) -> Vec<PlannedRun> {
        if self.is_all() {
            return runs.to_vec();
        }
        let mut longest_first: Vec<usize> = (0..runs.len()).collect();
        longest_first.sort_by_key(|run| Reverse(runs[*run].cost()));
        let mut parts: BinaryHeap<Reverse<(u64, usize)>> =
            (0..self.count).map(|index| Reverse((0, index))).collect();
        let mut mine = Vec::new();
        for run in longest_first {
            let Reverse((cost, index)) = parts.pop().expect("there is at least one part");
            if index == self.index {
                mine.push(run);
            }
            parts.push(Reverse((cost + runs[run].cost(), index)));
        }
        mine.sort_unstable();
        mine.into_iter().map(|run| runs[run].clone()).collect()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(part, count)| {
            let number = whole_number::<usize>(1, MOST);
            let (part, count) = (number(part).ok()?, number(count).ok()?);
            (1..=count).contains(&part).then(|| Self { index: part - 1, count })
        });
        parsed.ok_or_else(|| "it must be I/N, part I of N, as in 1/8 to 8/8".into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::SweepPlan;
    use super::*;

    fn runs(seeds: &str) -> Vec<PlannedRun> {
        let set = |key: &str, value: &str| ("test".into(), key.into(), value.into());
        let overrides = vec![
            set("methods", "oracle,naive_outcomes,routing"),
            set("oversight", "[0.1]"),
            set("seeds", seeds),
        ];
        let file =
            gr_runs::load(&gr_runs::ConfigSources { overrides, ..Default::default() }).unwrap();
        SweepPlan::new(file).unwrap().runs
    }

    fn parts(runs: &[PlannedRun], count: usize) -> Vec<Vec<PlannedRun>> {
        (0..count).map(|index| Shard { index, count }.part(runs)).collect()
    }

    #[test]
    fn every_run_is_in_exactly_one_part() {
        let runs = runs("0..7");
        for count in [1, 2, 3, 8, 21, 40] {
            let parts = parts(&runs, count);
            let mut keys: Vec<&String> = parts.iter().flatten().map(|run| &run.name.key).collect();
            let mut expected: Vec<&String> = runs.iter().map(|run| &run.name.key).collect();
            keys.sort();
            expected.sort();
            assert_eq!(keys, expected, "{count}");
        }
    }

    #[test]
    fn parts_cost_alike_though_runs_do_not() {
        let runs = runs("0..16");
        let longest = runs.iter().map(PlannedRun::cost).max().unwrap();
        let costs: Vec<u64> =
            parts(&runs, 5).iter().map(|part| part.iter().map(PlannedRun::cost).sum()).collect();
        let (least, most) = (costs.iter().min().unwrap(), costs.iter().max().unwrap());
        assert!(most - least <= longest, "{costs:?}");
        // Far better than by number: the first part of 16 consecutive runs would be all oracle.
        assert!(*most as f64 <= 1.15 * *least as f64, "{costs:?}");
    }

    #[test]
    fn shards_read_as_they_are_written() {
        for text in ["1/1", "1/8", "8/8"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for text in ["0/8", "9/8", "8", "1/0", "-1/8", "a/b", "1/8/2", ""] {
            assert!(text.parse::<Shard>().unwrap_err().contains("1/8"), "{text}");
        }
    }

    #[test]
    fn a_slurm_task_knows_its_share_and_gaps_are_refused() {
        let shard = |numbers: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found =
                    numbers.iter().find(|(key, _)| name == format!("SLURM_ARRAY_TASK_{key}"));
                found.map(|(_, value)| value.to_string())
            };
            Shard::of_slurm_task(variable).map(|shard| shard.map(|shard| shard.to_string()))
        };
        let task =
            |id: &'static str, least: &'static str, most: &'static str, count: &'static str| {
                [("ID", id), ("MIN", least), ("MAX", most), ("STEP", "1"), ("COUNT", count)]
            };
        assert_eq!(shard(&[]).unwrap(), None);
        assert_eq!(shard(&task("0", "0", "7", "8")).unwrap().as_deref(), Some("1/8"));
        assert_eq!(shard(&task("7", "0", "7", "8")).unwrap().as_deref(), Some("8/8"));
        assert_eq!(shard(&task("12", "10", "12", "3")).unwrap().as_deref(), Some("3/3"));
        // `--array=0,7`, `--array=0-6:2`, and numbers that are missing or make no sense.
        let stepped = [("ID", "2"), ("MIN", "0"), ("MAX", "6"), ("STEP", "2"), ("COUNT", "4")];
        let refused: [&[(&str, &str)]; 6] = [
            &task("7", "0", "7", "2"),
            &stepped,
            &task("9", "0", "7", "8"),
            &task("3", "7", "0", "8"),
            &task("x", "0", "7", "8"),
            &[("ID", "3")],
        ];
        for numbers in refused {
            let error = shard(numbers).unwrap_err().to_string();
            assert!(
                error.contains("--shard I/N") && error.contains("SLURM_ARRAY_TASK_COUNT"),
                "{error}"
            );
        }
    }
}
