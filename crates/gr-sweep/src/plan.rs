//! From a configuration to the list of runs: methods × oversight levels × seeds.

use std::path::PathBuf;

use gr_learn::{Method, NetworkKind};
use gr_runs::{ConfigError, RunSpec, SweepFile};

/// A run that is to be trained.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// What is trained.
    pub spec: RunSpec,
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
        match self.method.network {
            NetworkKind::SingleExpert => 1,
            NetworkKind::RoutedFixedGate => 2,
            NetworkKind::Routed => 3,
        }
    }
}

impl SweepPlan {
    /// Expands a checked configuration.
    ///
    /// # Errors
    /// An unknown method, or nothing left to train.
    pub fn new(file: SweepFile) -> Result<Self, ConfigError> {
        let methods: Vec<&'static Method> =
            file.methods.iter().map(|label| Method::find(label)).collect::<Result<_, _>>()?;
        let mut runs = Vec::new();
        let mut notices = Vec::new();
        for method in methods {
            for &oversight in &file.oversight {
                let configured = file.settings.updates.0;
                let updates = (method.planned_updates)(configured, oversight);
                if updates == 0 {
                    notices.push(format!(
                        "{} at p = {oversight} is left out: {configured} updates times p leave none",
                        method.label
                    ));
                    continue;
                }
                runs.extend(file.seeds.as_slice().iter().map(|&seed| PlannedRun {
                    spec: RunSpec {
                        method: method.label.into(),
                        oversight,
                        seed,
                        settings: file.settings.clone(),
                    },
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
    pub fn cells(&self) -> impl Iterator<Item = &[PlannedRun]> {
        self.runs
            .chunk_by(|a, b| a.spec.method == b.spec.method && a.spec.oversight == b.spec.oversight)
    }

    /// The folder that a sweep gets when none is named: readable, and another one for every
    /// configuration.
    pub fn default_folder(&self) -> PathBuf {
        let levels: Vec<String> = self.file.oversight.iter().map(f64::to_string).collect();
        let levels =
            if levels.len() > 3 { format!("{}-levels", levels.len()) } else { levels.join("-") };
        // FNV-1a: a name needs no more than to differ.
        let text = toml::to_string(&self.file.to_table()).expect("a plan is plain data");
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let updates = self.file.settings.updates.0;
        PathBuf::from("results").join(format!("p{levels}_u{updates}_{:08x}", hash as u32))
    }
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
