// The pictures of the documentation, made again: `npm run screenshots -- FOLDER` serves a folder of runs, opens the views in
// Chromium and writes docs/images/*.webp. What is shown is chosen from the runs themselves; nothing is staged.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { linkTo, type Parameters, type View } from "../dashboard-ui/route.js";
import type { Answer, EndpointName, Question } from "../src/dashboard/api/endpoints.js";
import { keyOf } from "../src/dashboard/api/question.js";
import type { RolloutRow } from "../src/dashboard/api/rollouts.js";
import { serveDashboard } from "../src/dashboard/serve.js";
import { openBrowser } from "../tests/dashboard/browser.js";

const IMAGES = fileURLToPath(new URL("../docs/images/", import.meta.url));
const SIZE = { width: 1440, height: 900 };
const QUALITY = 80;
/** As many columns as the matrix writes out in full. */
const MATRIX_RUNS = 6;

interface Shot {
  readonly name: string;
  readonly view: View;
  readonly parameters: Parameters;
  /** Once it is drawn. */
  readonly act?: (page: Page) => Promise<void>;
}

type Ask = <N extends EndpointName>(name: N, question: Question<N>) => Promise<Answer<N>>;

async function shotsOf(ask: Ask): Promise<Shot[]> {
  const { runs } = await ask("runs", {});
  const whole = runs.filter(({ status }) => status === "finished").sort((a, b) => b.stepsDone - a.stepsDone);
  const rollout = async (what: Omit<Question<"rollouts">, "run">): Promise<RolloutRow & { readonly run: string }> => {
    for (const { run } of whole) {
      const { rows } = await ask("rollouts", { ...what, run, limit: 1 });
      if (rows[0]) return { ...rows[0], run };
    }
    throw new Error(`no finished run in this folder has such a rollout: ${JSON.stringify(what)}`);
  };
  const longest = whole.find(({ latest }) => (latest["alignment/reward_mean"] ?? null) !== null) ?? whole[0];
  const failed = await rollout({ verdict: "failed", reason: "wrong-answer", order: "advantage" });
  const predicted = await rollout({ task: "alignment", minimumReward: 0.4, maximumReward: 0.8, order: "advantage" });
  const place = ({ run, step, group, sample }: typeof failed) => ({ run, step, group, sample });
  const evaluated = whole.filter(({ headline }) => Object.keys(headline).length > 0).map(({ run }) => run);
  return [
    { name: "runs", view: "runs", parameters: {} },
    { name: "curves", view: "run", parameters: { run: longest?.run, smooth: 0.6 } },
    { name: "group", view: "group", parameters: place(failed) },
    { name: "alignment", view: "group", parameters: place(predicted) },
    { name: "trace", view: "trace", parameters: { ...place(predicted), at: 4 } },
    {
      name: "matrix",
      view: "matrix",
      parameters: { run: evaluated.slice(0, MATRIX_RUNS).sort(), benchmark: "family", order: "difference" },
      act: async (page) => {
        await page.getByRole("grid").waitFor();
        await page.keyboard.press("Enter");
      },
    },
  ];
}

/** WebP at one pixel a pixel: a fifth of the bytes of a PNG. */
async function picture(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
  await session.detach();
  return Buffer.from(data, "base64");
}

async function main([folder]: readonly string[]): Promise<void> {
  if (folder === undefined) throw new Error("which folder of runs? npm run screenshots -- FOLDER");
  mkdirSync(IMAGES, { recursive: true });
  const server = await serveDashboard({ folder, port: 0 });
  const browser = await openBrowser();
  try {
    const ask: Ask = async (name, question) => {
      const response = await fetch(new URL(keyOf(name, question), server.url));
      if (!response.ok) throw new Error(await response.text());
      return (await response.json()) as Answer<typeof name>;
    };
    const page = await browser.newPage({ viewport: SIZE, colorScheme: "light" });
    for (const { name, view, parameters, act } of await shotsOf(ask)) {
      await page.goto("about:blank");
      await page.goto(`${server.url}${linkTo(view, parameters)}`);
      await page.locator("main .page *").first().waitFor();
      await act?.(page);
      await page.locator(".loading").first().waitFor({ state: "detached" });
      // Events keep a connection open, so the network is never idle for good.
      await page.waitForTimeout(1500);
      writeFileSync(join(IMAGES, `${name}.webp`), await picture(page));
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

await main(process.argv.slice(2));
