//! What plans of seeds keep of their promises, in simulated experiments on known populations.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::SeedableRng;
use gr_stats::{Pilot, mean, mean_interval, plan_pair, welch_difference};

use crate::draws::{standard_normal, uniform};

mod draws;

const WANTED: f64 = 0.05;

/// Runs that are normal about `mean`, but with probability `failing` about `failed_mean`.
#[derive(Clone, Copy)]
struct Population {
    mean: f64,
    deviation: f64,
    failing: f64,
    failed_mean: f64,
    failed_deviation: f64,
}

/// Gradient routing at p = 0.01, after the mean and standard deviation of the eight published runs.
const ROUTING: Population = Population {
    mean: 0.29,
    deviation: 0.15,
    failing: 0.0,
    failed_mean: 0.0,
    failed_deviation: 0.0,
};
/// A quarter of the runs fails, as among the eight published ones of privileged early stopping.
const EARLY_STOPPING: Population = Population {
    mean: 0.37,
    deviation: 0.05,
    failing: 0.25,
    failed_mean: 0.01,
    failed_deviation: 0.02,
};
const STEADY: Population = Population { mean: 0.05, deviation: 0.04, ..ROUTING };

impl Population {
    fn runs(&self, n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
        (0..n)
            .map(|_| {
                let (mean, deviation) = if uniform(rng) < self.failing {
                    (self.failed_mean, self.failed_deviation)
                } else {
                    (self.mean, self.deviation)
                };
                mean + deviation * standard_normal(rng)
            })
            .collect()
    }

    fn true_mean(&self) -> f64 {
        self.failing * self.failed_mean + (1.0 - self.failing) * self.mean
    }

    fn true_deviation(&self) -> f64 {
        let within = self.failing * self.failed_deviation.powi(2)
            + (1.0 - self.failing) * self.deviation.powi(2);
        let between = (self.mean - self.failed_mean).powi(2) * self.failing * (1.0 - self.failing);
        (within + between).sqrt()
    }
}

/// What simulated experiments found.
#[derive(Default)]
struct Realised {
    /// Half-width over the wanted one.
    ratios: Vec<f64>,
    /// Number of intervals that hold the true difference.
    held: usize,
    /// Number of seeds of both methods together.
    num_seeds: Vec<f64>,
}

/// Runs experiments, each with the runs of both methods that `runs` makes.
fn realised(
    populations: [Population; 2],
    experiments: usize,
    mut runs: impl FnMut(&mut ChaCha8Rng) -> [Vec<f64>; 2],
) -> Realised {
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    let truth = populations[0].true_mean() - populations[1].true_mean();
    let mut realised = Realised::default();
    for _ in 0..experiments {
        let [a, b] = runs(&mut rng);
        let found = welch_difference(&a, &b).unwrap();
        let half_width = found.half_width(0.95);
        realised.ratios.push(half_width / WANTED);
        realised.held += usize::from((found.difference - truth).abs() <= half_width);
        realised.num_seeds.push((a.len() + b.len()) as f64);
    }
    realised
}

const CASES: [([Population; 2], [f64; 2]); 4] = [
    ([ROUTING, ROUTING], [1.0, 1.0]),
    ([ROUTING, STEADY], [1.0, 3.0]),
    ([EARLY_STOPPING, ROUTING], [1.0, 1.0]),
    ([EARLY_STOPPING, STEADY], [1.0, 1.0]),
];

/// Prints what was found and gives the mean of the ratios of half-widths, and the share of intervals that held.
fn told(what: &str, mut found: Realised) -> [f64; 2] {
    found.ratios.sort_unstable_by(f64::total_cmp);
    let ratio_at = |share: f64| found.ratios[(share * found.ratios.len() as f64) as usize];
    let reached = found.ratios.iter().filter(|ratio| **ratio <= 1.0).count();
    let share = |count: usize| count as f64 / found.ratios.len() as f64;
    let mean_ratio = mean(&found.ratios).unwrap();
    println!(
        "{what}: half-width / wanted {mean_ratio:.3}, 5 % to 95 % {:.2} to {:.2}, reached {:.2}; held {:.3}; \
         {:.0} seeds",
        ratio_at(0.05),
        ratio_at(0.95),
        share(reached),
        share(found.held),
        mean(&found.num_seeds).unwrap()
    );
    [mean_ratio, share(found.held)]
}

#[test]
fn plans_with_the_true_deviations_reach_the_wanted_half_width_on_average() {
    for (populations, costs) in CASES {
        let pilots = [0, 1].map(|side| Pilot {
            standard_deviation: populations[side].true_deviation(),
            num_runs: 0,
            cost: costs[side],
        });
        let plan = plan_pair(pilots, WANTED, 0.95).unwrap();
        let found = realised(populations, 4000, |rng| {
            [0, 1].map(|side| populations[side].runs(plan[side], rng))
        });
        let [ratio, held] = told(&format!("{plan:?}"), found);
        // Three standard errors of the share are 0.01.
        assert!(ratio <= 1.0 && (held - 0.95).abs() < 0.015, "{ratio} {held}");
    }
}

#[test]
fn kept_pilots_reach_the_half_width_but_only_fresh_seeds_hold_what_they_promise() {
    for (populations, costs) in [CASES[0], CASES[3]] {
        let pilot_runs = |rng: &mut ChaCha8Rng| populations.map(|of| of.runs(8, rng));
        let plan = |runs: &[Vec<f64>; 2]| {
            let pilots = [0, 1].map(|side| Pilot::of_runs(&runs[side], costs[side]).unwrap());
            plan_pair(pilots, WANTED, 0.95).unwrap()
        };
        let fresh = realised(populations, 400, |rng| {
            let plan = plan(&pilot_runs(rng));
            [0, 1].map(|side| populations[side].runs(plan[side], rng))
        });
        let extended = realised(populations, 400, |rng| {
            let mut runs = pilot_runs(rng);
            loop {
                let missing = [0, 1].map(|side| plan(&runs)[side] - runs[side].len());
                if missing == [0, 0] {
                    return runs;
                }
                for side in [0, 1] {
                    runs[side].extend(populations[side].runs(missing[side], rng));
                }
            }
        });
        let [ratio, held] = told("fresh seeds", fresh);
        assert!((1.0..1.2).contains(&ratio) && (held - 0.95).abs() < 0.03, "{ratio} {held}");
        let [ratio, held] = told("pilot extended until enough", extended);
        assert!(ratio <= 1.0 && (0.85..0.98).contains(&held), "{ratio} {held}");
    }
}

#[test]
fn with_a_quarter_of_failures_intervals_of_few_runs_hold_the_mean_too_seldom() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (n, expected) in [(4, 0.78), (8, 0.90), (64, 0.95)] {
        let holds = |_: &u32| {
            let found = mean_interval(&EARLY_STOPPING.runs(n, &mut rng), 0.95).unwrap();
            (found.mean - EARLY_STOPPING.true_mean()).abs() <= found.half_width.unwrap()
        };
        let held = (0..10_000).filter(holds).count() as f64 / 10_000.0;
        assert!((held - expected).abs() < 0.015, "{n}: {held}");
    }
}
