//! What is said of the runs behind any picture: how many, which are missing, which still rise; and
//! beside the picture, how they were trained and evaluated.

use std::collections::BTreeMap;

use gr_stats::{FEWEST_SEEDS, MARGIN};
use gr_terminal::count;

use super::caption::{Caption, Named, by_level, thousands};
use super::trend::{RULE, Trend, trend};
use super::{Group, levels, series_of};
use crate::data::{Results, Run, RunState};
use crate::style;

/// What is said of intervals beside every picture that has some.
pub const INTERVALS: &str = "Intervals are 95 % Student-t intervals of the mean over runs; a single \
    run, and runs that all agree, have none.";

impl Caption {
    /// Adds what holds for means over the runs of `groups`: their number, levels without runs, and what
    /// [`Self::say_conditions`] says.
    pub fn say_of(&mut self, results: &Results, groups: &[Group<'_>]) {
        self.say_numbers_of_runs(groups);
        self.say_absent(groups);
        self.say_conditions(results, groups);
        self.note(INTERVALS);
    }

    /// Adds what all runs are set to, which of those of `groups` are missing and which still rise, and beside the picture their
    /// meaning and length.
    pub fn say_conditions(&mut self, results: &Results, groups: &[Group<'_>]) {
        let settings = &results.shared_settings;
        if !settings.is_empty() {
            self.say_or_short(
                format!("Settings of all runs: {}.", settings.join(", ")),
                format!("{} besides the defaults, named beside.", count(settings.len(), "setting")),
            );
        }
        self.say_missing(groups);
        self.say_trends(groups);
        let finished: Vec<&Run> = groups.iter().flat_map(|g| g.finished.iter().copied()).collect();
        let meaning = distinct(&finished, |run| run.first_observation.clone());
        self.note(match meaning.as_slice() {
            [meaning] if meaning != NOT_RECORDED => format!("First observation: {meaning}."),
            _ => "First observation: not recorded in these files.".into(),
        });
        let evaluation = distinct(&finished, |run| run.evaluation.clone());
        self.note(format!("Evaluation: {}.", evaluation.join(" and ")));
        self.note(updates(groups));
        if !results.bare_folders.is_empty() {
            self.note("Without a plan nobody can tell whether runs are missing.");
        }
        for difference in &results.differences {
            self.note(format!("{difference}."));
        }
    }

    /// Notes what the verdicts on differences mean.
    pub fn note_verdicts(&mut self) {
        self.note(format!(
            "Verdicts: beats, the unpaired 95 % interval lies above +{MARGIN}; matches, the 90 % one lies within \
             ±{MARGIN}; worse, the 95 % one lies below 0; else undecided; descriptive, fewer than {FEWEST_SEEDS} runs."
        ));
    }

    /// Adds how many finished runs each of `groups` has.
    pub fn say_numbers_of_runs(&mut self, groups: &[Group<'_>]) {
        let unrecorded = groups.iter().flat_map(|g| &g.finished).any(|run| run.seed.is_none());
        let unit = if unrecorded { " (seeds not recorded)" } else { "" };
        let mut by_number: BTreeMap<usize, Vec<Named>> = BTreeMap::new();
        for group in groups.iter().filter(|group| !group.finished.is_empty()) {
            by_number.entry(group.finished.len()).or_default().push(group.named());
        }
        let (Some((fewest, _)), Some((most, _))) =
            (by_number.first_key_value(), by_number.last_key_value())
        else {
            return self.say("No finished run.");
        };
        let single = if *fewest == 1 { " Intervals need 2 or more." } else { "" };
        if fewest == most {
            return self.say(format!("n = {most}{unit}.{single}"));
        }
        // The commonest number goes without names.
        let common = by_number.iter().max_by_key(|(n, who)| (who.len(), **n));
        let common = common.map_or(*most, |(n, _)| *n);
        let others: Vec<String> = by_number
            .iter()
            .filter(|(n, _)| **n != common)
            .map(|(n, who)| format!("{n} for {}", by_level(who).join(", ")))
            .collect();
        self.say_or_short(
            format!("n = {common}{unit}, but {}.{single}", others.join("; ")),
            format!("n = {fewest} to {most}{unit}.{single}"),
        );
    }

    /// Adds which series have runs at some levels of `groups` but not at others.
    pub fn say_absent(&mut self, groups: &[Group<'_>]) {
        let mut absent: Vec<Named> = Vec::new();
        for series in series_of(groups) {
            for oversight in levels(groups) {
                if !groups.iter().any(|g| g.series == series && g.oversight == oversight) {
                    absent.push((style::name(series), oversight));
                }
            }
        }
        self.say_who("Without runs", &absent);
    }

    fn say_missing(&mut self, groups: &[Group<'_>]) {
        let left_out: Vec<String> = groups.iter().filter_map(not_averaged).collect();
        if !left_out.is_empty() {
            let all: usize = groups.iter().map(|group| group.all.len()).sum();
            let finished: usize = groups.iter().map(|group| group.finished.len()).sum();
            self.say_or_short(
                format!("Not in any mean: {}.", left_out.join("; ")),
                format!(
                    "Not in any mean: {} of {}, named beside.",
                    all - finished,
                    count(all, "run")
                ),
            );
        }
    }

    fn say_trends(&mut self, groups: &[Group<'_>]) {
        let with = |wanted: Trend| -> Vec<Named> {
            let matching = groups.iter().filter(|group| trend(group) == Some(wanted));
            matching.map(Group::named).collect()
        };
        let (rising, unknown) = (with(Trend::Rising), with(Trend::Unknown));
        self.say_who("Still rising at the end", &rising);
        self.say_who("Cannot tell if still rising", &unknown);
        if !rising.is_empty() || !unknown.is_empty() {
            self.note(RULE);
        }
    }
}

const NOT_RECORDED: &str = "not recorded";

fn distinct(runs: &[&Run], of: impl Fn(&Run) -> Option<String>) -> Vec<String> {
    let mut values: Vec<String> =
        runs.iter().map(|run| of(run).unwrap_or_else(|| NOT_RECORDED.into())).collect();
    values.sort();
    values.dedup();
    values
}

/// The updates that plans configure, and which methods train fewer of them to use as many labels.
fn updates(groups: &[Group<'_>]) -> String {
    let mut by_number: BTreeMap<u64, Vec<Named>> = BTreeMap::new();
    let mut fewer: BTreeMap<u64, Vec<Named>> = BTreeMap::new();
    for group in groups {
        for run in &group.finished {
            let Some(configured) = run.length() else { continue };
            let planned = run.planned_updates.unwrap_or(configured);
            let trained = Some((&mut fewer, planned)).filter(|_| planned != configured);
            for (names, number) in
                [Some((&mut by_number, configured)), trained].into_iter().flatten()
            {
                let names = names.entry(number).or_default();
                if !names.contains(&group.named()) {
                    names.push(group.named());
                }
            }
        }
    }
    let mut sentence = match by_number.iter().next() {
        None => return "Number of updates not recorded.".into(),
        Some((updates, _)) if by_number.len() == 1 => {
            format!("{}\u{a0}updates", thousands(*updates))
        }
        Some(_) => format!("Updates differ: {}", each(&by_number)),
    };
    if groups.iter().any(|g| g.finished.iter().any(|run| run.stopped_update.is_some())) {
        sentence += ", fewer where training was stopped early";
    }
    if !fewer.is_empty() {
        sentence += &format!("; fewer of them, for as many labels: {}", each(&fewer));
    }
    sentence + "."
}

fn each(by_number: &BTreeMap<u64, Vec<Named>>) -> String {
    let each = by_number
        .iter()
        .map(|(updates, who)| format!("{} ({})", thousands(*updates), by_level(who).join("; ")));
    each.collect::<Vec<_>>().join(", ")
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
        let (all, name) = (count(group.all.len(), "run"), group.name());
        format!("{left_out} of {all} of {name} ({})", counts.join(", "))
    })
}
