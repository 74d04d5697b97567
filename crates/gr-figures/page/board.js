// One policy on the grid: arrows as long as actions are probable, the gate as background, and pieces that can be moved.

import { element, shape } from "./dom.js";
import { neighbour } from "./grid.js";
import { percent } from "./numbers.js";

const SIDE = 60;
/** Length of an arrow of probability 1, in cells. */
const REACH = 0.48;
const DIRECTIONS = [[0, -1], [1, 0], [0, 1], [-1, 0]];
const KEYS = ["ArrowUp", "ArrowRight", "ArrowDown", "ArrowLeft"];
const NAMES = { diamond: "Diamond", ghost: "Ghost", agent: "Agent" };

export class Board {
  /**
   * A board of `run` for its policy in place `policy`. `onmove` is told which piece goes to which cell. Pieces take part in the
   * order of the Tab key where `isFirst`: they are the same on every board.
   */
  constructor({ run, policy, title, subtitle, isFirst, onmove, onfind }) {
    Object.assign(this, { run, policy, onmove });
    this.cells = shape("g");
    this.trail = shape("path", { class: "trail" });
    this.flags = shape("g");
    this.pieces = Object.fromEntries(["diamond", "ghost", "agent"].map((name) => [name, this.piece(name, isFirst)]));
    this.picture = shape("svg", { viewBox: `-2 -2 ${run.cols * SIDE + 4} ${run.rows * SIDE + 4}`, role: isFirst ? "group" : "img" },
      this.cells, this.trail, Object.values(this.pieces), this.flags);
    this.bar = element("div", { class: "ends-bar", "aria-hidden": "true" });
    this.ends = element("p", { class: "ends" });
    this.outcome = element("p", { class: "outcome", role: "status" });
    this.find = element("button", { type: "button", onclick: () => onfind(this) }, "Find gaming");
    this.title = title;
    this.element = element("article", { class: "board card", "data-run": run.run, "data-policy": policy }, element("h3", {}, title),
      element("p", { class: "caption" }, subtitle), this.picture, this.bar, this.ends, this.outcome, element("div", {}, this.find));
  }

  piece(name, isFirst) {
    const { rows, cols } = this.run;
    const parts = { diamond: [shape("path", { class: "diamond", d: "M0 -19L15 0L0 19L-15 0Z" })],
      ghost: [shape("path", { class: "ghost", d: "M-14 16V-3A14 14 0 0 1 14 -3V16L9 11L4.5 16L0 11L-4.5 16L-9 11Z" }),
        shape("circle", { class: "eye", cx: -5, cy: -3, r: 3 }), shape("circle", { class: "eye", cx: 5, cy: -3, r: 3 })],
      agent: [shape("circle", { class: "agent", r: 21 }), shape("circle", { class: "agent-core", r: 4 })] }[name];
    const role = isFirst ? { role: "slider", tabindex: 0, "aria-label": NAMES[name], "aria-valuemin": 1, "aria-valuemax": rows * cols } : {};
    const node = shape("g", { class: "piece", "data-piece": name, ...role }, shape("circle", { class: "halo", r: 27 }), parts);
    node.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      node.focus?.({ preventScroll: true });
      node.setPointerCapture(event.pointerId);
    });
    // A finger on a piece moves it, and elsewhere the page: touch-action does not reach into pictures everywhere.
    node.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    node.addEventListener("pointermove", (event) => {
      if (!node.hasPointerCapture(event.pointerId)) return;
      const box = this.picture.getBoundingClientRect();
      const [col, row] = [(event.clientX - box.left) * cols / box.width, (event.clientY - box.top) * rows / box.height].map(Math.floor);
      if (col >= 0 && col < cols && row >= 0 && row < rows) this.onmove(name, row * cols + col);
    });
    node.addEventListener("keydown", (event) => {
      const action = KEYS.indexOf(event.key);
      if (action < 0) return;
      event.preventDefault();
      // Over a piece that is in the way, if there is room behind it.
      let [cell, next] = [this.layout[name], neighbour(this.run, this.layout[name], action)];
      while (next !== cell && Object.keys(NAMES).some((other) => other !== name && this.layout[other] === next)) {
        [cell, next] = [next, neighbour(this.run, next, action)];
      }
      if (next !== cell) this.onmove(name, next);
    });
    return node;
  }

  /** Shows what the policy does on a layout. `walker` is where its episode is, if one is played. */
  show(layout, answer, walker) {
    this.layout = layout;
    const probabilities = answer.probabilities[this.policy];
    // The experts alone do not use the gate.
    const gate = this.policy === 0 ? answer.gate : null;
    const number = this.run.rows * this.run.cols;
    this.cells.replaceChildren(...Array.from({ length: number }, (_, cell) => this.cell(cell, probabilities, gate)));
    const flag = (piece, isUp) => (isUp ? [this.flagAt(layout[piece])] : []);
    this.flags.replaceChildren(...flag("ghost", layout.ghostFlag), ...flag("diamond", layout.diamondFlag));
    const places = { ...layout, agent: walker?.cell ?? layout.agent };
    for (const [name, node] of Object.entries(this.pieces)) {
      const [x, y] = this.middle(places[name]);
      node.setAttribute("transform", `translate(${x} ${y})`);
      if (node.hasAttribute("role")) {
        node.setAttribute("aria-valuenow", places[name] + 1);
        node.setAttribute("aria-valuetext", this.spoken(places[name]));
      }
    }
    const trail = (walker?.trail ?? []).map((cell) => this.middle(cell).join(" "));
    this.trail.setAttribute("d", trail.length > 1 ? `M${trail.join("L")}` : "");
    this.showEndings(layout, answer.endings[this.policy]);
    this.picture.setAttribute("aria-label", `${this.title}: agent in ${this.spoken(places.agent)}, ${this.ends.textContent}`);
    if (walker) this.outcome.textContent = walker.said;
  }

  showEndings(layout, endings) {
    const [diamond, ghost] = [endings.diamond[layout.agent], endings.ghost[layout.agent]];
    this.ends.textContent = `ends on diamond ${percent(diamond)}, ghost ${percent(ghost)}, neither ${percent(Math.max(0, 1 - diamond - ghost))}`;
    this.bar.replaceChildren(element("span", { class: "diamond", style: `width: ${100 * diamond}%` }),
      element("span", { class: "ghost", style: `width: ${100 * ghost}%` }));
    Object.assign(this.element.dataset, { diamond, ghost });
  }

  middle(cell) {
    return [(cell % this.run.cols + 0.5) * SIDE, (Math.floor(cell / this.run.cols) + 0.5) * SIDE];
  }

  spoken(cell) {
    return `row ${Math.floor(cell / this.run.cols) + 1}, column ${cell % this.run.cols + 1}`;
  }

  cell(cell, probabilities, gate) {
    const [x, y] = this.middle(cell);
    const isGoal = cell === this.layout.ghost || cell === this.layout.diamond;
    const isGated = gate !== null && !isGoal;
    const ground = shape("rect", { class: isGated ? "cell gated" : "cell", x: x - SIDE / 2, y: y - SIDE / 2, width: SIDE, height: SIDE,
      style: isGated ? `--gate: ${(100 * gate[cell]).toFixed(1)}%` : null });
    const arrows = isGoal ? [] : DIRECTIONS.map((direction, action) => arrow(x, y, direction, probabilities[4 * cell + action]));
    return shape("g", {}, ground, arrows);
  }

  flagAt(cell) {
    const [x, y] = this.middle(cell);
    const [left, top] = [x + 11, y - 26];
    return shape("g", { class: "flag" }, shape("path", { d: `M${left} ${top}l14 5l-14 5z` }), shape("path", { d: `M${left} ${top - 1}v19` }));
  }
}

/** An arrow as long as an action is probable; its head shrinks with it, so that its tip tells the length. */
function arrow(x, y, [dx, dy], probability) {
  const length = probability * REACH * SIDE;
  if (length < 0.5) return null;
  const head = Math.min(9, 0.6 * length);
  const at = (along, aside) => `${(x + dx * along - dy * aside).toFixed(2)} ${(y + dy * along + dx * aside).toFixed(2)}`;
  const d = `M${at(0, 0)}L${at(length - 0.8 * head, 0)}M${at(length, 0)}L${at(length - head, 0.45 * head)}L${at(length - head, -0.45 * head)}Z`;
  return shape("path", { class: "arrow", d });
}
