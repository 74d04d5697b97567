// Folders of many runs, made of the files of a few real ones: other names, seeds and levels, as many rows as wanted.

import fs from "node:fs";
import path from "node:path";

/** Writes runs of every method of the sweep in `from`, for each level and seed, with rows every 100 of `updates` updates. */
export function writeSweep(from, to, { levels, seeds, updates, every = 100 }) {
  fs.mkdirSync(path.join(to, "checkpoints"), { recursive: true });
  const [header, ...runs] = fs.readFileSync(path.join(from, "runs.csv"), "utf8").trim().split("\n");
  const columns = header.split(",");
  const models = runs.map((line) => line.split(",")).filter((fields) => fields[columns.indexOf("seed")] === "0");
  const rows = [header];
  for (const model of models) {
    for (const level of levels) {
      for (let seed = 0; seed < seeds; seed += 1) rows.push(writeRun(from, to, { columns, model, level, seed, updates, every }));
    }
  }
  fs.writeFileSync(path.join(to, "runs.csv"), `${rows.join("\n")}\n`);
}

function writeRun(from, to, { columns, model, level, seed, updates, every }) {
  const field = (name) => model[columns.indexOf(name)];
  const method = field("run_label");
  const id = `${method}_p${level}_s${seed}_0123abcd`;
  const end = 0.2 + 0.05 * method.length % 0.5 + 0.02 * Math.sin(7 * seed + level);
  const value = (update) => end * (1 - Math.exp(-5 * (update + 1) / updates)) + 0.01 * Math.sin(update * 0.37 + seed);
  const [header, ...lines] = fs.readFileSync(path.join(from, `eval_results_${field("run_id")}.csv`), "utf8").trim().split("\n");
  const names = header.split(",");
  const last = lines.map((line) => line.split(",")).filter((fields) => fields[0] === lines.at(-1).split(",")[0]);
  const text = [header];
  const at = [...Array(Math.ceil(updates / every)).keys()].map((index) => index * every).concat(updates - 1);
  for (const update of new Set(at)) {
    for (const fields of last) {
      const changed = { update_idx: update, oversight_prob: level, avg_return: value(update), run_id: id, seed, labels_training: 40 * update + 7 };
      text.push(fields.map((old, place) => changed[names[place]] ?? old).join(","));
    }
  }
  fs.writeFileSync(path.join(to, `eval_results_${id}.csv`), `${text.join("\n")}\n`);
  fs.copyFileSync(path.join(from, "checkpoints", `${field("run_id")}.safetensors`), path.join(to, "checkpoints", `${id}.safetensors`));
  const result = value(updates - 1);
  const changed = { run_id: id, oversight_prob: level, seed, planned_updates: updates, updates, final_return: result, selected_return: result,
    selected_update: updates - 1, labels_training: 40 * updates };
  return model.map((old, place) => changed[columns[place]] ?? old).join(",");
}
