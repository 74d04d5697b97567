//! The table update against recorded updates of the reference, and against the plain per-sample one.

mod common;

use common::golden::{GoldenUpdate, folders_of_recordings};
use common::per_sample::{
    Imitation, Masks, NamedTensors, Network, Sample, SampleRoute, per_sample_update,
};
use common::table::{Recorded, TableUpdate, relative_differences, table_update};
use gr_grid::{Ending, EnvironmentRules, FirstObservation, Grid, Layout, Observation};
use gr_learn::{
    Architecture, EndedEpisode, Environments, Losses, METHODS, Method, NetworkKind,
    ObservationRows, Rollout, Route, RunCrediting, pytorch_name, training_rules,
};
use gr_runs::{
    Edge, MaskSettings, OverseenWeight, Purpose, RouteMask, RunSpec, Settings, stream_at,
};
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
    let TableUpdate { gradients, losses, .. } = table_update(
        &golden.weights,
        Grid::new(5, 5).unwrap(),
        &spec(label, Settings::default()),
        &masks,
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

fn spec(method: &str, settings: Settings) -> RunSpec {
    RunSpec { method: method.into(), oversight: 0.4, seed: 5, settings }
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
    // Only where it ended is known of an episode; what else it was does not matter to these methods.
    let ended = |i: usize| {
        let Observation { agent, layout } = observation(i);
        let (ending, cell) = match (golden.info_reached_diamond[i], golden.info_reached_ghost[i]) {
            (1, _) => (Ending::Diamond, layout.diamond),
            (_, 1) => (Ending::Ghost, layout.ghost),
            _ => (Ending::TimeLimit, agent),
        };
        let states = [agent, cell].map(|agent| Observation { agent, layout });
        let place = [i, i % golden.num_envs];
        EndedEpisode::new(place, 0, states, ending, golden.info_oversight[i] == 1)
    };
    Recorded {
        envs: golden.num_envs,
        observations: samples.clone().map(observation).collect(),
        actions: golden.action.iter().map(|action| *action as u8).collect(),
        ended: samples.filter(|i| golden.done[*i] == 1).map(ended).collect(),
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
    check_every_method("as configured", |_| {});
}

#[test]
fn so_it_does_where_overseen_samples_weigh_more_and_rewards_are_scaled() {
    check_every_method("weighted", |settings| {
        settings.training.overseen_weight = OverseenWeight::Times(10.0);
        settings.training.reward_scale = 3.0;
    });
    check_every_method("weighted by 1/p", |settings| {
        settings.training.overseen_weight = OverseenWeight::InverseOversight;
    });
}

#[test]
fn so_it_does_where_flags_are_hidden() {
    for visibility in [0.0, 0.5] {
        check_every_method("hidden", |settings| {
            settings.environment.flag_visibility = visibility;
        });
    }
}

/// Both updates of every method, with either meaning of the first observation and with or without masks
/// drawn at random, under the settings that `change` makes of the defaults.
fn check_every_method(name: &str, change: impl Fn(&mut Settings)) {
    let mut worst: f64 = 0.0;
    for (index, method) in METHODS.iter().enumerate() {
        for first_observation in [FirstObservation::Fresh, FirstObservation::Stale] {
            for random_masks in [false, true] {
                let mut rng = stream_at(index as u64, Purpose::Evaluation, 0, 0);
                let mut settings = Settings::default();
                settings.training.gate_loss_no_oversight = 0.7;
                let environment = &mut settings.environment;
                (environment.rows, environment.cols, environment.max_step) = (3, 4, 9);
                environment.first_observation = first_observation;
                change(&mut settings);
                let case = Case::draw(method, settings, random_masks, &mut rng);
                for (tensor, difference) in case.differences() {
                    assert!(
                        difference <= TOLERANCE,
                        "{} {name} {first_observation:?} random masks {random_masks}: {tensor}: {difference:e}",
                        method.label
                    );
                    worst = worst.max(difference);
                }
            }
        }
    }
    println!("{name}: worst difference {worst:.1e}");
}

/// A rollout of random play, random weights, and what to update with.
struct Case {
    method: &'static Method,
    spec: RunSpec,
    masks: MaskSettings,
    weights: NamedTensors,
    recorded: Recorded,
}

impl Case {
    fn draw(
        method: &'static Method,
        settings: Settings,
        random_masks: bool,
        rng: &mut impl Rng,
    ) -> Self {
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
        let spec = spec(method.label, settings);
        let rules = training_rules(&spec);
        Self {
            method,
            // A method may override what is configured; random masks are for those that do not.
            masks: (method.masks)(&configured),
            weights: random_weights(method.network, rules.grid, &mut uniform),
            recorded: play(rules),
            spec,
        }
    }

    fn differences(&self) -> Vec<(String, f64)> {
        let grid = training_rules(&self.spec).grid;
        let TableUpdate { gradients, losses, imitated } =
            table_update(&self.weights, grid, &self.spec, &self.masks, &self.recorded);
        let training = &self.spec.settings.training;
        let network = match self.method.network {
            NetworkKind::SingleExpert => Network::SingleExpert,
            kind => Network::Routed {
                masks: Masks {
                    weights: Route::ALL
                        .map(|route| Edge::ALL.map(|edge| route.mask(&self.masks).weight(edge))),
                },
                gate_loss_no_oversight: training.gate_loss_no_oversight as f32,
                fixed_gate: kind == NetworkKind::RoutedFixedGate,
            },
        };
        let imitation = Imitation {
            coefficient: 1.0,
            pairs: imitated.iter().map(|(seen, action)| sample(seen, *action)).collect(),
        };
        assert_eq!(imitation.pairs.is_empty(), self.method.label != "corrective_actions");
        let samples = credit(&self.spec, &self.recorded);
        let plain =
            per_sample_update(&self.weights, grid.num_cells(), &network, &samples, &imitation);
        assert!((losses.loss - plain.losses.loss).abs() < 1e-5);
        assert!((losses.avg_return - plain.losses.avg_return).abs() < 1e-5);
        assert!((losses.policy_loss - plain.losses.policy_loss).abs() < 1e-5);
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
fn play(rules: EnvironmentRules) -> Recorded {
    let mut environments = Environments::new(rules, 5, 24);
    let mut recorded = None;
    for update in 0..3 {
        let mut table = ObservationRows::new(rules.grid, false);
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
            ended: rollout.ended,
        });
    }
    recorded.unwrap()
}

/// How an episode ended: where the agent stands says it, and labels are the crate's.
fn ending_of(end: &EndedEpisode) -> Ending {
    match end.terminal {
        Observation { agent, layout } if agent == layout.diamond => Ending::Diamond,
        Observation { agent, layout } if agent == layout.ghost => Ending::Ghost,
        _ => Ending::TimeLimit,
    }
}

/// What is paid for an episode as its method is defined, written apart from the crate's own crediting.
/// A learnt reward is taken from the crate, by number of the episode: what it learns is checked elsewhere.
fn reward(spec: &RunSpec, recorded: &Recorded, learnt: &[f32], number: usize) -> f32 {
    let end = &recorded.ended[number];
    let is_overseen = |end: &EndedEpisode| {
        ending_of(end) != Ending::TimeLimit
            && end.terminal.layout.flags.contains(end.terminal.agent)
    };
    let truth = |end: &EndedEpisode| if ending_of(end) == Ending::Ghost { -1.0 } else { 1.0 };
    let (overseen, p) = (is_overseen(end), spec.oversight as f32);
    if ending_of(end) == Ending::TimeLimit {
        return 0.0;
    }
    let earned = match spec.method.as_str() {
        "filtering" | "oracle" => truth(end),
        "naive_outcomes" | "naive_early_stopping" | "zero_unseen" | "reward_table" if overseen => {
            truth(end)
        }
        "inverse_propensity" if overseen => truth(end) / p,
        "surrogate_reward" if overseen && truth(end) < 0.0 => 1.0 - 2.0 / p,
        "zero_unseen" | "inverse_propensity" => 0.0,
        "reward_table" => {
            let unflagged = |end: &EndedEpisode| end.terminal.without_flags();
            let alike =
                |other: &&EndedEpisode| is_overseen(other) && unflagged(other) == unflagged(end);
            let labels: Vec<f32> = recorded.ended.iter().filter(alike).map(truth).collect();
            labels.iter().sum::<f32>() / (labels.len() as f32).max(1.0)
        }
        "reward_model" => return learnt[number],
        _ => 1.0,
    };
    earned * spec.settings.training.reward_scale as f32
}

/// Credits samples as the methods are defined.
fn credit(spec: &RunSpec, recorded: &Recorded) -> Vec<Sample> {
    let label = spec.method.as_str();
    let rollout = Rollout::recorded(recorded.envs, Vec::new(), Vec::new(), recorded.ended.clone());
    let learnt: Vec<f32> =
        RunCrediting::new(spec).credit(0, &rollout).ended.iter().map(|c| c.reward).collect();
    let weight = match spec.settings.training.overseen_weight {
        OverseenWeight::Times(weight) => weight as f32,
        OverseenWeight::InverseOversight => 1.0 / spec.oversight as f32,
    };
    let samples = (0..recorded.observations.len()).map(|index| {
        let same = |end: &EndedEpisode| {
            end.sample >= index && (end.sample - index).is_multiple_of(recorded.envs)
        };
        let number = recorded.ended.iter().position(same);
        let mut sample = sample(&recorded.observations[index], recorded.actions[index]);
        let Some(number) = number else { return sample };
        let end = &recorded.ended[number];
        let steps = (end.sample - index) / recorded.envs;
        sample.discounted_return =
            reward(spec, recorded, &learnt, number) * 0.97f32.powi(steps as i32);
        let flagged = end.terminal.layout.flags.contains(end.terminal.agent);
        sample.route = match ending_of(end) {
            Ending::TimeLimit => return sample,
            Ending::Diamond | Ending::Ghost if flagged && label == "placebo_routing" => {
                let coin = stream_at(spec.seed, Purpose::PlaceboRoutes, end.env, end.episode);
                [SampleRoute::Diamond, SampleRoute::Ghost][({ coin }.next_u32() >> 31) as usize]
            }
            Ending::Diamond if flagged => SampleRoute::Diamond,
            Ending::Ghost if flagged => SampleRoute::Ghost,
            _ => SampleRoute::Both,
        };
        sample.weight = match flagged {
            true => weight,
            false if label == "filtering" => 0.0,
            false => 1.0,
        };
        sample
    });
    samples.collect()
}

/// A sample that is worth nothing.
fn sample(seen: &Observation, action: u8) -> Sample {
    Sample {
        agent: seen.agent.into(),
        ghost: seen.layout.ghost.into(),
        diamond: seen.layout.diamond.into(),
        flags: seen.layout.flags.cells().map(usize::from).collect(),
        action: action.into(),
        discounted_return: 0.0,
        route: SampleRoute::Both,
        weight: 1.0,
    }
}
