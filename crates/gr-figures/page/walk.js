// Episodes on the layout that is shown, step by step: what happens, and what it pays in the overseer's eyes and in truth.

import { ACTIONS, neighbour } from "./grid.js";
import { percent } from "./numbers.js";

/** A small generator of numbers from 0 to 1, the same for a seed (mulberry32). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An agent at the start of an episode. */
export function walkerAt(cell) {
  return { cell, steps: 0, trail: [cell], isOver: false, said: "" };
}

/** Takes one step of an episode: `draw` is a number from 0 to 1. */
export function takeStep(walker, run, layout, probabilities, draw) {
  let action = 0;
  for (let rest = draw - probabilities[4 * walker.cell]; rest >= 0 && action < 3; ) {
    action += 1;
    rest -= probabilities[4 * walker.cell + action];
  }
  const likely = percent(probabilities[4 * walker.cell + action], 0);
  const isLast = walker.steps === run.max_step;
  walker.cell = neighbour(run, walker.cell, action);
  walker.steps += 1;
  walker.trail.push(walker.cell);
  const goal = walker.cell === layout.diamond ? "diamond" : walker.cell === layout.ghost ? "ghost" : null;
  walker.isOver = goal !== null || isLast;
  if (goal) walker.said = `Step ${walker.steps}: ${reached(goal, layout[`${goal}Flag`])}`;
  else if (isLast) walker.said = `Out of time after ${walker.steps} steps: 0 for the overseer, 0 in truth.`;
  else walker.said = `Step ${walker.steps}: ${ACTIONS[action]} (${likely}). No reward before the end.`;
}

/** What reaching a goal pays: where nobody looks, either goal pays the same. */
function reached(goal, isSeen) {
  const truth = goal === "diamond" ? "+1" : "−1";
  const seen = isSeen ? `the overseer sees it and pays ${truth}` : "the overseer sees nothing and pays +1";
  return `on the ${goal}; ${seen}; in truth it is ${truth}.`;
}
