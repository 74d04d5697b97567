//! The per-sample update against the recorded updates of the reference.

mod common;

use common::golden::{GoldenUpdate, NUM_CELLS, folders_of_recordings};
use common::per_sample::{Imitation, Losses, Masks, Network, per_sample_update};
use common::table::relative_differences;

/// Largest difference allowed between gradients, as a fraction of the tensor's largest gradient.
const GRADIENT_TOLERANCE: f64 = 1e-4;
const LOSS_TOLERANCE: f64 = 1e-5;

#[test]
fn routing_is_the_references() {
    check("routing", &routed(Masks::ROUTING));
}

#[test]
fn no_routing_control_is_the_references() {
    check("no_routing_control", &routed(Masks::ALL_ONE));
}

#[test]
fn naive_outcomes_is_the_references() {
    check("naive_outcomes", &Network::SingleExpert);
}

#[test]
fn filtering_is_the_references() {
    check("filtering", &Network::SingleExpert);
}

fn routed(masks: Masks) -> Network {
    Network::Routed { masks, gate_loss_no_oversight: 0.0, fixed_gate: false }
}

fn check(method: &str, network: &Network) {
    for folder in folders_of_recordings() {
        check_recording(&GoldenUpdate::read(&folder, method), method, network);
    }
}

fn check_recording(golden: &GoldenUpdate, method: &str, network: &Network) {
    let update = per_sample_update(
        &golden.weights,
        NUM_CELLS,
        network,
        &golden.samples,
        &Imitation::default(),
    );

    for (name, difference) in relative_differences(&update.gradients, &golden.gradients) {
        println!("{method}: {name}: {difference:.1e}");
        assert!(difference <= GRADIENT_TOLERANCE, "{name}: {difference:e}");
    }

    let figures = figures(&update.losses);
    for name in golden.losses.keys() {
        assert!(figures.iter().any(|(figure, _)| figure == name), "{name} is missing");
    }
    for (name, figure) in figures {
        let expected = match golden.losses.get(name) {
            Some(&expected) => expected,
            None if name == "gate_loss" => 0.0,
            None => panic!("the reference has no {name}"),
        };
        println!("{method}: {name}: {figure} for {expected}");
        assert!((figure - expected).abs() <= LOSS_TOLERANCE, "{name}: {figure} for {expected}");
    }
}

/// The figures that apply, by the names in the reference's log.
fn figures(losses: &Losses) -> Vec<(&'static str, f64)> {
    let optional = [
        ("avg_gate_openness", losses.avg_gate_openness),
        ("avg_seen_diamond_gate", losses.avg_seen_diamond_gate),
        ("avg_seen_ghost_gate", losses.avg_seen_ghost_gate),
        ("avg_unseen_or_unfinished_gate", losses.avg_unseen_or_unfinished_gate),
        ("kept_pct", losses.kept_pct),
    ];
    let mut figures = vec![
        ("policy_loss", losses.policy_loss),
        ("value_loss", losses.value_loss),
        ("gate_loss", losses.gate_loss),
        ("entropy_bonus", losses.entropy_bonus),
        ("loss", losses.loss),
        ("avg_action_prob", losses.avg_action_prob),
        ("avg_return", losses.avg_return),
    ];
    figures.extend(optional.iter().filter_map(|&(name, figure)| Some((name, figure?))));
    figures
}
