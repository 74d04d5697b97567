// Puts the page together, and loads it again where runs are under way.

import { report } from "./embedded.js";
import { remembered } from "./state.js";
import { showMethods, showPrograms, showState } from "./head.js";
import { redraw, showFigures } from "./figure.js";
import { showExplorer } from "./explorer.js";

const at = (id) => document.getElementById(id);

showState(at("state"));
showMethods(at("methods-body"));
showFigures(at("figures"));
showPrograms(at("made"));
// Weights stand behind the script: figures are drawn before they are there.
document.addEventListener("DOMContentLoaded", () => showExplorer(at("explorer-body")));

let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  redraw();
});

if (report.reload_seconds) {
  let isHeld = false;
  window.addEventListener("pointerdown", () => { isHeld = true; });
  window.addEventListener("pointerup", () => { isHeld = false; });
  setInterval(() => {
    const isBusy = document.querySelector("[data-playing], #explorer button:disabled") !== null;
    if (remembered("stay", "") === "" && !isHeld && !isBusy) location.reload();
  }, 1000 * report.reload_seconds);
}
