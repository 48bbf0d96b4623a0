// The page in a real browser, over a run that is trained meanwhile in another process: what a reader does with it, from
// the list to a traced program, and what the page weighs.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Download, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type DashboardServer, serveDashboard } from "../../src/dashboard/serve.js";
import { RunDirectory } from "../../src/runs/run-directory.js";
import { isWithoutBrowser, openBrowser } from "./browser.js";

const STEPS = 4;
/** Training takes its time on a loaded machine. */
const PATIENCE_MS = 300_000;
const FIRST_PAGE_BYTES = 300_000;

describe.skipIf(isWithoutBrowser("the dashboard's page"))("the dashboard in a browser", () => {
  const root = mkdtempSync(join(tmpdir(), "coderlplus-flows-"));
  const runs = join(root, "runs");
  let server: DashboardServer;
  let browser: Browser;
  let page: Page;
  let training: ChildProcess;
  const faults: string[] = [];

  beforeAll(async () => {
    mkdirSync(runs);
    server = await serveDashboard({ folder: runs, port: 0, pollMs: 200 });
    browser = await openBrowser();
    page = await openPage(1440, 900);
  });
  afterAll(async () => {
    training?.kill("SIGKILL");
    await browser?.close();
    await server?.close();
    rmSync(root, { recursive: true, force: true });
  });

  async function openPage(width: number, height: number): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width, height } });
    opened.setDefaultTimeout(60_000);
    opened.on("pageerror", (error) => faults.push(error.message));
    opened.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    return opened;
  }

  const see = (address: string): Promise<unknown> => page.goto(`${server.url}#/${address}`);
  const run = (): RunDirectory => RunDirectory.open(join(runs, "live"));
  const text = async (selector: string): Promise<string> => (await page.locator(selector).textContent()) ?? "";

  it("says what to do where there is no run yet, and weighs less than 300 kB", async () => {
    let bytes = 0;
    page.on(
      "response",
      (response) =>
        void response.body().then(
          (body) => (bytes += body.length),
          () => {},
        ),
    );
    await see("runs");
    await page.getByText("coderlplus train").first().waitFor();
    await page.waitForLoadState("networkidle", { timeout: 2_000 }).catch(() => {});
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(FIRST_PAGE_BYTES);
  });

  it("shows a run from its first step to its end, without being asked again", { timeout: PATIENCE_MS }, async () => {
    training = train(join(runs, "live"));
    const row = page.getByRole("row", { name: /Choose live/ });
    await row.getByText("running").waitFor({ timeout: PATIENCE_MS });
    await row.getByText(`1 / ${STEPS}`).waitFor({ timeout: PATIENCE_MS });
    await row.getByText("finished").waitFor({ timeout: PATIENCE_MS });
    await row.getByText(`${STEPS} / ${STEPS}`).waitFor();
  });

  it("draws the run's curves, and saves one as its picture and as its numbers", async () => {
    await page.getByRole("link", { name: "live", exact: true }).click();
    const card = page.locator("figure, section, article").filter({ hasText: "Reward of both tasks" }).last();
    await card.locator("canvas").first().waitFor();
    const csv = await saved(() => card.getByRole("button", { name: "CSV" }).click());
    const [, ...lines] = csv.toString("utf8").trim().split("\n");
    const rewards = run()
      .readMetrics()
      .map((line) => line["code/reward_mean"]);
    expect(lines.map((line) => Number(line.split(",")[1]))).toEqual(rewards);
    const png = await saved(() => card.getByRole("button", { name: "PNG" }).click());
    expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
  });

  it("finds rollouts by filter and by text", async () => {
    const failed = run()
      .rolloutSteps()
      .flatMap((step) => run().readRollouts(step))
      .filter(({ verdict }) => verdict?.kind === "failed");
    await see("rollouts?run=live&task=code&verdict=failed");
    await page.getByText(`${failed.length} of `).waitFor();
    const [wanted] = failed;
    await page.getByRole("searchbox", { name: /Text in the prompt/ }).fill(wanted.prompt.split("\n")[0] ?? "");
    await page.keyboard.press("Enter");
    await page.locator("mark").first().waitFor();
    expect(page.url()).toContain("text=");
  });

  it("leads from a failed program to the questions made of it, and back", async () => {
    const [asked] = run()
      .rolloutSteps()
      .flatMap((step) => run().readRollouts(step))
      .filter(({ task }) => task === "alignment");
    await see(`group?run=live&step=${asked.step}&group=${asked.group}&sample=${asked.sample}`);
    const values = page.getByRole("table").first();
    await values.waitFor();
    for (const name of asked.alignment?.asked ?? []) expect(await values.textContent()).toContain(name);
    await page
      .getByRole("link", { name: /^step \d+ · group \d+ · sample \d+/ })
      .first()
      .click();
    await page.getByRole("heading", { name: "Tests" }).waitFor();
    await page.getByText("expected").first().waitFor();
    expect(await text("main")).toContain(asked.problem);
    await page
      .getByRole("link", { name: new RegExp(`^step ${asked.step} · group ${asked.group} `) })
      .first()
      .click();
    await page.getByText("The program it is about").waitFor();
  });

  it("shows a completion token by token, with the numbers of the token that is looked at", async () => {
    await see("group?run=live&step=1&group=0&sample=0");
    await page.getByRole("button", { name: "tokens", exact: true }).click();
    const tokens = page.locator("[data-token]");
    await tokens.first().waitFor();
    const { logprobs } = run().readTokens(1)[0];
    const surprising = logprobs.indexOf(Math.min(...logprobs));
    await tokens.nth(surprising).hover();
    const shown = String(Number(logprobs[surprising].toPrecision(2)));
    await page
      .getByText(`−${shown.slice(1)}`)
      .first()
      .waitFor();
  });

  it("steps through a program that is traced again", async () => {
    const [asked] = run()
      .rolloutSteps()
      .flatMap((step) => run().readRollouts(step))
      .filter(({ task }) => task === "alignment");
    await see(`trace?run=live&step=${asked.step}&group=${asked.group}&sample=${asked.sample}`);
    const moment = page.getByRole("group", { name: "Steps" }).getByRole("status");
    await moment.waitFor();
    const first = await moment.textContent();
    await page.keyboard.press("End");
    expect(await moment.textContent()).not.toBe(first);
    const [name] = asked.alignment?.asked ?? [];
    const variables = page.getByRole("region", { name: "Variables" });
    await variables
      .getByText((name ?? "").split(".").at(-1) ?? "", { exact: true })
      .first()
      .waitFor();
  });

  it("lays evaluations out as tables, and problem by problem", async () => {
    await see("evaluations?run=live&benchmark=family");
    await page.getByRole("cell", { name: /±/ }).first().waitFor();
    await see("matrix?run=live&benchmark=family");
    await page.getByRole("grid").waitFor();
    await page.getByText(/fixed/).first().waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("def f(x):").first().waitFor();
  });

  it("is walked by keys, and lists them", async () => {
    await see("rollouts?run=live");
    await page.getByRole("grid", { name: "Rollouts" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^Step \d+, group \d+/ }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.getByRole("heading", { name: "runs" }).waitFor();
  });

  it("fits a phone: no view is wider than it", async () => {
    const phone = await openPage(390, 844);
    const views = [
      "runs",
      "run?run=live",
      "compare?run=live",
      "rollouts?run=live",
      "group?run=live&step=1&group=0",
      "evaluations?run=live&benchmark=family",
      "matrix?run=live&benchmark=family",
      "trace?run=live&step=1&group=0&sample=0",
    ];
    for (const view of views) {
      await phone.goto(`${server.url}#/${view}`);
      await phone.locator("main h1, main h2, main table, main [role=grid]").first().waitFor();
      const isWider = await phone.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      expect([view, isWider]).toEqual([view, false]);
    }
    await phone.close();
  });

  it("met no fault on its way", () => {
    expect(faults).toEqual([]);
  });

  async function saved(press: () => Promise<void>): Promise<Buffer> {
    const waiting: Promise<Download> = page.waitForEvent("download");
    await press();
    return readFileSync(await (await waiting).path());
  }
});

function train(path: string): ChildProcess {
  const small = [
    "train.steps",
    String(STEPS),
    "rollouts.prompts",
    "10",
    "evaluation.problems",
    "8",
    "judge.workers",
    "1",
  ];
  const settings = small.flatMap((key, i) => (i % 2 === 0 ? ["--set", `${key}=${small[i + 1]}`] : []));
  const verb = join(inject("compiled"), "cli", "main.js");
  return spawn(process.execPath, [verb, "train", "--run", path, ...settings], { stdio: "ignore" });
}
