//! The runs of a results folder: what all of its plans ask for, each once, in the order in which results
//! list them; and what tells them apart.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use gr_runs::{RunId, Seed, differing, places, written};

use super::SweepPlan;
use super::planned_run::{Condition, PlannedRun, rank};

/// All runs of a folder.
#[derive(Debug, Default)]
pub struct FolderPlan {
    /// By method, variant, oversight level, updates and seed.
    pub runs: Vec<PlannedRun>,
    /// What runs are called, too, that come out like one of `runs` under another name.
    pub also_called: Vec<RunId>,
    /// Where in `runs` those of a family are, a range for each number of updates.
    families: HashMap<Arc<str>, Vec<Range<usize>>>,
}

/// What a run is, whatever it is called.
type Identity<'a> = (&'a str, u64, Seed);

impl FolderPlan {
    /// The runs of `plans`. Where two of them name runs otherwise that come out alike, as after a change of
    /// settings that matter to neither, one of them that is `finished` stands for both, else the first.
    pub fn of(plans: Vec<SweepPlan>, finished: &HashSet<RunId>) -> Self {
        let mut runs: Vec<PlannedRun> = plans.into_iter().flat_map(|plan| plan.runs).collect();
        let mut stands: HashMap<Identity, usize> = HashMap::new();
        for (place, run) in runs.iter().enumerate() {
            let known = stands.entry(identity(run)).or_insert(place);
            let is_finished = |place: usize| finished.contains(&runs[place].name.id);
            if is_finished(place) && !is_finished(*known) {
                *known = place;
            }
        }
        let stands: HashSet<usize> = stands.into_values().collect();
        let mut places = 0..runs.len();
        let mut also_called = Vec::new();
        runs.retain(|run| {
            let is_kept = places.next().is_some_and(|place| stands.contains(&place));
            if !is_kept {
                also_called.push(run.name.id.clone());
            }
            is_kept
        });
        name_and_sort(&mut runs);
        let mut families: HashMap<Arc<str>, Vec<Range<usize>>> = HashMap::new();
        let mut start = 0;
        for group in super::groups(&runs) {
            let end = start + group.len();
            families.entry(group[0].condition.family.clone()).or_default().push(start..end);
            start = end;
        }
        Self { runs, also_called, families }
    }

    /// The groups of runs that differ from `run` in their number of updates and their seed alone.
    fn family(&self, run: &PlannedRun) -> impl Iterator<Item = &[PlannedRun]> {
        let ranges = self.families.get(&run.condition.family);
        ranges.into_iter().flatten().map(|range| &self.runs[range.clone()])
    }

    /// The runs that `run` can be grown from: those that differ from it in having fewer updates, the longest
    /// first.
    pub fn shorter(&self, run: &PlannedRun) -> Vec<&PlannedRun> {
        let seed = run.spec.seed;
        let groups = self.family(run).filter(|group| updates(&group[0]) < updates(run));
        let same_seed = groups.filter_map(|group| {
            let place = group.binary_search_by_key(&seed, |other| other.spec.seed);
            Some(&group[place.ok()?])
        });
        let mut shorter: Vec<&PlannedRun> = same_seed.collect();
        shorter.sort_by_key(|other| std::cmp::Reverse(updates(other)));
        shorter
    }

    /// The runs of `plan` as they are called here, in their order here.
    pub fn part(&self, plan: &SweepPlan) -> Vec<PlannedRun> {
        let asked: HashSet<Identity> = plan.runs.iter().map(identity).collect();
        self.runs.iter().filter(|run| asked.contains(&identity(run))).cloned().collect()
    }

    /// A run here of which `plan` has a shorter one, and the updates of that.
    pub fn cut_short(&self, plan: &SweepPlan) -> Option<(&PlannedRun, u64)> {
        let there: HashSet<Identity> = self.runs.iter().map(identity).collect();
        plan.runs.iter().filter(|run| !there.contains(&identity(run))).find_map(|run| {
            let same_seed = |other: &&PlannedRun| other.spec.seed == run.spec.seed;
            let longest =
                self.family(run).flatten().filter(same_seed).max_by_key(|run| updates(run))?;
            (updates(longest) > updates(run)).then_some((longest, updates(run)))
        })
    }

    /// Of the groups of `runs` that differ in their number of updates alone the longest one of which
    /// `is_over` holds of a run, or if there is none the longest; and the other groups.
    pub fn longest(
        runs: &[PlannedRun],
        is_over: impl Fn(&PlannedRun) -> bool,
    ) -> (Vec<&[PlannedRun]>, Vec<&[PlannedRun]>) {
        let key = |group: &[PlannedRun]| (group.iter().any(&is_over), updates(&group[0]));
        let mut best: HashMap<&str, (bool, u64)> = HashMap::new();
        for group in super::groups(runs) {
            let known = best.entry(&group[0].condition.family).or_default();
            *known = key(group).max(*known);
        }
        super::groups(runs).partition(|group| {
            let family: &str = &group[0].condition.family;
            key(group) == best[family]
        })
    }
}

fn identity(run: &PlannedRun) -> Identity<'_> {
    (&run.condition.family, updates(run), run.spec.seed)
}

fn updates(run: &PlannedRun) -> u64 {
    run.spec.settings.updates.0
}

/// Names what tells runs of one method apart, the settings in which they differ, and sorts the runs.
fn name_and_sort(runs: &mut [PlannedRun]) {
    let mut of_methods: BTreeMap<(usize, &str), Vec<Arc<Condition>>> = BTreeMap::new();
    let mut seen: HashSet<*const Condition> = HashSet::new();
    for run in runs.iter() {
        if seen.insert(Arc::as_ptr(&run.condition)) {
            of_methods.entry(rank(run.method.label)).or_default().push(run.condition.clone());
        }
    }
    let mut names: HashMap<*const Condition, (usize, Arc<str>)> = HashMap::new();
    for conditions in of_methods.values() {
        let settings: Vec<_> = conditions.iter().map(|condition| &condition.settings).collect();
        let differing = differing(&settings);
        // Conditions at several levels, or of several plans, are one variant.
        let first = names.len();
        for ((condition, place), settings) in
            conditions.iter().zip(places(&differing)).zip(differing)
        {
            let name = written(settings.into_iter()).into();
            names.insert(Arc::as_ptr(condition), (first + place, name));
        }
    }
    let place = |run: &PlannedRun| names[&Arc::as_ptr(&run.condition)].0;
    runs.sort_by(|a, b| {
        let level = || a.spec.oversight.total_cmp(&b.spec.oversight);
        place(a)
            .cmp(&place(b))
            .then_with(level)
            .then_with(|| (updates(a), a.spec.seed).cmp(&(updates(b), b.spec.seed)))
    });
    for run in runs {
        run.variant = names[&Arc::as_ptr(&run.condition)].1.clone();
    }
}
