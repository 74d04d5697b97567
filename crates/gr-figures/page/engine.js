// Asks workers about policies: evaluating them would hold up the page.

import { embeddedBytes, embeddedText } from "./embedded.js";

const workers = [];
const asked = new Map();
let questions = 0;

/** The worker for a policy file; each file has one, which keeps its weights. */
function workerFor(key) {
  const most = Math.max(1, Math.min(4, (navigator.hardwareConcurrency ?? 2) - 1));
  const place = key % most;
  if (!workers[place]) {
    const source = URL.createObjectURL(new Blob([embeddedText("worker")], { type: "text/javascript" }));
    const worker = new Worker(source);
    worker.onmessage = ({ data }) => {
      const { resolve, reject, onshare } = asked.get(data.id);
      if ("share" in data) return onshare?.(data.share);
      asked.delete(data.id);
      return "error" in data ? reject(new Error(data.error)) : resolve(data.answer);
    };
    workers[place] = { worker, keys: new Set() };
  }
  return workers[place];
}

/**
 * Asks about the policies in file number `key` of a run. `question` is one of the worker's; `onshare` is told how much of a long
 * answer is done.
 */
export function ask(run, key, question, given, onshare) {
  const { worker, keys } = workerFor(key);
  const policy = keys.has(key) ? undefined : { notes: run, weights: embeddedBytes(`weights-${key}`) };
  keys.add(key);
  questions += 1;
  const id = questions;
  return new Promise((resolve, reject) => {
    asked.set(id, { resolve, reject, onshare });
    worker.postMessage({ id, key, question, given, policy });
  });
}
