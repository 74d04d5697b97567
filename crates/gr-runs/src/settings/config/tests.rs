//! Configurations as people type them: what is taken, what is refused, and what errors say.

use super::*;

fn with(overrides: &[(&str, &str)]) -> Result<SweepFile, ConfigError> {
    let overrides = overrides
        .iter()
        .map(|(key, value)| (format!("--set {key}"), key.to_string(), value.to_string()))
        .collect();
    load(&ConfigSources { overrides, ..Default::default() })
}

#[test]
fn every_field_has_a_key_that_accepts_its_default_and_says_what_it_means() {
    // Some are left out where they are the default.
    let mut settings = Settings::default();
    settings.early_stopping.enabled = true;
    settings.environment.flag_visibility = 0.5;
    settings.training.overseen_weight = crate::settings::OverseenWeight::InverseOversight;
    settings.training.reward = crate::settings::RewardChoice::Named("naive".into());
    settings.training.reward_scale = 2.0;
    settings.overseer.label_noise = 0.1;
    settings.overseer.label_budget = crate::settings::LabelBudget::Labels(1);
    settings.overseer.cells = OverseenCells::Listed(vec![0]);
    let settings = toml::to_string(&settings);
    let fields = flatten(&toml::from_str(&settings.unwrap()).unwrap());
    for (path, _) in &fields {
        assert!(Key::find(path).is_some(), "{path} is no key");
    }
    assert_eq!(fields.len() + AXES.len(), own_keys().count());
    for key in keys() {
        let default = key.value(&default_config());
        assert_eq!(key.accepts.read(&default).unwrap(), default, "{}", key.path);
        let meaning = key.meaning();
        assert!(meaning.ends_with('.') && !meaning.contains("  "), "{}: {meaning}", key.path);
        assert_eq!(keys().filter(|other| other.path == key.path).count(), 1);
        let shared = |other: &&Key| key.flag().is_some() && other.flag() == key.flag();
        assert!(keys().filter(shared).count() <= 1, "{:?}", key.flag());
    }
}

#[test]
fn a_configuration_survives_toml() {
    let file = with(&[
        ("oversight", "[0.3, 0.01]"),
        ("seeds", "1,3..5"),
        ("evaluation.every", "reference"),
        ("masks.ghost.gate", "-0.1"),
        ("early_stopping.patience", "unlimited"),
        ("early_stopping.holdout_source", "visible"),
        ("overseer.cells", "[6, 1]"),
        ("overseer.label_budget", "300"),
        ("training.overseen_weight", "1/p"),
        ("training.reward", "ground_truth"),
    ])
    .unwrap();
    let text = toml::to_string(&file.to_table()).unwrap();
    assert!(text.contains("gate = -0.1\n"), "{text}");
    assert_eq!(SweepFile::parse_complete(&text, Path::new("plan.toml")).unwrap(), file);
}

#[test]
fn a_list_of_all_cells_is_all_cells() {
    let all = (0..25).map(|cell| cell.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(with(&[("overseer.cells", &all)]).unwrap(), with(&[]).unwrap());
    let listed = with(&[("overseer.cells", "3, 1")]).unwrap().settings.overseer.cells;
    assert_eq!(listed, OverseenCells::Listed(vec![1, 3]));
}

#[test]
fn values_take_the_forms_that_people_type() {
    assert_eq!(with(&[("oversight", "0.3")]).unwrap().oversight, [0.3]);
    assert_eq!(with(&[("oversight", "1")]).unwrap().oversight, [1.0]);
    assert_eq!(with(&[("methods", "routing, oracle")]).unwrap().methods, ["routing", "oracle"]);
    assert_eq!(with(&[("seeds", "4")]).unwrap().seeds.as_slice(), [4]);
    assert_eq!(with(&[("seeds", "[0, 2..4]")]).unwrap().seeds.as_slice(), [0, 2, 3]);
    assert_eq!(with(&[("updates", "1e3")]).unwrap().settings.updates.0, 1000);
    let settings = with(&[("training.learning_rate", ".001")]).unwrap().settings;
    assert_eq!(settings.training.learning_rate, 0.001);
}

#[test]
fn wrong_values_are_refused_by_key_value_and_remedy() {
    for (key, value, mentions) in [
        ("oversight", "1.5", "numbers from 0 to 1"),
        ("oversight", "nan", "numbers from 0 to 1"),
        ("oversight", "often", "numbers from 0 to 1"),
        ("oversight", "[0.1, 0.1]", "each once"),
        ("oversight", "[]", "at least one"),
        ("seeds", "3..1", "reversed"),
        ("methods", "[]", "at least one of names"),
        ("methods", "[\"routing\", \"routing\"]", "each once"),
        ("updates", "0", "from 1"),
        ("updates", "-1", "a whole number"),
        ("environment.envs", "0", "from 1"),
        ("environment.rows", "1", "2 to 8"),
        ("environment.cols", "9", "2 to 8"),
        ("environment.first_observation", "staled", "did you mean \"stale\"?"),
        ("environment.spurious_oversight", "0.1", "\"sampled\""),
        ("training.learning_rate", "0", "above 0"),
        ("training.adam_beta2", "1.0", "below 1"),
        ("network.hidden", "wide", "a whole number from 1 to 65536"),
        ("masks.both.gate", "inf", "finite"),
        ("masks.both.gate", "1e300", "finite"),
        ("network.value_hidden", "[1, 2, 3]", "two whole numbers"),
        ("network.value_hidden", "[1, 2.5]", "two whole numbers"),
        ("recording.policy_goals", "3", "pairs"),
        ("early_stopping.enabled", "yes", "true or false"),
        ("early_stopping.holdout_fraction", "0", "between 0 and 1"),
        ("early_stopping.holdout_fraction", "1", "between 0 and 1"),
        ("early_stopping.patience", "0", "unlimited"),
        ("early_stopping.patience", "endless", "unlimited"),
        ("early_stopping.min_steps", "0", "a whole number from 1"),
        ("early_stopping.tolerance", "-0.1", "0 or more"),
        ("early_stopping.holdout_source", "secret", "\"hidden\""),
        ("early_stopping.holdout_episodes", "0", "from 1"),
        ("early_stopping.check_every", "0", "reference"),
        ("environment.flag_visibility", "1.5", "from 0 to 1"),
        ("overseer.label_noise", "0.5", "from 0 to below 1/2"),
        ("overseer.label_noise", "-0.1", "from 0 to below 1/2"),
        ("overseer.label_budget", "0", "unlimited"),
        ("overseer.cells", "[]", "at least one of cells"),
        ("overseer.cells", "[25]", "below 25"),
        ("overseer.cells", "[3, 3]", "once"),
        ("overseer.cells", "some", "\"all\""),
        ("training.overseen_weight", "0", "above 0"),
        ("training.overseen_weight", "-1", "\"1/p\""),
        ("training.overseen_weight", "p", "\"1/p\""),
        ("training.overseen_weight", "1/q", "did you mean \"1/p\"?"),
        ("training.overseen_weight", "1e300", "above 0"),
        ("training.reward_scale", "1e300", "above 0"),
        ("training.reward_scale", "1e-60", "above 0"),
        ("overseer.label_budget", "unlimted", "did you mean \"unlimited\"?"),
        ("overseer.cells", "al", "did you mean \"all\"?"),
        ("training.reward", "naiv", "did you mean \"naive\"?"),
        ("training.reward_scale", "0", "above 0"),
        ("evaluation.every", "0", "reference"),
        ("evaluation.every", "often", "reference"),
        ("evaluation.mode", "guess", "\"exact\" or \"sampled\""),
        ("recording.policy_goals", "[[3, 3]]", "two different cells"),
        ("training", "3", "a table of keys"),
    ] {
        let error = with(&[(key, value)]).unwrap_err().to_string();
        assert!(error.starts_with("--set ") && error.contains(key), "{key} = {value}: {error}");
        assert!(error.contains(mentions), "{key} = {value}: {error}");
        for internal in ["u64", "f64", "usize", "expected", "invalid", "sequence", "defaults:"] {
            assert!(!error.contains(internal), "{key} = {value}: {error}");
        }
    }
}

#[test]
fn a_sweep_of_more_runs_than_fit_into_memory_is_refused() {
    let levels = (0..1000).map(|level| (f64::from(level) / 1000.0).to_string());
    let levels = format!("[{}]", levels.collect::<Vec<_>>().join(", "));
    let runs =
        |seeds: &str| with(&[("methods", "routing"), ("oversight", &levels), ("seeds", seeds)]);
    assert!(runs("0..1000").is_ok());
    let error = runs("0..1001").unwrap_err().to_string();
    assert!(error.contains("seeds = 0..1001") && error.contains("1000000 runs"), "{error}");
}

#[test]
fn values_are_replaced_and_checked_together() {
    let file = default_config();
    let patience = || ("early_stopping.patience".to_string(), Value::Integer(7));
    let other = file.with_values("a search", &[patience()]).unwrap();
    assert_eq!(other.settings.early_stopping.patience, crate::settings::Patience::Intervals(7));
    assert_eq!(other.with_values("a search", &[]).unwrap(), other);
    let wrong = ("training.discount".to_string(), Value::Float(1.5));
    let error = file.with_values("a search", &[patience(), wrong]).unwrap_err().to_string();
    assert!(error.starts_with("a search: training.discount = 1.5"), "{error}");
}

#[test]
fn unknown_keys_name_the_nearest() {
    let error = with(&[("training.learning_rat", "1")]).unwrap_err().to_string();
    assert!(error.contains("did you mean \"training.learning_rate\"?"), "{error}");
}

#[test]
fn reference_cadence_is_a_hundred_p_rounded_up_and_at_least_one() {
    for (oversight, updates) in [(0.0, 1), (0.003, 1), (0.01, 1), (0.07, 7), (0.025, 3), (0.8, 80)]
    {
        assert_eq!(Cadence::Reference.interval(oversight), updates, "{oversight}");
    }
}

use crate::settings::Cadence;
