// The exact return of the policies shown, against the oversight level at which they are evaluated.

import { element } from "./dom.js";
import { ask } from "./engine.js";
import { drawPanels } from "./panel.js";
import { lookOf } from "./marks.js";
import { signed } from "./numbers.js";
import { remember, remembered } from "./state.js";

/** Dashes of the policies of one run, so that its three curves can be told apart. */
const DASHES = [[], [7, 3], [2, 3]];

/** A card that works returns out when it is asked to. `boards` yields those that are shown. */
export function returnsCard(boards) {
  const chart = element("div", { class: "panels" });
  const rows = element("tbody");
  const progress = element("progress", { max: 1, value: 0, hidden: true, "aria-label": "Share of the work that is done" });
  const start = element("button", { type: "button", onclick: () => work() }, "Work out exact returns");
  const usual = () => boards()[0]?.run.oversight ?? 0.1;
  const level = () => Number(remembered("evaluated", usual()));
  const slider = element("input", { type: "range", min: 0, max: 1, step: 0.005, value: level(), "aria-label": "Oversight level p in evaluation" });
  const exact = element("input", { type: "number", min: 0, max: 1, step: "any", value: level(), "aria-label": "The same as a number" });
  const results = element("div", { hidden: true }, chart,
    element("div", { class: "bar" }, element("span", {}, "p in evaluation"), element("span", { class: "wide" }, slider), exact),
    element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Returns" }, element("table", {}, element("thead", {},
      element("tr", {}, ["Policy", "Return at p", "At its own p", "Recorded", "Rounding"].map((name) => element("th", { scope: "col" }, name)))), rows)),
    element("p", { class: "caption" }, "Recorded is what training reported of the kept policy at its own p, with weights of 32 bits; " +
      "this page carries them in 16 bits, and the last column is what that changes."));
  let turn = 0;

  /** The keys of the files that are shown, each with its run and its boards. */
  const files = () => {
    const byKey = new Map();
    for (const board of boards()) {
      if (!byKey.has(board.key)) byKey.set(board.key, []);
      byKey.get(board.key).push(board);
    }
    return [...byKey];
  };

  const work = async () => {
    const own = (turn += 1);
    const shares = new Map();
    start.disabled = true;
    progress.hidden = false;
    const all = files();
    const answers = await Promise.all(all.map(([key, [board]]) => ask(board.run, key, "curve", {}, (share) => {
      shares.set(key, share);
      progress.value = [...shares.values()].reduce((sum, one) => sum + one, 0) / all.length;
    }).then((answer) => {
      shares.set(key, 1);
      return answer;
    })));
    start.disabled = false;
    progress.hidden = true;
    if (own !== turn) return;
    results.hidden = false;
    const curves = all.flatMap(([, own], place) => own.map((board) => ({ name: board.title,
      look: { ...lookOf(board.run.series), dash: DASHES[board.policy] },
      points: answers[place][board.policy].map(({ level: x, value: y }) => ({ x, y, low: null, high: null, n: 1 })) })));
    drawPanels(chart, [{ title: "", x: "Oversight level p in evaluation", y: "True return", curves }], { logarithmic: false });
    await showTable();
  };

  const showTable = async () => {
    const own = (turn += 1);
    const oversight = level();
    const all = files();
    const at = (wanted) => Promise.all(all.map(([key, [board]]) => ask(board.run, key, "returns", { oversight: wanted(board.run) })));
    const [here, there] = await Promise.all([at(() => oversight), at((run) => run.oversight)]);
    if (own !== turn) return;
    rows.replaceChildren(...all.flatMap(([, own], place) => own.map((board) => {
      const [now, home] = [here[place][board.policy], there[place][board.policy]];
      const recorded = board.isJudged ? board.run.recorded_return : null;
      const rounding = recorded === null ? "–" : (home - recorded).toExponential(1).replace("-", "−");
      return element("tr", { "data-run": board.run.run, "data-policy": board.policy, "data-return": now },
        element("th", { scope: "row" }, board.title), element("td", {}, signed(now, 5)), element("td", {}, signed(home, 5)),
        element("td", {}, recorded === null ? "–" : signed(recorded, 5)), element("td", {}, rounding));
    })));
  };

  const choose = (from, other) => () => {
    const wanted = Number(from.value);
    if (from.value === "" || !(wanted >= 0 && wanted <= 1)) return;
    other.value = from.value;
    remember("evaluated", wanted, usual());
    showTable();
  };
  slider.addEventListener("input", choose(slider, exact));
  exact.addEventListener("input", choose(exact, slider));
  const card = element("article", { class: "card", id: "returns" }, element("h3", {}, "Exact return against p"),
    element("p", { class: "caption" }, "The mean true return over all layouts where goals are flagged with probability p, by dynamic " +
      "programming over every observation. This takes some seconds for each policy file, beside the page."),
    element("div", { class: "bar" }, start, progress), results);
  // Other policies are shown: what was worked out is no longer of them.
  return { card, forget: () => { turn += 1; results.hidden = true; rows.replaceChildren(); } };
}
