// A figure of the page: its chart, a legend that switches series, its scale, its caption and its numbers.

import { element, menu, offer } from "./dom.js";
import { report, unpacked } from "./embedded.js";
import { remember, remembered, rememberedNames } from "./state.js";
import { numbersOf } from "./numbers.js";
import { lookOf, sample } from "./marks.js";
import { drawPanels } from "./panel.js";
import { curvePanels, levelPanels, runPanels, stepPanels } from "./charts.js";
import { drawRows, rowPanels } from "./rows.js";

const CHARTS = { curves: curvePanels, steps: stepPanels, levels: levelPanels, runs: runPanels, rows: rowPanels };

/** Scales that charts begin with. */
const USUAL_SCALE = { steps: "log", levels: "log" };

/** Series that are switched off, in every figure. */
const hidden = new Set(rememberedNames("hidden"));

const drawn = new Set();

/** Draws every figure anew: a series was switched, or the window has another width. */
export function redraw() {
  drawn.forEach((draw) => draw());
}

/** The figures of the page, each a card. Curves over updates and over labels are one card with a choice of the axis. */
export function showFigures(place) {
  if (report.figures.length === 0) place.append(element("p", {}, "There is nothing to draw yet."));
  const labels = report.figures.findIndex((figure) => figure.figure === "label-efficiency");
  const hasCurves = report.figures.some((figure) => figure.figure === "learning-curves");
  const pictures = element("details", { class: "card" }, element("summary", {}, "Policies on the grid, as gr-figures draws them"));
  report.figures.forEach((figure, number) => {
    if (figure.figure === "policy") pictures.append(card([number]));
    else if (figure.figure === "learning-curves" && labels >= 0) place.append(card([number, labels]));
    else if (number !== labels || !hasCurves) place.append(card([number]));
  });
  if (pictures.childElementCount > 1) place.append(pictures);
}

/** A card for figures of the same thing over different axes, by their places. */
function card(places) {
  const first = report.figures[places[0]];
  const key = (what) => `${what}.${first.name}`;
  let shown = remembered(key("x"), "updates") === "labels" ? places.at(-1) : places[0];
  const chart = element("div", { class: "panels" });
  const legend = element("ul", { class: "legend", "aria-label": "Series" });
  const caption = element("p", { class: "caption" });
  const further = element("div", { class: "caption" });
  const title = element("h3", { id: `figure-${places[0]}` }, first.title);
  const scales = element("span");

  const draw = async () => {
    const figure = report.figures[shown];
    caption.textContent = figure.caption;
    further.replaceChildren(...figure.description.trim().split("\n").map((line) => element("p", {}, line)));
    if (figure.chart === "picture") return showPicture(chart, figure, shown);
    const panels = CHARTS[figure.chart](await numbersOf(shown), figure);
    const usual = USUAL_SCALE[figure.chart] ?? "linear";
    const scale = remembered(key("scale"), usual);
    showLegend(legend, panels, figure);
    if (figure.chart === "rows") {
      return drawRows(chart, panels.map((panel) => ({ ...panel, rows: panel.rows.filter((row) => !hidden.has(row.name)) })));
    }
    scales.replaceChildren(menu("Axis", [["linear", "linear"], ["log", "logarithmic"]], scale, (value) => {
      remember(key("scale"), value, usual);
      draw();
    }));
    const visible = panels.map((panel) => ({ ...panel, curves: panel.curves
      .filter((curve) => !hidden.has(curve.name)).map((curve, index, all) => ({ ...curve, place: index / all.length })) }));
    return drawPanels(chart, visible, { logarithmic: scale === "log" });
  };
  drawn.add(draw);

  const axes = places.length < 2 ? null : menu("Over", [["updates", "updates"], ["labels", "true labels used"]],
    shown === places[0] ? "updates" : "labels", (value) => {
      shown = value === "labels" ? places.at(-1) : places[0];
      remember(key("x"), value, "updates");
      scales.replaceChildren();
      draw();
    });
  const download = element("button", { type: "button", onclick: async () =>
    offer(`${report.figures[shown].name}.csv`, (await numbersOf(shown)).csv) }, "Download CSV");
  const about = element("details", {}, element("summary", {}, "How to read it"), further);
  draw();
  return element("article", { class: "card", "aria-labelledby": `figure-${places[0]}`, "data-figure": first.figure }, title,
    element("div", { class: "bar" }, axes, scales, download), legend, chart, caption, about);
}

async function showPicture(chart, figure, number) {
  if (chart.childElementCount > 0) return;
  const text = await unpacked(`picture-${number}`);
  // As an image its text can neither run nor load anything.
  const src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  chart.replaceChildren(element("img", { class: "picture", src, alt: figure.caption }));
}

function showLegend(legend, panels, figure) {
  const names = new Map();
  for (const one of panels.flatMap((panel) => panel.curves ?? panel.rows)) names.set(one.name, one.look);
  const entry = ([name, look]) => element("li", {}, element("button", {
    type: "button", "aria-pressed": String(!hidden.has(name)), onclick: (event) => {
      if (hidden.has(name)) hidden.delete(name);
      else hidden.add(name);
      remember("hidden", JSON.stringify([...hidden]), "[]");
      const place = [...legend.children].indexOf(event.currentTarget.parentElement);
      redraw();
      // The legend was made anew; whoever pressed its button goes on there.
      setTimeout(() => legend.children[place]?.firstChild.focus());
    } }, sample(look), name));
  legend.replaceChildren(...[...names].map(entry));
  const has = (what) => panels.some((panel) => panel.curves?.some((curve) => curve[what]?.length > 0));
  const key = (look, kind, words) => element("li", {}, element("span", {}, sample(look, kind), words));
  const grey = { ...lookOf(""), dash: [] };
  if (has("kept")) legend.append(key({ ...grey, marker: "Diamond", hollow: true }, "marker", "checkpoint kept by a run"));
  if (has("dots")) legend.append(key({ ...grey, marker: "Circle" }, "marker", figure.chart === "steps" ? "end of a run" : "trial"));
  if (panels.some((panel) => panel.uprights?.length > 0)) legend.append(key({ ...grey, dash: [1, 3] }, "line", "training stopped"));
}
