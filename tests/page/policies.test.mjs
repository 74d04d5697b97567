// What the page computes of policies is what gr-policy says of them.

import assert from "node:assert/strict";
import os from "node:os";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";

import { askWorker, close, numbersBelow, reportOf, run, sample, withPage } from "./support.mjs";
import { writeRounded } from "./rounded.mjs";

/** On the same rounded weights the page and Rust differ by rounding of 32-bit sums only. */
const SAME_WEIGHTS = 1e-6;
/** What 16 bits do to a probability or to how an episode ends. */
const ROUNDING = 1e-3;
const FLAGS = ["none", "ghost", "diamond", "both"];

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gr-page-"));
after(async () => {
  fs.rmSync(folder, { recursive: true });
  await close();
});

/** The kept policy's file, and one with the weights that the page carries. */
async function files(page, name, notes) {
  const original = path.join(sample(name), "checkpoints", `${notes.run}.safetensors`);
  const rounded = path.join(folder, `${notes.run}.safetensors`);
  writeRounded(rounded, original, notes, await page.locator(`#weights-${notes.kept.at(-1)[1]}`).textContent());
  return [original, rounded];
}

/** Distinct pairs of goals. */
function layouts(cells, number) {
  const below = numbersBelow(17);
  const pairs = new Set();
  while (pairs.size < Math.min(number, cells * (cells - 1))) {
    const [ghost, diamond] = [below(cells), below(cells)];
    if (ghost !== diamond) pairs.add(`${ghost} ${diamond}`);
  }
  return [...pairs].map((pair) => pair.split(" ").map(Number));
}

/** The largest difference between what the worker and `gr-policy show --json` say. */
function difference(answer, shown) {
  let most = 0;
  const hold = (ours, theirs) => { most = Math.max(most, Math.abs(ours - theirs)); };
  assert.equal(answer.probabilities.length, shown.policies.length);
  shown.policies.forEach(({ probabilities, endings }, policy) => {
    probabilities.flat().forEach((value, at) => hold(answer.probabilities[policy][at], value));
    endings.forEach((ends, cell) => {
      for (const goal of ["diamond", "ghost"]) if (ends) hold(answer.endings[policy][goal][cell], ends[goal]);
    });
  });
  assert.equal(answer.gate === null, shown.gate === null);
  shown.gate?.forEach((value, cell) => hold(answer.gate[cell], value));
  return most;
}

/** The largest difference on layouts with all flags, from `gr-policy show` on `file`. */
async function compare(page, notes, key, file, pairs) {
  const questions = pairs.flatMap(([ghost, diamond]) => FLAGS.map((_, flags) => ["layout", { ghost, diamond, flags }]));
  const answers = await askWorker(page, notes, key, questions);
  let most = 0;
  const asked = questions.entries();
  const work = async () => {
    for (const [at, [, { ghost, diamond, flags }]] of asked) {
      const words = ["--ghost", String(ghost), "--diamond", String(diamond), "--flags", FLAGS[flags], "--json"];
      most = Math.max(most, difference(answers[at], JSON.parse(await run("gr-policy", "show", file, ...words))));
    }
  };
  await Promise.all([work(), work()]);
  return most;
}

for (const name of ["methods", "stale", "cells", "blind", "small-grid"]) {
  test(`probabilities, gates and endings of ${name} are those of gr-policy`, async (context) => {
    await withPage(sample(`${name}.html`), {}, async (page) => {
      const { policies } = await reportOf(page);
      assert.ok(policies.length > 0);
      for (const notes of policies) {
        const [, key] = notes.kept.at(-1);
        const [original, rounded] = await files(page, name, notes);
        const pairs = layouts(notes.rows * notes.cols, name === "methods" ? 100 : 10);
        const exact = await compare(page, notes, key, rounded, pairs);
        const close = await compare(page, notes, key, original, pairs.slice(0, 10));
        context.diagnostic(`${notes.run}: ${4 * pairs.length} layouts, ${exact.toExponential(1)} on the same weights, ${close.toExponential(1)} by rounding`);
        assert.ok(exact < SAME_WEIGHTS, `${notes.run}: ${exact}`);
        assert.ok(close < ROUNDING, `${notes.run}: ${close}`);
      }
    });
  });

  test(`returns of ${name} are those of the exact evaluation`, { timeout: 600_000 }, async (context) => {
    await withPage(sample(`${name}.html`), {}, async (page) => {
      const { policies } = await reportOf(page);
      for (const notes of policies) {
        const [, key] = notes.kept.at(-1);
        const [, rounded] = await files(page, name, notes);
        const levels = [0, 0.02, 0.25, 0.77, 1, notes.oversight];
        const answers = await askWorker(page, notes, key, levels.map((oversight) => ["returns", { oversight }]));
        const said = JSON.parse(await run("gr-policy", "evaluate", rounded, "--json", "--oversight", levels.join(",")));
        let most = 0;
        levels.forEach((level, at) => {
          const own = said.filter((one) => one.oversight_prob === level);
          assert.equal(own.length, answers[at].length);
          own.forEach((one, policy) => { most = Math.max(most, Math.abs(one.avg_return - answers[at][policy])); });
        });
        const home = answers.at(-1)[answers[0].length === 1 ? 0 : 1];
        // A folder without manifests does not record it.
        const rounding = notes.recorded_return === null ? NaN : home - notes.recorded_return;
        context.diagnostic(`${notes.run}: ${most.toExponential(1)} from Rust, rounding changes the return by ${rounding.toExponential(1)}`);
        assert.ok(most < SAME_WEIGHTS, `${notes.run}: ${most}`);
        assert.ok(!(Math.abs(rounding) >= ROUNDING), `${notes.run}: ${rounding}`);
      }
    });
  });
}
