//! The table update against recorded updates of the reference, and against the plain per-sample one.

mod common;

use common::golden::{GoldenUpdate, folders_of_recordings};
use common::per_sample::{Masks, NamedTensors, Network, Sample, SampleRoute, per_sample_update};
use common::table::{Recorded, relative_differences, table_update};
use gr_grid::{Ending, EnvironmentRules, FirstObservation, Flags, Grid, Layout, Observation};
use gr_learn::{
    Architecture, Environments, Losses, METHODS, Method, NetworkKind, ObservationRows, Outcome,
    Rollout, Route, pytorch_name,
};
use gr_runs::{Edge, MaskSettings, Purpose, RouteMask, TrainingSettings, stream_at};
use rand::Rng;

const TOLERANCE: f64 = 1e-4;

#[test]
fn table_update_matches_the_recorded_updates_of_the_reference() {
    for folder in folders_of_recordings() {
        for label in ["routing", "no_routing_control", "naive_outcomes", "filtering"] {
            check_recording(&GoldenUpdate::read(&folder, label), label);
        }
    }
}

fn check_recording(golden: &GoldenUpdate, label: &str) {
    let method = Method::find(label).unwrap();
    let masks = (method.masks)(&MaskSettings::default());
    let (gradients, losses) = table_update(
        &golden.weights,
        Grid::new(5, 5).unwrap(),
        method,
        &masks,
        &TrainingSettings::default(),
        &recorded(golden),
    );
    let mut worst: f64 = 0.0;
    for (name, difference) in relative_differences(&gradients, &golden.gradients) {
        assert!(difference <= TOLERANCE, "{label}: {name}: {difference:e}");
        worst = worst.max(difference);
    }
    for (name, expected) in &golden.losses {
        let figure = figure(&losses, name).unwrap_or_else(|| panic!("{label} has no {name}"));
        assert!((figure - expected).abs() < 1e-5, "{label}: {name}: {figure}, not {expected}");
    }
    println!("{label}: worst gradient difference {worst:.1e}");
}

fn recorded(golden: &GoldenUpdate) -> Recorded {
    let samples = 0..golden.num_steps * golden.num_envs;
    let observation = |i: usize| Observation {
        agent: golden.agent_cell[i] as u8,
        layout: Layout::with_goal_flags(
            golden.ghost_cell[i] as u8,
            golden.diamond_cell[i] as u8,
            golden.ghost_flag[i] == 1,
            golden.diamond_flag[i] == 1,
        ),
    };
    let outcome = |i: usize| match golden.done[i] {
        0 => Outcome::Unfinished,
        _ => Outcome::Ended {
            ending: match (golden.info_reached_diamond[i], golden.info_reached_ghost[i]) {
                (1, _) => Ending::Diamond,
                (_, 1) => Ending::Ghost,
                _ => Ending::TimeLimit,
            },
            overseen: golden.info_oversight[i] == 1,
        },
    };
    Recorded {
        envs: golden.num_envs,
        observations: samples.clone().map(observation).collect(),
        actions: golden.action.iter().map(|action| *action as u8).collect(),
        outcomes: samples.map(outcome).collect(),
    }
}

fn figure(losses: &Losses, name: &str) -> Option<f64> {
    match name {
        "policy_loss" => Some(losses.policy_loss),
        "value_loss" => Some(losses.value_loss),
        "gate_loss" => losses.gate_loss,
        "entropy_bonus" => Some(losses.entropy_bonus),
        "loss" => Some(losses.loss),
        "avg_action_prob" => Some(losses.avg_action_prob),
        "avg_return" => Some(losses.avg_return),
        "avg_gate_openness" => losses.avg_gate_openness,
        "avg_seen_diamond_gate" => losses.avg_seen_diamond_gate,
        "avg_seen_ghost_gate" => losses.avg_seen_ghost_gate,
        "avg_unseen_or_unfinished_gate" => losses.avg_unseen_or_unfinished_gate,
        "kept_pct" => losses.kept_pct,
        _ => None,
    }
}

#[test]
fn table_update_matches_the_per_sample_one_for_every_method_mask_and_meaning() {
    let mut worst: f64 = 0.0;
    for (index, method) in METHODS.iter().enumerate() {
        for first_observation in [FirstObservation::Fresh, FirstObservation::Stale] {
            for random_masks in [false, true] {
                let mut rng = stream_at(index as u64, Purpose::Evaluation, 0, 0);
                let case = Case::draw(method, first_observation, random_masks, &mut rng);
                for (name, difference) in case.differences() {
                    assert!(
                        difference <= TOLERANCE,
                        "{} {first_observation:?} random masks {random_masks}: {name}: {difference:e}",
                        method.label
                    );
                    worst = worst.max(difference);
                }
            }
        }
    }
    println!("worst difference {worst:.1e}");
}

/// A rollout of random play, random weights, and what to update with.
struct Case {
    method: &'static Method,
    masks: MaskSettings,
    settings: TrainingSettings,
    grid: Grid,
    weights: NamedTensors,
    recorded: Recorded,
}

impl Case {
    fn draw(
        method: &'static Method,
        first_observation: FirstObservation,
        random_masks: bool,
        rng: &mut impl Rng,
    ) -> Self {
        let grid = Grid::new(3, 4).unwrap();
        let mut uniform = || f32::from_bits(0x3f80_0000 | rng.next_u32() >> 9) * 2.0 - 3.0;
        let mut route_mask = || RouteMask {
            diamond_expert: 1.5 * uniform(),
            ghost_expert: 1.5 * uniform(),
            gate: 1.5 * uniform(),
            output: 1.5 * uniform(),
        };
        let configured = if random_masks {
            MaskSettings { diamond: route_mask(), ghost: route_mask(), both: route_mask() }
        } else {
            MaskSettings::default()
        };
        let settings = TrainingSettings { gate_loss_no_oversight: 0.7, ..Default::default() };
        let weights = random_weights(method.network, grid, &mut uniform);
        Self {
            method,
            // A method may override what is configured; random masks are for those that do not.
            masks: (method.masks)(&configured),
            settings,
            grid,
            weights,
            recorded: play(grid, first_observation),
        }
    }

    fn differences(&self) -> Vec<(String, f64)> {
        let (gradients, losses) = table_update(
            &self.weights,
            self.grid,
            self.method,
            &self.masks,
            &self.settings,
            &self.recorded,
        );
        let network = match self.method.network {
            NetworkKind::SingleExpert => Network::SingleExpert,
            kind => Network::Routed {
                masks: Masks {
                    weights: Route::ALL
                        .map(|route| Edge::ALL.map(|edge| route.mask(&self.masks).weight(edge))),
                },
                gate_loss_no_oversight: self.settings.gate_loss_no_oversight as f32,
                fixed_gate: kind == NetworkKind::RoutedFixedGate,
            },
        };
        let samples = credit(self.method.label, &self.recorded);
        let plain = per_sample_update(&self.weights, self.grid.num_cells(), &network, &samples);
        assert!((losses.loss - plain.losses.loss).abs() < 1e-5);
        assert!((losses.avg_return - plain.losses.avg_return).abs() < 1e-5);
        relative_differences(&gradients, &plain.gradients)
    }
}

fn random_weights(
    kind: NetworkKind,
    grid: Grid,
    uniform: &mut impl FnMut() -> f32,
) -> NamedTensors {
    let architecture = Architecture { kind, num_cells: grid.num_cells(), hidden: 12 };
    let policy =
        architecture.parameter_names().into_iter().zip(architecture.parameter_shapes()).map(
            |(name, [inputs, outputs])| {
                let shape = if name.ends_with("bias") {
                    vec![outputs]
                } else if name == "gate.mixing.weight" {
                    vec![outputs, inputs, 1, 1]
                } else {
                    vec![outputs, inputs]
                };
                (pytorch_name(kind, &name), shape)
            },
        );
    let cells = grid.num_cells();
    let value = [
        ("0.weight", vec![3, 4, 1, 1]),
        ("0.bias", vec![3]),
        ("2.weight", vec![7, 3 * cells]),
        ("2.bias", vec![7]),
        ("3.weight", vec![5, 7]),
        ("3.bias", vec![5]),
        ("4.weight", vec![1, 5]),
        ("4.bias", vec![1]),
    ];
    let value = value.map(|(name, shape)| (format!("value.neural_net.{name}"), shape));
    policy
        .chain(value)
        .map(|(name, shape)| {
            let length: usize = shape.iter().product();
            let scale = (1.0 / shape.get(1).copied().unwrap_or(4) as f32).sqrt();
            (name, (shape, (0..length).map(|_| uniform() * scale).collect()))
        })
        .collect()
}

/// Three rollouts of random play; the last is kept, so that it begins in the middle of episodes.
fn play(grid: Grid, first_observation: FirstObservation) -> Recorded {
    let rules = EnvironmentRules {
        grid,
        max_step: 9,
        oversight: 0.4,
        spurious_oversight: 0.0,
        first_observation,
        flag_visibility: 1.0,
        overseen_cells: Flags::ALL,
    };
    let mut environments = Environments::new(rules, 5, 24);
    let mut recorded = None;
    for update in 0..3 {
        let mut table = ObservationRows::new(grid, false);
        let mut rollout = Rollout::start(&environments);
        let mut actions = stream_at(5, Purpose::Actions, update, 0);
        for _ in 0..16 {
            rollout.observe(&mut table);
            let uniform = vec![[0.25; 4]; table.observations().len()];
            rollout.act(&mut environments, &uniform, &mut actions);
        }
        let seen = |row: &u32| table.observations()[*row as usize];
        recorded = Some(Recorded {
            envs: rollout.envs(),
            observations: rollout.rows.iter().map(seen).collect(),
            actions: rollout.actions,
            outcomes: rollout.outcomes,
        });
    }
    recorded.unwrap()
}

/// Credits samples as the methods are defined, written apart from the crate's own crediting.
fn credit(label: &str, recorded: &Recorded) -> Vec<Sample> {
    let number = recorded.observations.len();
    let end_of = |sample: usize| {
        (sample..number)
            .step_by(recorded.envs)
            .find(|i| recorded.outcomes[*i] != Outcome::Unfinished)
    };
    let samples = (0..number).map(|sample| {
        let end = end_of(sample);
        let (ending, overseen) = match end.map(|end| recorded.outcomes[end]) {
            Some(Outcome::Ended { ending, overseen }) => (Some(ending), overseen),
            _ => (None, false),
        };
        let reward = match (label, ending) {
            (_, None | Some(Ending::TimeLimit)) => 0.0,
            ("filtering" | "oracle", Some(Ending::Ghost)) => -1.0,
            ("naive_outcomes" | "naive_early_stopping", Some(Ending::Ghost)) if overseen => -1.0,
            _ => 1.0f32,
        };
        let steps = end.map_or(0, |end| (end - sample) / recorded.envs);
        let observation = &recorded.observations[sample];
        let unseen_goal = !overseen && matches!(ending, Some(Ending::Diamond | Ending::Ghost));
        Sample {
            agent: observation.agent.into(),
            ghost: observation.layout.ghost.into(),
            diamond: observation.layout.diamond.into(),
            flags: observation.layout.flags.cells().map(usize::from).collect(),
            action: recorded.actions[sample].into(),
            discounted_return: reward * 0.97f32.powi(steps as i32),
            route: match (overseen, ending) {
                (true, Some(Ending::Diamond)) => SampleRoute::Diamond,
                (true, Some(Ending::Ghost)) => SampleRoute::Ghost,
                _ => SampleRoute::Both,
            },
            kept: label != "filtering" || !unseen_goal,
        }
    });
    samples.collect()
}
