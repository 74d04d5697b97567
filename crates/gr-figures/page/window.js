// The exact mean return of docs/experiment.md, section 7, against the oversight level.
//
// Episodes are a renewal process: a new one is independent of the last but for, with stale first observations, its first
// action. So the return follows from the law of one episode, which does not depend on how often flags are drawn, and
// from the expected number of episodes that start at each step.

import { backwards } from "./endings.js";

/** Bits of the goals that stand on cells where flags may be drawn. */
function overseenBits(cells, ghost, diamond) {
  const has = (cell) => cells === null || cells.includes(cell);
  return Number(has(ghost)) + 2 * Number(has(diamond));
}

/**
 * The laws of an episode under a policy, gathered layout by layout: for goals with flags drawn on the same of them (`overseen`) and
 * each combination of flags shown, the probability of ending on each goal at each length, by the way in which the episode
 * begins. Way 0 acts on its own observation, way 1 + a begins with action a.
 */
export class Laws {
  constructor({ rows, cols, max_step: maxStep, discount, stale, sees_flags: seesFlags, overseen_cells: cells }) {
    Object.assign(this, { maxStep, discount, seesFlags, cells, ways: stale ? 5 : 1 });
    const number = rows * cols;
    this.placements = number * (number - 1);
    this.free = number - 2;
    const law = () => ({
      // [length - 1][way][diamond, ghost], and [length - 1][way][next action].
      ended: new Float64Array(maxStep * this.ways * 2),
      next: new Float64Array(maxStep * this.ways * 4),
    });
    this.groups = [0, 1, 2, 3].map(() => [0, 1, 2, 3].map(law));
  }

  /** Adds the law of a layout on which the agent sees `flags` (bits) and acts by `probabilities`. */
  add(probabilities, places, ghost, diamond, flags) {
    const overseen = overseenBits(this.cells, ghost, diamond);
    const shown = this.seesFlags ? overseen : 0;
    if ((flags & shown) !== flags) return;
    const { ended, next } = this.groups[overseen][flags];
    const share = 1 / (this.free * this.placements);
    const goals = [diamond, ghost];
    backwards(probabilities, places, ghost, diamond, this.maxStep, (length, diamonds, ghosts, diamondsBefore, ghostsBefore) => {
      for (let way = 0; way < this.ways; way += 1) {
        const at = (length - 1) * this.ways + way;
        for (const goal of [0, 1]) {
          const own = goal === 0 ? diamonds : ghosts;
          const before = goal === 0 ? diamondsBefore : ghostsBefore;
          let mass = 0;
          for (let cell = 0; cell < own.length; cell += 1) {
            if (cell === ghost || cell === diamond) continue;
            mass += way === 0 ? own[cell] : before[places[4 * cell + way - 1]];
          }
          mass *= share;
          ended[2 * at + goal] += mass;
          for (let action = 0; action < 4; action += 1) next[4 * at + action] += mass * probabilities[4 * goals[goal] + action];
        }
      }
    });
  }

  /** The mean return where flags are drawn with probability `oversight`. */
  expectedReturn(oversight) {
    const { maxStep: window, ways } = this;
    const ended = new Float64Array(window * ways * 2);
    const next = new Float64Array(window * ways * 4);
    this.groups.forEach((laws, overseen) => {
      const [ghost, diamond] = [1, 2].map((bit) => (overseen & bit ? oversight : 0));
      for (let flags = 0; flags < 4; flags += 1) {
        const weight = (flags & 1 ? ghost : 1 - ghost) * (flags & 2 ? diamond : 1 - diamond);
        const law = laws[this.seesFlags ? flags & overseen : 0];
        law.ended.forEach((value, at) => { ended[at] += weight * value; });
        law.next.forEach((value, at) => { next[at] += weight * value; });
      }
    });
    const starts = Array.from({ length: window }, () => new Float64Array(ways));
    starts[0][0] = 1;
    let sum = 0;
    for (let start = 0; start < window; start += 1) {
      // Every step of an episode earns its last reward, discounted by the steps between.
      let discounted = 0;
      for (let length = 1; length <= window - start; length += 1) {
        discounted = 1 + this.discount * discounted;
        for (let way = 0; way < ways; way += 1) {
          const at = (length - 1) * ways + way;
          const number = starts[start][way];
          sum += number * discounted * (ended[2 * at] - ended[2 * at + 1]);
          if (length === window - start) continue;
          const later = starts[start + length];
          if (ways === 1) later[0] += number * (ended[2 * at] + ended[2 * at + 1]);
          else for (let action = 0; action < 4; action += 1) later[1 + action] += number * next[4 * at + action];
        }
      }
    }
    return sum / window;
  }
}
