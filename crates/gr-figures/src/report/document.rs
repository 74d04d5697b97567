//! What a page knows, as the JSON that it carries.

use std::collections::BTreeMap;

use gr_terminal::count;
use serde::Serialize;

use super::Contents;
use super::choice::{Choice, PolicyFiles};
use super::figures::FigureData;
use super::policy_file::{KeptPolicy, PolicyNotes};
use crate::data::{Results, Run, RunState};
use crate::model::{Group, groups, series_of};
use crate::style;

/// Everything but the numbers of figures and the weights of policies, which stand beside it.
#[derive(Debug, Serialize)]
pub struct Document {
    /// Version of this program.
    version: &'static str,
    /// Programs that trained the finished runs.
    programs: Vec<Program>,
    /// What is finished, missing or under way, by series and level.
    groups: Vec<GroupState>,
    /// Runs under way.
    training: Vec<Training>,
    /// What was left out, as sentences.
    pub left_out: Vec<String>,
    /// True return of the optimal policy, where it is known.
    optimal: Option<f64>,
    /// Looks of all series, in the order of legends.
    series: Vec<SeriesLook>,
    /// The figures.
    figures: Vec<FigureData>,
    /// Policies, by run.
    policies: Vec<RunPolicies>,
    /// Which policies are not among them for want of room, as sentences.
    without_room: Vec<String>,
    /// Seconds after which the page loads itself again; absent where nothing is being trained.
    reload_seconds: Option<u64>,
    /// Weights of the policies in base 64, by the numbers that `policies` has.
    #[serde(skip)]
    pub weights: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Program {
    version: String,
    commit: String,
    backend: String,
    runs: usize,
}

#[derive(Debug, Serialize)]
struct GroupState {
    series: String,
    oversight: f64,
    runs: usize,
    finished: usize,
    failed: usize,
    unfinished: usize,
    missing: usize,
    unreadable: usize,
}

#[derive(Debug, Serialize)]
struct Training {
    run: String,
    updates: Option<u64>,
    planned: Option<u64>,
    true_return: Option<f64>,
}

#[derive(Debug, Serialize)]
struct SeriesLook {
    name: String,
    color: String,
    dash: &'static [f64],
    marker: String,
    hollow: bool,
}

/// The policies of one run.
#[derive(Debug, Serialize)]
struct RunPolicies {
    run: String,
    series: String,
    oversight: f64,
    seed: Option<u64>,
    #[serde(flatten)]
    notes: PolicyNotes,
    /// True return of the kept policy with its full weights, where it is recorded.
    recorded_return: Option<f64>,
    /// After which update each of its policies was, and the number of its weights. The kept one comes last.
    kept: Vec<(Option<u64>, usize)>,
}

impl Document {
    /// Gathers what is known of `results`.
    pub fn new(results: &Results, contents: Contents, choice: Choice<'_>) -> Self {
        let Contents { figures, mut left_out, reload_seconds, .. } = contents;
        let groups = groups(results);
        let mut weights = Vec::new();
        let mut policies = Vec::new();
        for files in &choice.runs {
            match RunPolicies::new(files, &mut weights) {
                Ok(of_run) => policies.push(of_run),
                Err(error) => left_out.push(format!("{error:#}")),
            }
        }
        let state = |state: RunState| move |run: &&&Run| run.state == state;
        let under_way =
            groups.iter().flat_map(|group| group.all.iter().filter(state(RunState::Unfinished)));
        let training = under_way.map(|run| Training::new(results, run)).collect();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            programs: programs(results),
            groups: groups.iter().map(GroupState::new).collect(),
            training,
            left_out,
            optimal: results.optimal_return(),
            series: looks(&groups),
            figures,
            policies,
            without_room: choice.without_room,
            reload_seconds,
            weights,
        }
    }

    /// The figures.
    pub fn figures(&self) -> &[FigureData] {
        &self.figures
    }

    /// What the page is of, in a line.
    pub fn title(&self) -> String {
        let runs: usize = self.groups.iter().map(|group| group.runs).sum();
        let finished: usize = self.groups.iter().map(|group| group.finished).sum();
        format!("Learning under partial oversight: {finished} of {}", count(runs, "run"))
    }

    /// The JSON, in which nothing ends a script element.
    pub fn to_json(&self) -> String {
        let text =
            serde_json::to_string(self).expect("every key is text and every number has a form");
        // Within JSON this letter stands in strings only, where its number may stand for it.
        text.replace('<', "\\u003c")
    }
}

/// Who trained the finished runs, and how many each.
fn programs(results: &Results) -> Vec<Program> {
    let mut runs: BTreeMap<[String; 3], usize> = BTreeMap::new();
    for program in results.finished().flat_map(|run| results.trained_by(run)) {
        *runs.entry(program).or_default() += 1;
    }
    let of = |([version, commit, backend], runs): ([String; 3], usize)| Program {
        version,
        commit,
        backend,
        runs,
    };
    runs.into_iter().map(of).collect()
}

/// The look of every series. One name has one look.
fn looks(groups: &[Group<'_>]) -> Vec<SeriesLook> {
    let series = series_of(groups);
    let looks = style::looks(&series);
    let look = |(series, look): (&&crate::data::Series, style::SeriesStyle)| SeriesLook {
        name: style::name(series),
        color: format!("#{:02x}{:02x}{:02x}", look.color.0, look.color.1, look.color.2),
        dash: look.dash,
        marker: format!("{:?}", look.marker),
        hollow: look.hollow,
    };
    series.iter().zip(looks).map(look).collect()
}

impl GroupState {
    fn new(group: &Group<'_>) -> Self {
        Self {
            series: style::name(group.series),
            oversight: group.oversight.0,
            runs: group.all.len(),
            finished: group.finished.len(),
            failed: group.count(RunState::Failed),
            unfinished: group.count(RunState::Unfinished),
            missing: group.count(RunState::Missing),
            unreadable: group.count(RunState::Unreadable),
        }
    }
}

impl Training {
    fn new(results: &Results, run: &Run) -> Self {
        let last = results.last_evaluation(run);
        Self {
            run: run.id.clone(),
            updates: last.map(|last| last.update.saturating_add(1)),
            planned: run.planned_updates.or(run.configured_updates),
            true_return: last.map(|last| last.value),
        }
    }
}

impl RunPolicies {
    /// Reads the files and adds their weights to `weights`.
    fn new(files: &PolicyFiles<'_>, weights: &mut Vec<String>) -> anyhow::Result<Self> {
        let read: Vec<KeptPolicy> =
            files.paths().map(KeptPolicy::read).collect::<anyhow::Result<_>>()?;
        let notes = read[0].notes.clone();
        let is_alike = read.iter().all(|policy| policy.notes == notes);
        anyhow::ensure!(
            is_alike,
            "{}: its policies are not of one network and environment",
            files.run.id
        );
        let mut kept = Vec::new();
        for policy in &read {
            kept.push((policy.update, weights.len()));
            weights.push(super::packed::base64(&policy.weights));
        }
        let run = files.run;
        // Without a manifest or a row of `runs.csv` a run's last evaluation stands for the one of its kept policy.
        let is_of_file = |update| {
            files.kept.is_some() && read.last().and_then(|last| last.update) == Some(update)
        };
        let recorded = run.kept.filter(|kept| is_of_file(kept.update));
        Ok(Self {
            run: run.id.clone(),
            series: style::name(&run.series),
            oversight: run.oversight.0,
            seed: run.seed,
            notes,
            recorded_return: recorded.map(|kept| kept.true_return),
            kept,
        })
    }
}
