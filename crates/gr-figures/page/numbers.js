// Tables of the CSV files beside the pictures, and numbers as people read them.

import { report, unpacked } from "./embedded.js";

/** Larger numbers are no return, gap or count of the experiment, and would leave no axis for the others. */
const LARGEST = 1e9;

/** The rows of a CSV text (RFC 4180), with the places of their columns. */
export function table(text) {
  const rows = [];
  let row = [];
  let field = "";
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[at + 1] === '"') field += text[(at += 1)];
      else quoted = false;
    } else if (letter === '"') {
      quoted = true;
    } else if (letter === "," || letter === "\n") {
      row.push(field);
      field = "";
      if (letter === "\n") {
        rows.push(row);
        row = [];
      }
    } else if (letter !== "\r") {
      field += letter;
    }
  }
  const columns = new Map((rows.shift() ?? []).map((name, place) => [name, place]));
  return { columns, rows };
}

/** What stands in a column of a row; empty where there is no such column. */
export function text(numbers, row, column) {
  return row[numbers.columns.get(column)] ?? "";
}

/** The number that stands in a column; null where there is none. */
export function number(numbers, row, column) {
  const written = text(numbers, row, column);
  const value = Number(written);
  return written !== "" && Math.abs(value) <= LARGEST ? value : null;
}

const loaded = new Map();

/** The CSV of the figure in place `place`, as text and as a table. */
export function numbersOf(place) {
  if (!loaded.has(place)) {
    loaded.set(place, unpacked(`numbers-${place}`).then((csv) => ({ csv, ...table(csv) })));
  }
  return loaded.get(place);
}

/** The place of the first picture of a figure; -1 where there is none. */
export function placeOf(figure) {
  return report.figures.findIndex((other) => other.figure === figure);
}

/** Rows in order, by what `of` says of each. */
export function grouped(rows, of) {
  const groups = new Map();
  for (const row of rows) {
    const key = of(row);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  }
  return groups;
}

/** A value with a sign and three digits behind the point. */
export function signed(value, digits = 3) {
  if (value === null) return "–";
  const magnitude = Math.abs(value).toFixed(digits);
  const sign = value < 0 && Number(magnitude) !== 0 ? "−" : "+";
  return `${sign}${magnitude}`;
}

/** An interval; empty where there is none. */
export function interval(low, high) {
  return low === null || high === null ? "" : `${signed(low)} to ${signed(high)}`;
}

/** A whole number with commas between thousands. */
export function thousands(value) {
  return value === null ? "–" : Math.round(value).toLocaleString("en-US");
}

/** A share of one as percent. */
export function percent(share, digits = 1) {
  return `${(100 * share).toFixed(digits)} %`;
}
