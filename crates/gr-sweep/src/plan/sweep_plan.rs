//! From a configuration to the list of runs: methods × oversight levels × seeds.

use std::path::PathBuf;

use gr_learn::{HoldoutUse, Method};
use gr_runs::{
    ConfigError, ConfigSources, EarlyStoppingSettings, HoldoutSource, RunName, RunSpec, Settings,
    SweepFile,
};
use rayon::prelude::*;

use super::effects::{self, Configured};

/// A run that is to be trained.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// What is trained.
    pub spec: RunSpec,
    /// What it is called.
    pub name: RunName,
    /// How.
    pub method: &'static Method,
    /// Updates of it.
    pub updates: u64,
}

/// The runs of a sweep, in the order in which results list them.
#[derive(Clone, Debug)]
pub struct SweepPlan {
    /// The configuration that it was made from.
    pub file: SweepFile,
    /// The runs.
    pub runs: Vec<PlannedRun>,
    /// What was left out, and why.
    pub notices: Vec<String>,
}

impl PlannedRun {
    /// Expected work in updates of a single-expert policy: a routed network is about three times
    /// the size.
    pub fn cost(&self) -> u64 {
        self.updates * self.cost_per_update()
    }

    /// Expected work of one update.
    pub fn cost_per_update(&self) -> u64 {
        self.method.network.cost_per_update()
    }
}

impl SweepPlan {
    /// Expands what somebody asks for. Settings without effect are refused where a flag gives them; those
    /// of a file are said, and make no other sweep of it.
    ///
    /// # Errors
    /// As [`gr_runs::load`] and [`SweepPlan::new`], or a flag without effect.
    pub fn asked_for(sources: &ConfigSources) -> Result<Self, ConfigError> {
        let (file, given) = sources.read()?;
        let methods = given.iter().rfind(|given| given.key == "methods");
        let mut plan = Self::new(file).map_err(|error| match methods {
            Some(given) if matches!(error, ConfigError::UnknownName { .. }) => {
                error.at(&given.origin)
            }
            _ => error,
        })?;
        let mut notices = effects::judge(&given, || plan.configured())?;
        plan = Self::new(plan.without_idle_settings()?)?;
        notices.append(&mut plan.notices);
        Ok(Self { notices, ..plan })
    }

    /// The configuration with settings that matter to none of its runs at their defaults.
    ///
    /// # Errors
    /// If it is then none that can be trained.
    pub fn without_idle_settings(&self) -> Result<SweepFile, ConfigError> {
        effects::without_idle(&self.file, || self.configured())
    }

    fn configured(&self) -> impl Iterator<Item = Configured<'_>> {
        self.groups().map(|runs| (runs[0].method, &self.file.settings, runs[0].spec.oversight))
    }

    /// Expands a checked configuration.
    ///
    /// # Errors
    /// An unknown method, or nothing left to train.
    pub fn new(file: SweepFile) -> Result<Self, ConfigError> {
        Self::expand(file, Method::find)
    }

    /// [`SweepPlan::new`] to look at results alone: a method that this program does not have is no error.
    ///
    /// # Errors
    /// If there is nothing to train.
    pub fn to_look_at(file: SweepFile) -> Result<Self, ConfigError> {
        Self::expand(file, |label| Ok(Method::find_or_stand_in(label)))
    }

    fn expand(
        file: SweepFile,
        find: impl Fn(&str) -> Result<&'static Method, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let methods: Vec<&'static Method> =
            file.methods.iter().map(|label| find(label)).collect::<Result<_, _>>()?;
        let mut runs = Vec::new();
        let mut notices = Vec::new();
        for method in methods {
            let settings = settings_of(method, &file.settings)?;
            for &oversight in &file.oversight {
                let configured = file.settings.updates.0;
                let updates = (method.planned_updates)(configured, oversight);
                if updates == 0 {
                    notices.push(format!(
                        "{} at p = {oversight} is left out: p times its {configured} updates is less than one update",
                        method.label
                    ));
                    continue;
                }
                notices.extend(holdout_notice(method, &settings, oversight, updates));
                let seeds = file.seeds.as_slice();
                let first = RunSpec {
                    method: method.label.into(),
                    oversight,
                    seed: seeds[0],
                    settings: settings.clone(),
                };
                if let Some(message) = method.refusal(&first) {
                    return Err(ConfigError::Conflict { keys: &[], message });
                }
                // Names are hashes, and there may be a hundred thousand.
                let names = seeds.par_chunks(1000).flat_map_iter(|s| first.names_with_seeds(s));
                let names: Vec<RunName> = names.collect();
                runs.extend(seeds.iter().zip(names).map(|(&seed, name)| PlannedRun {
                    spec: RunSpec { seed, ..first.clone() },
                    name,
                    method,
                    updates,
                }));
            }
        }
        if runs.is_empty() {
            let value = file.settings.updates.0;
            return Err(ConfigError::value(
                "updates",
                value,
                "so many that p times as many are left for oracle",
            ));
        }
        Ok(Self { file, runs, notices })
    }

    /// The runs by method and oversight level, in plan order.
    pub fn groups(&self) -> impl Iterator<Item = &[PlannedRun]> {
        groups(&self.runs)
    }

    /// The folder that a sweep gets when none is named: readable, and another one for every
    /// configuration.
    pub fn default_folder(&self) -> PathBuf {
        let levels: Vec<String> = self.file.oversight.iter().map(f64::to_string).collect();
        let levels =
            if levels.len() > 3 { format!("{}-levels", levels.len()) } else { levels.join("-") };
        let updates = self.file.settings.updates.0;
        results_folder(&format!("p{levels}_u{updates}"), &self.file.to_table())
    }
}

/// Runs of one method at one oversight level that stand together, group by group.
pub fn groups(runs: &[PlannedRun]) -> impl Iterator<Item = &[PlannedRun]> {
    runs.chunk_by(|a, b| a.spec.method == b.spec.method && a.spec.oversight == b.spec.oversight)
}

/// The folder below `results/` that begins with `name` and is another one for every `configuration`.
pub fn results_folder(name: &str, configuration: &toml::Table) -> PathBuf {
    // FNV-1a: a name needs no more than to differ.
    let text = toml::to_string(configuration).expect("a configuration is plain data");
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    PathBuf::from("results").join(format!("{name}_{:08x}", hash as u32))
}

/// The settings of a method's runs: its early stopping is on or off, as configuration and method
/// say together.
fn settings_of(method: &Method, configured: &Settings) -> Result<Settings, ConfigError> {
    let mut settings = configured.for_method(method.label);
    settings.early_stopping.enabled = method.stops_early(configured);
    if method.early_stopping == HoldoutUse::Refused && configured.early_stopping.enabled {
        return Err(ConfigError::value(
            "early_stopping.enabled",
            true,
            format!(
                "false with the method {}, which trains on all labels: leave one of them out",
                method.label
            ),
        ));
    }
    if !settings.early_stopping.enabled {
        settings.early_stopping = EarlyStoppingSettings::default();
    }
    Ok(settings)
}

/// What the user should know before waiting for a rule that cannot do anything.
fn holdout_notice(
    method: &Method,
    settings: &Settings,
    oversight: f64,
    updates: u64,
) -> Option<String> {
    let early_stopping = &settings.early_stopping;
    if !early_stopping.enabled {
        return None;
    }
    let run = format!("warning: {} at p = {oversight}", method.label);
    if oversight == 0.0 && early_stopping.holdout_source != HoldoutSource::Privileged {
        return Some(format!(
            "{run} never earns a label for its holdout: it keeps its last policy"
        ));
    }
    let patience = early_stopping.patience.updates(oversight)?;
    let earliest = early_stopping.min_steps.saturating_add(patience);
    (earliest >= updates).then(|| {
        format!(
            "{run} can never stop early: early_stopping.min_steps {} and patience, {patience} in \
             updates, go beyond its last update, {}; the best checkpoint is kept",
            early_stopping.min_steps,
            updates - 1
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(overrides: &[(&str, &str)]) -> Result<SweepPlan, ConfigError> {
        let overrides =
            overrides.iter().map(|(k, v)| ("test".into(), k.to_string(), v.to_string())).collect();
        SweepPlan::new(gr_runs::load(&gr_runs::ConfigSources { file: None, overrides })?)
    }

    #[test]
    fn runs_are_methods_by_levels_by_seeds_in_order() {
        let plan =
            plan(&[("methods", "routing,oracle"), ("oversight", "[0.3, 0.1]"), ("seeds", "0..2")])
                .unwrap();
        let runs: Vec<(&str, f64, u64, u64)> = plan
            .runs
            .iter()
            .map(|run| (run.method.label, run.spec.oversight, run.spec.seed, run.updates))
            .collect();
        assert_eq!(runs.len(), 8);
        assert_eq!(runs[1], ("routing", 0.3, 1, 20_000));
        assert_eq!(runs[6], ("oracle", 0.1, 0, 2_000));
    }

    #[test]
    fn oracle_without_updates_is_left_out_with_a_notice() {
        let plan = plan(&[("methods", "oracle,filtering"), ("oversight", "0")]).unwrap();
        assert!(plan.runs.iter().all(|run| run.method.label == "filtering"));
        assert_eq!(plan.notices.len(), 1);
        assert!(super::SweepPlan::new(plan.file.clone()).is_ok());
    }

    #[test]
    fn a_sweep_of_nothing_and_unknown_methods_are_refused() {
        assert!(plan(&[("methods", "oracle"), ("oversight", "0")]).is_err());
        let error = plan(&[("methods", "routng")]).unwrap_err().to_string();
        assert!(error.contains("did you mean \"routing\"?"), "{error}");
    }

    #[test]
    fn early_stopping_goes_with_any_method_but_oracle() {
        let on = ("early_stopping.enabled", "true");
        let stops = |overrides: &[(&str, &str)]| -> Vec<bool> {
            let runs = plan(overrides).unwrap().runs;
            runs.iter().map(|run| run.spec.settings.early_stopping.enabled).collect()
        };
        let methods = ("methods", "naive_outcomes,naive_early_stopping,routing");
        let seed = ("seeds", "0");
        assert_eq!(stops(&[methods, seed]), [false, true, false]);
        assert_eq!(stops(&[methods, seed, on]), [true; 3]);
        let error = plan(&[("methods", "oracle"), on]).unwrap_err().to_string();
        assert!(error.contains("early_stopping.enabled") && error.contains("oracle"), "{error}");
    }

    #[test]
    fn runs_without_a_holdout_do_not_depend_on_its_settings() {
        let keys = |fraction: &str| -> Vec<String> {
            let methods = ("methods", "naive_outcomes,naive_early_stopping");
            let fraction = ("early_stopping.holdout_fraction", fraction);
            let runs = plan(&[methods, fraction, ("seeds", "0")]).unwrap().runs;
            runs.iter().map(|run| run.spec.key()).collect()
        };
        let (half, less) = (keys("0.5"), keys("0.4"));
        assert_eq!(half[0], less[0]);
        assert_ne!(half[1], less[1]);
    }

    #[test]
    fn a_rule_that_can_never_stop_is_said_beforehand() {
        let notices = |updates: &str, patience: &str, oversight: &str| {
            let set = [
                ("methods", "naive_early_stopping"),
                ("updates", updates),
                ("early_stopping.patience", patience),
                ("oversight", oversight),
            ];
            plan(&set).unwrap().notices
        };
        assert!(notices("2001", "500", "0.01").is_empty());
        assert!(notices("2000", "500", "0.01")[0].contains("never stop"));
        assert!(notices("2001", "500", "0.05")[0].contains("patience, 2500 in updates"));
        assert!(notices("100", "unlimited", "0.01").is_empty());
        assert!(notices("2001", "500", "0")[0].contains("never earns"));
    }

    #[test]
    fn settings_without_effect_are_refused_as_flags_and_said_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared.toml");
        std::fs::write(&path, "[early_stopping]\npatience = 3\ntolerance = 0.1\n").unwrap();
        let asked = |methods: &str, flag: Option<(&str, &str)>| {
            let mut overrides = vec![("--methods".into(), "methods".into(), methods.into())];
            overrides.extend(flag.map(|(k, v)| (format!("--set {k}={v}"), k.into(), v.into())));
            SweepPlan::asked_for(&ConfigSources { file: Some(path.clone()), overrides })
        };
        let plan = asked("naive_outcomes,filtering", None).unwrap();
        let [said] = &plan.notices[..] else { panic!("{:?}", plan.notices) };
        for mention in
            ["shared.toml", "patience, early_stopping.tolerance", "naive_outcomes, filtering"]
        {
            assert!(said.contains(mention), "{said}");
        }
        let plain = super::tests::plan(&[("methods", "naive_outcomes,filtering")]).unwrap();
        assert_eq!(plan.default_folder(), plain.default_folder());
        assert!(asked("naive_early_stopping,filtering", None).unwrap().notices.is_empty());
        for (key, value) in [("masks.both.gate", "0.5"), ("early_stopping.patience", "7")] {
            let error = asked("naive_outcomes", Some((key, value))).unwrap_err().to_string();
            assert!(
                error.starts_with("--set ") && error.contains("without effect on any run"),
                "{error}"
            );
        }
        let counts = asked("routing", Some(("evaluation.envs", "9"))).unwrap();
        assert!(counts.notices.iter().any(|said| said.contains("n_complete_eps")), "{counts:?}");
        assert_eq!(counts.file.settings.evaluation.envs, 9);
    }

    #[test]
    fn published_runs_keep_their_names() {
        let root = std::env::var_os("CARGO_MANIFEST_DIR").expect("tests are run by cargo");
        let published = PathBuf::from(root).join("../../results/published/runs");
        let mut num_runs = 0;
        for entry in std::fs::read_dir(published).unwrap() {
            let folder = entry.unwrap().path();
            let plan = folder.join("plan.toml");
            let Ok(text) = std::fs::read_to_string(&plan) else { continue };
            let planned = SweepPlan::new(SweepFile::parse_complete(&text, &plan).unwrap()).unwrap();
            let mut names = planned.runs.iter().map(|run| run.name.id.as_str());
            let rows = std::fs::read_to_string(folder.join("runs.csv")).unwrap();
            for row in rows.lines().skip(1) {
                let name = row.split(',').next().unwrap();
                assert!(names.any(|planned| planned == name), "{}: {name}", folder.display());
                num_runs += 1;
            }
        }
        assert!(num_runs > 50, "{num_runs}");
    }

    #[test]
    fn every_configuration_has_a_folder_of_its_own() {
        let folders: std::collections::HashSet<PathBuf> = [
            plan(&[]).unwrap(),
            plan(&[("seeds", "0..4")]).unwrap(),
            plan(&[("methods", "routing")]).unwrap(),
            plan(&[("training.learning_rate", "1e-4")]).unwrap(),
        ]
        .iter()
        .map(SweepPlan::default_folder)
        .collect();
        assert_eq!(folders.len(), 4);
    }
}
