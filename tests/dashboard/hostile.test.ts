// The live page over a run in which every text is hostile, in a real browser: nothing of it runs, loads or is markup, in
// any view. The same of a report is report.test.ts.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HOSTILE, hostileRun } from "../../src/dashboard/report/test-hostile-run.js";
import { type DashboardServer, serveDashboard } from "../../src/dashboard/serve.js";
import { isWithoutBrowser, openBrowser } from "./browser.js";
import { intrusion, oddElements } from "./intrusion.js";

/** Its folder's name is all of its address. */
const NAME = "<img src=x onerror=alert(6)>&run=b#";
const run = encodeURIComponent(NAME);
const problem = encodeURIComponent(HOSTILE);
const column = encodeURIComponent(`${NAME}@2`);

/** Its variables, output and error are hostile where it is run. */
const raising = {
  step: 3,
  task: "code",
  problem: HOSTILE,
  group: 0,
  sample: 0,
  prompt: "",
  completion: "",
  stopReason: "stop",
  program: `text = ${JSON.stringify(HOSTILE)}\nprint(text)\nraise ValueError(text)`,
  verdict: { kind: "failed", reason: "raised", passed: 0, total: 1 },
  tests: [{ kind: "raised", error: "ValueError", message: HOSTILE }],
  reward: 0,
  rewardParts: {},
  advantage: 0,
  tokens: 1,
};

/** Beyond our own. */
const ODD = oddElements(1);

const views: ReadonlyArray<readonly [view: string, hash: string, text: string | RegExp]> = [
  ["the list", "#/runs", "onerror=alert(6)"],
  ["the run", `#/run?run=${run}`, "Reward of both tasks"],
  ["a comparison", `#/compare?run=${run}&run=other`, "Reward of both tasks"],
  ["rollouts", `#/rollouts?run=${run}`, "wrong-answer"],
  ["a search", `#/rollouts?run=${run}&text=${encodeURIComponent("onerror=alert(2)")}`, "onerror=alert(2)"],
  ["problems", `#/rollouts?run=${run}&tab=problems`, /script/],
  ["a group", `#/group?run=${run}&step=2&group=0&sample=0`, HOSTILE],
  ["an alignment group", `#/group?run=${run}&step=2&group=1&sample=0`, /script/],
  ["a trace", `#/trace?run=${run}&step=3&group=0&sample=0`, /ValueError/],
  ["a trace of what is no program", `#/trace?run=${run}&step=2&group=0&sample=0`, /alert\(1\)/],
  ["a problem", `#/problem?run=${run}&problem=${problem}`, /script/],
  ["evaluations", `#/evaluations?run=${run}`, "What the measures mean"],
  ["the matrix", `#/matrix?run=${run}&benchmark=family`, "What changed"],
  ["the matrix' side", `#/matrix?run=${run}&benchmark=family&problem=${problem}&column=${column}`, HOSTILE],
];

describe.skipIf(isWithoutBrowser("the page over a hostile run"))("the page over a hostile run", () => {
  const root = mkdtempSync(join(tmpdir(), "coderlplus-hostile-page-"));
  const happened: string[] = [];
  let server: DashboardServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { path } = hostileRun();
    mkdirSync(join(root, "runs"));
    for (const name of [NAME, "other"]) cpSync(path, join(root, "runs", name), { recursive: true });
    writeFileSync(join(root, "runs", NAME, "rollouts", "step-000003.jsonl"), `${JSON.stringify(raising)}\n`);
    server = await serveDashboard({ folder: join(root, "runs"), port: 0, pollMs: 200 });
    browser = await openBrowser();
    page = await open();
  });
  afterEach(() => {
    happened.splice(0);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** Everything that the page should not do is noted: dialogs, requests to others, faults, what the policy refused. */
  async function open(): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    opened.setDefaultTimeout(60_000);
    opened.on("dialog", (dialog) => {
      happened.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    opened.on("request", (request) => {
      const isOwn = request.url().startsWith(server.url) || /^(data|blob):/.test(request.url());
      if (!isOwn) happened.push(`request ${request.url()}`);
    });
    opened.on("pageerror", (error) => happened.push(`fault ${error.message}`));
    opened.on("console", (message) => message.type() === "error" && happened.push(message.text()));
    await opened.goto(server.url);
    return opened;
  }

  for (const [view, hash, text] of views) {
    it(`shows ${view}, and makes no markup of what is in it`, async () => {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.getByText(text).filter({ visible: true }).first().waitFor();
      expect(await page.evaluate(ODD)).toEqual([]);
      expect(await page.evaluate('"ran" in window')).toBe(false);
      expect(await page.locator("main").innerText()).not.toMatch(/[\u001b\u202e\u2028]/);
      expect(happened).toEqual([]);
    });
  }

  it("has the run's name in its title, as text", async () => {
    await page.evaluate(`location.hash = ${JSON.stringify(`#/run?run=${run}`)}`);
    await expect.poll(() => page.title()).toContain("<img src=x onerror=alert(6)>&run=b#");
  });

  it("would run and load nothing if it were intruded upon", async () => {
    const arrived: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      arrived.push(request.url);
      response.end();
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    happened.splice(0);
    await page.evaluate(intrusion(`http://127.0.0.1:${(other.address() as AddressInfo).port}`));
    // The script, the picture, the picture's handler, the request.
    await expect.poll(() => happened.filter((text) => /Content Security Policy/.test(text)).length).toBeGreaterThan(3);
    expect(await page.evaluate('"ran" in window')).toBe(false);
    expect(arrived).toEqual([]);
    await new Promise((resolve) => other.close(resolve));
  });
});
