//! From a search to its trials: what each draws, and the runs that it is.

use anyhow::{Context, Result, ensure};
use gr_learn::Method;
use gr_runs::{
    ConfigError, MAX_RUNS, Purpose, SeedSet, SweepFile, Variant, named, num_runs, stream_named,
    written,
};
use gr_terminal::count;
use toml::Value;

use super::domain::below;
use super::space::{Search, Searched, TrialSeeds};
use crate::plan::effects::{self, Configured};
use crate::plan::{PlannedRun, SweepPlan};

/// Random seeds are drawn from these, above all that re-runs take.
const RANDOM_SEEDS: std::ops::Range<u64> = 65_536..1 << 31;

/// Most seeds of a re-run: beyond, they would meet the random ones.
pub const MOST_RERUN_SEEDS: u64 = RANDOM_SEEDS.start;

/// One random setting.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its number, from 0.
    pub number: u64,
    /// What it drew, in the order of [`Search::searched`].
    pub drawn: Vec<Value>,
    /// The sweep that it is: one method, one level, its seeds, its settings.
    pub file: SweepFile,
    /// Its runs.
    pub runs: Vec<PlannedRun>,
}

/// The trials of one method, with the settings of one variant, at one oversight level.
#[derive(Clone, Debug)]
pub struct SearchGroup {
    /// The method.
    pub method: &'static Method,
    /// What it sets apart from the search's other groups.
    pub variant: Variant,
    /// Oversight level p.
    pub oversight: f64,
    /// By number.
    pub trials: Vec<Trial>,
}

/// All trials of a search, and what should be known before waiting for them.
#[derive(Debug)]
pub struct SearchPlan {
    /// The search.
    pub search: Search,
    /// Methods × oversight levels.
    pub groups: Vec<SearchGroup>,
    /// What should be known.
    pub notices: Vec<String>,
}

impl SearchPlan {
    /// Draws and checks every trial.
    ///
    /// # Errors
    /// An unknown method, or a trial whose draws do not go together or have no effect.
    pub fn new(search: Search) -> Result<Self> {
        let mut groups = Vec::new();
        let mut notices = Vec::new();
        let seeds = match &search.seeds {
            TrialSeeds::Listed(seeds) => seeds.as_slice().len(),
            TrialSeeds::Random => 1,
        };
        let variants = search.base.configured()?.into_iter().map(|configured| configured.variant);
        let variants: Vec<Variant> = variants.collect();
        let oversight = &search.base.oversight;
        let runs = num_runs([search.trials as usize, variants.len(), oversight.len(), seeds]);
        ensure!(
            runs <= MAX_RUNS,
            "{}: {} trials are {runs} runs; a search has at most {MAX_RUNS}",
            search.origin,
            search.trials
        );
        for variant in variants {
            let method = Method::find(&variant.method)?;
            for &oversight in &search.base.oversight {
                let mut of_trials = Vec::new();
                let mut trials = Vec::new();
                for number in 0..search.trials {
                    let (trial, notices) = Trial::draw(&search, &variant, oversight, number)
                        .with_context(|| format!("trial {number}"))?;
                    of_trials.extend(notices);
                    trials.push(trial);
                }
                let variant = variant.clone();
                let group = SearchGroup { method, variant, oversight, trials };
                notices.extend(search.drawn_without_effect(&group)?);
                notices.extend(first_and_number(of_trials));
                notices.extend(group.nothing_to_select_on());
                groups.push(group);
            }
        }
        notices.extend(search.incomparable());
        notices.extend(search.unequal_noise());
        notices.splice(0..0, search.without_effect(&groups)?);
        notices.splice(0..0, search.notices.clone());
        Ok(Self { search, groups, notices })
    }

    /// The sweep that each trial is.
    pub fn files(&self) -> impl Iterator<Item = &SweepFile> {
        self.groups.iter().flat_map(|group| &group.trials).map(|trial| &trial.file)
    }

    /// The runs of all trials, in order.
    pub fn runs(&self) -> Vec<PlannedRun> {
        let trials = self.groups.iter().flat_map(|group| &group.trials);
        trials.flat_map(|trial| trial.runs.iter().cloned()).collect()
    }

    /// The sweep that re-runs the setting of `trial` on the `number` smallest seeds that no trial of
    /// the search can have, however many it has.
    pub fn rerun(&self, trial: &Trial, number: u64) -> Result<SweepPlan, ConfigError> {
        let is_unseen = |seed: &u64| match &self.search.seeds {
            TrialSeeds::Random => !RANDOM_SEEDS.contains(seed),
            TrialSeeds::Listed(seeds) => !seeds.as_slice().contains(seed),
        };
        let unseen = (0..).filter(is_unseen).take(number as usize);
        let unseen: Vec<String> = unseen.map(|seed| seed.to_string()).collect();
        let seeds = unseen.join(",").parse::<SeedSet>()?;
        SweepPlan::new(SweepFile { seeds, ..trial.file.clone() })
    }
}

impl Trial {
    /// Draws trial `number`. A draw depends on the search's seed, the level, the number of the trial
    /// and the name of what is drawn: not on the number of trials, on other levels, on the method,
    /// nor on what else is searched.
    fn draw(
        search: &Search,
        variant: &Variant,
        oversight: f64,
        number: u64,
    ) -> Result<(Self, Vec<String>), ConfigError> {
        let stream = |name: &str| {
            stream_named(search.seed, Purpose::Search, oversight.to_bits(), number, name)
        };
        let draw = |searched: &Searched| {
            (searched.key.clone(), searched.domain.draw(&mut stream(&searched.key)))
        };
        let drawn: Vec<(String, Value)> = search.searched.iter().map(draw).collect();
        let seeds = match &search.seeds {
            TrialSeeds::Listed(seeds) => seeds.clone(),
            TrialSeeds::Random => {
                let number = RANDOM_SEEDS.end - RANDOM_SEEDS.start;
                let seed = RANDOM_SEEDS.start + below(&mut stream("seeds"), number);
                seed.to_string().parse()?
            }
        };
        let base = SweepFile { variants: Vec::new(), ..search.base.clone() };
        let own = variant.settings.clone().into_iter().chain(drawn.iter().cloned());
        let file = SweepFile {
            methods: vec![variant.method.clone()],
            oversight: vec![oversight],
            seeds,
            ..base.with_values(&search.origin, &own.collect::<Vec<_>>())?
        };
        let SweepPlan { file, runs, notices } = SweepPlan::new(file)?;
        let drawn = drawn.into_iter().map(|(_, value)| value).collect();
        Ok((Self { number, drawn, file, runs }, notices))
    }

    /// What it drew, as columns show it.
    pub fn shown(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
        self.drawn.iter().map(text).collect()
    }
}

impl Search {
    /// Refuses to draw what has no effect on the trials of `group`: its column would show settings that did
    /// nothing. What changes a column that counts or annotates is said.
    fn drawn_without_effect(&self, group: &SearchGroup) -> Result<Vec<String>> {
        let mut notices = Vec::new();
        for key in self.keys() {
            let Some(idle) = effects::why_idle(key, group.configured()) else { continue };
            let says =
                format!("{}: {key} is drawn, but without effect ({})", self.origin, idle.reason);
            ensure!(idle.changes_a_column, "{says}; leave it out");
            notices.push(format!("note: {says}"));
        }
        Ok(notices)
    }

    /// What to say of given settings that have no effect.
    fn without_effect(&self, groups: &[SearchGroup]) -> Result<Vec<String>, ConfigError> {
        let mut said =
            effects::judge(&self.given, || groups.iter().flat_map(SearchGroup::configured))?;
        said.extend(self.given.iter().filter(|given| given.key == "seeds").map(|given| {
            format!(
                "note: {}: seeds are not used; a space file or --set gives those of trials",
                given.origin
            )
        }));
        Ok(said)
    }

    /// The warning that returns of different trials are returns of different things.
    fn incomparable(&self) -> Option<String> {
        let changes_the_return = |key: &str| {
            let is_environment = key.starts_with("environment.") && key != "environment.envs";
            let others = ["training.discount", "early_stopping.holdout_source"];
            is_environment || others.contains(&key)
        };
        let keys: Vec<&str> =
            self.keys().into_iter().filter(|key| changes_the_return(key)).collect();
        (!keys.is_empty()).then(|| {
            format!(
                "warning: with {} drawn, the returns of two trials are not returns of the same \
                 thing; neither their mean nor the highest says which setting is good",
                keys.join(" and ")
            )
        })
    }
}

impl Search {
    /// The warning that checks of different trials are differently noisy.
    fn unequal_noise(&self) -> Option<String> {
        let key = "early_stopping.holdout_episodes";
        self.keys().contains(&key).then(|| {
            format!(
                "warning: with {key} drawn, the checks of small holdouts are noisier than those of large \
                 ones, and the highest of noisy numbers is higher by luck: the choice favours small holdouts"
            )
        })
    }
}

impl SearchGroup {
    /// Its settings that others of its method do not have, as `key=value;..`.
    pub fn settings(&self) -> String {
        written(self.variant.settings.iter())
    }

    /// Method and variant in a few words.
    pub fn name(&self) -> String {
        named(self.method.label, &self.settings())
    }

    /// The runs of its trials.
    pub fn runs(&self) -> impl Iterator<Item = &PlannedRun> {
        self.trials.iter().flat_map(|trial| &trial.runs)
    }

    /// What the runs of its trials depend on.
    fn configured(&self) -> impl Iterator<Item = Configured<'_>> {
        self.trials.iter().map(|trial| (self.method, &trial.file.settings, self.oversight))
    }

    /// What a holdout is for its runs, by name; none without early stopping.
    pub fn holdout_sources(&self) -> Vec<&'static str> {
        let settings = self.runs().map(|run| &run.spec.settings.early_stopping);
        let mut names: Vec<&str> = settings
            .filter(|settings| settings.enabled)
            .map(|settings| settings.holdout_source.name())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The warning that no trial can be chosen, if so.
    fn nothing_to_select_on(&self) -> Option<String> {
        let reason = self.why_no_selection()?;
        Some(format!(
            "warning: {} at p = {}: {reason}: nothing will be chosen or re-run",
            self.name(),
            self.oversight
        ))
    }

    /// Why its trials have no signal to choose by; `None` if they have one.
    pub fn why_no_selection(&self) -> Option<&'static str> {
        match self.holdout_sources()[..] {
            [] => Some("without early stopping there is no holdout"),
            ["privileged"] => Some(
                "a privileged holdout is the true return itself, by which nothing may be chosen",
            ),
            _ => None,
        }
    }
}

/// The first of many notices that say the same of other trials, and how many more there are.
fn first_and_number(notices: Vec<String>) -> Option<String> {
    let more = notices.len().saturating_sub(1);
    let first = notices.into_iter().next()?;
    Some(if more == 0 {
        first
    } else {
        format!("{first} (likewise {})", count(more, "more trial"))
    })
}

#[cfg(test)]
mod tests;
