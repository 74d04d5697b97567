//! How often intervals hold the truth, in simulated experiments.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::SeedableRng;
use gr_stats::{crossed_mean_interval, mean, mean_interval, probability_of_improvement};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::draws::standard_normal;

mod draws;

const EXPERIMENTS: u64 = 1000;
/// Three standard errors of a share of 0.9 over the experiments.
const TOLERANCE: f64 = 0.03;

/// A list of `n` draws from the standard normal distribution for each experiment.
fn experiments(n: usize) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    (0..EXPERIMENTS).map(|_| (0..n).map(|_| standard_normal(&mut rng)).collect()).collect()
}

#[test]
fn student_intervals_of_few_runs_cover_what_they_promise() {
    for n in [2, 5, 8] {
        let holds = |values: &&Vec<f64>| {
            let found = mean_interval(values, 0.95).unwrap();
            found.mean.abs() <= found.half_width.unwrap()
        };
        let covered = experiments(n).iter().filter(holds).count() as f64 / EXPERIMENTS as f64;
        assert!((covered - 0.95).abs() < TOLERANCE, "{n}: {covered}");
    }
}

#[test]
fn intervals_of_improvement_cover_at_least_what_they_promise() {
    for n in [3, 5, 8] {
        for shift in [0.0, 1.0, 2.0] {
            // P(x + shift > y) for independent standard normal x and y.
            let truth = Normal::standard().cdf(shift / 2f64.sqrt());
            let holds = |runs: &&Vec<f64>| {
                let (first, second) = runs.split_at(n);
                let first: Vec<f64> = first.iter().map(|value| value + shift).collect();
                let found = probability_of_improvement(&first, second, 0.95).unwrap();
                found.low <= truth && truth <= found.high
            };
            let covered = experiments(2 * n).iter().filter(holds).count() as f64;
            let covered = covered / EXPERIMENTS as f64;
            assert!(covered > 0.95 - TOLERANCE, "{n} runs, shift {shift}: {covered}");
        }
    }
}

#[test]
fn settings_that_share_seeds_are_not_taken_for_independent() {
    let (settings, seeds) = (16, 4);
    let (mut crossed, mut as_if_independent) = (0, 0);
    for draws in experiments(settings + seeds + settings * seeds) {
        let (of_settings, rest) = draws.split_at(settings);
        let (of_seeds, rest) = rest.split_at(seeds);
        let value = |setting: usize, seed: usize| {
            of_settings[setting] + of_seeds[seed] + rest[setting * seeds + seed]
        };
        let values: Vec<Vec<f64>> = (0..settings)
            .map(|setting| (0..seeds).map(|seed| value(setting, seed)).collect())
            .collect();
        let holds = |found: gr_stats::MeanInterval| found.mean.abs() <= found.half_width.unwrap();
        crossed += u32::from(holds(crossed_mean_interval(&values, 0.95).unwrap()));
        let means: Vec<f64> = values.iter().map(|row| mean(row).unwrap()).collect();
        as_if_independent += u32::from(holds(mean_interval(&means, 0.95).unwrap()));
    }
    let share = |held: u32| f64::from(held) / EXPERIMENTS as f64;
    let (crossed, as_if_independent) = (share(crossed), share(as_if_independent));
    println!("crossed {crossed}, as if independent {as_if_independent}");
    assert!((0.93..=0.99).contains(&crossed), "{crossed}");
    assert!(as_if_independent < 0.8, "{as_if_independent}");
}
