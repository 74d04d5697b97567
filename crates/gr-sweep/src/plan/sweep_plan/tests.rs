//! Which runs a configuration makes, what they are called, and what is said or refused of it.

use std::collections::HashSet;

use super::*;

fn plan(overrides: &[(&str, &str)]) -> Result<SweepPlan, ConfigError> {
    let overrides =
        overrides.iter().map(|(k, v)| ("test".into(), k.to_string(), v.to_string())).collect();
    SweepPlan::new(gr_runs::load(&gr_runs::ConfigSources { overrides, ..Default::default() })?)
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
    assert_eq!(runs[1], ("routing", 0.1, 1, 20_000));
    assert_eq!(runs[4], ("oracle", 0.1, 0, 2_000));
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
    let methods = ("methods", "routing,naive_outcomes,naive_early_stopping");
    let seed = ("seeds", "0");
    assert_eq!(stops(&[methods, seed]), [false, false, true]);
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
        SweepPlan::asked_for(&ConfigSources {
            file: Some(path.clone()),
            overrides,
            ..Default::default()
        })
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
        let Ok((_, plans)) = gr_runs::Store::open_existing(&folder) else { continue };
        let planned = plans.into_iter().flat_map(|plan| SweepPlan::new(plan).unwrap().runs);
        let names: HashSet<String> = planned.map(|run| run.name.id.to_string()).collect();
        let rows = std::fs::read_to_string(folder.join("runs.csv")).unwrap();
        for row in rows.lines().skip(1) {
            let name = row.split(',').next().unwrap();
            assert!(names.contains(name), "{}: {name}", folder.display());
            num_runs += 1;
        }
    }
    assert!(num_runs > 200, "{num_runs}");
}

#[test]
fn every_configuration_has_a_folder_of_its_own() {
    let folders: HashSet<PathBuf> = [
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
