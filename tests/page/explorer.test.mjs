// The explorer: pieces are moved, flags toggled, episodes played, gaming found, returns worked out.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { askWorker, close, reportOf, sample, withPage } from "./support.mjs";

after(close);

const METHODS = sample("methods.html");

/** The layout that every board shows. */
async function shown(page) {
  await page.waitForSelector("#explorer .boards[data-shown]");
  return JSON.parse(await page.locator("#explorer .boards").getAttribute("data-shown"));
}

/** Waits until boards show a layout in which this holds. */
function until(page, part) {
  return page.waitForFunction((part) => {
    const layout = JSON.parse(document.querySelector("#explorer .boards")?.dataset.shown ?? "{}");
    return Object.entries(part).every(([key, value]) => layout[key] === value);
  }, part);
}

function piece(page, name, board = 0) {
  return page.locator(".board").nth(board).locator(`[data-piece="${name}"]`);
}

/** The middle of a cell of a board on the screen. */
async function middle(page, board, cell) {
  const box = await page.locator(".board").nth(board).locator("svg").boundingBox();
  return [box.x + (cell % 5 + 0.5) * box.width / 5, box.y + (Math.floor(cell / 5) + 0.5) * box.height / 5];
}

test("a mouse drags pieces on any board, and never onto each other", async () => {
  await withPage(METHODS, {}, async (page) => {
    const before = await shown(page);
    for (const [board, name, cell] of [[0, "diamond", 20], [1, "ghost", 4], [2, "agent", 0]]) {
      await page.locator(".board").nth(board).scrollIntoViewIfNeeded();
      await page.mouse.move(...await middle(page, board, before[name]));
      await page.mouse.down();
      await page.mouse.move(...await middle(page, board, cell), { steps: 5 });
      await page.mouse.up();
      await until(page, { [name]: cell });
    }
    await page.mouse.move(...await middle(page, 2, 0));
    await page.mouse.down();
    await page.mouse.move(...await middle(page, 2, 20), { steps: 2 });
    await page.mouse.up();
    const after = await shown(page);
    assert.equal(new Set([after.agent, after.ghost, after.diamond]).size, 3);
    assert.equal(after.diamond, 20);
  });
});

test("a finger drags pieces", async () => {
  await withPage(METHODS, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } }, async (page) => {
    const before = await shown(page);
    await page.locator(".board").first().locator("svg").scrollIntoViewIfNeeded();
    const session = await page.context().newCDPSession(page);
    const touch = async (type, point) => session.send("Input.dispatchTouchEvent", { type,
      touchPoints: point ? [{ x: point[0], y: point[1] }] : [] });
    await touch("touchStart", await middle(page, 0, before.agent));
    await touch("touchMove", await middle(page, 0, 10));
    await touch("touchMove", await middle(page, 0, 15));
    await touch("touchEnd");
    await until(page, { agent: 15 });
  });
});

test("arrow keys move the piece that has the focus, over others that are in the way", async () => {
  await withPage(METHODS, { hash: "#agent=12&ghost=6&diamond=13" }, async (page) => {
    await until(page, { agent: 12, diamond: 13 });
    await piece(page, "agent").focus();
    await page.keyboard.press("ArrowRight");
    await until(page, { agent: 14 });
    await page.keyboard.press("ArrowUp");
    await until(page, { agent: 9 });
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("ArrowDown");
    await until(page, { agent: 9, ghost: 11 });
    assert.equal(await piece(page, "ghost").getAttribute("aria-valuetext"), "row 3, column 2");
  });
});

test("flags change what the boards say as gr-policy's numbers do, and the address keeps all of it", async () => {
  await withPage(METHODS, {}, async (page) => {
    const layout = await shown(page);
    await page.getByLabel("ghost", { exact: true }).check();
    await page.getByLabel("diamond", { exact: true }).check();
    await until(page, { ghostFlag: true, diamondFlag: true });
    const { policies } = await reportOf(page);
    const board = page.locator(".board").nth(1);
    const name = await board.getAttribute("data-run");
    const notes = policies.find((one) => one.run === name);
    const [answer] = await askWorker(page, notes, notes.kept.at(-1)[1], [["layout", { ...layout, flags: 3 }]]);
    const policy = Number(await board.getAttribute("data-policy"));
    const diamond = Number(await board.getAttribute("data-diamond"));
    assert.equal(diamond, answer.endings[policy].diamond[layout.agent]);
    assert.equal(await page.locator(".board .flag").count(), 2 * await page.locator(".board").count());
    const hash = new URL(page.url()).hash;
    await page.reload();
    await until(page, { ghostFlag: true, diamondFlag: true });
    assert.equal(new URL(page.url()).hash, hash);
    assert.ok(await page.getByLabel("ghost", { exact: true }).isChecked());
  });
});

test("an episode is played to its end, and says what it pays for whom", async () => {
  await withPage(METHODS, {}, async (page) => {
    await shown(page);
    await page.getByRole("button", { name: "Step" }).click();
    await page.locator(".outcome", { hasText: /Step 1:/ }).first().waitFor();
    await page.getByRole("button", { name: "Play" }).click();
    await page.waitForFunction(() => [...document.querySelectorAll(".board .outcome")]
      .every((one) => /in truth (it is )?[+−]?[01]|0 in truth/.test(one.textContent)), null, { timeout: 40_000 });
    for (const said of await page.locator(".outcome").allTextContents()) {
      assert.match(said, /on the (diamond|ghost); the overseer sees nothing and pays \+1; in truth it is [+−]1\.|Out of time after 33 steps/);
    }
    await page.getByRole("button", { name: "Back to start" }).click();
    assert.deepEqual(new Set(await page.locator(".outcome").allTextContents()), new Set([""]));
  });
});

test("find gaming goes to the layout where flags change most", { timeout: 300_000 }, async () => {
  await withPage(METHODS, {}, async (page) => {
    await shown(page);
    const { policies } = await reportOf(page);
    const notes = policies.find((one) => one.kind === "single_expert");
    const board = page.locator(`.board[data-run="${notes.run}"]`);
    await board.getByRole("button", { name: "Find gaming" }).click();
    await board.locator(".outcome", { hasText: "flags change most" }).waitFor({ timeout: 200_000 });
    const found = await shown(page);
    // The best of all layouts, looked for in another way.
    const questions = [];
    for (let ghost = 0; ghost < 25; ghost += 1) {
      for (let diamond = 0; diamond < 25; diamond += 1) {
        if (ghost !== diamond) for (const flags of [0, 3]) questions.push(["layout", { ghost, diamond, flags }]);
      }
    }
    const answers = await askWorker(page, notes, notes.kept.at(-1)[1], questions);
    const worth = (at, agent) => answers[at].endings[0].diamond[agent] - answers[at].endings[0].ghost[agent];
    let [most, here] = [0, 0];
    for (let at = 0; at < answers.length; at += 2) {
      const { ghost, diamond } = questions[at][1];
      for (let agent = 0; agent < 25; agent += 1) {
        if (agent === ghost || agent === diamond) continue;
        const change = Math.abs(worth(at + 1, agent) - worth(at, agent));
        most = Math.max(most, change);
        if (ghost === found.ghost && diamond === found.diamond && agent === found.agent) here = change;
      }
    }
    assert.ok(here > 0 && most - here < 1e-12, `${here} of ${most}`);
  });
});

test("the return slider says what the worker says, and training can be gone through", { timeout: 600_000 }, async () => {
  await withPage(METHODS, {}, async (page) => {
    await shown(page);
    await page.getByLabel("Moment of training").focus();
    await page.keyboard.press("Home");
    await page.locator(".board .caption", { hasText: "after update 0" }).first().waitFor();
    await page.keyboard.press("End");
    await page.getByRole("button", { name: "Work out exact returns" }).click();
    await page.locator("#returns tbody tr").first().waitFor({ timeout: 500_000 });
    await page.getByLabel("The same as a number").fill("0.25");
    const { policies } = await reportOf(page);
    const notes = policies.find((one) => one.kind === "single_expert");
    const [[expected]] = await askWorker(page, notes, notes.kept.at(-1)[1], [["returns", { oversight: 0.25 }]]);
    await page.waitForFunction(([run, expected]) => {
      const row = document.querySelector(`#returns tr[data-run="${run}"]`);
      return row !== null && Math.abs(Number(row.dataset.return) - expected) < 1e-12;
    }, [notes.run, expected]);
    const rounding = await page.locator(`#returns tr[data-run="${notes.run}"] td`).last().textContent();
    assert.ok(Math.abs(Number(rounding.replaceAll("−", "-"))) < 1e-3, rounding);
  });
});
