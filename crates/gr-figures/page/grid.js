// The grid of docs/experiment.md, section 2: cells row by row from 0, moves, layouts and what the network sees of them.

export const ACTIONS = ["up", "right", "down", "left"];

/** Names of the policies of a network, the one that acts in training first. */
export const POLICIES = ["training_policy", "diamond", "ghost"];

/** Where an action leads from a cell; a move into a wall leaves the agent where it is. */
export function neighbour({ rows, cols }, cell, action) {
  const [row, col] = [Math.floor(cell / cols), cell % cols];
  if (action === 0 && row > 0) return cell - cols;
  if (action === 1 && col + 1 < cols) return cell + 1;
  if (action === 2 && row + 1 < rows) return cell + cols;
  if (action === 3 && col > 0) return cell - 1;
  return cell;
}

/** The flags of a layout as bits: 1 the ghost's, 2 the diamond's. */
export function flagBits({ ghostFlag, diamondFlag }) {
  return Number(ghostFlag) + 2 * Number(diamondFlag);
}

/** Number of a layout; there are 4 × cells² of them. Those with both goals on one cell are unused. */
export function layoutNumber(cells, ghost, diamond, flags) {
  return (ghost * cells + diamond) * 4 + flags;
}

/** The inputs of a network that are 1 on an observation, the agent's first, and how many there are. */
export function activeInputs(cells, agent, ghost, diamond, flags, into) {
  into[0] = agent;
  into[1] = cells + ghost;
  into[2] = 2 * cells + diamond;
  let count = 3;
  if (flags & 1) into[count++] = 3 * cells + ghost;
  if (flags & 2) into[count++] = 3 * cells + diamond;
  return count;
}
