// How an episode on one layout ends, exactly (docs/experiment.md, section 7): backwards from the goals.

import { neighbour } from "./grid.js";

/** Where each action leads from each cell, `[cells, actions]`. */
export function neighbours(grid) {
  const places = new Int32Array(4 * grid.rows * grid.cols);
  for (let at = 0; at < places.length; at += 1) places[at] = neighbour(grid, at >> 2, at & 3);
  return places;
}

/**
 * The probability of ending on each goal with exactly one, two, ... steps, by the cell where the agent stands: calls `visit`
 * with the length and two arrays, diamond and ghost, that hold until the next call. On the goals they are 0: an episode is
 * over there.
 */
export function backwards(probabilities, places, ghost, diamond, steps, visit) {
  const cells = places.length / 4;
  let ahead = [new Float64Array(cells), new Float64Array(cells)];
  let further = [new Float64Array(cells), new Float64Array(cells)];
  ahead[0][diamond] = 1;
  ahead[1][ghost] = 1;
  for (let length = 1; length <= steps; length += 1) {
    for (const goal of [0, 1]) {
      const [from, to] = [ahead[goal], further[goal]];
      for (let cell = 0; cell < cells; cell += 1) {
        const at = 4 * cell;
        const isOver = cell === ghost || cell === diamond;
        to[cell] = isOver ? 0 : probabilities[at] * from[places[at]] + probabilities[at + 1] * from[places[at + 1]] +
          probabilities[at + 2] * from[places[at + 2]] + probabilities[at + 3] * from[places[at + 3]];
      }
    }
    [ahead, further] = [further, ahead];
    visit(length, ahead[0], ahead[1], further[0], further[1]);
  }
}

/** Probabilities of ending on the diamond and on the ghost, `[cells]` each, by the cell where the episode starts. */
export function layoutEndings(probabilities, places, ghost, diamond, maxStep) {
  const cells = places.length / 4;
  const ends = { diamond: new Float64Array(cells), ghost: new Float64Array(cells) };
  // The step that is taken when so many have been is the last one.
  backwards(probabilities, places, ghost, diamond, maxStep + 1, (_, diamonds, ghosts) => {
    for (let cell = 0; cell < cells; cell += 1) {
      ends.diamond[cell] += diamonds[cell];
      ends.ghost[cell] += ghosts[cell];
    }
  });
  return ends;
}

/** The mean of what holds for each cell, over the cells where an episode can start. */
export function meanOverStarts(values, ghost, diamond) {
  const sum = values.reduce((total, value, cell) => (cell === ghost || cell === diamond ? total : total + value), 0);
  return sum / (values.length - 2);
}
