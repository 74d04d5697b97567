//! The parts of an update apart: `cargo bench --workspace --bench parts`. Sizes are those of one run at
//! p = 0.01 on the 5 × 5 grid under an untrained policy; `updates` times whole updates of trained
//! ones.

use burn::tensor::{Tensor, TensorData};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use gr_grid::{
    FirstObservation, Grid, NUM_ACTIONS, Observation, ObservationSpace, PolicyTable,
    evaluate_exactly,
};
use gr_learn::{
    AdamSettings, Architecture, ComputeDevice, Environments, Inputs, NetworkKind, Objective,
    ObservationRows, Passes, PolicyNetwork, PolicyRow, Rollout, RunCrediting, StackedAdam,
    Statistics, ValueNetwork,
};
use gr_runs::{Purpose, RunSpec, Settings, stream_at};

// As in the programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Observations in one part of a pass.
const ROWS: usize = 1024;

const KINDS: [NetworkKind; 2] = [NetworkKind::SingleExpert, NetworkKind::Routed];

fn main() {
    divan::main();
}

fn network(kind: NetworkKind) -> PolicyNetwork {
    let architecture = Architecture { kind, num_cells: 25, hidden: 256 };
    PolicyNetwork::new(architecture, &[architecture.initial_parameters(0)], &ComputeDevice::cpu())
}

fn grid() -> Grid {
    Grid::new(5, 5).expect("a grid")
}

fn inputs(network: &PolicyNetwork) -> Inputs {
    let observations: Vec<Observation> = ObservationSpace::new(grid()).observations().collect();
    network.inputs([&observations[..ROWS]], ROWS)
}

#[divan::bench(args = KINDS)]
fn forward_1024(bencher: Bencher, kind: NetworkKind) {
    let network = network(kind);
    let (inputs, passes) = (inputs(&network), Passes::new(&network));
    let bencher = bencher.counter(ItemsCount::new(ROWS));
    bencher.bench_local(|| passes.forward(inputs.clone()));
}

#[divan::bench(args = KINDS)]
fn backward_1024(bencher: Bencher, kind: NetworkKind) {
    let network = network(kind);
    let passes = Passes::new(&network);
    let (_, activations) = passes.forward(inputs(&network));
    let width = kind.cotangent_width();
    let values: Vec<f32> = (0..ROWS * width).map(|i| (i % 5) as f32 - 2.0).collect();
    let values = TensorData::new(values, [1, ROWS, width]);
    let cotangents = Tensor::from_data(values, &network.device().device);
    let bencher = bencher.counter(ItemsCount::new(ROWS));
    bencher.bench_local(|| passes.backward(&activations, &cotangents));
}

#[divan::bench(args = KINDS)]
fn adam(bencher: Bencher, kind: NetworkKind) {
    let settings = AdamSettings::from(&Settings::default().training);
    let network = network(kind);
    let shapes = network.architecture().parameter_shapes();
    let zeros: Vec<Tensor<3>> = shapes
        .iter()
        .map(|[inputs, outputs]| Tensor::zeros([1, *inputs, *outputs], &network.device().device))
        .collect();
    let state = [zeros.clone(), zeros.clone(), zeros.clone()];
    let mut adam = StackedAdam::new(&state, network.device());
    bencher.bench_local(|| adam.step(&zeros, &[settings], &[1]));
}

/// A rollout of the default size under the uniform policy.
fn play(environments: &mut Environments) -> (Rollout, ObservationRows) {
    let mut table = ObservationRows::new(grid(), false);
    let mut rollout = Rollout::start(environments);
    let mut actions = stream_at(0, Purpose::Actions, 0, 0);
    let mut probabilities = Vec::new();
    for _ in 0..Settings::default().training.rollout_steps {
        rollout.observe(&mut table);
        probabilities.resize(table.observations().len(), [0.25; NUM_ACTIONS]);
        rollout.act(environments, &probabilities, &mut actions);
    }
    (rollout, table)
}

fn environments() -> Environments {
    Environments::new(Settings::default().rules(0.01), 0, 512)
}

fn crediting() -> RunCrediting {
    let (method, settings) = ("naive_outcomes".into(), Settings::default());
    RunCrediting::new(&RunSpec { method, oversight: 0.01, seed: 0, settings })
}

#[divan::bench]
fn rollout(bencher: Bencher) {
    let mut environments = environments();
    bencher.bench_local(|| play(&mut environments));
}

#[divan::bench]
fn statistics(bencher: Bencher) {
    let (rollout, table) = play(&mut environments());
    let rows = table.observations().len();
    let mut crediting = crediting();
    bencher.bench_local(|| {
        let credits = crediting.credit(0, &rollout);
        Statistics::collect(&rollout, rows, &credits, 0.97)
    });
}

#[divan::bench]
fn objective(bencher: Bencher) {
    let settings = Settings::default();
    let (rollout, table) = play(&mut environments());
    let observations = table.observations();
    let policy = vec![PolicyRow::new([0.1, 0.2, 0.3, 0.4], None); observations.len()];
    let value = ValueNetwork::new(25, &settings.network, 0);
    let credits = crediting().credit(0, &rollout);
    let statistics = Statistics::collect(&rollout, observations.len(), &credits, 0.97);
    bencher.bench_local(|| {
        let objective = Objective {
            network: NetworkKind::SingleExpert,
            leaves_out: false,
            masks: &settings.masks,
            settings: &settings.training,
            observations,
            policy: &policy,
            value: &value.collapse(),
        };
        objective.evaluate(black_box(&statistics))
    });
}

/// Without the forward pass over all observations that fills the table.
#[divan::bench(args = [FirstObservation::Fresh, FirstObservation::Stale])]
fn exact_evaluation_of_a_table(bencher: Bencher, first_observation: FirstObservation) {
    let table = PolicyTable::from_fn(grid(), |_| [0.1, 0.2, 0.3, 0.4]);
    let mut settings = Settings::default();
    settings.environment.first_observation = first_observation;
    let rules = settings.rules(0.01);
    bencher.bench_local(|| evaluate_exactly(&table, &rules, 0.97, 512));
}
