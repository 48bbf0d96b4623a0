// A report in a real browser, opened as a file: it draws its run, and nothing that a model wrote runs, loads or is markup.

import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOSTILE, hostileRun } from "../../src/dashboard/report/test-hostile-run.js";
import { renderReport } from "../../src/dashboard/report.js";
import { isWithoutBrowser, openBrowser } from "./browser.js";
import { intrusion, oddElements } from "./intrusion.js";

const NAME = "hostile <b>run</b>";
const run = encodeURIComponent(NAME);
const problem = encodeURIComponent(HOSTILE);

/** What a page did beyond showing itself. */
interface Watched {
  readonly page: Page;
  readonly happened: string[];
}

/** Beyond the data and our own. */
const ODD = oddElements(2);

describe.skipIf(isWithoutBrowser("the report"))("a report in a browser", () => {
  let browser: Browser;
  let file: string;
  let watched: Watched;

  beforeAll(async () => {
    browser = await openBrowser();
    const hostile = hostileRun();
    file = join(hostile.path, "report.html");
    writeFileSync(file, await renderReport(hostile));
    watched = await watch(await browser.newPage({ viewport: { width: 1440, height: 900 } }));
  });
  afterAll(() => browser?.close());

  /** Everything that it should not do is noted: dialogs, requests, faults, what the policy refused. */
  async function watch(page: Page): Promise<Watched> {
    const happened: string[] = [];
    page.on("dialog", (dialog) => {
      happened.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      const [address] = request.url().split("#");
      if (address !== pathToFileURL(file).href) happened.push(`request ${address}`);
    });
    page.on("pageerror", (error) => happened.push(`fault ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") happened.push(message.text());
    });
    await page.goto(pathToFileURL(file).href);
    return { page, happened };
  }

  async function show(hash: string, text: string | RegExp): Promise<string> {
    const { page } = watched;
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.getByText(text).filter({ visible: true }).first().waitFor();
    return page.locator("body").innerText();
  }

  const views: ReadonlyArray<readonly [view: string, hash: string, text: string | RegExp]> = [
    ["the run", `#/run?run=${run}`, "Reward of both tasks"],
    ["evaluations", `#/evaluations?run=${run}`, "What the measures mean"],
    ["the matrix", `#/matrix?run=${run}`, "What changed"],
    ["rollouts", `#/rollouts?run=${run}`, "wrong-answer"],
  ];

  for (const [view, hash, text] of views) {
    it(`draws ${view}`, async () => {
      await show(hash, text);
      expect(watched.happened).toEqual([]);
    });
  }

  it("shows a hostile completion as it was written", async () => {
    const group = await show(`#/group?run=${run}&step=2&group=0&sample=0`, HOSTILE);
    expect(group).toContain(HOSTILE);
    expect(group).not.toContain("\u202e");
    const column = encodeURIComponent(`${NAME}@2`);
    await show(`#/matrix?run=${run}&problem=${problem}&column=${column}`, "What changed");
    expect(await watched.page.locator(".written .code").first().innerText()).toContain(HOSTILE);
    expect(watched.happened).toEqual([]);
  });

  it("makes no markup of it, in any view", async () => {
    const column = encodeURIComponent(`${NAME}@2`);
    const opened = [
      `#/group?run=${run}&step=2&group=0&sample=0`,
      `#/group?run=${run}&step=2&group=1&sample=0`,
      `#/matrix?run=${run}&problem=${problem}&column=${column}`,
      `#/problem?run=${run}&problem=${problem}`,
    ].map((hash) => ["", hash, /script/] as const);
    const shown: string[] = [];
    for (const [, hash, text] of [...views, ...opened]) {
      await show(hash, text);
      shown.push(...(await watched.page.evaluate<string[]>(ODD)));
    }
    expect(shown).toEqual([]);
    expect(await watched.page.evaluate('"ran" in window')).toBe(false);
    expect(watched.happened).toEqual([]);
  });

  it("would run and load nothing if it did", async () => {
    const arrived: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      arrived.push(request.url);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { page, happened } = await watch(await browser.newPage());
    await page.evaluate(intrusion(`http://127.0.0.1:${port}`));
    // The script, the picture, the picture's handler, the request.
    await expect.poll(() => happened.filter((text) => /Content Security Policy/.test(text)).length).toBeGreaterThan(3);
    expect(await page.evaluate('"ran" in window')).toBe(false);
    expect(arrived).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
  });

  it("shows its main table without script", async () => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await page.goto(pathToFileURL(file).href);
    expect(await page.locator("noscript, body").first().innerText()).toContain("100.0 % ± 0.0");
  });
});
