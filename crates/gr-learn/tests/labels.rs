//! Labels are read through the meter, counted, wrong as often as the overseer errs, and never more than
//! the budget.

use gr_grid::{Ending, Grid, Layout, Observation};
use gr_learn::{
    Credit, EndedEpisode, Environments, LabelMeter, METHODS, Method, ObservationRows, Rollout,
    RunCrediting, training_rules,
};
use gr_runs::{LabelBudget, OverseenWeight, Purpose, RunSpec, Settings, stream_at};

fn spec(method: &str, oversight: f64, change: impl Fn(&mut Settings)) -> RunSpec {
    let mut settings = Settings::default();
    change(&mut settings);
    RunSpec { method: method.into(), oversight, seed: 5, settings }
}

/// One episode for every way to stand on a goal, none of them overseen unless `flagged`.
fn every_terminal_state(flagged: bool) -> Vec<EndedEpisode> {
    let cells = || Grid::new(5, 5).unwrap().cells();
    let goals = cells().flat_map(|ghost| cells().map(move |diamond| (ghost, diamond)));
    let states = goals.filter(|(ghost, diamond)| ghost != diamond).flat_map(|(ghost, diamond)| {
        let layout = Layout::with_goal_flags(ghost, diamond, flagged, flagged);
        [(ghost, Ending::Ghost), (diamond, Ending::Diamond)]
            .map(|(agent, ending)| (Observation { agent, layout }, ending))
    });
    let episode = |(number, (terminal, ending))| {
        EndedEpisode::new([number, number], 0, [terminal; 2], ending, flagged)
    };
    states.enumerate().map(episode).collect()
}

fn rollout(ended: Vec<EndedEpisode>) -> Rollout {
    Rollout::recorded(ended.len(), Vec::new(), Vec::new(), ended)
}

fn ended_on_ghost(episode: &EndedEpisode) -> bool {
    episode.terminal.agent == episode.terminal.layout.ghost
}

/// By how much the mean reward of diamonds is above that of ghosts.
fn preference(ended: &[EndedEpisode], credits: &[Credit]) -> f32 {
    let mean = |ghost: bool| {
        let of = ended.iter().zip(credits).filter(|(episode, _)| ended_on_ghost(episode) == ghost);
        let rewards: Vec<f32> = of.map(|(_, credit)| credit.reward).collect();
        rewards.iter().sum::<f32>() / rewards.len() as f32
    };
    mean(false) - mean(true)
}

#[test]
fn no_method_tells_goals_apart_of_which_it_read_no_label() {
    for method in METHODS {
        let rollout = rollout(every_terminal_state(false));
        let mut crediting = RunCrediting::new(&spec(method.label, 0.01, |_| {}));
        let credits = crediting.credit(0, &rollout);
        let preference = preference(&rollout.ended, &credits.ended);
        if method.label == "oracle" {
            assert_eq!((preference, crediting.labels()), (2.0, 1200));
        } else {
            assert_eq!(crediting.labels(), 0, "{}", method.label);
            assert!(preference.abs() < 0.02, "{}: {preference}", method.label);
            let routed = credits.ended.iter().any(|credit| credit.route as usize != 0);
            assert!(!routed, "{}", method.label);
        }
    }
}

#[test]
fn a_method_that_looks_at_the_cells_instead_is_found_out() {
    let ended = every_terminal_state(false);
    let cheat =
        |episode: &EndedEpisode| Credit::earning(if ended_on_ghost(episode) { -1.0 } else { 1.0 });
    let credits: Vec<Credit> = ended.iter().map(cheat).collect();
    assert!(preference(&ended, &credits).abs() > 0.02);
}

/// Rollouts of random play under `spec`.
fn play(spec: &RunSpec, updates: u64) -> Vec<(Rollout, ObservationRows)> {
    let rules = training_rules(spec);
    let mut environments = Environments::new(rules, spec.seed, 64);
    let rollouts = (0..updates).map(|update| {
        let mut table = ObservationRows::new(rules.grid, false);
        let mut rollout = Rollout::start(&environments);
        let mut actions = stream_at(spec.seed, Purpose::Actions, update, 0);
        for _ in 0..32 {
            rollout.observe(&mut table);
            let uniform = vec![[0.25; 4]; table.observations().len()];
            rollout.act(&mut environments, &uniform, &mut actions);
        }
        (rollout, table)
    });
    rollouts.collect()
}

#[test]
fn labels_are_those_of_a_recount_from_the_recorded_rollouts() {
    for method in METHODS {
        let spec = spec(method.label, 0.3, |_| {});
        let mut crediting = RunCrediting::new(&spec);
        let (mut overseen, mut goals, mut episodes) = (0, 0, 0);
        for (update, (rollout, mut table)) in play(&spec, 5).into_iter().enumerate() {
            crediting.statistics(update as u64, &rollout, &mut table, 0.97);
            for episode in &rollout.ended {
                let Observation { agent, layout } = episode.terminal;
                let on_goal = [layout.ghost, layout.diamond].contains(&agent);
                episodes += 1;
                goals += u64::from(on_goal);
                overseen += u64::from(on_goal && layout.flags.contains(agent));
            }
        }
        let expected = match method.label {
            "oracle" => goals,
            "placebo_routing" => 0,
            "corrective_actions" => (0.3 * f64::from(episodes)).round() as u64,
            _ => overseen,
        };
        // Half a pick may be owed either way.
        let allowed = u64::from(method.label == "corrective_actions");
        assert!(crediting.labels().abs_diff(expected) <= allowed, "{}", method.label);
        assert!(overseen > 50);
    }
}

#[test]
fn what_the_budget_does_not_reach_counts_as_unseen_weights_included() {
    for method in METHODS.iter().filter(|method| method.label != "placebo_routing") {
        let limited = spec(method.label, 0.3, |settings| {
            settings.overseer.label_budget = LabelBudget::Labels(100);
            settings.training.overseen_weight = OverseenWeight::Times(10.0);
        });
        let mut crediting = RunCrediting::new(&limited);
        let rollout = rollout(every_terminal_state(true));
        let credits = crediting.credit(0, &rollout).ended;
        if method.label == "corrective_actions" {
            // It reads no outcomes, so that nothing is used up by them.
            assert_eq!(crediting.labels(), 0);
            continue;
        }
        assert_eq!(crediting.labels(), 100, "{}", method.label);
        let of_first = |credits: &[Credit]| credits[..100].iter().all(|c| c.weight == 10.0);
        assert!(of_first(&credits), "{}", method.label);
        let rest = if ["filtering", "oracle"].contains(&method.label) { 0.0 } else { 1.0 };
        assert!(credits[100..].iter().all(|credit| credit.weight == rest), "{}", method.label);
        if !["reward_table", "reward_model"].contains(&method.label) && rest > 0.0 {
            assert_eq!(preference(&rollout.ended[100..], &credits[100..]), 0.0, "{}", method.label);
        }
    }
}

#[test]
fn all_methods_meet_the_same_errors_as_often_as_the_overseer_errs() {
    let wrong = |method: &str| -> Vec<bool> {
        let noisy = spec(method, 0.3, |settings| settings.overseer.label_noise = 0.2);
        let rollout = rollout(every_terminal_state(true));
        let credits = RunCrediting::new(&noisy).credit(0, &rollout).ended;
        let is_wrong = |(episode, credit): (&EndedEpisode, &Credit)| {
            (credit.reward < 0.0) != ended_on_ghost(episode)
        };
        rollout.ended.iter().zip(&credits).map(is_wrong).collect()
    };
    let errors = wrong("naive_outcomes");
    let share = errors.iter().filter(|wrong| **wrong).count() as f64 / errors.len() as f64;
    assert!((share - 0.2).abs() < 0.04, "{share}");
    for method in ["oracle", "filtering", "zero_unseen", "reward_table", "surrogate_reward"] {
        assert_eq!(wrong(method), errors, "{method}");
    }
}

#[test]
fn a_time_out_has_no_label_and_a_label_is_counted_once() {
    let spec = spec("naive_outcomes", 0.3, |_| {});
    let mut meter = LabelMeter::new(&spec);
    let layout = Layout::with_goal_flags(3, 7, true, true);
    let at = |agent| Observation { agent, layout };
    let late = EndedEpisode::new([0, 0], 0, [at(1), at(1)], Ending::TimeLimit, true);
    assert_eq!((late.label(&mut meter), late.any_label(&mut meter)), (None, None));
    let seen = EndedEpisode::new([0, 0], 0, [at(2), at(3)], Ending::Ghost, true);
    for _ in 0..3 {
        assert_eq!(seen.label(&mut meter), Some(Ending::Ghost));
    }
    let unseen = EndedEpisode::new([0, 0], 0, [at(2), at(3)], Ending::Ghost, false);
    assert_eq!((unseen.label(&mut meter), meter.used()), (None, 1));
    assert_eq!(unseen.pick(&mut meter), Some(Ending::Ghost));
    assert!(unseen.overseen(&meter));
    assert_eq!(meter.used(), 2);
}

#[test]
fn settings_that_a_method_cannot_have_are_refused_with_the_reason() {
    let refusal = |method: &str, oversight: f64, change: &dyn Fn(&mut Settings)| {
        Method::find(method).unwrap().refusal(&spec(method, oversight, change))
    };
    let reason = |method: &str, oversight: f64, change: &dyn Fn(&mut Settings)| {
        refusal(method, oversight, change).expect(method)
    };
    let noisy = |settings: &mut Settings| settings.overseer.label_noise = 0.1;
    let limited = |settings: &mut Settings| {
        settings.overseer.label_budget = LabelBudget::Labels(10);
    };
    assert!(reason("placebo_routing", 0.1, &noisy).contains("label_noise = 0.1"));
    assert!(reason("placebo_routing", 0.1, &limited).contains("label_budget = 10"));
    let paid = |settings: &mut Settings| {
        settings.training.reward = gr_runs::RewardChoice::Named("naive".into());
    };
    for method in ["zero_unseen", "reward_table", "surrogate_reward", "inverse_propensity"] {
        assert!(reason(method, 0.1, &paid).contains("its own reward"), "{method}");
        assert_eq!(refusal(method, 0.1, &noisy), None);
    }
    assert_eq!(refusal("routing", 0.1, &paid), None);
    let weighted = |settings: &mut Settings| {
        settings.training.overseen_weight = OverseenWeight::InverseOversight;
    };
    assert!(reason("naive_outcomes", 0.0, &weighted).contains("1/p"));
    assert_eq!(refusal("naive_outcomes", 0.1, &weighted), None);
    for method in ["surrogate_reward", "inverse_propensity"] {
        assert!(reason(method, 0.0, &|_| {}).contains("oversight = 0.0"), "{method}");
    }
    let paid_terminal = |settings: &mut Settings| {
        noisy(settings);
        settings.training.reward = gr_runs::RewardChoice::Named("terminal".into());
    };
    assert!(reason("naive_outcomes", 0.1, &paid_terminal).contains("reads no labels"));
}
