// Returns along a horizontal axis, a row per series and a panel per oversight level.

import { element, shape } from "./dom.js";
import { report } from "./embedded.js";
import { hull, linearAxis } from "./axis.js";
import { colours, dot, line, lookOf, marker } from "./marks.js";
import { grouped, interval, number, signed, text } from "./numbers.js";

const ROW = 52;
const EDGE = 14;

/** Which columns of a figure say what of a row. */
const COLUMNS = {
  "final-returns": { mean: "mean", low: "low", high: "high", x: "True return" },
  differences: { mean: "difference", low: "welch_low", high: "welch_high", x: "Difference in true return" },
};

/** The panels of a figure: rows with a name, a mean, its interval, values of runs and words. */
export function rowPanels(numbers, { figure }) {
  const columns = COLUMNS[figure] ?? COLUMNS["final-returns"];
  return [...grouped(numbers.rows, (row) => text(numbers, row, "oversight_prob"))].map(([level, own]) => {
    const rows = [...grouped(own, (row) => text(numbers, row, "series"))].map(([name, same]) => {
      const what = (row) => text(numbers, row, "what");
      const main = same.find((row) => ["mean", ""].includes(what(row))) ?? same[0];
      const of = (column) => number(numbers, main, column);
      const runs = same.filter((row) => !["mean", ""].includes(what(row)));
      return { name, look: lookOf(name), mean: of(columns.mean), low: of(columns.low), high: of(columns.high),
        tick: of("interquartile_mean"), words: text(numbers, main, "verdict"), n: of("n"),
        // Pairs of runs with the same seed have an interval of their own.
        paired: figure === "differences" ? [of("low"), of("high")] : [null, null],
        values: runs.map((row) => number(numbers, row, "mean")).filter((value) => value !== null) };
    });
    const level_ = figure === "differences" ? { value: 0, name: "no difference" } : { value: report.optimal, name: "optimal policy" };
    return { title: `p = ${level}`, x: columns.x, rows: rows.filter((row) => row.mean !== null), level: level_ };
  });
}

/** Draws them into `place`. */
export function drawRows(place, panels) {
  const columns = Math.max(1, Math.floor((place.clientWidth + 12) / 348));
  const width = (place.clientWidth || 700) / Math.min(columns, panels.length) - (panels.length > 1 ? 13 : 0);
  const cut = (value) => Math.max(-1, Math.min(1, value));
  const reach = panels.flatMap((panel) => panel.rows.flatMap((row) =>
    [row.mean, ...row.values, ...[row.low, row.high, ...row.paired].filter((end) => end !== null).map(cut)]));
  let [low, high] = hull([0, ...reach]);
  const level = panels[0]?.level.value ?? null;
  if (level !== null && level - low <= 1.5 * (high - low)) high = Math.max(high, level);
  const room = 0.04 * (high - low);
  const axis = linearAxis(low - room, high + room, Math.max(2, Math.floor(width / 85)));
  place.replaceChildren(...panels.map((panel) => drawPanelOfRows(panel, axis, width)));
}

function drawPanelOfRows(panel, axis, width) {
  const height = 62 + ROW * panel.rows.length;
  const bottom = height - 38;
  const across = (value) => EDGE + Math.max(0, Math.min(1, axis.share(value))) * (width - 2 * EDGE);
  const words = (x, y, anchor, said, name = "") => shape("text", { x, y, "text-anchor": anchor, class: name }, said);
  const parts = [words(EDGE, 14, "start", panel.title, "title")];
  for (const { value, label } of axis.ticks) {
    parts.push(shape("line", { class: "grid", x1: across(value), x2: across(value), y1: 22, y2: bottom }),
      words(across(value), bottom + 16, "middle", label));
  }
  if (panel.level.value !== null && panel.level.value <= axis.high) {
    parts.push(shape("line", { class: "level", x1: across(panel.level.value), x2: across(panel.level.value), y1: 22, y2: bottom }),
      words(across(panel.level.value), 14, panel.level.value > 0.3 ? "end" : "middle", panel.level.name, "faint"));
  }
  parts.push(words(width - EDGE, bottom + 33, "end", panel.x));
  panel.rows.forEach((row, index) => {
    const top = 30 + index * ROW;
    const middle = top + 25;
    const of = shape("g", { class: "look", style: colours(row.look) },
      row.values.map((value, place) => dot([across(value), middle - 5 + 1.2 * (((place * 3) % 7) - 3)])));
    if (row.low !== null && row.high !== null) of.append(line([[across(row.low), middle + 9], [across(row.high), middle + 9]], { dash: [] }));
    if (row.paired[0] !== null && row.paired[1] !== null) {
      of.append(line([[across(row.paired[0]), middle + 15], [across(row.paired[1]), middle + 15]], { dash: [] }, 1));
    }
    if (row.tick !== null) of.append(line([[across(row.tick), middle + 3], [across(row.tick), middle + 15]], { dash: [] }, 1.5));
    of.append(marker([across(row.mean), middle + 9], row.look));
    const range = interval(row.low, row.high);
    const said = `${row.name}: ${signed(row.mean)}${range ? ` [${range}]` : ""}${row.words ? `, ${row.words}` : ""}, n = ${row.n}`;
    of.append(shape("title", {}, said));
    const name = shape("text", { x: EDGE, y: top + 8 }, `${row.name}  `, shape("tspan", { class: "faint" }, `${signed(row.mean)} ${row.words}`));
    parts.push(name, of);
  });
  const name = `${panel.title}. ${panel.rows.map((row) => `${row.name} ${signed(row.mean)} ${row.words}`).join("; ")}`;
  return element("figure", {}, shape("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": name }, parts));
}
