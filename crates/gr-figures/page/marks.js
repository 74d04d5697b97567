// How series look: lines, bands and markers in the colours that gr-figures gives them.

import { shape } from "./dom.js";
import { report } from "./embedded.js";

/** Look of what is no series of its own, such as trials of random settings. */
const OTHER = { color: "#666666", dash: [2, 3], marker: "Plus", hollow: false };

const LOOKS = new Map(report.series.map((look) => [look.name, look]));

/** The look of a series. */
export function lookOf(series) {
  return LOOKS.get(series) ?? OTHER;
}

/** The custom properties by which the style sheet colours what has a look: dark colours are lighter on dark paper. */
export function colours({ color }) {
  return `--light: ${color}; --dark: ${onDark(color)}`;
}

/** A colour that stands out from dark paper: mixed with white until it is light enough. */
function onDark(color) {
  const parts = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255);
  const light = ([red, green, blue]) => 0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2;
  let mixed = parts;
  for (let share = 0; light(mixed) < 0.24 && share < 1; share += 0.05) mixed = parts.map((part) => part + share * (1 - part));
  return `rgb(${mixed.map((part) => Math.round(255 * part)).join(" ")})`;
}

/** A line through places of the page; gaps where a place is null. */
export function line(points, look, width = 2) {
  let path = "";
  let pen = "M";
  for (const point of points) {
    if (point) path += `${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
    pen = point ? "L" : "M";
  }
  return shape("path", { class: "stroke", d: path, "stroke-dasharray": look.dash.join(" "), style: `stroke-width: ${width}` });
}

/** The area between two lines. */
export function band(lower, upper) {
  const corners = [...lower, ...upper.toReversed()].map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return shape("path", { class: "area", d: `M${corners.join("L")}Z` });
}

const CORNERS = {
  Square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  TriangleUp: [[0, -1.15], [1.1, 0.8], [-1.1, 0.8]],
  TriangleDown: [[0, 1.15], [1.1, -0.8], [-1.1, -0.8]],
  Diamond: [[0, -1.25], [1.1, 0], [0, 1.25], [-1.1, 0]],
  Plus: [[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4],
    [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]],
};
CORNERS.Cross = CORNERS.Plus.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);

/** A marker of a look. */
export function marker([x, y], look, radius = 4.5) {
  const name = look.hollow ? "mark hollow" : "mark";
  const corners = CORNERS[look.marker];
  if (!corners) return shape("circle", { class: name, cx: x.toFixed(1), cy: y.toFixed(1), r: radius });
  const points = corners.map(([dx, dy]) => `${(x + radius * dx).toFixed(1)},${(y + radius * dy).toFixed(1)}`);
  return shape("polygon", { class: name, points: points.join(" ") });
}

/** A small disc of a single value. */
export function dot([x, y], radius = 3) {
  return shape("circle", { class: "dot", cx: x.toFixed(1), cy: y.toFixed(1), r: radius });
}

/** What stands before a name in a legend. */
export function sample(look, kind = "series") {
  const parts = kind === "marker" ? [] : [line([[0, 8], [34, 8]], look)];
  return shape("svg", { class: "look", style: colours(look), width: 34, height: 16, "aria-hidden": "true" }, parts,
    kind === "line" ? [] : marker([17, 8], look));
}
