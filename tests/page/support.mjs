// What the tests share: the programs, a browser, pages that may neither complain nor ask a network, and questions to their workers.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";

const { GR_BINARIES, GR_CHROMIUM, GR_NODE_MODULES, GR_SAMPLES } = process.env;
const installed = createRequire(path.join(GR_NODE_MODULES, "node_modules", "from-here.js"));
const { chromium } = installed("playwright-core");

/** The source of axe-core. */
export const axe = installed("axe-core").source;

/** A folder or a page that scripts/page_test.sh made. */
export function sample(name) {
  return path.join(GR_SAMPLES, name);
}

/** What a program prints; it must succeed. */
export async function run(program, ...words) {
  const { stdout } = await promisify(execFile)(path.join(GR_BINARIES, program), words, { maxBuffer: 1 << 28 });
  return stdout;
}

const CALM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--no-first-run", "--disable-quic"];

let browser;

/** Opens a page file, and closes it after `visit`. Anything on its console, any error and any request fails the test. */
export async function withPage(file, options, visit) {
  browser ??= await chromium.launch({ executablePath: GR_CHROMIUM, args: CALM });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!/^(file|blob):/.test(request.url())) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(`file://${file}${options.hash ?? ""}`);
  await page.waitForSelector("#figures article svg, #figures p");
  const result = await visit(page);
  assert.deepEqual(complaints, []);
  await context.close();
  return result;
}

/** Closes the browser. */
export async function close() {
  await browser?.close();
}

/** What the page knows. */
export function reportOf(page) {
  return page.evaluate(() => JSON.parse(document.getElementById("report").textContent));
}

/**
 * Answers of a worker made of the page's own script, to questions about a policy file that the page carries. Typed arrays come as
 * plain ones.
 */
export function askWorker(page, notes, key, questions) {
  return page.evaluate(async ([notes, key, questions]) => {
    const letters = atob(document.getElementById(`weights-${key}`).textContent);
    const weights = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const source = new Blob([document.getElementById("worker").textContent], { type: "text/javascript" });
    const worker = new Worker(URL.createObjectURL(source));
    const answers = [];
    for (const [id, [question, given]] of questions.entries()) {
      const policy = id === 0 ? { notes, weights } : undefined;
      const answer = new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
          if ("error" in data) reject(new Error(data.error));
          else if ("answer" in data) resolve(data.answer);
        };
      });
      worker.postMessage({ id, key, question, given, policy });
      answers.push(await answer);
    }
    worker.terminate();
    const plain = (_, value) => (ArrayBuffer.isView(value) ? [...value] : value);
    return JSON.parse(JSON.stringify(answers, plain));
  }, [notes, key, questions]);
}

/** A generator of whole numbers below a bound, the same in every run. */
export function numbersBelow(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}
