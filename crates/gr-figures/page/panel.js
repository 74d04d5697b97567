// A panel: two axes, curves and points on them, and the values under a pointer or a keyboard's cursor.

import { element, shape } from "./dom.js";
import { axisFromZero, hull, linearAxis, logarithmicAxis } from "./axis.js";
import { band, colours, dot, line, marker } from "./marks.js";
import { interval, signed } from "./numbers.js";

const MARGIN = { left: 50, right: 14, top: 26, bottom: 44 };
/** How many times as far from 0 the values of one panel may reach as those of another on the same axis. */
const SHARED_REACH = 3;

/**
 * Draws panels into `place`. A panel has a title, titles `x` and `y` of its axes, `curves` with a name, a look and points
 * `{x, y, low, high}`, and may have `levels` across and `uprights` down. A curve may be a series of steps or of points with
 * bars of their own, and may have `dots` and `kept` markers.
 */
export function drawPanels(place, panels, { logarithmic, height = 300 }) {
  const columns = Math.max(1, Math.floor((place.clientWidth + 12) / 348));
  const width = (place.clientWidth || 700) / Math.min(columns, panels.length) - (panels.length > 1 ? 13 : 0);
  const reach = (panel) => {
    const [low, high] = hull([0, ...values(panel)]);
    return high - low;
  };
  const reaches = panels.map(reach).filter((length) => length > 0);
  const shared = Math.max(...reaches) <= SHARED_REACH * Math.min(...reaches);
  const all = panels.flatMap(values);
  place.replaceChildren(...panels.map((panel) => {
    const y = yAxis(shared ? all : values(panel), panel);
    return drawPanel(panel, xAxis(panel, logarithmic, width), y, width, height);
  }));
}

/** The values that a vertical axis is to hold. No return is beyond 1 in size; intervals of a few runs can be. */
function values(panel) {
  const cut = (value) => Math.max(-1, Math.min(1, value));
  return panel.curves.flatMap((curve) => [
    ...curve.points.flatMap((point) => (point.low === null ? [point.y] : [point.y, cut(point.low), cut(point.high)])),
    ...[...(curve.dots ?? []), ...(curve.kept ?? [])].map((point) => point.y),
  ]);
}

function yAxis(numbers, panel) {
  let [low, high] = hull(panel.fromZero === false ? numbers : [0, ...numbers]);
  for (const { value } of panel.levels ?? []) {
    if (Math.max(high, value) - Math.min(low, value) <= 1.5 * (high - low)) [low, high] = hull([low, high, value]);
  }
  const room = 0.04 * Math.max(high - low, 1e-9);
  return linearAxis(low - room, high + room, 6);
}

function xAxis(panel, logarithmic, width) {
  const count = Math.max(2, Math.floor(width / 85));
  const numbers = panel.curves.flatMap((curve) =>
    [...curve.points, ...(curve.dots ?? []), ...(curve.kept ?? [])].map((point) => point.x));
  const end = panel.end ? Math.min(panel.end, hull(numbers)[1]) : hull(numbers)[1];
  if (!logarithmic) return axisFromZero(end, count);
  const low = hull(numbers.filter((number) => number > 0))[0];
  if (!panel.ticks) return logarithmicAxis(Math.max(low, 1e-9), Math.max(end * 1.02, low), count);
  return logarithmicAxis(low / 1.3, end * 1.3, count, panel.ticks);
}

function drawPanel(panel, x, y, width, height) {
  const plot = { left: MARGIN.left, top: MARGIN.top, width: width - MARGIN.left - MARGIN.right,
    height: height - MARGIN.top - MARGIN.bottom };
  const at = (point) => [plot.left + x.share(point.x) * plot.width, plot.top + (1 - y.share(point.y)) * plot.height];
  const has = (point) => point.x <= x.high * 1.0001 && point.x >= x.low * (x.logarithmic ? 0.9999 : 1) && point.y >= y.low && point.y <= y.high;
  const cursor = shape("line", { class: "cursor", y1: plot.top, y2: plot.top + plot.height, visibility: "hidden" });
  const name = `${panel.title}. ${panel.y} against ${panel.x}. Left and right arrow keys read values.`;
  const picture = shape("svg", { viewBox: `0 0 ${width} ${height}`, height, tabindex: 0, role: "application", "aria-label": name },
    frame(panel, x, y, plot), panel.curves.map((curve) => drawCurve(curve, x, y, plot, at, has)), cursor);
  const read = element("div", { class: "values", role: "status" });
  const figure = element("figure", {}, picture, read);
  listen(figure, picture, read, cursor, panel, x, plot);
  return figure;
}

function frame(panel, x, y, plot) {
  const [right, bottom] = [plot.left + plot.width, plot.top + plot.height];
  const parts = [];
  const words = (at, anchor, text, name = "") => shape("text", { x: at[0], y: at[1], "text-anchor": anchor, class: name }, text);
  for (const { value, label } of y.ticks) {
    const height = bottom - y.share(value) * plot.height;
    parts.push(shape("line", { class: "grid", x1: plot.left, x2: right, y1: height, y2: height }),
      words([plot.left - 7, height + 4], "end", label));
  }
  let free = -Infinity;
  for (const { value, label } of x.ticks) {
    const across = plot.left + x.share(value) * plot.width;
    parts.push(shape("line", { class: "grid", x1: across, x2: across, y1: plot.top, y2: bottom }));
    const half = 3.6 * label.length;
    if (across - half < free || across + half > right + MARGIN.right) continue;
    free = across + half + 6;
    parts.push(words([across, bottom + 17], "middle", label));
  }
  for (const { value, name } of panel.levels ?? []) {
    if (value > y.high) parts.push(words([plot.left + 6, plot.top + 12], "start", `↑ ${name}: ${value.toFixed(3)}`, "faint"));
    if (value > y.high || value < y.low) continue;
    const height = bottom - y.share(value) * plot.height;
    parts.push(shape("line", { class: "level", x1: plot.left, x2: right, y1: height, y2: height }),
      words([right - 2, height + 13], "end", name, "faint"));
  }
  for (const { value, name } of panel.uprights ?? []) {
    if (value > x.high) continue;
    const across = plot.left + x.share(value) * plot.width;
    parts.push(shape("line", { class: "level", x1: across, x2: across, y1: plot.top, y2: bottom }, shape("title", {}, name)));
  }
  parts.push(shape("path", { class: "axis", d: `M${plot.left} ${plot.top}V${bottom}H${right}` }),
    words([plot.left, 15], "start", panel.title, "title"), words([right, bottom + 35], "end", panel.x),
    words([right, 15], "end", panel.y, "faint"));
  return parts;
}

function drawCurve(curve, x, y, plot, middleOf, has) {
  // Points with bars of their own stand beside those of other series at the same place.
  const aside = curve.bars ? 26 * ((curve.place ?? 0.5) - 0.5) : 0;
  const at = (point) => {
    const [across, down] = middleOf(point);
    return [across + aside, down];
  };
  const inside = (point) => at({ x: point.x, y: Math.max(y.low, Math.min(y.high, point.y)) });
  const within = curve.points.filter((point) => point.x <= x.high * 1.0001 && (!x.logarithmic || curve.steps || point.x >= x.low * 0.9999));
  const points = thinned(curve.steps ? stairs(within) : within, (point) => at(point)[0]);
  const parts = [];
  const wide = points.filter((point) => point.low !== null);
  if (curve.bars) {
    for (const point of wide) {
      const ends = [point.low, point.high].map((value) => inside({ x: point.x, y: value }));
      parts.push(line(ends, { dash: [] }, 1.6));
    }
  } else if (wide.length > 1) {
    parts.push(band(wide.map((point) => inside({ x: point.x, y: point.low })), wide.map((point) => inside({ x: point.x, y: point.high }))));
  }
  parts.push(line(points.map((point) => (has(point) ? at(point) : null)), curve.look));
  parts.push((curve.dots ?? []).filter(has).map((point) => dot(at(point))));
  // A few markers tell curves apart without their colours; where points are few, each has one.
  const every = curve.bars ? 1 : Math.max(1, Math.floor(points.length / 5));
  const shift = curve.bars ? 0 : Math.floor(every * (curve.place ?? 0));
  const marked = points.filter((point, index) => index % every === shift % every && has(point));
  parts.push(marked.map((point) => marker(at(point), curve.look)));
  const kept = { ...curve.look, marker: "Diamond", hollow: true };
  parts.push((curve.kept ?? []).filter(has).map((point) => marker(at(point), kept)));
  return shape("g", { class: "look", style: colours(curve.look) }, parts);
}

/** The corners of a step function. */
function stairs(points) {
  return points.flatMap((point, index) => (index === 0 ? [point] : [{ ...points[index - 1], x: point.x }, point]));
}

/** Points that can be seen: of those within half a unit across, the first, the lowest, the highest and the last. */
function thinned(points, across) {
  if (points.length < 1500) return points;
  const kept = [];
  let start = 0;
  for (let end = 1; end <= points.length; end += 1) {
    if (end < points.length && Math.floor(2 * across(points[end])) === Math.floor(2 * across(points[start]))) continue;
    const same = points.slice(start, end);
    const [low, high] = hull(same.map((point) => point.y));
    const extremes = [0, same.length - 1, same.findIndex((point) => point.y === low), same.findIndex((point) => point.y === high)];
    kept.push(...[...new Set(extremes)].sort((a, b) => a - b).map((index) => same[index]));
    start = end;
  }
  return kept;
}

/** Shows the values at the pointer, and at a cursor that arrow keys move from point to point. */
function listen(figure, picture, read, cursor, panel, x, plot) {
  const stops = [...new Set(panel.curves.flatMap((curve) => [...curve.points, ...(curve.kept ?? [])].map((point) => point.x)))]
    .filter((stop) => stop <= x.high * 1.0001 && (!x.logarithmic || stop >= x.low)).sort((a, b) => a - b);
  let place = -1;
  const show = (index) => {
    place = Math.max(0, Math.min(stops.length - 1, index));
    const across = plot.left + x.share(stops[place]) * plot.width;
    cursor.setAttribute("x1", across);
    cursor.setAttribute("x2", across);
    cursor.setAttribute("visibility", "visible");
    const right = across > plot.left + plot.width / 2;
    read.style.left = right ? "auto" : `${across + 12}px`;
    read.style.right = right ? `${picture.clientWidth - across + 12}px` : "auto";
    const head = element("p", {}, `${panel.x} ${stops[place].toLocaleString("en-US", { maximumSignificantDigits: 6 })}`);
    read.replaceChildren(head, ...panel.curves.map((curve) => valueAt(curve, stops[place])).filter(Boolean));
  };
  const hide = () => {
    cursor.setAttribute("visibility", "hidden");
    read.replaceChildren();
  };
  if (stops.length === 0) return;
  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect();
    const wanted = (event.clientX - box.left - plot.left) / plot.width;
    let nearest = 0;
    stops.forEach((stop, index) => {
      if (Math.abs(x.share(stop) - wanted) < Math.abs(x.share(stops[nearest]) - wanted)) nearest = index;
    });
    if (nearest !== place || read.childElementCount === 0) show(nearest);
  });
  picture.addEventListener("pointerleave", hide);
  picture.addEventListener("blur", hide);
  picture.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: stops.length - 1 };
    if (event.key === "Escape") hide();
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(steps[event.key]);
  });
}

function valueAt(curve, stop) {
  const exact = curve.points.find((point) => point.x === stop);
  const last = curve.points.at(-1);
  const held = () => (stop <= (last?.x ?? -1) ? curve.points.findLast((point) => point.x <= stop) : undefined);
  const point = exact ?? (curve.steps ? held() : undefined);
  const kept = (curve.kept ?? []).filter((other) => other.x === stop).map((other) => ` kept ${signed(other.y)}`);
  if (!point && kept.length === 0) return null;
  const range = point && point.low !== null ? ` [${interval(point.low, point.high)}]` : "";
  return element("p", { class: "look", style: colours(curve.look) },
    `${curve.name}: ${point ? signed(point.y) : ""}${range}${kept.join(",")}${point?.n > 1 ? `, n = ${point.n}` : ""}`);
}
