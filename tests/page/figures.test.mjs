// The figures: their numbers are those of the CSV files, their legends, axes and values work, and the page can be read by all.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";

import { axe, close, reportOf, run, sample, withPage } from "./support.mjs";

after(close);

const METHODS = sample("methods.html");

test("the numbers to download are the files beside the pictures", async () => {
  await withPage(METHODS, {}, async (page) => {
    const { figures } = await reportOf(page);
    assert.ok(figures.length > 5);
    for (const [number, figure] of figures.entries()) {
      const csv = await page.evaluate(async (number) => {
        const letters = atob(document.getElementById(`numbers-${number}`).textContent);
        const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
        return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
      }, number);
      assert.equal(csv, fs.readFileSync(path.join(sample("pictures"), `${figure.name}.csv`), "utf8"));
    }
    const [download] = await Promise.all([page.waitForEvent("download"),
      page.locator("article[data-figure='learning-curves']").getByRole("button", { name: "Download CSV" }).click()]);
    assert.equal(fs.readFileSync(await download.path(), "utf8"),
      fs.readFileSync(path.join(sample("pictures"), "learning-curves.csv"), "utf8"));
  });
});

test("a legend switches a series off in every figure, and the address keeps it", async () => {
  await withPage(METHODS, {}, async (page) => {
    const curves = page.locator("article[data-figure='learning-curves']");
    const returns = page.locator("article[data-figure='final-returns']");
    const count = await curves.locator("svg g.look").count();
    await curves.getByRole("button", { name: "Naive" }).click();
    await page.waitForFunction((count) => document.querySelectorAll("article[data-figure='learning-curves'] .panels g.look").length < count, count);
    assert.doesNotMatch(await returns.locator(".panels svg").getAttribute("aria-label"), /Naive/);
    await page.reload();
    await curves.locator(".panels svg").waitFor();
    assert.equal(await curves.getByRole("button", { name: "Naive" }).getAttribute("aria-pressed"), "false");
  });
});

test("pointer and arrow keys read values, which are the CSV's", async () => {
  await withPage(METHODS, {}, async (page) => {
    const curves = page.locator("article[data-figure='learning-curves']");
    const panel = curves.locator(".panels svg").first();
    await panel.hover();
    await curves.locator(".values", { hasText: "Gradient routing" }).first().waitFor();
    await panel.focus();
    await page.keyboard.press("End");
    const said = await curves.locator(".values").first().textContent();
    const rows = fs.readFileSync(path.join(sample("pictures"), "learning-curves.csv"), "utf8").split("\n").map((line) => line.split(","));
    const last = rows.filter((row) => row[1] === "Naive" && row[3] === "mean").at(-1);
    assert.ok(said.includes(`Naive: ${Number(last[5]) < 0 ? "−" : "+"}${Math.abs(Number(last[5])).toFixed(3)}`), said);
  });
});

test("axes are linear or logarithmic, over updates or over labels", async () => {
  await withPage(METHODS, {}, async (page) => {
    const curves = page.locator("article[data-figure='learning-curves']");
    const ticks = () => curves.locator(".panels svg").first().textContent();
    const linear = await ticks();
    await curves.getByLabel("Axis").selectOption("log");
    await page.waitForFunction((linear) => document.querySelector("article[data-figure='learning-curves'] .panels svg").textContent !== linear, linear);
    await curves.getByLabel("Over").selectOption("labels");
    await curves.locator(".panels svg", { hasText: "True labels" }).first().waitFor();
    assert.match(await curves.locator(".caption").first().textContent(), /against true labels used/);
  });
});

test("the method table has the means and differences of the figures", async () => {
  const rows = (figure) => {
    const [head, ...lines] = fs.readFileSync(path.join(sample("pictures"), `${figure}.csv`), "utf8").trim().split("\n");
    return lines.map((line) => Object.fromEntries(line.split(",").map((value, place) => [head.split(",")[place], value])));
  };
  const short = (value) => Math.abs(Number(value)).toFixed(3);
  await withPage(METHODS, {}, async (page) => {
    const cells = (series) =>
      page.locator("#methods tbody tr", { has: page.getByRole("rowheader", { name: series, exact: true }) }).locator("td").allTextContents();
    const means = rows("final-returns").filter((row) => row.what === "mean");
    assert.equal(await page.locator("#methods tbody tr").count(), means.length);
    for (const row of means) assert.ok((await cells(row.series))[0].includes(short(row.mean)), row.series);
    const differences = rows("differences");
    assert.equal(differences.length, means.length - 1);
    for (const row of differences) {
      const [unpaired, paired, verdict] = (await cells(row.series)).slice(-3);
      for (const value of [row.difference, row.welch_low, row.welch_high]) assert.ok(unpaired.includes(short(value)), unpaired);
      for (const value of [row.mean_difference, row.low, row.high]) assert.ok(paired.includes(short(value)), paired);
      assert.equal(verdict, row.verdict);
    }
  });
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`axe finds nothing on a ${colorScheme} page of ${width} pixels`, { timeout: 120_000 }, async () => {
      await withPage(METHODS, { colorScheme, viewport: { width, height: 900 } }, async (page) => {
        await page.waitForSelector("#explorer .boards[data-shown]");
        await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
        assert.deepEqual(said, []);
        const overflows = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
        assert.ok(!overflows, "the page is wider than its window");
        if (process.env.GR_SCREENSHOTS) {
          await page.evaluate(() => document.querySelectorAll("#figures details").forEach((details) => { details.open = false; }));
          await page.screenshot({ path: path.join(process.env.GR_SCREENSHOTS, `page-${width}-${colorScheme}.png`), fullPage: true });
        }
      });
    });
  }
}

test("the same folder gives the same bytes", async () => {
  const again = sample("again.html");
  await run("gr-figures", sample("methods"), "--html", again);
  assert.ok(fs.readFileSync(again).equals(fs.readFileSync(METHODS)));
});

test("a folder of runs that are under way makes a page", async () => {
  await withPage(sample("begun.html"), {}, async (page) => {
    assert.match(await page.locator("#state").textContent(), /0 of 4 runs are finished; [1-4] unfinished/);
    assert.match(await page.locator("#methods").textContent(), /No run has finished yet/);
    assert.equal((await reportOf(page)).reload_seconds, null);
  });
});

test("a watched folder's page is written anew until its runs are over, and loads itself again", { timeout: 120_000 }, async () => {
  const [folder, file] = [sample("watched"), sample("watched.html")];
  fs.cpSync(sample("begun"), folder, { recursive: true });
  let isOver = false;
  const watching = run("gr-figures", folder, "--html", file, "--watch").then(() => { isOver = true; });
  while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 100));
  await withPage(file, {}, async (page) => {
    assert.equal((await reportOf(page)).reload_seconds, 20);
    assert.ok(await page.getByLabel(/Load this page again every 20 seconds/).isChecked());
  });
  assert.ok(!isOver);
  fs.cpSync(sample("finished"), folder, { recursive: true });
  await watching;
  await withPage(file, {}, async (page) => {
    assert.match(await page.locator("#state").textContent(), /4 of 4 runs are finished/);
    assert.equal((await reportOf(page)).reload_seconds, null);
  });
});
