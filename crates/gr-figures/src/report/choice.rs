//! Which policies a page takes along, and which of the updates that they were kept at.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Result, bail};

use super::policy_file::KeptPolicy;
use crate::data::{Results, Run};
use crate::model::{Group, groups, levels};

/// Letters of weights, as they stand in a page, that are taken along without being asked for by name.
const ROOM: usize = 6_000_000;

/// Which runs' policies are taken along.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Selection {
    /// Of each series at each level the run whose return is nearest to the median, as far as there is room.
    #[default]
    Median,
    /// Every run's.
    All,
    /// None.
    None,
    /// Those of the runs whose names begin so.
    Named(Vec<String>),
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let names: Vec<String> = text
            .split(',')
            .map(|name| name.trim().to_string())
            .filter(|name| !name.is_empty())
            .collect();
        match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => Err("give median, all, none or names of runs, such as routing_p0.1_s0".into()),
            ["median"] => Ok(Self::Median),
            ["all"] => Ok(Self::All),
            ["none"] => Ok(Self::None),
            _ => Ok(Self::Named(names)),
        }
    }
}

/// A run with the files of its policies.
#[derive(Clone, Debug)]
pub struct PolicyFiles<'a> {
    /// The run.
    pub run: &'a Run,
    /// The kept policy, where there is one.
    pub kept: Option<PathBuf>,
    /// Policies over training, by update, ascending.
    pub over_training: Vec<(u64, PathBuf)>,
}

/// What of the policies is taken along.
#[derive(Clone, Debug, Default)]
pub struct Choice<'a> {
    /// The runs, in the order of groups, with the files that are taken.
    pub runs: Vec<PolicyFiles<'a>>,
    /// What has no room, as sentences.
    pub without_room: Vec<String>,
}

impl PolicyFiles<'_> {
    /// The files to take, oldest first.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.over_training.iter().map(|(_, path)| path.as_path()).chain(self.kept.as_deref())
    }

    /// Letters that one policy of it takes in a page, in base 64; 0 where it cannot be read, which is said when it
    /// is taken.
    fn size(&self) -> usize {
        let first = self.paths().next().and_then(|path| KeptPolicy::read(path).ok());
        first.map_or(0, |policy| policy.weights.len().div_ceil(3) * 4)
    }
}

/// Chooses among the policies that were kept of the runs of `results`.
///
/// # Errors
/// If a run is named that has none.
pub fn choose<'a>(results: &'a Results, selection: &Selection) -> Result<Choice<'a>> {
    let groups = groups(results);
    let mut choice = Choice::default();
    match selection {
        Selection::None => return Ok(choice),
        Selection::Median => choose_medians(&groups, &mut choice),
        Selection::All => choice.runs = groups.iter().flat_map(with_policies).collect(),
        Selection::Named(names) => {
            let mut is_used = vec![false; names.len()];
            for files in groups.iter().flat_map(with_policies) {
                let named: Vec<bool> =
                    names.iter().map(|name| files.run.id.starts_with(name)).collect();
                is_used.iter_mut().zip(&named).for_each(|(used, named)| *used |= named);
                choice.runs.extend(named.contains(&true).then_some(files));
            }
            if let Some((_, name)) = is_used.iter().zip(names).find(|(used, _)| !*used) {
                bail!(
                    "--policies {name}: no run whose name begins so keeps a policy in these folders"
                );
            }
        }
    }
    keep_what_fits(&mut choice);
    Ok(choice)
}

/// The runs of a group that have policies, by seed.
fn with_policies<'a>(group: &Group<'a>) -> Vec<PolicyFiles<'a>> {
    let mut runs: Vec<PolicyFiles<'a>> = group.all.iter().filter_map(|run| files_of(run)).collect();
    runs.sort_by_key(|files| (files.run.seed, files.run.id.clone()));
    runs
}

/// The policy files of a run; `None` if it has none.
fn files_of(run: &Run) -> Option<PolicyFiles<'_>> {
    let folder = run.folder.join("checkpoints");
    let kept = Some(folder.join(format!("{}.safetensors", run.id))).filter(|path| path.exists());
    let start = format!("{}_u", run.id);
    let mut over_training: Vec<(u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let update = name
            .to_str()
            .and_then(|name| name.strip_prefix(&start)?.strip_suffix(".safetensors")?.parse().ok());
        over_training.extend(update.map(|update| (update, entry.path())));
    }
    over_training.sort();
    // The one that is kept is there under its own name already.
    if kept.is_some() {
        over_training.retain(|(update, _)| run.kept.is_none_or(|kept| kept.update != *update));
    }
    let is_any = kept.is_some() || !over_training.is_empty();
    is_any.then_some(PolicyFiles { run, kept, over_training })
}

/// One run of each group, level by level, those with most series first, while there is room.
fn choose_medians<'a>(groups: &[Group<'a>], choice: &mut Choice<'a>) {
    let mut by_level = Vec::new();
    for level in levels(groups) {
        let of_level = groups.iter().filter(|group| group.oversight == level);
        let runs: Vec<PolicyFiles<'a>> = of_level.filter_map(median).collect();
        by_level.push((level, runs));
    }
    by_level.retain(|(_, runs)| !runs.is_empty());
    by_level.sort_by_key(|(level, runs)| (std::cmp::Reverse(runs.len()), *level));
    let mut used = 0;
    let mut without = Vec::new();
    for (level, runs) in by_level {
        let size: usize = runs.iter().map(PolicyFiles::size).sum();
        if used == 0 || used + size <= ROOM {
            used += size;
            choice.runs.extend(runs);
        } else {
            without.push(level);
        }
    }
    choice.runs.sort_by_key(|files| files.run.oversight);
    if !without.is_empty() {
        without.sort();
        let levels: Vec<String> = without.iter().map(ToString::to_string).collect();
        choice.without_room.push(format!(
            "Policies at {} have no room here; gr-figures takes them along with --policies.",
            levels.join(", ")
        ));
    }
}

/// The run of `group` whose kept return is nearest to the median of all, among those that have policies.
fn median<'a>(group: &Group<'a>) -> Option<PolicyFiles<'a>> {
    let value = |run: &Run| run.kept.map(|kept| kept.true_return);
    let mut values: Vec<f64> = group.finished.iter().filter_map(|run| value(run)).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len().saturating_sub(1) / 2).copied();
    let distance = |files: &PolicyFiles<'_>| match (value(files.run), middle) {
        (Some(value), Some(middle)) => (value - middle).abs(),
        _ => f64::INFINITY,
    };
    with_policies(group).into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// Leaves so many of the policies over training, the same number of each run and evenly, as there is room for.
fn keep_what_fits(choice: &mut Choice<'_>) {
    let all: usize = choice.runs.iter().map(PolicyFiles::size).sum();
    let each = (ROOM / all.max(1)).max(1);
    let mut is_thinned = false;
    for files in &mut choice.runs {
        let most = each - usize::from(files.kept.is_some()).min(each);
        let there = files.over_training.len();
        if there > most {
            is_thinned = true;
            let last = there - 1;
            // The first, the last and what lies evenly between them; the end alone where one is all.
            let wanted =
                (0..most).map(|index| if most == 1 { last } else { index * last / (most - 1) });
            files.over_training = wanted.map(|index| files.over_training[index].clone()).collect();
        }
    }
    if is_thinned {
        choice
            .without_room
            .push(format!("Of the policies kept over training {each} of each run have room here."));
    }
}
