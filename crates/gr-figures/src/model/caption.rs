//! The sentences below a picture: how many runs, of what, and what is missing. Whoever cuts the
//! picture out of its folder keeps them.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Group, levels, series_of, still_rising};
use crate::data::{Oversight, Results, Run, RunState};
use crate::style;

/// Sentences below a picture, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Caption {
    sentences: Vec<String>,
}

impl Caption {
    /// A caption that begins with what the picture shows.
    pub fn new(shows: impl Into<String>) -> Self {
        Self { sentences: vec![shows.into()] }
    }

    /// Adds a sentence.
    pub fn say(&mut self, sentence: impl Into<String>) {
        self.sentences.push(sentence.into());
    }

    /// The caption as one paragraph.
    pub fn text(&self) -> String {
        self.sentences.join(" ")
    }

    /// Adds what holds for means over the runs of `groups`: their number, and what
    /// [`Self::say_conditions`] says.
    ///
    /// # Errors
    /// If runs of a group have no mean curve.
    pub fn say_of(&mut self, results: &Results, groups: &[Group<'_>]) -> Result<()> {
        self.say(numbers_of_runs(groups));
        self.say_conditions(results, groups)
    }

    /// Adds the meaning and length of the runs of `groups`, what is missing and which still rise.
    ///
    /// # Errors
    /// If runs of a group have no mean curve.
    pub fn say_conditions(&mut self, results: &Results, groups: &[Group<'_>]) -> Result<()> {
        let finished: Vec<&Run> = groups.iter().flat_map(|g| g.finished.iter().copied()).collect();
        let meaning = distinct(&finished, |run| run.first_observation.clone());
        self.say(match meaning.as_slice() {
            [meaning] if meaning != NOT_RECORDED => format!("First observation: {meaning}."),
            _ => "First observation: not recorded in these files.".into(),
        });
        let evaluation = distinct(&finished, |run| run.evaluation.clone());
        self.say(format!("Evaluation: {}.", evaluation.join(" and ")));
        self.say(updates(groups));
        let missing: Vec<String> = groups.iter().filter_map(not_averaged).collect();
        if !missing.is_empty() {
            self.say(format!("Not in any mean: {}.", missing.join("; ")));
        }
        let absent = absent(groups);
        if !absent.is_empty() {
            self.say(format!("No run of {}.", absent.join("; ")));
        }
        if !results.bare_folders.is_empty() {
            self.say("Without a plan nobody can tell whether runs are missing.");
        }
        for difference in &results.differences {
            self.say(format!("{difference}."));
        }
        let mut rising = Vec::new();
        for group in groups {
            if still_rising(group)?.is_some() {
                rising.push((style::name(group.series), group.oversight));
            }
        }
        if !rising.is_empty() {
            self.say(format!(
                "Still rising at the end (true return, more than 0.01 per 1,000 updates over the \
                 last 20 %): {}.",
                by_level(&rising).join("; ")
            ));
        }
        Ok(())
    }
}

const NOT_RECORDED: &str = "not recorded";

/// A whole number with commas between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `name at p = a, b` for every name, in order of first appearance.
pub fn by_level(pairs: &[(String, Oversight)]) -> Vec<String> {
    let mut names: Vec<(&str, Vec<String>)> = Vec::new();
    for (name, oversight) in pairs {
        let level = oversight.0.to_string();
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, levels)) => levels.push(level),
            None => names.push((name, vec![level])),
        }
    }
    names.iter().map(|(name, levels)| format!("{name} at p = {}", levels.join(", "))).collect()
}

fn distinct(runs: &[&Run], of: impl Fn(&Run) -> Option<String>) -> Vec<String> {
    let mut values: Vec<String> =
        runs.iter().map(|run| of(run).unwrap_or_else(|| NOT_RECORDED.into())).collect();
    values.sort();
    values.dedup();
    values
}

fn numbers_of_runs(groups: &[Group<'_>]) -> String {
    let unrecorded = groups.iter().flat_map(|g| &g.finished).any(|run| run.seed.is_none());
    let unit = if unrecorded { " (seeds not recorded)" } else { "" };
    let drawn: Vec<&Group<'_>> = groups.iter().filter(|g| !g.finished.is_empty()).collect();
    let mut by_number: BTreeMap<usize, Vec<(String, Oversight)>> = BTreeMap::new();
    for group in &drawn {
        let who = (style::name(group.series), group.oversight);
        by_number.entry(group.finished.len()).or_default().push(who);
    }
    let mut sentence = match by_number.len() {
        0 => "No finished run.".to_string(),
        1 => format!("n = {}{unit}.", drawn[0].finished.len()),
        _ => {
            // The commonest number goes without names.
            let common = by_number.iter().max_by_key(|(n, who)| (who.len(), **n));
            let common = common.map_or(0, |(n, _)| *n);
            let others: Vec<String> = by_number
                .iter()
                .filter(|(n, _)| **n != common)
                .map(|(n, who)| format!("{n} for {}", by_level(who).join(", ")))
                .collect();
            format!("n = {common}{unit}, but {}.", others.join("; "))
        }
    };
    if by_number.contains_key(&1) {
        sentence += " Intervals need 2 or more.";
    }
    sentence
}

fn updates(groups: &[Group<'_>]) -> String {
    // Oracle's number follows from the others' and is said where it stands alone only.
    let is_oracle = |group: &&Group<'_>| group.series.method == "oracle";
    let alone = groups.iter().all(|group| is_oracle(&group));
    let mut by_number: BTreeMap<u64, Vec<(String, Oversight)>> = BTreeMap::new();
    for group in groups.iter().filter(|group| alone || !is_oracle(group)) {
        for run in &group.finished {
            let Some(updates) = run.planned_updates.or(run.updates) else { continue };
            let who = (style::name(group.series), group.oversight);
            let names = by_number.entry(updates).or_default();
            if !names.contains(&who) {
                names.push(who);
            }
        }
    }
    let mut sentence = match by_number.iter().next() {
        None => return "Number of updates not recorded.".into(),
        Some((updates, _)) if by_number.len() == 1 => {
            format!("{}\u{a0}updates", thousands(*updates))
        }
        Some(_) => {
            let each = by_number.iter().map(|(updates, who)| {
                format!("{} ({})", thousands(*updates), by_level(who).join("; "))
            });
            format!("Updates differ: {}", each.collect::<Vec<_>>().join(", "))
        }
    };
    if groups.iter().any(|g| g.finished.iter().any(|run| run.stopped_update.is_some())) {
        sentence += ", fewer where training was stopped early";
    }
    if !alone && groups.iter().any(|group| is_oracle(&group)) {
        sentence += "; oracle trains p times as many";
    }
    sentence + "."
}

fn not_averaged(group: &Group<'_>) -> Option<String> {
    let states = [
        (RunState::Failed, "failed"),
        (RunState::Unfinished, "unfinished"),
        (RunState::Missing, "missing"),
        (RunState::Unreadable, "unreadable"),
    ];
    let counts: Vec<String> = states
        .into_iter()
        .map(|(state, word)| (group.count(state), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let left_out = group.all.len() - group.finished.len();
    (left_out > 0).then(|| {
        format!(
            "{} of {} runs of {} ({})",
            left_out,
            group.all.len(),
            group.name(),
            counts.join(", ")
        )
    })
}

/// Series that have runs at some levels of the figure but not at others.
fn absent(groups: &[Group<'_>]) -> Vec<String> {
    let mut absent = Vec::new();
    for series in series_of(groups) {
        for oversight in levels(groups) {
            if !groups.iter().any(|g| g.series == series && g.oversight == oversight) {
                absent.push((style::name(series), oversight));
            }
        }
    }
    by_level(&absent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_levels_read_well() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
        let pair = |name: &str, p| (name.to_string(), Oversight(p));
        let pairs = [pair("Naive", 0.01), pair("Oracle", 0.01), pair("Naive", 0.3)];
        assert_eq!(by_level(&pairs), ["Naive at p = 0.01, 0.3", "Oracle at p = 0.01"]);
    }
}
