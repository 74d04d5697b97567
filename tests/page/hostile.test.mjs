// Names, labels and numbers of files never become markup or script.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";

import { close, run, sample, withPage } from "./support.mjs";

after(close);

const NAMES = ["<script>window.hacked = 1</script>", "</script><script>window.hacked = 1</script>", "<img src=x onerror='window.hacked = 1'>",
  "\"><svg onload=window.hacked=1>", "<!--", "{{document}}", "]]>&lt;script&gt;", "__proto__", "constructor"];

const HEADER = "update_idx,run_label,oversight_prob,policy_type,avg_return,run_id,seed,first_observation,evaluation,gaming_gap";

/** A folder with a run of every name, and what `further` says. */
function write(name, further = () => {}) {
  const folder = sample(name);
  fs.mkdirSync(folder, { recursive: true });
  NAMES.forEach((label, place) => {
    const field = `"${label.replaceAll('"', '""')}"`;
    const rows = [0, 100, 200].map((update) => `${update},${field},0.1,training_policy,${0.001 * update},run${place},${place},fresh,exact,0.1`);
    fs.writeFileSync(path.join(folder, `eval_results_run${place}.csv`), `${[HEADER, ...rows].join("\n")}\n`);
  });
  further(folder);
  return folder;
}

/** The page of a folder: whatever is in it, names are shown as they are and nothing of them runs. */
async function check(folder, expected) {
  const file = `${folder}.html`;
  // Files that are left out are said, with exit code 1.
  await run("gr-figures", folder, "--html", file).catch((error) => assert.equal(error.code, 1, error.stderr));
  await withPage(file, {}, async (page) => {
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator("img[src='x'], svg[onload]").count(), 0);
    // The page's own script and worker, the document, numbers and pictures; nothing else.
    const kinds = await page.evaluate(() => [...document.scripts].filter((script) => !script.type).length);
    assert.equal(kinds, 1);
    for (const text of expected) assert.ok((await page.locator("main").textContent()).includes(text), text);
  });
}

test("labels of runs", async () => {
  await check(write("hostile-labels"), NAMES.slice(0, 4).map((name) => name[0].toUpperCase() + name.slice(1).replaceAll("_", " ")));
});

test("numbers beyond all measure, and numbers that are none", async () => {
  await check(write("hostile-numbers", (folder) => {
    for (const [place, number] of ["1e300", "-1e308", "NaN", "1e9", "999999999", "<b>"].entries()) {
      const row = `0,routing,0.1,diamond,${number},odd${place},${place},fresh,exact,`;
      fs.writeFileSync(path.join(folder, `eval_results_odd${place}.csv`), `${HEADER}\n${row}\n`);
    }
  }), ["Left out"]);
});

test("names of variants in a plan, and a file that is missing", async () => {
  const from = sample("hostile-variants");
  const files = fs.readdirSync(from);
  fs.rmSync(path.join(from, files.find((name) => name.startsWith("eval_results_"))), { force: true });
  fs.rmSync(path.join(from, "checkpoints", fs.readdirSync(path.join(from, "checkpoints")).find((name) => name.endsWith(".safetensors"))));
  await check(from, ["<script>window.hacked = 1</script>"]);
});

test("policy files that say anything of themselves", async () => {
  const from = sample("methods");
  const to = sample("hostile-policies");
  fs.cpSync(from, to, { recursive: true });
  const policies = fs.readdirSync(path.join(to, "checkpoints")).filter((name) => /abcd|_s0_[0-9a-f]+\.safetensors$/.test(name));
  const edits = [(text) => text.replace(/"max_step\\":\\"32/, "\"max_step\\\":\\\"99"), (text) => text.replace(/"rows\\":\\"5/, "\"rows\\\":\\\"9"),
    (text) => text.replace(/\[100,256\]/, "[900,256]")];
  policies.slice(0, 3).forEach((name, place) => {
    const file = path.join(to, "checkpoints", name);
    const text = fs.readFileSync(file, "latin1");
    const edited = edits[place](text);
    assert.notEqual(edited, text, name);
    fs.writeFileSync(file, edited, "latin1");
  });
  await check(to, ["What the policies do"]);
});
