//! The crate's table update, driven from recorded rollouts and named by the reference's names.

use burn::tensor::{Tensor, TensorData};
use gr_grid::{Grid, Observation};
use gr_learn::{
    Architecture, ComputeDevice, EndedEpisode, Gradients, Losses, Method, NetworkKind, Objective,
    ObservationRows, Passes, PolicyNetwork, PolicyRow, Rollout, RunCrediting, ValueNetwork,
    policies, pytorch_name,
};
use gr_runs::{MaskSettings, NetworkSettings, RunSpec};

use super::per_sample::NamedTensors;

/// One rollout as columns, time-major.
pub struct Recorded {
    pub envs: usize,
    pub observations: Vec<Observation>,
    pub actions: Vec<u8>,
    pub ended: Vec<EndedEpisode>,
}

/// What [`table_update`] computes.
pub struct TableUpdate {
    pub gradients: NamedTensors,
    pub losses: Losses,
    /// Observations and actions that the policy imitated.
    pub imitated: Vec<(Observation, u8)>,
}

/// Names of the reference for the value network's parameters, in the crate's order.
const VALUE_NAMES: [&str; 8] = [
    "value.neural_net.0.weight",
    "value.neural_net.0.bias",
    "value.neural_net.2.weight",
    "value.neural_net.2.bias",
    "value.neural_net.3.weight",
    "value.neural_net.3.bias",
    "value.neural_net.4.weight",
    "value.neural_net.4.bias",
];

/// Gradients and losses of one update by sufficient statistics. Rows are split over two chunks.
pub fn table_update(
    weights: &NamedTensors,
    grid: Grid,
    spec: &RunSpec,
    masks: &MaskSettings,
    recorded: &Recorded,
) -> TableUpdate {
    let method = Method::find(&spec.method).unwrap();
    let settings = &spec.settings.training;
    let architecture = architecture(weights, grid, method.network);
    let names: Vec<String> = architecture
        .parameter_names()
        .iter()
        .map(|name| pytorch_name(method.network, name))
        .collect();
    let device = ComputeDevice::cpu();
    let parameters: Vec<Vec<f32>> = names.iter().map(|name| to_ours(weights, name)).collect();
    let network = PolicyNetwork::new(architecture, &[parameters], &device);
    let mut value = value_network(weights, grid);
    value.set_parameters(VALUE_NAMES.iter().map(|name| to_ours(weights, name)).collect());

    let mut table = ObservationRows::new(grid, false);
    let rows = recorded.observations.iter().map(|observation| table.row(observation)).collect();
    let (actions, ended) = (recorded.actions.clone(), recorded.ended.clone());
    let rollout = Rollout::recorded(recorded.envs, rows, actions, ended);
    let mut crediting = RunCrediting::new(spec);
    let statistics = crediting.statistics(0, &rollout, &mut table, settings.discount);
    let observations = table.observations();
    let policy: Vec<PolicyRow> = policies(&network, observations).unwrap().swap_remove(0).1;
    let (losses, gradient) = Objective {
        network: method.network,
        leaves_out: crediting.method().leaves_out(),
        masks,
        settings,
        observations,
        policy: &policy,
        value: &value.collapse(),
    }
    .evaluate(&statistics);

    let width = method.network.cotangent_width();
    let half = observations.len() / 2;
    let passes = Passes::new(&network);
    let mut total: Option<Gradients> = None;
    for (part, cotangents) in [
        (&observations[..half], &gradient.cotangents[..half * width]),
        (&observations[half..], &gradient.cotangents[half * width..]),
    ] {
        let (_, activations) = passes.forward(network.inputs([part], part.len()));
        let cotangents = TensorData::new(cotangents.to_vec(), [1, part.len(), width]);
        let cotangents = Tensor::from_data(cotangents, &device.device);
        let gradients = passes.backward(&activations, &cotangents);
        total = Some(match total {
            None => gradients,
            Some(sum) => sum.plus(gradients),
        });
    }

    let policy_gradients =
        passes.unfold(total.unwrap()).into_iter().map(|t| t.into_data().try_into_vec().unwrap());
    let value_gradients = value.gradient(&gradient.value);
    let all = names.iter().map(String::as_str).zip(policy_gradients);
    let all = all.chain(VALUE_NAMES.into_iter().zip(value_gradients));
    let named = all.map(|(name, values)| (name.to_string(), to_reference(weights, name, values)));
    let imitation = statistics.imitation.iter().flat_map(|(_, pairs)| pairs);
    let imitated = imitation.map(|(row, action)| (observations[*row as usize], *action));
    TableUpdate { gradients: named.collect(), losses, imitated: imitated.collect() }
}

fn architecture(weights: &NamedTensors, grid: Grid, kind: NetworkKind) -> Architecture {
    let first = match kind.is_routed() {
        false => "neural_net.1.1.layers.0.weight",
        true => "diamond_expert.1.layers.0.weight",
    };
    Architecture { kind, num_cells: grid.num_cells(), hidden: weights[first].0[0] }
}

fn value_network(weights: &NamedTensors, grid: Grid) -> ValueNetwork {
    let outputs = |index: usize| weights[VALUE_NAMES[index]].0[0];
    let settings = NetworkSettings {
        hidden: 1,
        value_channels: outputs(0),
        value_hidden: [outputs(2), outputs(4)],
    };
    ValueNetwork::new(grid.num_cells(), &settings, 0)
}

/// Values of a tensor of the reference, `[out, in]`, as ours, `[in, out]`.
fn to_ours(weights: &NamedTensors, name: &str) -> Vec<f32> {
    let (shape, values) = &weights[name];
    transpose(values, shape)
}

/// The other way round, with the reference's shape.
fn to_reference(weights: &NamedTensors, name: &str, values: Vec<f32>) -> (Vec<usize>, Vec<f32>) {
    let shape = weights[name].0.clone();
    let turned: Vec<usize> = match shape.as_slice() {
        [outputs, inputs, ..] => vec![*inputs, *outputs],
        bias => bias.to_vec(),
    };
    let values = transpose(&values, &turned);
    (shape, values)
}

fn transpose(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let [rows, cols, ..] = *shape else { return values.to_vec() };
    (0..rows * cols).map(|i| values[i % rows * cols + i / rows]).collect()
}

/// Per tensor the largest difference as a fraction of the tensor's largest expected value.
///
/// # Panics
/// If names or shapes differ, or something is not a number.
pub fn relative_differences(actual: &NamedTensors, expected: &NamedTensors) -> Vec<(String, f64)> {
    assert!(actual.keys().eq(expected.keys()), "{:?} and {:?}", actual.keys(), expected.keys());
    std::iter::zip(actual, expected)
        .map(|((name, (shape, values)), (_, (expected_shape, expected)))| {
            assert_eq!(shape, expected_shape, "{name}");
            assert!(values.iter().all(|value| value.is_finite()), "{name} is not finite");
            let largest = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0, f32::max);
            let scale = largest(&mut expected.iter().map(|value| value.abs()));
            let difference =
                largest(&mut std::iter::zip(values, expected).map(|(a, b)| (a - b).abs()));
            // Where nothing flows, nothing may flow.
            let relative = if scale == 0.0 { difference } else { difference / scale };
            (name.clone(), f64::from(relative))
        })
        .collect()
}
