// From the numbers beside a picture to panels of curves: one function for each kind of chart.

import { report } from "./embedded.js";
import { lookOf } from "./marks.js";
import { grouped, number, text } from "./numbers.js";

const CURVE_COLUMNS = ["mean", "low", "high", "n"];

/** A point of a row, at what stands in its column `across`; null where one of the two is no number. */
function point(numbers, row, across) {
  const [y, low, high, n] = CURVE_COLUMNS.map((column) => number(numbers, row, column));
  const x = number(numbers, row, across);
  return x === null || y === null ? null : { x, y, low: high === null ? null : low, high, n };
}

function points(numbers, rows, across) {
  return rows.map((row) => point(numbers, row, across)).filter(Boolean);
}

function levelsOf(show) {
  return show && report.optimal !== null ? [{ value: report.optimal, name: "optimal policy" }] : [];
}

/** Curves over updates, a panel per oversight level. */
export function curvePanels(numbers, { figure }) {
  const isReturn = figure === "learning-curves";
  const panels = [];
  for (const [level, rows] of grouped(numbers.rows, (row) => text(numbers, row, "oversight_prob"))) {
    const curves = [...grouped(rows, (row) => text(numbers, row, "series"))].map(([name, own]) => {
      const of = (what) => points(numbers, own.filter((row) => text(numbers, row, "what") === what), "x");
      const isReference = own.some((row) => text(numbers, row, "what") === "reference");
      const look = isReference ? { ...lookOf(name), dash: [5, 3] } : lookOf(name);
      return { name, look, points: of(isReference ? "reference" : "mean"), kept: of("kept checkpoint") };
    });
    panels.push({ title: `p = ${level}`, x: "Update", y: isReturn ? "True return" : "Gaming gap", curves, levels: levelsOf(isReturn) });
  }
  return panels;
}

/** Step functions of labels, a panel per oversight level and quantity. */
export function stepPanels(numbers, { figure }) {
  const isReturn = figure === "label-efficiency";
  const quantity = (row) => text(numbers, row, "what").replace(/, (end of a run|no labels)$/, "");
  const panels = [];
  const of = (row) => JSON.stringify([text(numbers, row, "oversight_prob"), quantity(row)]);
  for (const [key, rows] of grouped(numbers.rows, of)) {
    const [level, what] = JSON.parse(key);
    const ends = Math.max(1, ...rows.map((row) => number(numbers, row, "labels") ?? 0));
    const curves = [...grouped(rows, (row) => text(numbers, row, "series"))].map(([name, own]) => {
      const like = (end) => own.filter((row) => text(numbers, row, "what") === what + end);
      // A method that uses no labels holds its value at every number of them.
      const free = like(", no labels").flatMap((row) => {
        const y = number(numbers, row, "mean");
        return y === null ? [] : [1, ends].map((x) => ({ x, y, low: number(numbers, row, "low"), high: number(numbers, row, "high"), n: null }));
      });
      return { name, look: lookOf(name), steps: true, points: [...points(numbers, like(""), "labels"), ...free],
        dots: points(numbers, like(", end of a run"), "labels") };
    });
    const title = isReturn ? `p = ${level}` : `p = ${level}: ${what}`;
    panels.push({ title, x: "True labels", y: isReturn ? "True return" : "Accuracy", curves, levels: isReturn ? levelsOf(true) :
      [{ value: 0.5, name: "chance" }], fromZero: isReturn });
  }
  return panels;
}

/** Means against the oversight level. */
export function levelPanels(numbers) {
  const curves = [...grouped(numbers.rows, (row) => text(numbers, row, "series"))].map(([name, own]) => {
    const of = (what) => points(numbers, own.filter((row) => text(numbers, row, "what") === what), "oversight_prob");
    return { name, look: lookOf(name), points: of("mean"), dots: of("trial"), bars: true };
  });
  const ticks = [...new Set(curves.flatMap((curve) => curve.points.map((one) => one.x)))].filter((x) => x > 0);
  return [{ title: "", x: "Oversight level p", y: "True return", curves, levels: levelsOf(true), ticks: ticks.sort((a, b) => a - b) }];
}

/** What is drawn of single runs with a holdout, in the colours of gr-figures. */
const RUN_LOOKS = {
  "training return (own reward)": { color: "#d55e00", dash: [7, 3], marker: "Square", hollow: false },
  "holdout return": { color: "#0072b2", dash: [3, 2], marker: "Circle", hollow: false },
  "true return": { color: "#000000", dash: [], marker: "TriangleUp", hollow: false },
};

/** A panel per run, with the curves of it. */
export function runPanels(numbers) {
  const panels = [];
  for (const [run, rows] of grouped(numbers.rows, (row) => text(numbers, row, "run_id"))) {
    const of = (what) => rows.filter((row) => text(numbers, row, "what") === what);
    const at = (row) => ({ x: number(numbers, row, "update_idx"), y: number(numbers, row, "value"), low: null, high: null, n: 1 });
    const known = (one) => one.x !== null && one.y !== null;
    const curves = Object.entries(RUN_LOOKS).map(([name, look]) => ({ name, look, points: of(name).map(at).filter(known) }));
    curves.at(-1).kept = of("checkpoint kept").map(at).filter(known);
    const stops = of("training stopped").map((row) => number(numbers, row, "update_idx")).filter((update) => update !== null);
    const uprights = stops.map((value) => ({ value, name: "training stopped" }));
    panels.push({ title: run, x: "Update", y: "Return", curves: curves.filter((curve) => curve.points.length > 0), uprights });
  }
  return panels;
}
