// The policy networks of docs/experiment.md, section 4, on the observations of one layout at a time.

import { activeInputs } from "./grid.js";

/** Reads tensors of given lengths one after the other from little-endian 16-bit floats. */
function tensorReader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return (length) => {
    const values = new Float32Array(length);
    for (let index = 0; index < length; index += 1, at += 2) values[index] = half(view.getUint16(at, true));
    return values;
  };
}

function half(bits) {
  const [exponent, steps] = [(bits >> 10) & 31, bits & 1023];
  const magnitude = exponent === 0 ? steps * 2 ** -24 : (1024 + steps) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** Two hidden layers of an expert or a gate. */
class Hidden {
  constructor(read, inputs, hidden) {
    this.width = hidden;
    this.first = read(inputs * hidden);
    this.firstBias = read(hidden);
    // A row of zeros behind the last unit.
    this.second = new Float32Array((hidden + 1) * hidden);
    this.second.set(read(hidden * hidden));
    this.secondBias = read(hidden);
    this.between = new Float64Array(hidden + 1);
    this.positive = new Int32Array(hidden + 3);
    this.activations = new Float64Array(hidden);
  }

  /** Works out the activations on an observation with these inputs. */
  forward(active, count) {
    const { width, first, firstBias, second, secondBias, between, positive, activations } = this;
    between.set(firstBias);
    for (let which = 0; which < count; which += 1) {
      const from = active[which] * width;
      for (let unit = 0; unit < width; unit += 1) between[unit] += first[from + unit];
    }
    let number = 0;
    for (let unit = 0; unit < width; unit += 1) if (between[unit] > 0) positive[number++] = unit;
    // Behind the last one a unit that is 0, to make them a multiple of four.
    for (; number % 4 !== 0; number += 1) positive[number] = width;
    activations.set(secondBias);
    // About half of the units are 0 and add nothing. Of the others four at once: a sum is then written a quarter as often.
    for (let at = 0; at < number; at += 4) {
      const [a, b, c, d] = [positive[at], positive[at + 1], positive[at + 2], positive[at + 3]];
      const [p, q, r, s] = [between[a], between[b], between[c], between[d]];
      const [i, j, k, l] = [a * width, b * width, c * width, d * width];
      for (let unit = 0; unit < width; unit += 1) {
        activations[unit] += p * second[i + unit] + q * second[j + unit] + r * second[k + unit] + s * second[l + unit];
      }
    }
    for (let unit = 0; unit < width; unit += 1) if (activations[unit] < 0) activations[unit] = 0;
  }
}

/** A network with the weights of one policy file. */
export class Network {
  /** `bytes`: the parameters in the order of the file, 16-bit floats. */
  constructor({ kind, hidden, rows, cols }, bytes) {
    const read = tensorReader(bytes);
    this.cells = rows * cols;
    this.width = hidden;
    const inputs = 4 * this.cells;
    const isRouted = kind !== "single_expert";
    this.policies = isRouted ? ["training_policy", "diamond", "ghost"] : ["training_policy"];
    this.experts = (isRouted ? [0, 1] : [0]).map(() => new Hidden(read, inputs, hidden));
    this.output = read(4 * hidden);
    this.outputBias = read(4);
    if (kind === "routed") {
      const [mixing, mixingBias] = [read(16), read(4)];
      this.gate = new Hidden(read, inputs, hidden);
      fold(this.gate, mixing, mixingBias, this.cells);
      this.gateOutput = read(hidden);
      this.gateOutputBias = read(1)[0];
    }
    this.mixed = new Float64Array(hidden);
  }

  /**
   * Every policy on the observations of a layout, by the agent's cell: `probabilities` by policy, `[cells, actions]`, and
   * `gate`, `[cells]`, where one is learnt.
   */
  onLayout(ghost, diamond, flags) {
    const { cells, width, mixed } = this;
    const probabilities = this.policies.map(() => new Float64Array(4 * cells));
    const gate = this.gate ? new Float64Array(cells) : null;
    const active = new Int32Array(5);
    for (let cell = 0; cell < cells; cell += 1) {
      const count = activeInputs(cells, cell, ghost, diamond, flags, active);
      this.experts.forEach((expert) => expert.forward(active, count));
      const [diamonds, ghosts] = this.experts.map((expert) => expert.activations);
      if (!ghosts) {
        this.act(diamonds, probabilities[0], cell);
        continue;
      }
      if (this.gate) this.gate.forward(active, count);
      const share = this.gate ? this.gateValue() : 0.5;
      if (gate) gate[cell] = share;
      for (let unit = 0; unit < width; unit += 1) mixed[unit] = ghosts[unit] + share * (diamonds[unit] - ghosts[unit]);
      [mixed, diamonds, ghosts].forEach((activations, policy) => this.act(activations, probabilities[policy], cell));
    }
    return { probabilities, gate };
  }

  /** The gate after its last hidden layer. */
  gateValue() {
    const { activations } = this.gate;
    let logit = this.gateOutputBias;
    for (let unit = 0; unit < this.width; unit += 1) logit += activations[unit] * this.gateOutput[unit];
    return 1 / (1 + Math.exp(-logit));
  }

  /** Writes the softmax of the output layer for `cell`. */
  act(activations, probabilities, cell) {
    const { output, outputBias } = this;
    let [up, right, down, left] = outputBias;
    for (let unit = 0; unit < this.width; unit += 1) {
      const activation = activations[unit];
      up += activation * output[4 * unit];
      right += activation * output[4 * unit + 1];
      down += activation * output[4 * unit + 2];
      left += activation * output[4 * unit + 3];
    }
    const logits = [up, right, down, left];
    const largest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - largest));
    const total = powers[0] + powers[1] + powers[2] + powers[3];
    for (let action = 0; action < 4; action += 1) probabilities[4 * cell + action] = powers[action] / total;
  }
}

/**
 * Multiplies the gate's 1 × 1 convolution into its first layer. There is no activation between the two, so the gate sees an
 * observation through one linear map.
 */
function fold(gate, mixing, mixingBias, cells) {
  const { width, first, firstBias } = gate;
  const size = cells * width;
  gate.first = new Float64Array(4 * size);
  gate.firstBias = Float64Array.from(firstBias);
  for (let from = 0; from < 4; from += 1) {
    for (let to = 0; to < 4; to += 1) {
      const share = mixing[4 * from + to];
      for (let at = 0; at < size; at += 1) gate.first[from * size + at] += share * first[to * size + at];
    }
    for (let at = 0; at < size; at += 1) gate.firstBias[at % width] += mixingBias[from] * first[from * size + at];
  }
}
