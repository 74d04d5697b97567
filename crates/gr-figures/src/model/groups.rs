//! Runs that are averaged: one series at one oversight level.

use super::Named;
use crate::data::{Oversight, Results, Run, RunState, Series};
use crate::style;

/// The runs of one series at one oversight level.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// What they have in common.
    pub series: &'a Series,
    /// Their oversight level.
    pub oversight: Oversight,
    /// Those that finished, by seed.
    pub finished: Vec<&'a Run>,
    /// All of them, missing ones included.
    pub all: Vec<&'a Run>,
}

impl Group<'_> {
    /// Number of runs in a state.
    pub fn count(&self, state: RunState) -> usize {
        self.all.iter().filter(|run| run.state == state).count()
    }

    /// Series and level as part of a file name.
    pub fn file_part(&self) -> String {
        let mut part = format!("{}-p{}", self.series.method, self.oversight.0);
        if let Some(holdout) = &self.series.holdout {
            part += &format!("-{}", holdout.source);
            if let Some(fraction) = holdout.fraction {
                part += &format!("-h{fraction}");
            }
        }
        if let Some(variant) = &self.series.variant {
            part += &format!("-{}", variant.settings);
        }
        if self.series.chosen {
            part += "-chosen";
        }
        // Labels come from files; a picture must not land outside its folder.
        part.replace(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c), "_")
    }

    /// The name of the series in figures, and the level.
    pub fn named(&self) -> Named {
        (style::name(self.series), self.oversight)
    }

    /// What updates of the group's runs are multiplied by on an axis; see [`Run::axis_scale`].
    pub fn axis_scale(&self) -> f64 {
        self.finished.iter().map(|run| run.axis_scale()).fold(1.0, f64::max)
    }

    /// Series and level as people say them.
    pub fn name(&self) -> String {
        format!("{} at {}", style::name(self.series), self.oversight)
    }
}

/// All groups, by oversight level and then in the order of legends.
pub fn groups(results: &Results) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for run in &results.runs {
        let known = groups
            .iter_mut()
            .find(|group| *group.series == run.series && group.oversight == run.oversight);
        let group = match known {
            Some(group) => group,
            None => {
                groups.push(Group {
                    series: &run.series,
                    oversight: run.oversight,
                    finished: Vec::new(),
                    all: Vec::new(),
                });
                groups.last_mut().expect("one was just added")
            }
        };
        group.all.push(run);
        if run.is_finished() {
            group.finished.push(run);
        }
    }
    for group in &mut groups {
        group.finished.sort_by_key(|run| (run.seed, run.id.clone()));
    }
    groups.sort_by_key(|group| (group.oversight, style::order(group.series)));
    groups
}

/// The oversight levels of `groups`, ascending, each once.
pub fn levels(groups: &[Group<'_>]) -> Vec<Oversight> {
    let mut levels: Vec<Oversight> = groups.iter().map(|group| group.oversight).collect();
    levels.sort();
    levels.dedup();
    levels
}

/// The series of `groups` in the order of legends, each once.
pub fn series_of<'a>(groups: &[Group<'a>]) -> Vec<&'a Series> {
    let mut series: Vec<&Series> = groups.iter().map(|group| group.series).collect();
    series.sort_by_key(|series| style::order(series));
    series.dedup();
    series
}
