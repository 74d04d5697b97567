//! Draws depend on what they are of and on nothing else.

use gr_runs::ConfigSources;

use super::*;

const SPACE: &str = r#"
methods = ["naive_early_stopping"]
[search]
"early_stopping.tolerance" = { uniform = [0.01, 0.1] }
"early_stopping.patience" = { integer = [250, 600] }
"#;

fn plan_of(space: &str, trials: u64, flags: &[(&str, &str)]) -> Result<SearchPlan> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("space.toml");
    std::fs::write(&path, space).unwrap();
    let flags =
        flags.iter().map(|(key, value)| ("flag".into(), key.to_string(), value.to_string()));
    let asked = ConfigSources { overrides: flags.collect(), ..Default::default() };
    SearchPlan::new(Search::load(&path, asked, trials, 7)?)
}

fn plan(trials: u64, flags: &[(&str, &str)]) -> SearchPlan {
    plan_of(SPACE, trials, flags).unwrap()
}

/// The keys of the first run of each trial of a group: settings and seed together.
fn keys(group: &SearchGroup) -> Vec<String> {
    group.trials.iter().map(|trial| trial.runs[0].spec.key()).collect()
}

#[test]
fn more_trials_and_other_levels_do_not_change_the_first_ones() {
    let few = plan(3, &[]);
    let more = plan(5, &[("oversight", "[0.3, 0.01]")]);
    assert_eq!(keys(&few.groups[0]), keys(&more.groups[1])[..3]);
    // Another level draws anew.
    let drawn = |group: &SearchGroup| group.trials[0].drawn.clone();
    assert_ne!(drawn(&more.groups[0]), drawn(&more.groups[1]));
}

#[test]
fn methods_share_draws_so_that_they_compare_in_pairs() {
    let methods = [("methods", "naive_early_stopping,routing"), ("early_stopping.enabled", "true")];
    let plan = plan(3, &methods);
    for (a, b) in plan.groups[0].trials.iter().zip(&plan.groups[1].trials) {
        assert_eq!((&a.drawn, &a.file.seeds), (&b.drawn, &b.file.seeds));
    }
}

#[test]
fn a_further_searched_key_and_the_order_of_keys_shift_no_draw() {
    let further = format!("{SPACE}\"early_stopping.min_steps\" = {{ integer = [1, 9] }}\n");
    let reversed = r#"
        methods = ["naive_early_stopping"]
        [search.early_stopping]
        patience = { integer = [250, 600] }
        tolerance = { uniform = [0.01, 0.1] }
    "#;
    let drawn = |space: &str, key: &str| -> Vec<String> {
        let plan = plan_of(space, 4, &[]).unwrap();
        let at = plan.search.keys().iter().position(|known| *known == key).unwrap();
        let trials = plan.groups[0].trials.iter();
        trials.map(|trial| format!("{} {}", trial.drawn[at], trial.file.seeds)).collect()
    };
    for key in ["early_stopping.patience", "early_stopping.tolerance"] {
        assert_eq!(drawn(SPACE, key), drawn(&further, key));
        assert_eq!(drawn(SPACE, key), drawn(reversed, key));
    }
}

#[test]
fn draws_never_change() {
    // Recorded once: another value here means that every published search has changed.
    let plan = plan(1, &[]);
    let Trial { drawn, file, .. } = &plan.groups[0].trials[0];
    let [patience, tolerance] = &drawn[..] else { panic!("two keys are searched") };
    assert_eq!(
        (patience.to_string(), tolerance.to_string(), file.seeds.to_string()),
        (RECORDED.0.into(), RECORDED.1.into(), RECORDED.2.into())
    );
}

const RECORDED: (&str, &str, &str) = ("592", "0.067829419159401", "158477973");

#[test]
fn drawn_settings_are_those_of_the_runs() {
    let plan = plan(4, &[]);
    for trial in &plan.groups[0].trials {
        let settings = &trial.runs[0].spec.settings.early_stopping;
        assert!(settings.enabled);
        assert_eq!(Value::from(settings.tolerance), trial.drawn[1]);
        assert!((0.01..=0.1).contains(&settings.tolerance));
    }
}

#[test]
fn reruns_take_seeds_that_no_trial_can_have() {
    for (seeds, unseen) in
        [("random", "0..8"), ("0..4", "4..12"), ("1,3", "0,2,4..10"), ("70000..70004", "0..8")]
    {
        let plan = plan(50, &[("seeds", seeds)]);
        let trial = &plan.groups[0].trials[9];
        let rerun = plan.rerun(trial, 8).unwrap();
        assert_eq!(rerun.file.seeds.to_string(), unseen);
        assert_eq!(rerun.file.settings, trial.file.settings);
        let searched = plan.runs();
        let seen = |seed| searched.iter().any(|run| run.spec.seed == seed);
        assert!(!rerun.runs.iter().any(|run| seen(run.spec.seed)), "{seeds}");
    }
    let most = plan(50, &[]).rerun(&plan(1, &[]).groups[0].trials[0], MOST_RERUN_SEEDS).unwrap();
    assert!(most.runs.iter().all(|run| !RANDOM_SEEDS.contains(&run.spec.seed)));
}

#[test]
fn random_seeds_differ_between_trials_and_listed_ones_do_not() {
    let seeds = |flags: &[(&str, &str)]| {
        let plan = plan(20, flags);
        let seeds = plan.groups[0].trials.iter().map(|trial| trial.file.seeds.to_string());
        seeds.collect::<std::collections::HashSet<_>>().len()
    };
    assert_eq!((seeds(&[]), seeds(&[("seeds", "0..4")])), (20, 1));
}

#[test]
fn early_stopping_is_not_searched_where_nothing_stops() {
    let error = plan_of(SPACE, 2, &[("methods", "routing")]).unwrap_err().to_string();
    for mention in ["space.toml", "early_stopping.patience", "routing", "early_stopping.enabled"] {
        assert!(error.contains(mention), "{error}");
    }
    assert!(
        plan(2, &[("methods", "routing"), ("early_stopping.enabled", "true")]).groups.len() == 1
    );
}

#[test]
fn draws_that_do_not_go_together_name_the_trial() {
    // Each of these is accepted with the default of the other.
    let space = "[search]\n\"environment.rows\" = { choice = [4] }\n\
                 \"recording.policy_goals\" = { choice = [[[0, 24]]] }\n";
    let error = format!("{:#}", plan_of(space, 3, &[]).unwrap_err());
    assert!(error.starts_with("trial 0: ") && error.contains("below 20"), "{error}");
}

#[test]
fn what_cannot_be_chosen_or_compared_is_said_beforehand() {
    let said = |space: &str, flags: &[(&str, &str)]| plan_of(space, 3, flags).unwrap().notices;
    let rate = "[search]\n\"training.learning_rate\" = { log_uniform = [1e-5, 1e-3] }";
    assert!(said(rate, &[("methods", "filtering")])[0].contains("there is no holdout"));
    let privileged = [("early_stopping.holdout_source", "privileged")];
    assert!(said(SPACE, &privileged)[0].contains("true return itself"));
    assert!(said(SPACE, &[]).is_empty());
    let discount = "methods = [\"naive_early_stopping\"]\n[search]\n\
                    \"training.discount\" = { uniform = [0.9, 0.99] }";
    assert!(said(discount, &[])[0].contains("not returns of the same thing"));
    let short = said(SPACE, &[("updates", "100")]);
    assert!(short[0].contains("never stop early") && short[0].contains("2 more trials"));
}

#[test]
fn shipped_spaces_are_searches() {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").expect("tests are run by cargo");
    let folder = std::path::Path::new(&root).join("../../configs/searches");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{} does not say what it is for", path.display());
        let search = Search::load(&path, ConfigSources::default(), 4, 0).unwrap();
        assert!(SearchPlan::new(search).unwrap().notices.is_empty());
    }
}

#[test]
fn a_search_of_more_runs_than_fit_into_memory_is_refused() {
    let error = plan_of(SPACE, 1_000_000, &[("seeds", "0..2")]).unwrap_err().to_string();
    assert!(error.contains("space.toml: 1000000 trials are 2000000 runs"), "{error}");
}
