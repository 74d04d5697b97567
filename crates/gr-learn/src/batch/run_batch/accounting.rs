//! The label account against what really happened in the rollouts, over thousands of updates.

use gr_grid::EpisodeStart;
use gr_runs::{HoldoutSource, LabelCount, NetworkSettings, Settings};

use super::*;
use crate::device::DeviceChoice;
use crate::early_stopping::HoldoutSignal;
use crate::evaluation::evaluate;

const SEED: u64 = 5;
const UPDATES: u64 = 2000;

/// The experiment as it is at p = 0.01 with h = 0.5, but for a network small enough to be quick.
fn spec() -> RunSpec {
    let mut settings = Settings {
        network: NetworkSettings { hidden: 4, value_channels: 1, value_hidden: [2, 2] },
        ..Settings::default()
    };
    settings.early_stopping.enabled = true;
    settings.early_stopping.patience = gr_runs::Patience::Unlimited;
    RunSpec { method: "naive_early_stopping".into(), oversight: 0.01, seed: SEED, settings }
}

fn batch(spec: &RunSpec) -> RunBatch {
    let device = ComputeDevice::open(DeviceChoice::Cpu).unwrap();
    RunBatch::new(vec![(spec.clone(), None)], &device).unwrap()
}

#[test]
fn labels_are_counted_where_they_are_used_and_never_spent_before_they_are_earned() {
    let spec = spec();
    let mut batch = batch(&spec);
    let (mut episodes, mut overseen_goals, mut checks) = (0, 0, 0);
    for _ in 0..UPDATES {
        let (rollouts, chunks) = batch.roll_out();
        for episode in &rollouts[0].ended {
            episodes += 1;
            let Observation { agent, layout } = episode.terminal;
            let on_goal = [layout.ghost, layout.diamond].contains(&agent);
            overseen_goals += u64::from(on_goal && layout.flags.contains(agent));
        }
        let statistics = vec![batch.runs[0].statistics(&rollouts[0])];
        let report = batch.learn(Collected { chunks, statistics }).remove(0).unwrap();
        assert_eq!(report.labels_training, overseen_goals);

        let before = batch.labels_holdout(0).counted().unwrap();
        if let Some(check) = batch.check_holdouts(&[0]).remove(0).unwrap() {
            checks += 1;
            assert_eq!(check.training_episodes, episodes);
            assert_eq!(check.labels, LabelCount::Counted(before + 512));
            let earned = 0.5 * 0.01 * episodes as f64;
            assert!((before + 512) as f64 <= earned);
            assert!(check.account.unwrap() >= 0.0);
        } else {
            // It waits only for want of labels: at p = 0.01 a check is due after every update.
            assert!(0.5 * 0.01 * episodes as f64 - (before as f64) < 512.0);
        }
    }
    assert!(checks > 5, "{checks} checks");

    // Every layout that training drew, drawn again from its stream at p (1 - h).
    let rules = spec.settings.rules(0.005);
    let snapshot = batch.snapshot(0);
    let (mut goals, mut flagged) = (0, 0);
    for (env, (state, last)) in snapshot.environments.iter().zip(&snapshot.episodes).enumerate() {
        for episode in 0..=*last {
            let mut stream = stream_at(SEED, Purpose::Layouts, env as u64, episode);
            let layout = EpisodeStart::draw(&rules, &mut stream).layout;
            goals += 2;
            flagged += u64::from(layout.ghost_flag()) + u64::from(layout.diamond_flag());
            assert!(episode < *last || layout == state.layout, "training draws other layouts");
        }
    }
    let share = flagged as f64 / goals as f64;
    assert!((share / 0.005 - 1.0).abs() < 0.02, "{share} of {goals} goals flagged");
}

#[test]
fn a_privileged_holdout_trains_at_full_oversight_and_pays_nothing() {
    let mut spec = spec();
    spec.settings.early_stopping.holdout_source = HoldoutSource::Privileged;
    let mut batch = batch(&spec);
    assert_eq!(batch.runs[0].environments.rules().oversight, 0.01);
    batch.update().remove(0).unwrap();
    let check = batch.check_holdouts(&[0]).remove(0).unwrap().expect("due at update 0, and free");
    assert_eq!((check.labels, check.account), (LabelCount::Unlimited, None));
    let evaluated = batch.evaluate(&[0]).remove(0).unwrap().remove(0).1;
    assert_eq!(check.signal, HoldoutSignal::Privileged(evaluated.avg_return));
    assert_eq!(check.kept_avg_return, Some(evaluated.avg_return));
}

#[test]
fn a_kept_checkpoint_stays_as_it_was_while_training_goes_on() {
    let mut spec = spec();
    spec.settings.early_stopping.holdout_source = HoldoutSource::Privileged;
    let mut batch = batch(&spec);
    let mut parameters = Vec::new();
    for _ in 0..20 {
        batch.update().remove(0).unwrap();
        let check = batch.check_holdouts(&[0]).remove(0).unwrap().unwrap();
        parameters.push(batch.network_of(0).parameters_of(0));
        let kept = batch.kept_policy(0);
        assert_eq!(kept.update_idx, check.kept_update);
        assert_eq!(kept.network.parameters_of(0), parameters[kept.update_idx as usize]);
        let evaluated = evaluate(&kept.network, &spec, kept.update_idx).unwrap().remove(0).1;
        assert_eq!(check.kept_avg_return, Some(evaluated.avg_return));
    }
    // And survives a restart.
    let device = ComputeDevice::open(DeviceChoice::Cpu).unwrap();
    let bytes = batch.snapshot(0).to_bytes(&());
    let (snapshot, ()) = RunSnapshot::from_bytes(&bytes).unwrap();
    assert_eq!(snapshot, batch.snapshot(0));
    let restored = RunBatch::new(vec![(spec, Some(snapshot))], &device).unwrap();
    let (a, b) = (batch.kept_policy(0), restored.kept_policy(0));
    assert_eq!((a.update_idx, a.signal), (b.update_idx, b.signal));
    assert_eq!(a.network.parameters_of(0), b.network.parameters_of(0));
}
