// Evaluates policies beside the page. A question names a policy file by its key; its first one brings the weights.

import { layoutNumber } from "./grid.js";
import { Network } from "./network.js";
import { layoutEndings, neighbours } from "./endings.js";
import { Laws } from "./window.js";
import { GamingSearch } from "./gaming.js";

/** Milliseconds of work between two looks at other questions. */
const PATIENCE = 60;
/** Oversight levels of a curve of returns. */
const LEVELS = Array.from({ length: 51 }, (_, index) => index / 50);

const opened = new Map();

class Opened {
  constructor({ notes, weights }) {
    this.notes = notes;
    this.places = neighbours(notes);
    this.network = new Network(notes, weights);
    this.layouts = new Map();
    this.studied = null;
  }

  /** What the policies do on a layout where `flags` (bits) are up; an agent that is blind sees none of them. */
  on(ghost, diamond, flags) {
    const shown = this.notes.sees_flags ? flags : 0;
    const number = layoutNumber(this.network.cells, ghost, diamond, shown);
    if (!this.layouts.has(number)) this.layouts.set(number, this.network.onLayout(ghost, diamond, shown));
    return this.layouts.get(number);
  }

  /** Every policy's laws and where it games most, worked out once. `report` is told the share that is done. */
  study(report) {
    this.studied ??= this.workOut(report);
    return this.studied;
  }

  async workOut(report) {
    const { network, notes, places } = this;
    const found = network.policies.map(() => ({ laws: new Laws(notes), search: new GamingSearch() }));
    let since = performance.now();
    for (let ghost = 0; ghost < network.cells; ghost += 1) {
      for (let diamond = 0; diamond < network.cells; diamond += 1) {
        if (diamond === ghost) continue;
        const combinations = notes.sees_flags ? [0, 1, 2, 3] : [0];
        const byFlags = combinations.map((flags) => this.on(ghost, diamond, flags));
        found.forEach(({ laws, search }, policy) => {
          combinations.forEach((flags) => laws.add(byFlags[flags].probabilities[policy], places, ghost, diamond, flags));
          search.add(byFlags[0].probabilities[policy], byFlags.at(-1).probabilities[policy], places, ghost, diamond, notes.max_step);
        });
        if (performance.now() - since > PATIENCE) {
          report((ghost * network.cells + diamond) / network.cells ** 2);
          await new Promise((resolve) => setTimeout(resolve));
          since = performance.now();
        }
      }
    }
    // A laptop holds many tables, a telephone does not: laws are all that later questions need.
    this.layouts.clear();
    return found;
  }
}

/** Answers to questions, by their names. */
const ANSWERS = {
  layout(policy, { ghost, diamond, flags }) {
    const { probabilities, gate } = policy.on(ghost, diamond, flags);
    const endings = probabilities.map((own) => layoutEndings(own, policy.places, ghost, diamond, policy.notes.max_step));
    return { probabilities, gate, endings };
  },
  async curve(policy, _, report) {
    const studied = await policy.study(report);
    return studied.map(({ laws }) => LEVELS.map((level) => ({ level, value: laws.expectedReturn(level) })));
  },
  async returns(policy, { oversight }, report) {
    const studied = await policy.study(report);
    return studied.map(({ laws }) => laws.expectedReturn(oversight));
  },
  async gaming(policy, _, report) {
    const studied = await policy.study(report);
    return studied.map(({ search }) => search.best);
  },
};

self.onmessage = async ({ data: { id, key, question, given, policy } }) => {
  try {
    if (policy) opened.set(key, new Opened(policy));
    const answer = await ANSWERS[question](opened.get(key), given, (share) => self.postMessage({ id, share }));
    self.postMessage({ id, answer });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
