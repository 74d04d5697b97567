//! The gate's 1×1 convolution multiplied into its first layer. There is no activation between the
//! two, so the gate sees the observation through one linear map.

use burn::tensor::Tensor;

use super::architecture::NUM_CHANNELS;

/// The folded layer.
#[derive(Debug)]
pub(crate) struct FoldedGate {
    /// `[runs, inputs, hidden]`.
    pub weight: Tensor<3>,
    /// `[runs, 1, hidden]`.
    pub bias: Tensor<3>,
    /// First-layer weights summed over cells, `[runs, channels, hidden]`.
    summed_over_cells: Tensor<3>,
}

impl FoldedGate {
    /// Folds the gate's parameters, of which weight and bias of the convolution and of the first
    /// layer come first.
    pub fn new(gate: &[Tensor<3>]) -> Self {
        let [mixing, mixing_bias, first, first_bias] =
            [0, 1, 2, 3].map(|index| gate[index].clone());
        let [runs, num_inputs, hidden] = first.dims();
        let cells = num_inputs / NUM_CHANNELS;
        let weight = mixing
            .matmul(first.clone().reshape([runs, NUM_CHANNELS, cells * hidden]))
            .reshape([runs, num_inputs, hidden]);
        let summed_over_cells = first
            .reshape([runs, NUM_CHANNELS, cells, hidden])
            .sum_dim(2)
            .reshape([runs, NUM_CHANNELS, hidden]);
        let bias = first_bias + mixing_bias.matmul(summed_over_cells.clone());
        Self { weight, bias, summed_over_cells }
    }

    /// Gradients of weight and bias of the convolution and of the first layer, by the chain rule from
    /// those of the folded layer.
    pub fn unfold(&self, gate: &[Tensor<3>], weight: Tensor<3>, bias: Tensor<3>) -> [Tensor<3>; 4] {
        let [mixing, mixing_bias, first] = [0, 1, 2].map(|index| gate[index].clone());
        let [runs, num_inputs, hidden] = first.dims();
        let cells = num_inputs / NUM_CHANNELS;
        let per_channel = [runs, NUM_CHANNELS, cells * hidden];
        let weight = weight.reshape(per_channel);
        let d_mixing = weight.clone().matmul(first.reshape(per_channel).transpose());
        let d_mixing_bias = bias.clone().matmul(self.summed_over_cells.clone().transpose());

        let from_weight = mixing.transpose().matmul(weight).reshape([runs, num_inputs, hidden]);
        let from_bias = mixing_bias
            .transpose()
            .matmul(bias.clone())
            .reshape([runs, NUM_CHANNELS, 1, hidden])
            .expand([runs, NUM_CHANNELS, cells, hidden])
            .reshape([runs, num_inputs, hidden]);
        [d_mixing, d_mixing_bias, from_weight + from_bias, bias]
    }
}
