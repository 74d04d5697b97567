//! The network of a reward model: inputs that are 0 or 1, one hidden layer, and the logit of "ghost". On
//! the host, because it is small beside the policy. Knows nothing of episodes.

use gr_grid::unit_interval;
use gr_runs::{Purpose, Seed, stream_at};

use crate::network::{AdamSettings, HostAdam};

/// Sums are taken in this many lanes, in an order of their own, so that compilers can keep them in a
/// register.
const LANES: usize = 8;

/// What the network sees: which of its inputs are 1.
pub(super) type ActiveInputs = Vec<usize>;

/// A network with Adam's state.
pub(super) struct RewardNetwork {
    hidden: usize,
    /// Weights of the hidden layer `[inputs × hidden]`, its biases, weights of the output, its bias.
    pub parameters: Vec<Vec<f32>>,
    pub optimizer: HostAdam,
    pub steps: u64,
    adam: AdamSettings,
    gradient: Vec<Vec<f32>>,
}

impl RewardNetwork {
    /// The initial network of one member: weights uniform in ±1/√fan_in, biases 0.
    pub fn new(seed: Seed, member: u64, inputs: usize, hidden: usize, learning_rate: f64) -> Self {
        let layer = |layer: u64, fan_in: usize, length: usize| {
            let mut stream = stream_at(seed, Purpose::RewardModelWeights, member, layer);
            let bound = 1.0 / (fan_in as f64).sqrt();
            let weight = |_| (bound * (2.0 * unit_interval(&mut stream) - 1.0)) as f32;
            (0..length).map(weight).collect::<Vec<f32>>()
        };
        let parameters = vec![
            layer(0, inputs, inputs * hidden),
            vec![0.0; hidden],
            layer(1, hidden, hidden),
            vec![0.0],
        ];
        let lengths: Vec<usize> = parameters.iter().map(Vec::len).collect();
        Self {
            hidden,
            optimizer: HostAdam::new(lengths.iter().copied()),
            gradient: lengths.iter().map(|length| vec![0.0; *length]).collect(),
            parameters,
            steps: 0,
            adam: AdamSettings::new(learning_rate, 0.9, 0.999, 1e-8),
        }
    }

    /// The probability of "ghost".
    pub fn probability(&self, inputs: &[usize]) -> f32 {
        let mut hidden = vec![0.0; self.hidden];
        sigmoid(self.logit(inputs, &mut hidden))
    }

    /// Writes the hidden layer's activations to `hidden` and returns the logit.
    fn logit(&self, inputs: &[usize], hidden: &mut [f32]) -> f32 {
        let [weights, biases, output, output_bias] = &self.parameters[..] else { unreachable!() };
        hidden.copy_from_slice(biases);
        for input in inputs {
            let row = &weights[input * self.hidden..][..self.hidden];
            hidden.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight);
        }
        hidden.iter_mut().for_each(|value| *value = value.max(0.0));
        let mut lanes = [0.0; LANES];
        for (values, weights) in hidden.chunks(LANES).zip(output.chunks(LANES)) {
            for (lane, (value, weight)) in lanes.iter_mut().zip(values.iter().zip(weights)) {
                *lane += value * weight;
            }
        }
        output_bias[0] + lanes.iter().sum::<f32>()
    }

    /// One step of Adam on the mean binary cross-entropy over `batch`, of inputs and whether each is a
    /// ghost. Returns that mean.
    pub fn step<'a>(&mut self, batch: impl ExactSizeIterator<Item = (&'a [usize], bool)>) -> f64 {
        let loss = self.differentiate(batch);
        self.steps += 1;
        self.optimizer.step(&mut self.parameters, &self.gradient, &self.adam, self.steps);
        loss
    }

    /// Puts the gradient of the mean binary cross-entropy into `self.gradient` and returns the mean.
    fn differentiate<'a>(
        &mut self,
        batch: impl ExactSizeIterator<Item = (&'a [usize], bool)>,
    ) -> f64 {
        let mut gradient = std::mem::take(&mut self.gradient);
        gradient.iter_mut().for_each(|values| values.fill(0.0));
        let share = 1.0 / batch.len() as f32;
        let mut loss = 0.0;
        let (mut hidden, mut slope) = (vec![0.0; self.hidden], vec![0.0; self.hidden]);
        for (inputs, is_ghost) in batch {
            let logit = self.logit(inputs, &mut hidden);
            let target = f32::from(u8::from(is_ghost));
            // softplus(x) − y x, written so that it does not overflow.
            let softplus = logit.max(0.0) + (-logit.abs()).exp().ln_1p();
            loss += f64::from(softplus - target * logit);
            let error = share * (sigmoid(logit) - target);
            let [of_weights, of_biases, of_output, of_output_bias] = &mut gradient[..] else {
                unreachable!()
            };
            of_output_bias[0] += error;
            let output = &self.parameters[2];
            for unit in 0..self.hidden {
                of_output[unit] += error * hidden[unit];
                slope[unit] = if hidden[unit] > 0.0 { error * output[unit] } else { 0.0 };
                of_biases[unit] += slope[unit];
            }
            for input in inputs {
                let row = &mut of_weights[input * self.hidden..][..self.hidden];
                row.iter_mut().zip(&slope).for_each(|(sum, slope)| *sum += slope);
            }
        }
        self.gradient = gradient;
        loss * f64::from(share)
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use gr_grid::{Grid, Layout, Observation, uniform_below};
    use gr_runs::stream;

    use super::*;

    const CELLS: usize = 25;

    /// Every way to stand on a goal, with whether it is the ghost.
    fn terminal_states() -> Vec<(ActiveInputs, bool)> {
        let cells = || Grid::new(5, 5).unwrap().cells();
        let goals = cells().flat_map(|ghost| cells().map(move |diamond| (ghost, diamond)));
        let states = goals.filter(|(ghost, diamond)| ghost != diamond);
        let both = states.flat_map(|(ghost, diamond)| {
            let layout = Layout::with_goal_flags(ghost, diamond, false, false);
            [(ghost, true), (diamond, false)].map(|(agent, is_ghost)| {
                let inputs = Observation { agent, layout }.active_inputs(CELLS).collect();
                (inputs, is_ghost)
            })
        });
        both.collect()
    }

    /// The loss in f64, written apart from the network.
    fn loss(parameters: &[Vec<f64>], hidden: usize, batch: &[(ActiveInputs, bool)]) -> f64 {
        let of = |(inputs, is_ghost): &(ActiveInputs, bool)| {
            let unit = |unit: usize| {
                let sum: f64 = inputs.iter().map(|i| parameters[0][i * hidden + unit]).sum();
                (sum + parameters[1][unit]).max(0.0) * parameters[2][unit]
            };
            let logit = parameters[3][0] + (0..hidden).map(unit).sum::<f64>();
            let probability = 1.0 / (1.0 + (-logit).exp());
            -(if *is_ghost { probability } else { 1.0 - probability }).ln()
        };
        batch.iter().map(of).sum::<f64>() / batch.len() as f64
    }

    #[test]
    fn its_gradient_is_that_of_finite_differences() {
        let hidden = 11;
        let mut network = RewardNetwork::new(3, 0, 3 * CELLS, hidden, 1e-3);
        let batch: Vec<_> = terminal_states().into_iter().step_by(40).collect();
        let mean = network.differentiate(batch.iter().map(|(i, g)| (i.as_slice(), *g)));
        let exact: Vec<Vec<f64>> = network
            .parameters
            .iter()
            .map(|values| values.iter().map(|value| f64::from(*value)).collect())
            .collect();
        assert!((mean - loss(&exact, hidden, &batch)).abs() < 1e-6);
        let mut worst: f64 = 0.0;
        for (tensor, gradient) in network.gradient.iter().enumerate() {
            let largest = gradient.iter().fold(0.0, |most: f64, g| most.max(f64::from(g.abs())));
            for (index, found) in gradient.iter().enumerate() {
                let at = |shift: f64| {
                    let mut shifted = exact.clone();
                    shifted[tensor][index] += shift;
                    loss(&shifted, hidden, &batch)
                };
                let expected = (at(1e-6) - at(-1e-6)) / 2e-6;
                worst = worst.max((f64::from(*found) - expected).abs() / largest);
            }
        }
        assert!(worst < 1e-4, "{worst:e}");
    }

    /// What is learnt from 1,050 labels of states drawn uniformly, 7 at a time, with four steps of 256 draws
    /// after each: `step` takes one. Returns the states.
    fn learn(mut step: impl FnMut(&[&(ActiveInputs, bool)])) -> Vec<(ActiveInputs, bool)> {
        let states = terminal_states();
        let mut draws = stream(1, Purpose::RewardModelBatches);
        let mut draw = |below: usize| uniform_below(&mut draws, below as u32) as usize;
        let mut replay: Vec<usize> = Vec::new();
        for _ in 0..150 {
            replay.extend((0..7).map(|_| draw(states.len())));
            for _ in 0..4 {
                let batch: Vec<_> = (0..256).map(|_| &states[replay[draw(replay.len())]]).collect();
                step(&batch);
            }
        }
        states
    }

    fn accuracy(states: &[(ActiveInputs, bool)], is_ghost: impl Fn(&[usize]) -> bool) -> f64 {
        let right = states.iter().filter(|(inputs, ghost)| is_ghost(inputs) == *ghost);
        right.count() as f64 / states.len() as f64
    }

    #[test]
    fn a_thousand_labels_teach_64_units_which_goal_was_reached() {
        let mut network = RewardNetwork::new(1, 0, 3 * CELLS, 64, 1e-3);
        let states = learn(|batch| {
            network.step(batch.iter().map(|(inputs, ghost)| (inputs.as_slice(), *ghost)));
        });
        let accuracy = accuracy(&states, |inputs| network.probability(inputs) > 0.5);
        assert!(accuracy >= 0.97, "{accuracy}");
    }

    #[test]
    fn they_do_not_teach_a_linear_model() {
        // Whether agent and ghost coincide is bilinear in one-hots.
        let mut weights = vec![0.0f32; 3 * CELLS];
        let logit = |weights: &[f32], inputs: &[usize]| inputs.iter().map(|i| weights[*i]).sum();
        let states = learn(|batch| {
            for (inputs, ghost) in batch {
                let error = sigmoid(logit(&weights, inputs)) - f32::from(u8::from(*ghost));
                inputs.iter().for_each(|input| weights[*input] -= 0.01 * error);
            }
        });
        let accuracy = accuracy(&states, |inputs| logit(&weights, inputs) > 0.0);
        assert!(accuracy < 0.65, "{accuracy}");
    }
}
