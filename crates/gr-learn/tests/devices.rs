//! The same numbers from every device, from stacked and single runs, and from tables evaluated
//! before the rollout or during it.

use burn::tensor::{Device, Tensor, TensorData};
use gr_learn::{ComputeDevice, DeviceChoice, METHODS, Method, NetworkKind, RunBatch, Statistics};
use gr_runs::{RunSpec, Settings, Updates};

/// A network small enough for a software adapter.
fn spec(method: &str, seed: u64) -> RunSpec {
    let mut settings = Settings { updates: Updates(200), ..Settings::default() };
    settings.environment.rows = 3;
    settings.environment.cols = 3;
    settings.environment.envs = 64;
    settings.network.hidden = 32;
    settings.training.learning_rate = 1e-3;
    RunSpec { method: method.into(), oversight: 0.4, seed, settings }
}

fn batch(method: &str, seeds: std::ops::Range<u64>, device: &ComputeDevice) -> RunBatch {
    let runs = seeds.map(|seed| (spec(method, seed), None)).collect();
    RunBatch::new(runs, device).unwrap()
}

fn wgpu() -> Option<ComputeDevice> {
    let device = ComputeDevice::open(DeviceChoice::Wgpu(None));
    if let Err(error) = &device {
        println!("skipped: {error}");
    }
    device.ok()
}

fn weights(batch: &RunBatch, run: usize) -> Vec<Vec<f32>> {
    let snapshot = batch.snapshot(run);
    let [policy, ..] = snapshot.policy;
    let [value, ..] = snapshot.value;
    policy.into_iter().chain(value).collect()
}

fn gradient_means(batch: &RunBatch, run: usize) -> Vec<Vec<f32>> {
    let snapshot = batch.snapshot(run);
    let [_, policy, _] = snapshot.policy;
    let [_, value, _] = snapshot.value;
    policy.into_iter().chain(value).collect()
}

fn largest(values: impl Iterator<Item = f32>) -> f32 {
    values.map(f32::abs).fold(0.0, f32::max)
}

/// Trains two batches on the statistics of the first and returns, per tensor, the largest
/// difference of their weights as a share of the largest weight change, and how many entries were
/// left out because their gradient was noise: Adam turns the sign of noise into a full step.
fn difference_after_updates(
    recording: &mut RunBatch,
    replaying: &mut RunBatch,
    updates: usize,
) -> (f32, usize) {
    let runs = recording.specs().count();
    let initial: Vec<_> = (0..runs).map(|run| weights(recording, run)).collect();
    let mut noise: Vec<Vec<Vec<bool>>> = initial
        .iter()
        .map(|tensors| tensors.iter().map(|tensor| vec![false; tensor.len()]).collect())
        .collect();
    let mut before: Vec<_> = (0..runs).map(|run| gradient_means(recording, run)).collect();
    for _ in 0..updates {
        let collected = recording.collect();
        let recorded: Vec<(Vec<_>, Statistics)> = (0..runs)
            .map(|run| (recording.observations(run).to_vec(), collected.statistics[run].clone()))
            .collect();
        recording.learn(collected);
        let collected = replaying.recollect(&recorded);
        replaying.learn(collected);

        // Adam's mean is 0.9 of the one before and 0.1 of the gradient.
        for (run, before) in before.iter_mut().enumerate() {
            let after = gradient_means(recording, run);
            for ((noise, before), after) in noise[run].iter_mut().zip(before.iter()).zip(&after) {
                let gradient = |i: usize| after[i] - 0.9 * before[i];
                let threshold = 1e-6 * largest((0..after.len()).map(gradient));
                for (i, noise) in noise.iter_mut().enumerate() {
                    *noise |= gradient(i).abs() < threshold;
                }
            }
            *before = after;
        }
    }
    let (mut worst, mut left_out) = (0.0f32, 0);
    for run in 0..runs {
        let pairs = weights(recording, run).into_iter().zip(weights(replaying, run));
        for (tensor, (a, b)) in pairs.enumerate() {
            let noise = &noise[run][tensor];
            let change = largest(a.iter().zip(&initial[run][tensor]).map(|(a, b)| a - b));
            let kept = (0..a.len()).filter(|i| !noise[*i]);
            let difference = largest(kept.map(|i| a[i] - b[i]));
            left_out += noise.iter().filter(|noise| **noise).count();
            worst = worst.max(if change == 0.0 { difference } else { difference / change });
        }
    }
    (worst, left_out)
}

/// GPU backends choose kernels by size: the other tests' networks are narrower than training's. Small
/// whole numbers make every sum exact, in whatever order.
#[test]
fn wgpu_multiplies_matrices_of_training_size_exactly() {
    let Some(wgpu) = wgpu() else { return };
    let products = |device: &Device| -> Vec<Vec<f32>> {
        let matrix = |rows: usize, columns: usize| {
            let values: Vec<f32> = (0..rows * columns).map(|i| (i % 7) as f32 - 3.0).collect();
            Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), device)
        };
        let (activations, weights) = (matrix(1000, 256), matrix(256, 256));
        let (cotangents, actions) = (matrix(1000, 256), matrix(256, 4));
        [
            activations.clone().matmul(weights.clone()),
            activations.clone().matmul(actions),
            activations.transpose().matmul(cotangents.clone()),
            cotangents.matmul(weights.transpose()),
        ]
        .map(|product| product.into_data().try_to_vec().unwrap())
        .into()
    };
    assert_eq!(products(&wgpu.device), products(&ComputeDevice::cpu().device));
}

#[test]
fn wgpu_learns_the_same_from_the_same_statistics() {
    let Some(wgpu) = wgpu() else { return };
    for method in METHODS {
        let mut on_cpu = batch(method.label, 0..2, &ComputeDevice::cpu());
        let mut on_wgpu = batch(method.label, 0..2, &wgpu);
        let (worst, left_out) = difference_after_updates(&mut on_cpu, &mut on_wgpu, 3);
        println!("{}: {worst:.1e} on {}, {left_out} left out", method.label, wgpu.adapter);
        assert!(worst <= 1e-3, "{}: {worst:e}", method.label);
    }
}

/// Methods of one network shape train in one batch. Steps are large, so that few updates, which take long on a
/// software driver, get far.
#[test]
fn wgpu_running_free_reaches_the_same_returns() {
    let Some(wgpu) = wgpu() else { return };
    let (mut trained, mut learnt) = (0, 0);
    for kind in NetworkKind::ALL {
        let methods: Vec<&Method> =
            METHODS.iter().copied().filter(|method| method.network == kind).collect();
        let [on_cpu, on_wgpu] = [&ComputeDevice::cpu(), &wgpu].map(|device| {
            let run = |method: &&Method| {
                let mut spec = spec(method.label, 0);
                spec.settings.training.learning_rate = 5e-3;
                (spec, None)
            };
            let mut batch = RunBatch::new(methods.iter().map(run).collect(), device).unwrap();
            for _ in 0..40 {
                assert!(batch.update().iter().all(Result::is_ok));
            }
            let headline = |run: usize| {
                let evaluations = batch.evaluate(&[run]).remove(0).unwrap();
                let policy = methods[run].headline();
                evaluations.into_iter().find(|(p, _)| *p == policy).unwrap().1.avg_return.reveal()
            };
            (0..methods.len()).map(headline).collect::<Vec<f64>>()
        });
        for (method, (a, b)) in methods.iter().zip(on_cpu.iter().zip(&on_wgpu)) {
            println!("{}: {a} and {b}", method.label);
            assert!((a - b).abs() <= 0.02, "{}: {a} and {b}", method.label);
            trained += 1;
            learnt += usize::from(*a > 0.1);
        }
    }
    assert_eq!(trained, METHODS.len());
    // All but no_routing_control and placebo_routing: from about 0 to 0.2 and more.
    assert_eq!(learnt, METHODS.len() - 2);
}

#[test]
fn ndarray_learns_the_same_from_the_same_statistics() {
    let ndarray = ComputeDevice::open(DeviceChoice::NdArray).unwrap();
    for method in METHODS {
        let mut on_cpu = batch(method.label, 0..1, &ComputeDevice::cpu());
        let mut on_ndarray = batch(method.label, 0..1, &ndarray);
        let (worst, _) = difference_after_updates(&mut on_cpu, &mut on_ndarray, 3);
        assert!(worst <= 1e-3, "{}: {worst:e}", method.label);
    }
}

#[test]
fn stacked_runs_learn_what_each_learns_alone_also_when_one_leaves() {
    let cpu = ComputeDevice::cpu();
    let mut stacked = batch("routing", 0..3, &cpu);
    let mut alone: Vec<RunBatch> =
        (0..3).map(|seed| batch("routing", seed..seed + 1, &cpu)).collect();
    for _ in 0..5 {
        stacked.update();
        alone.iter_mut().for_each(|batch| drop(batch.update()));
    }
    stacked.remove(1);
    for _ in 0..5 {
        stacked.update();
        alone.iter_mut().for_each(|batch| drop(batch.update()));
    }
    for (position, seed) in [(0, 0), (1, 2)] {
        for (a, b) in weights(&stacked, position).iter().zip(&weights(&alone[seed], 0)) {
            assert!(largest(a.iter().zip(b).map(|(a, b)| a - b)) < 1e-5);
        }
    }
}

#[test]
fn tables_evaluated_ahead_change_nothing() {
    let cpu = ComputeDevice::cpu();
    for method in ["routing", "naive_outcomes"] {
        let mut during = batch(method, 0..1, &cpu);
        let mut ahead = batch(method, 0..1, &cpu);
        ahead.set_prefetch(true);
        for _ in 0..5 {
            let (a, b) = (during.update(), ahead.update());
            let (a, b) = (a[0].as_ref().unwrap(), b[0].as_ref().unwrap());
            assert_eq!(a.distinct_observations, b.distinct_observations);
            assert_eq!(a.episodes, b.episodes);
            assert!((a.losses.loss - b.losses.loss).abs() < 1e-6);
        }
    }
}

#[test]
fn a_run_continues_from_its_snapshot_as_if_it_had_not_stopped() {
    let cpu = ComputeDevice::cpu();
    for method in METHODS {
        let mut whole = batch(method.label, 0..1, &cpu);
        (0..4).for_each(|_| drop(whole.update()));
        let bytes = whole.snapshot(0).to_bytes(&());
        let (snapshot, ()) = gr_learn::RunSnapshot::from_bytes(&bytes).unwrap();
        assert_eq!(snapshot, whole.snapshot(0));
        let mut continued =
            RunBatch::new(vec![(spec(method.label, 0), Some(snapshot))], &cpu).unwrap();
        (0..3).for_each(|_| drop((whole.update(), continued.update())));
        assert_eq!(continued.snapshot(0), whole.snapshot(0), "{}", method.label);

        let other = RunBatch::new(vec![(spec(method.label, 1), Some(continued.snapshot(0)))], &cpu);
        assert!(other.is_err(), "a state of seed 0 was taken for seed 1");
    }
}

/// On 2 × 2 the diamond is next to the agent in 2 of 3 layouts and across in 1, where the way over
/// the free corner takes two steps. The first probe: is one step, and two, learnt?
#[test]
fn the_smallest_grid_is_learnt_to_its_optimum() {
    let mut settings = Settings::default();
    settings.environment.rows = 2;
    settings.environment.cols = 2;
    settings.environment.envs = 64;
    settings.network.hidden = 32;
    settings.training.learning_rate = 3e-3;
    settings.training.entropy_coefficient = 0.01;
    let (near, far) = (2.0 / 3.0, 1.0 / 3.0);
    let mut starts = vec![1.0, near];
    (2..32).for_each(|step| starts.push(near * starts[step - 1] + far * starts[step - 2]));
    let earned: f64 =
        (0..32).map(|step| starts[step] * (near + if step < 31 { far * 1.97 } else { 0.0 })).sum();
    let optimum = earned / 32.0;
    for (method, oversight) in [("oracle", 1.0), ("naive_outcomes", 1.0), ("filtering", 0.7)] {
        let spec =
            RunSpec { method: method.into(), oversight, seed: 0, settings: settings.clone() };
        let mut batch = RunBatch::new(vec![(spec, None)], &ComputeDevice::cpu()).unwrap();
        (0..400).for_each(|_| drop(batch.update()));
        let evaluations = batch.evaluate(&[0]).remove(0).unwrap();
        let (_, evaluation) = &evaluations[0];
        let share = evaluation.avg_return.reveal() / optimum;
        println!("{method}: {share:.4} of the optimum {optimum:.5}");
        assert!((0.95..1.0 + 1e-9).contains(&share), "{method}: {share} of {optimum}");
    }
}
