// Head and foot of the page: the method table, what is missing or under way, and what made the results.

import { element, tick } from "./dom.js";
import { report } from "./embedded.js";
import { remember, remembered } from "./state.js";
import { grouped, interval, number, numbersOf, placeOf, signed, text, thousands } from "./numbers.js";

/** Says what is missing, what is still being trained, and what was left out. */
export function showState(place) {
  const groups = report.groups;
  const sum = (key) => groups.reduce((total, group) => total + group[key], 0);
  const kinds = ["unfinished", "failed", "missing", "unreadable"].filter((kind) => sum(kind) > 0);
  const left = kinds.map((kind) => `${thousands(sum(kind))} ${kind}`);
  const all = `${thousands(sum("finished"))} of ${thousands(sum("runs"))} runs are finished`;
  place.append(element("p", {}, left.length ? `${all}; ${left.join(", ")}. Means are over finished runs only.` : `${all}.`));
  if (kinds.length > 0) {
    const lacking = groups.filter((group) => group.finished < group.runs);
    const line = (group) => {
      const counts = kinds.filter((kind) => group[kind] > 0).map((kind) => `${group[kind]} ${kind}`);
      return element("li", {}, `${group.series} at p = ${group.oversight}: ${counts.join(", ")} of ${group.runs}`);
    };
    place.append(element("details", { open: lacking.length < 9 }, element("summary", {}, "What is missing"),
      element("ul", {}, lacking.map(line))));
  }
  if (report.training.length > 0) place.append(trainingTable());
  if (report.left_out.length > 0) {
    place.append(element("details", {}, element("summary", {}, `Left out (${report.left_out.length})`),
      element("ul", {}, report.left_out.map((reason) => element("li", {}, reason)))));
  }
  if (report.reload_seconds) {
    const words = `Load this page again every ${report.reload_seconds} seconds, as runs progress`;
    place.append(element("p", { class: "only-screen" }, tick(words, remembered("stay", "") === "", (wanted) => {
      remember("stay", wanted ? "" : "1", "");
    })));
  }
}

function trainingTable() {
  const row = (run) => element("tr", {}, element("th", { scope: "row" }, run.run),
    element("td", {}, thousands(run.updates)), element("td", {}, thousands(run.planned)),
    element("td", {}, signed(run.true_return)));
  const head = ["Run", "Updates evaluated", "Planned", "True return then"].map((name) => element("th", { scope: "col" }, name));
  return element("details", { open: report.training.length < 9 }, element("summary", {}, "Under way"),
    element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Runs under way" },
      element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, report.training.map(row)))));
}

/** The method table, a table per oversight level, of the numbers of two figures. */
export async function showMethods(place) {
  const returns = placeOf("final-returns");
  if (returns < 0) {
    place.append(element("p", {}, "No run has finished yet."));
    return;
  }
  const numbers = await numbersOf(returns);
  const differences = placeOf("differences") < 0 ? null : await numbersOf(placeOf("differences"));
  const means = numbers.rows.filter((row) => text(numbers, row, "what") === "mean");
  for (const [level, rows] of grouped(means, (row) => text(numbers, row, "oversight_prob"))) {
    place.append(methodTable(level, rows, numbers, differences));
  }
  place.append(element("p", { class: "caption" },
    "Return: mean true return of the policies that runs keep, in brackets its 95 % interval over n runs. Labels: true labels " +
    "that a run used to train, and those that chose among its checkpoints. Differences are to the first method of a table: of all runs, " +
    "with Welch's interval, and of pairs with the same seed. The unpaired one decides, by the rule of docs/experiment.md, section 12."));
}

function methodTable(level, rows, numbers, differences) {
  const compared = new Map((differences?.rows ?? [])
    .filter((row) => text(differences, row, "oversight_prob") === level)
    .map((row) => [text(differences, row, "series"), row]));
  const line = (row) => {
    const of = (column) => number(numbers, row, column);
    const series = text(numbers, row, "series");
    const other = compared.get(series);
    const against = (column) => (other ? number(differences, other, column) : null);
    const unlimited = text(numbers, row, "labels_holdout_unlimited") === "true";
    const holdout = of("labels_holdout");
    const labels = thousands(of("labels_training")) + (unlimited ? " + unlimited" : holdout ? ` + ${thousands(holdout)}` : "");
    const bracket = (words) => (words ? ` [${words}]` : "");
    const difference = (mean, low, high) =>
      element("td", {}, other ? signed(against(mean)) + bracket(interval(against(low), against(high))) : "");
    return element("tr", {}, element("th", { scope: "row" }, series),
      element("td", {}, signed(of("mean")) + bracket(interval(of("low"), of("high")))),
      element("td", {}, thousands(of("n"))), element("td", {}, labels),
      difference("difference", "welch_low", "welch_high"), difference("mean_difference", "low", "high"),
      element("td", {}, other ? text(differences, other, "verdict") : ""));
  };
  const head = ["Method", "True return [95 % interval]", "n", "Labels per run", "Difference", "Paired by seed", "Verdict"];
  const caption = `p = ${level}`;
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Methods at ${caption}` },
    element("table", {}, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, head.map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, rows.map(line))));
}

/** Says which programs trained and drew. */
export function showPrograms(place) {
  const line = ({ version, commit, backend, runs }) =>
    element("li", {}, `gr-sweep ${version}, commit ${commit}, device ${backend}: ${thousands(runs)} runs`);
  place.append(element("p", {}, `Drawn by gr-figures ${report.version}. The numbers are those of the CSV files that it writes.`));
  place.append(report.programs.length > 0
    ? element("div", {}, "Trained by", element("ul", {}, report.programs.map(line)))
    : element("p", {}, "Which program trained is not recorded in these folders."));
}
