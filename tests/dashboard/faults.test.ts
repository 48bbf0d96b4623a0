// What goes wrong under an open page, in a real browser: the server ends and comes back, a run is deleted or cut back, the
// page's own files are gone. The page says what has happened, and goes on.

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveDashboard } from "../../src/dashboard/serve.js";
import { removeTestRuns, testFolder, testMetrics, testServer, writeTestRun } from "../../src/dashboard/test-runs.js";
import { isWithoutBrowser, openBrowser } from "./browser.js";

/** Streams of events that a page has open. */
const COUNT_STREAMS = `
  window.streams = new Set();
  window.EventSource = class extends EventSource {
    constructor(address) { super(address); streams.add(this); }
    close() { super.close(); streams.delete(this); }
  };`;

const hide = (isHidden: boolean): string => `
  Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} });
  document.dispatchEvent(new Event("visibilitychange"));`;

describe.skipIf(isWithoutBrowser("what goes wrong under an open page"))("under an open page", () => {
  const root = testFolder();
  let browser: Browser;
  let page: Page;
  let url: string;
  const faults: string[] = [];

  beforeAll(async () => {
    for (const name of ["kept", "deleted", "cut"]) writeTestRun(root, name);
    ({ url } = await testServer(root));
    browser = await openBrowser();
    page = await openPage();
  });
  afterAll(async () => {
    await browser?.close();
    await removeTestRuns();
  });

  async function openPage(): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await opened.addInitScript(COUNT_STREAMS);
    opened.setDefaultTimeout(60_000);
    opened.on("pageerror", (error) => faults.push(error.message));
    return opened;
  }

  const see = async (hash: string, text: string | RegExp): Promise<void> => {
    await page.goto(`${url}${hash}`);
    await seen(text);
  };
  const seen = (text: string | RegExp): Promise<void> =>
    page.getByText(text).filter({ visible: true }).first().waitFor();

  it("a page that nobody looks at lets go of its stream, and learns what it missed when it is looked at", async () => {
    await see("#/runs", "deleted");
    const streams = (): Promise<number> => page.evaluate("streams.size");
    await expect.poll(streams).toBe(1);
    await page.evaluate(hide(true));
    expect(await streams()).toBe(0);
    writeTestRun(root, "missed");
    await page.evaluate(hide(false));
    await seen("missed");
    expect(await streams()).toBe(1);
  });

  it("a run that is deleted says so, and the list goes on without it", async () => {
    await see("#/rollouts?run=deleted", "wrong-answer");
    rmSync(join(root, "deleted"), { recursive: true });
    await seen(/"deleted": no run there/);
    await page.evaluate('location.hash = "#/runs"');
    await page.getByRole("link", { name: "kept", exact: true }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: "deleted", exact: true }).count()).toBe(0);
  });

  it("a run that is cut back has the steps that it has now", async () => {
    await see("#/rollouts?run=cut", /^3 rollouts|^3$/);
    const path = join(root, "cut");
    for (const step of [2, 3]) rmSync(join(path, "rollouts", `step-00000${step}.jsonl`));
    writeFileSync(join(path, "metrics.jsonl"), `${JSON.stringify(testMetrics(1))}\n`);
    await seen(/^1 rollouts?|^1$/);
    expect(await page.locator("main").innerText()).not.toMatch(/\bNaN\b|undefined/);
  });

  it("a part of the page that is gone says what to do, and is there after it", async () => {
    await page.route(/chunk-/, (route) => route.fulfill({ status: 404, body: "" }));
    await see("#/group?run=kept&step=1&group=0", /could not be loaded/);
    await page.unroute(/chunk-/);
    await page.reload();
    await seen("return 2 * x");
  });

  it("a server that ends is missed, and found again when it is back", async () => {
    const own = await serveDashboard({ folder: root, port: 0, pollMs: 20 });
    await page.goto(`${own.url}#/runs`);
    await seen("kept");
    await own.close();
    await seen(/reconnecting/i);
    writeTestRun(root, "meanwhile");
    const again = await serveDashboard({ folder: root, port: Number(new URL(own.url).port), pollMs: 20 });
    await seen("meanwhile");
    await again.close();
  });

  it("nothing fails on its way", () => {
    expect(faults).toEqual([]);
  });
});
