//! The model as a method: what it pays, learns, remembers and picks.

use gr_grid::Layout;
use gr_runs::{ConfigSources, LabelBudget, load};

use super::*;

fn spec(values: &[(&str, &str)]) -> RunSpec {
    gr_runs::declare_method_keys([RewardModelSettings::KEYS]);
    let overrides = values.iter().map(|(name, value)| {
        ("--set".to_string(), format!("reward_model.{name}"), value.to_string())
    });
    let sources = ConfigSources { overrides: overrides.collect(), ..Default::default() };
    let settings = load(&sources).unwrap().settings;
    RunSpec { method: "reward_model".into(), oversight: 0.1, seed: 3, settings }
}

/// Episodes that ended on every goal, those of the first `overseen` layouts flagged.
fn episodes(update: usize, overseen: usize) -> Vec<EndedEpisode> {
    let goals = (0..25).flat_map(|ghost| (0..25).map(move |diamond| (ghost, diamond)));
    let goals = goals.filter(|(ghost, diamond)| ghost != diamond).skip(13 * update).step_by(7);
    let both = goals.enumerate().flat_map(|(number, (ghost, diamond))| {
        let flagged = number < overseen;
        let layout = Layout::with_goal_flags(ghost, diamond, flagged, flagged);
        [(ghost, Ending::Ghost), (diamond, Ending::Diamond)]
            .map(|(agent, ending)| (Observation { agent, layout }, ending, flagged))
    });
    let episode = |(number, (state, ending, flagged)): (usize, (Observation, Ending, bool))| {
        let last = Observation { agent: 12, ..state };
        EndedEpisode::new([number, number], update as u64, [last, state], ending, flagged)
    };
    both.enumerate().map(episode).collect()
}

fn credit(
    model: &mut RewardModel,
    meter: &mut LabelMeter,
    update: usize,
    overseen: usize,
) -> (Vec<EndedEpisode>, Vec<Credit>) {
    let (ended, mut credits) = (episodes(update, overseen), Vec::new());
    model.credit(update as u64, &ended, meter, &mut credits);
    (ended, credits)
}

#[test]
fn a_state_goes_on_exactly_where_it_was_after_any_update() {
    let variants: [&[(&str, &str)]; 3] =
        [&[], &[("ensemble", "3"), ("labels", "disagreement")], &[("sees", "initial")]];
    for values in variants {
        let spec = spec(values);
        for stop in 0..3 {
            let (mut whole, mut meter) = (RewardModel::new(&spec), LabelMeter::new(&spec));
            let mut rest = RewardModel::new(&spec);
            for update in 0..3 {
                if update == stop {
                    rest.restore(&whole.state()).unwrap();
                }
                let mut other = meter.clone();
                let (_, credits) = credit(&mut whole, &mut meter, update, 5);
                if update >= stop {
                    assert_eq!(credit(&mut rest, &mut other, update, 5).1, credits);
                    assert_eq!(rest.state(), whole.state());
                    assert_eq!(rest.training_columns(), whole.training_columns());
                }
            }
        }
    }
}

#[test]
fn states_of_other_models_are_refused() {
    let mut model = RewardModel::new(&spec(&[]));
    for other in [("hidden", "65"), ("ensemble", "2")] {
        let state = RewardModel::new(&spec(&[other])).state();
        assert!(model.restore(&state).unwrap_err().contains("another shape"));
    }
    let flags = RewardModel::new(&spec(&[("sees", "terminal_flags")])).state();
    assert!(model.restore(&flags).unwrap_err().contains("another shape"));
    let flagged = Layout::with_goal_flags(24, 3, true, false);
    let layout = Layout::with_goal_flags(24, 3, false, false);
    for (layout, note, fits) in [(layout, 1, true), (flagged, 1, false), (layout, 2, false)] {
        let mut other = RewardModel::new(&spec(&[]));
        other.replay.push(Labelled::new(&Observation { agent: 24, layout }, note));
        assert_eq!(model.restore(&other.state()).is_ok(), fits, "{layout:?} {note}");
    }
    assert!(model.restore(&[]).is_err() && model.restore(b"nothing").is_err());
}

#[test]
fn overseen_goals_pay_their_label_and_unseen_ones_what_is_believed() {
    let spec = spec(&[]);
    let (mut model, mut meter) = (RewardModel::new(&spec), LabelMeter::new(&spec));
    let (ended, credits) = credit(&mut model, &mut meter, 0, 5);
    assert_eq!(meter.used(), 10);
    for (episode, credit) in ended.iter().zip(&credits) {
        let expected = match episode.label(&mut meter) {
            Some(label) => GROUND_TRUTH.pay(label, true),
            None => 1.0 - 2.0 * model.belief(&episode.terminal.without_flags()).0,
        };
        assert_eq!(credit.reward, expected);
    }
    let columns = model.training_columns();
    assert_eq!((columns[1].0.name, columns[1].1), ("model_labels", Some(10.0)));
    assert!(columns[0].1.is_some() && columns[2].1.is_some());
    // Nothing new to be right about, yet steps on what is held.
    credit(&mut model, &mut meter, 1, 0);
    let [(_, loss), (_, held), (_, accuracy)] = model.training_columns()[..] else { panic!() };
    assert!(loss.is_some() && held == Some(10.0) && accuracy.is_none());
}

#[test]
fn caution_pays_less_where_members_differ_and_hard_pays_the_likelier_goal() {
    let state = episodes(0, 0)[0].terminal;
    let model =
        |more: &[(&str, &str)]| RewardModel::new(&spec(&[&[("ensemble", "4")], more].concat()));
    let plain = model(&[]);
    let inputs = plain.inputs(&state);
    let paid: Vec<f32> = plain.members.iter().map(|m| 1.0 - 2.0 * m.probability(&inputs)).collect();
    let mean = paid.iter().sum::<f32>() / 4.0;
    let deviation = (paid.iter().map(|r| (r - mean).powi(2)).sum::<f32>() / 4.0).sqrt();
    assert!((plain.pay(&state) - mean).abs() < 1e-6 && deviation > 1e-3);
    let cautious = model(&[("caution", "2")]);
    assert!((cautious.pay(&state) - (mean - 2.0 * deviation)).abs() < 1e-6);
    let hard = model(&[("pays", "hard")]);
    assert_eq!(hard.pay(&state), if mean < 0.0 { -1.0 } else { 1.0 });
}

#[test]
fn picks_are_labelled_counted_and_overseen_within_the_budget() {
    for labels in ["random", "disagreement"] {
        let mut spec = spec(&[("labels", labels), ("ensemble", "2")]);
        spec.settings.overseer.label_budget = LabelBudget::Labels(40);
        let (mut model, mut meter) = (RewardModel::new(&spec), LabelMeter::new(&spec));
        let (mut goals, mut picked) = (0, 0);
        for update in 0..4 {
            let (ended, _) = credit(&mut model, &mut meter, update, 0);
            goals += ended.len();
            picked += ended.iter().filter(|episode| episode.label(&mut meter).is_some()).count();
            let expected = (0.1 * goals as f64).round().min(40.0) as u64;
            assert!(meter.used().abs_diff(expected) <= 1, "{} not {expected}", meter.used());
            assert_eq!(meter.used(), picked as u64);
        }
        assert_eq!(meter.used(), 40);
    }
}

#[test]
fn a_model_that_sees_less_than_the_end_has_no_exact_accuracy() {
    for (sees, is_defined) in
        [("terminal", true), ("terminal_flags", true), ("last", false), ("initial", false)]
    {
        let model = RewardModel::new(&spec(&[("sees", sees)]));
        assert_eq!(model.evaluation_columns()[0].1.is_some(), is_defined, "{sees}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let refused = |values: &[(&str, &str)]| METHOD.refusal(&spec(values));
    assert_eq!(refused(&[]), None);
    let hard = [("pays", "hard"), ("caution", "1")];
    assert!(refused(&hard).unwrap().contains("caution = 1.0"));
    assert!(refused(&[("caution", "0.5")]).unwrap().contains("caution = 0.5"));
    assert!(refused(&[("labels", "disagreement")]).unwrap().contains("ensemble = 1"));
    let picks = spec(&[("labels", "random")]);
    let mut blind = picks.clone();
    blind.settings.environment.flag_visibility = 0.5;
    assert!(METHOD.refusal(&blind).unwrap().contains("flag_visibility = 0.5"));
    let mut cells = picks.clone();
    cells.settings.overseer.cells = gr_runs::OverseenCells::Listed(vec![1]);
    assert!(METHOD.refusal(&cells).unwrap().contains("cells = [1]"));
    assert_eq!(METHOD.refusal(&picks), None);
}

#[test]
fn whatever_is_restored_of_a_damaged_state_can_be_gone_on_with() {
    let spec = spec(&[("hidden", "5"), ("ensemble", "2"), ("labels", "disagreement")]);
    let mut model = RewardModel::new(&spec);
    let mut meter = LabelMeter::new(&spec);
    credit(&mut model, &mut meter, 0, 0);
    let state = model.state();
    let mut rng = stream_at(4, Purpose::Sample, 0, 0);
    let mut below = |bound: usize| uniform_below(&mut rng, bound as u32) as usize;
    for _ in 0..3000 {
        let mut damaged = state.clone();
        // Half of them hit the labels, which stand at the end.
        let among = if below(2) == 0 { 100 } else { state.len() };
        damaged[state.len() - 1 - below(among)] ^= 1 << below(8);
        let mut model = RewardModel::new(&spec);
        if model.restore(&damaged).is_ok() {
            credit(&mut model, &mut meter.clone(), 1, 0);
        }
    }
}
