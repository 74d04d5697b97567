// The policy explorer: the policies of several runs side by side on one layout, which the reader changes.

import { element, menu, tick } from "./dom.js";
import { report } from "./embedded.js";
import { remember, remembered, rememberedNames, rememberedNumber } from "./state.js";
import { flagBits } from "./grid.js";
import { grouped, percent, thousands } from "./numbers.js";
import { ask } from "./engine.js";
import { Board } from "./board.js";
import { generator, takeStep, walkerAt } from "./walk.js";
import { returnsCard } from "./returns.js";

/** Milliseconds between two steps of an episode that is played. */
const PACE = 350;
const POLICY_NAMES = ["training policy", "diamond expert alone", "ghost expert alone"];

export function showExplorer(place) {
  if (report.policies.length === 0) {
    place.append(element("p", {}, "No policy was taken along: no run keeps one yet, or gr-figures was told to take none (--policies)."));
    return;
  }
  new Explorer(place);
}

class Explorer {
  constructor(place) {
    this.levels = [...grouped(report.policies, (run) => String(run.oversight)).keys()];
    const wanted = remembered("p", this.levels[0]);
    this.level = this.levels.includes(wanted) ? wanted : this.levels[0];
    this.walkers = null;
    this.timer = null;
    this.walks = 0;
    this.boards = [];
    this.grid = element("div", { class: "boards" });
    this.choices = element("div", { class: "bar" });
    this.settings = element("div", { class: "bar" });
    this.shown = element("details", { class: "only-screen" });
    this.returns = returnsCard(() => this.boards);
    place.append(element("p", { class: "caption" }, "Drag the diamond, the ghost or the agent (the ring), or move them with the arrow keys. " +
      "An arrow is as long as its action is probable; shaded is the gate, the share of the diamond expert: ",
    element("span", { class: "gate-key", role: "img", "aria-label": "lighter is 0, darker is 1" }), " from 0 to 1. Flags say to the agent that " +
      "it is watched. Below a board is how an episode from there ends, exactly."),
    element("p", { class: "caption" }, report.without_room.join(" ")), this.choices, this.shown, this.settings, this.grid, this.returns.card);
    this.showLevel();
  }

  /** The runs at the level that is shown, by series; one of each series is shown. */
  showLevel() {
    const runs = report.policies.filter((run) => String(run.oversight) === this.level);
    const bySeries = [...grouped(runs, (run) => run.series)];
    // Boards share a layout, so they share a grid.
    const sized = (run) => `${run.rows} × ${run.cols}`;
    this.size = runs[0];
    this.runs = bySeries.map(([series, own]) => own.find((run) => run.run === remembered(`run.${series}`, own[0].run)) ?? own[0])
      .filter((run) => sized(run) === sized(runs[0]));
    this.choices.replaceChildren();
    if (this.levels.length > 1) {
      this.choices.append(menu("Trained at", this.levels.map((level) => [level, `p = ${level}`]), this.level, (level) => {
        this.level = level;
        remember("p", level, this.levels[0]);
        this.showLevel();
      }));
    }
    for (const [series, own] of bySeries.filter(([, own]) => own.length > 1)) {
      const shown = this.runs.find((run) => run.series === series)?.run;
      const name = (run) => (run.seed === null ? run.run : `seed ${run.seed}`);
      this.choices.append(menu(series, own.map((run) => [run.run, name(run)]), shown, (run) => {
        remember(`run.${series}`, run, own[0].run);
        this.showLevel();
      }));
    }
    this.readLayout();
    this.showSettings();
    this.showBoards();
  }

  readLayout() {
    const { rows, cols } = this.size;
    const cells = rows * cols;
    const first = Math.floor(rows / 4) * cols + Math.floor(cols / 4);
    const ghost = rememberedNumber("ghost", first, 0, cells - 1);
    const diamond = rememberedNumber("diamond", cells - 1 - first, 0, cells - 1);
    const agent = rememberedNumber("agent", Math.floor(cells / 2), 0, cells - 1);
    const usual = { ghost: first, diamond: cells - 1 - first, agent: Math.floor(cells / 2) };
    const isPossible = new Set([ghost, diamond, agent]).size === 3;
    const flag = (name) => remembered(`${name}-flag`, "0") === "1";
    this.usual = usual;
    this.layout = { ...(isPossible ? { ghost, diamond, agent } : usual), ghostFlag: flag("ghost"), diamondFlag: flag("diamond") };
  }

  /** Flags, the moment of training, and the buttons of an episode. */
  showSettings() {
    const flag = (name, words) => tick(words, this.layout[`${name}Flag`], (isUp) => this.change({ [`${name}Flag`]: isUp }));
    const flags = element("fieldset", {}, element("legend", {}, "Watched tiles"), flag("ghost", "ghost"), " ", flag("diamond", "diamond"));
    const updates = [...new Set(this.runs.flatMap((run) => run.kept.map(([update]) => update ?? 0)))].sort((a, b) => a - b);
    const last = updates.length - 1;
    const isKeptOverTraining = this.runs.some((run) => run.kept.length > 1);
    this.update = updates[rememberedNumber("update", last, 0, last)];
    const words = element("span", { class: "muted" });
    const say = () => { words.textContent = ` after update ${thousands(this.update)}`; };
    say();
    const slider = element("input", { type: "range", min: 0, max: last, value: updates.indexOf(this.update), "aria-label": "Moment of training",
      oninput: () => {
        this.update = updates[Number(slider.value)];
        slider.setAttribute("aria-valuetext", `update ${this.update}`);
        remember("update", slider.value, last);
        say();
        this.showBoards();
      } });
    this.play = element("button", { type: "button", onclick: () => this.toggle() }, "Play");
    const step = element("button", { type: "button", onclick: () => {
      this.pause();
      this.step();
    } }, "Step");
    const back = element("button", { type: "button", onclick: () => this.restart() }, "Back to start");
    this.settings.replaceChildren(flags, element("div", { class: "bar" }, this.play, step, back),
      ...(isKeptOverTraining ? [element("div", { class: "wide" }, element("div", {}, "Training", words), slider)] : []));
  }

  /** A board for every policy of every run, at the kept update that is the latest up to the one chosen. */
  showBoards() {
    this.restart(false);
    this.returns.forget();
    this.boards = this.runs.flatMap((run) => {
      const upTo = run.kept.filter(([update]) => (update ?? 0) <= this.update);
      const [update, key] = upTo.at(-1) ?? run.kept[0];
      const number = run.kind === "single_expert" ? 1 : 3;
      return Array.from({ length: number }, (_, policy) => {
        const title = number === 1 ? run.series : `${run.series}, ${POLICY_NAMES[policy]}`;
        const seed = run.seed === null ? run.run : `seed ${run.seed}`;
        const board = new Board({ run, policy, title, subtitle: `${seed}, after update ${thousands(update)}${run.sees_flags ? "" : ", blind to flags"}`,
          isFirst: run === this.runs[0] && policy === 0, onmove: (piece, cell) => this.move(piece, cell), onfind: (own) => this.findGaming(own) });
        // What is recorded of a run is of its kept policy, and of routed networks of the diamond expert alone.
        const isLast = key === run.kept.at(-1)[1];
        return Object.assign(board, { key, isJudged: isLast && policy === (number === 1 ? 0 : 1) });
      });
    });
    this.showShown();
    this.refresh();
  }

  /** The boards that are not hidden, and boxes to hide them. */
  showShown() {
    const hidden = new Set(rememberedNames("boards"));
    const place = () => this.boards.forEach((board) => { board.element.hidden = hidden.has(board.title); });
    const box = (board) => element("li", {}, tick(board.title, !hidden.has(board.title), (isShown) => {
      if (isShown) hidden.delete(board.title);
      else hidden.add(board.title);
      remember("boards", JSON.stringify([...hidden]), "[]");
      place();
    }));
    place();
    this.shown.replaceChildren(element("summary", {}, "Policies shown"), element("ul", { class: "legend" }, this.boards.map(box)));
    this.grid.replaceChildren(...this.boards.map((board) => board.element));
  }

  /** Asks what the policies do on the layout, and shows it unless the layout has changed again meanwhile. */
  async refresh() {
    const layout = this.layout;
    const boards = this.boards;
    const given = { ghost: layout.ghost, diamond: layout.diamond, flags: flagBits(layout) };
    await Promise.all([...grouped(boards, (board) => board.key)].map(async ([key, own]) => {
      const answer = await ask(own[0].run, key, "layout", given);
      if (layout !== this.layout || boards !== this.boards) return;
      own.forEach((board) => {
        board.answer = answer;
        board.show(layout, answer, this.walkers?.get(board));
      });
    }));
    this.grid.dataset.shown = JSON.stringify(layout);
  }

  change(part) {
    this.restart(false);
    this.layout = { ...this.layout, ...part };
    for (const name of ["ghost", "diamond", "agent"]) remember(name, this.layout[name], this.usual[name]);
    for (const name of ["ghost", "diamond"]) remember(`${name}-flag`, Number(this.layout[`${name}Flag`]), 0);
    return this.refresh();
  }

  move(piece, cell) {
    const isTaken = ["ghost", "diamond", "agent"].some((other) => this.layout[other] === cell);
    if (!isTaken) this.change({ [piece]: cell });
  }

  async findGaming(board) {
    const { find, outcome } = board;
    find.disabled = true;
    try {
      const all = await ask(board.run, board.key, "gaming", {}, (share) => { find.textContent = `Looking: ${percent(share, 0)}`; });
      const { ghost, diamond, agent, unwatched, watched } = all[board.policy];
      const isBoard = this.boards.includes(board);
      if (isBoard) {
        await this.change({ ghost, diamond, agent, ghostFlag: false, diamondFlag: false });
        this.settings.querySelectorAll("fieldset input").forEach((box) => { box.checked = false; });
        const ends = (at) => `diamond ${percent(at.diamond)}, ghost ${percent(at.ghost)}`;
        outcome.textContent = `Of all layouts flags change most here. Unwatched: ${ends(unwatched)}. Both watched: ${ends(watched)}.`;
      }
    } finally {
      find.disabled = false;
      find.textContent = "Find gaming";
    }
  }

  toggle() {
    if (this.timer) return this.pause();
    if (this.walkers && [...this.walkers.values()].every((walker) => walker.isOver)) this.restart();
    this.play.textContent = "Pause";
    this.grid.dataset.playing = "";
    this.timer = setInterval(() => this.step(), PACE);
    return this.step();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    delete this.grid.dataset.playing;
    if (this.play) this.play.textContent = "Play";
  }

  /** One step of every board's episode; each draws its own numbers. */
  step() {
    if (!this.walkers) {
      this.walks += 1;
      this.walkers = new Map(this.boards.map((board, place) => [board,
        { ...walkerAt(this.layout.agent), draw: generator(1000 * this.walks + place) }]));
    }
    for (const [board, walker] of this.walkers) {
      if (walker.isOver || !board.answer) continue;
      takeStep(walker, board.run, this.layout, board.answer.probabilities[board.policy], walker.draw());
      board.show(this.layout, board.answer, walker);
    }
    if ([...this.walkers.values()].every((walker) => walker.isOver)) this.pause();
  }

  restart(isShown = true) {
    this.pause();
    this.walkers = null;
    this.boards.forEach((board) => { board.outcome.textContent = ""; });
    if (isShown) this.boards.filter((board) => board.answer).forEach((board) => board.show(this.layout, board.answer));
  }
}
