// How long large sweeps take to open, and how much they take.

import assert from "node:assert/strict";
import fs from "node:fs";
import { after, test } from "node:test";

import { close, run, sample, withPage } from "./support.mjs";
import { writeSweep } from "./synthetic.mjs";

after(close);

const MOST_BYTES = 10e6;
/** Milliseconds to the first figure; 1000 on a machine that does nothing else. */
const MOST_TIME = 3000;

for (const [name, size] of [["4 methods x 8 seeds x 20,000 updates", { levels: [0.1], seeds: 8, updates: 20_000 }],
  ["200 runs", { levels: [0.01, 0.03, 0.1, 0.3, 0.8], seeds: 10, updates: 20_000 }]]) {
  test(name, { timeout: 120_000 }, async (context) => {
    const [folder, file] = [sample(name.replaceAll(" ", "-")), sample(`${name.replaceAll(" ", "-")}.html`)];
    writeSweep(sample("methods"), folder, size);
    const start = Date.now();
    await run("gr-figures", folder, "--html", file);
    const seconds = (Date.now() - start) / 1000;
    const bytes = fs.statSync(file).size;
    await withPage(file, {}, async (page) => {
      const times = [];
      for (let again = 0; again < 3; again += 1) {
        await page.reload({ waitUntil: "commit" });
        await page.waitForSelector("article[data-figure='learning-curves'] .panels svg");
        times.push(await page.evaluate(() => performance.now()));
      }
      await page.waitForSelector("#explorer .boards[data-shown]");
      const explored = await page.evaluate(() => performance.now());
      const session = await page.context().newCDPSession(page);
      await session.send("Performance.enable");
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const heap = metrics.find((metric) => metric.name === "JSHeapUsedSize").value;
      times.sort((a, b) => a - b);
      context.diagnostic(`written in ${seconds.toFixed(1)} s; ${(bytes / 1e6).toFixed(2)} MB; first figure after ${times[1].toFixed(0)} ms, ` +
        `boards after ${explored.toFixed(0)} ms; ${(heap / 1e6).toFixed(1)} MB of heap`);
      assert.ok(times[1] < MOST_TIME, `${times}`);
    });
    assert.ok(bytes < MOST_BYTES, `${bytes}`);
    fs.rmSync(folder, { recursive: true });
  });
}
