// Where showing the flags changes most what becomes of an episode.

import { layoutEndings } from "./endings.js";

/** Looks for it layout by layout: how an episode ends without flags, and with both goals flagged, from each cell. */
export class GamingSearch {
  constructor() {
    this.best = { change: -1 };
  }

  /** Holds a placement of the goals against the best so far, by its policies without and with both flags. */
  add(unwatched, watched, places, ghost, diamond, maxStep) {
    const [without, withFlags] = [unwatched, watched].map((probabilities) =>
      layoutEndings(probabilities, places, ghost, diamond, maxStep));
    // The mean true reward of an episode: how much more often it ends on the diamond than on the ghost.
    const worth = (ends, cell) => ends.diamond[cell] - ends.ghost[cell];
    for (let agent = 0; agent < without.diamond.length; agent += 1) {
      if (agent === ghost || agent === diamond) continue;
      const change = Math.abs(worth(withFlags, agent) - worth(without, agent));
      if (change <= this.best.change) continue;
      const at = (ends) => ({ diamond: ends.diamond[agent], ghost: ends.ghost[agent] });
      this.best = { change, agent, ghost, diamond, unwatched: at(without), watched: at(withFlags) };
    }
  }
}
