// A folder that somebody else has made, or chance: whatever lies in it, the server answers, shows the rest, and stays
// small. Hostile texts in the page are tests/dashboard/hostile.test.ts.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { stringifyJson } from "../core/json.js";
import { testInfo, testSamples, writeTestEvaluation } from "../eval/report/test-samples.js";
import { Comparer } from "./comparison/comparer.js";
import { openCurveReader } from "./curves.js";
import { ask } from "./test-request.js";
import { removeTestRuns, testFolder, testServer, writeTestRun } from "./test-runs.js";

afterEach(removeTestRuns);

async function answer(url: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  const { status, body } = await ask(url, path);
  return { status, body };
}

const problem = (id: string): string =>
  stringifyJson({ id, language: "python", prompt: "sum", tests: [{ kind: "stdio", stdin: "", stdout: "" }] });

describe("a hostile folder", () => {
  it("is listed whatever names and links are in it", async () => {
    const root = testFolder();
    writeTestRun(root, "good");
    for (const name of ["%2e%2e", "a b&c=d#e?", "<img src=x onerror=alert(1)>", "\u202egnp", "x".repeat(255)]) {
      writeTestRun(root, name, { steps: 1 });
    }
    mkdirSync(join(root, "round"));
    symlinkSync("run.json", join(root, "round", "run.json"));
    symlinkSync("..", join(root, "round", "up"));
    writeTestRun(root, "looped");
    rmSync(join(root, "looped", "config.yaml"));
    symlinkSync("config.yaml", join(root, "looped", "config.yaml"));
    mkdirSync(join(root, ...Array.from({ length: 40 }, () => "deep".repeat(20))), { recursive: true });
    const { url } = await testServer(root);
    const { status, body } = await answer(url, "/api/runs");
    expect(status).toBe(200);
    const listed = (
      JSON.parse(Buffer.from(body, "latin1").toString()) as { runs: Array<{ run: string; status: string }> }
    ).runs;
    expect(listed).toHaveLength(7);
    expect(listed.filter((run) => run.status === "damaged").map(({ run }) => run)).toEqual(["looped"]);
    for (const { run } of listed) {
      const { status } = await answer(url, `/api/rollouts?run=${encodeURIComponent(run)}`);
      expect([run, status]).toEqual([run, run === "looped" ? 422 : 200]);
    }
    expect((await answer(url, `/api/run?run=${"y".repeat(5000)}`)).status).toBe(404);
  });

  it("has a config that would be billions of settings, or a megabyte, refused", async () => {
    const root = testFolder();
    const many = `a: &a [${"0, ".repeat(3000)}0]\nb: [${"*a, ".repeat(90)}*a]\n`;
    writeTestRun(root, "aliases", { config: many });
    writeTestRun(root, "long", { config: `a: "${"x".repeat(2e6)}"\n` });
    writeTestRun(root, "own", { config: "__proto__:\n  a: 1\nconstructor: 2\nrecipe: test\n" });
    const { url } = await testServer(root);
    for (const run of ["aliases", "long"]) {
      const { status, body } = await answer(url, `/api/run?run=${run}`);
      const detail = JSON.parse(body) as { summary: { problem: string }; settings: object };
      expect([status, detail.settings]).toEqual([200, {}]);
      expect(detail.summary.problem).toMatch(/Excessive alias count|expected at most 1.0 MB/);
      expect((await answer(url, `/api/group?run=${run}&step=1&group=0`)).status).toBe(200);
    }
    expect((await answer(url, "/api/run?run=own")).body).toContain('"constructor":"2"');
    expect(({} as Record<string, unknown>)["a"]).toBe(undefined);
  });

  it("shows of the files that a config names only what is a problem", async () => {
    const root = testFolder();
    const pipe = join(root, "a-pipe");
    execFileSync("mkfifo", [pipe]);
    const huge = join(root, "huge.jsonl");
    writeFileSync(huge, `${problem("p/0")}\n`);
    truncateSync(huge, 10e9);
    const secret = join(root, "secret.jsonl");
    writeFileSync(secret, `{"id":"p/0","password":"hunter2"}\nroot:hunter2\n`);
    const { url } = await testServer(root);
    const named = { zero: "/dev/zero", passwd: "/etc/passwd", pipe, huge, secret, none: root };
    for (const [name, path] of Object.entries(named)) {
      writeTestRun(root, name, { config: `data:\n  train: ${path}\n` });
      const { status, body } = await answer(url, `/api/problem?run=${name}&problem=p/0`);
      expect([name, status]).toEqual([name, 200]);
      const { missing, prompt } = JSON.parse(body) as { missing: string; prompt: string };
      expect([name, prompt]).toEqual([name, ""]);
      expect(missing).toContain(path);
      expect(body).not.toMatch(/hunter2|root:/);
      expect((await answer(url, `/api/group?run=${name}&step=1&group=0`)).status).toBe(200);
    }
  });

  it("has files that no run writes refused, each by its name", async () => {
    const root = testFolder();
    for (const name of ["info", "samples"]) writeTestRun(root, name, { scores: { 0: [0, 0], 3: [1, 0] } });
    truncateSync(join(root, "info", "run.json"), 1e9);
    writeTestEvaluation(join(root, "base"), testInfo({ tasks: 2 }), testSamples({ a: "r", b: "w" }));
    for (const name of readdirSync(join(root, "base"))) {
      if (name.endsWith(".info.json")) truncateSync(join(root, "base", name), 1e9);
    }
    const samples = join(root, "samples", "eval", "samples", "family-step-000003.jsonl");
    truncateSync(samples, 10e9);
    const { url } = await testServer(root);
    expect(JSON.parse((await answer(url, "/api/runs")).body)).toMatchObject({
      runs: expect.arrayContaining([expect.objectContaining({ run: "info", status: "damaged" })]),
      evaluations: [],
    });
    expect(await answer(url, "/api/matrix?runs=samples&benchmark=family")).toMatchObject({
      status: 400,
      body: expect.stringContaining("10.00 GB; expected at most 400 MB"),
    });
  });

  it("has a comparison that takes too long given up", async () => {
    const { path } = writeTestRun(testFolder(), "run", { scores: { 0: [0], 3: [1] } });
    const comparer = new Comparer(1);
    const compared = [{ place: "run", path }];
    await expect(comparer.compare(compared)).rejects.toThrow("comparing took too long: given up after 0.001 s");
    await comparer.close();
  });

  it("keeps of curves as many numbers as it may, and says where they end", async () => {
    const root = testFolder();
    const run = writeTestRun(root, "run", { steps: 0 });
    const line = (step: number): string => `{"step":${step},"__proto__":1,"b":2}\n`;
    writeFileSync(join(run.path, "metrics.jsonl"), Array.from({ length: 5000 }, (_, i) => line(i + 1)).join(""));
    const reader = openCurveReader(1000);
    const { metrics, problem } = await reader.overview(run.path);
    expect(reader.kept()).toBeLessThanOrEqual(1000);
    expect(metrics).toEqual(["__proto__", "b"]);
    expect(problem).toMatch(/metrics.jsonl:257: more steps than are shown/);
    const { steps, columns } = await reader.columns(run.path, "run", ["b"], -1);
    expect([steps.length, columns["b"]?.length]).toEqual([256, 256]);
  });

  it("answers no more numbers at once than it may", async () => {
    const root = testFolder();
    const run = writeTestRun(root, "run", { steps: 0 });
    const line = (step: number): string => `{"step":${step},"b":2}\n`;
    writeFileSync(join(run.path, "metrics.jsonl"), Array.from({ length: 5000 }, (_, i) => line(i + 1)).join(""));
    const { url } = await testServer(root);
    const names = (name: (i: number) => string): string =>
      Array.from({ length: 1001 }, (_, i) => `names=${name(i)}`).join("&");
    expect((await answer(url, `/api/metrics?run=run&${names(() => "b")}`)).status).toBe(200);
    expect(await answer(url, `/api/metrics?run=run&${names(String)}`)).toMatchObject({
      status: 400,
      body: expect.stringContaining("expected at most 1000 names at once"),
    });
  });
});
