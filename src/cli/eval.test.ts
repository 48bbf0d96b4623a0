import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { readLines, toLines } from "../core/jsonl.js";
import { moduleArguments } from "../core/worker.js";
import { benchmarkNamed } from "../eval/benchmarks/catalogue.js";
import { taskPath } from "../eval/benchmarks/task-location.js";
import { openTestEndpoint, type TestEndpoint } from "../eval/policies/test-endpoint.js";
import { registerEval } from "./eval.js";

const MAIN = moduleArguments(new URL("./main.js", import.meta.url));
const KEY = "secret-key-of-mine";
const root = mkdtempSync(join(tmpdir(), "coderlplus-eval-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => {
  process.exitCode = undefined;
});

/** In this process. */
async function evaluated(...args: readonly string[]): Promise<string> {
  const written: string[] = [];
  const program = new Command("coderlplus").exitOverride().configureOutput({ writeErr: () => {} });
  registerEval(program, (text) => void written.push(text));
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync(["node", "coderlplus", "eval", ...args]);
  return written.join("");
}

interface Child {
  readonly process: ChildProcess;
  readonly said: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

/** As a person has it, with the key in the environment. */
function start(...args: readonly string[]): Child {
  const child = spawn(process.execPath, [...MAIN, "eval", "--workers", "1", ...args], {
    env: { ...process.env, CODERLPLUS_API_KEY: KEY },
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => void (said.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => void (said.stderr += data.toString()));
  return { process: child, said, ended: new Promise((resolve) => child.on("close", resolve)) };
}

/** Every file with its text; what depends on the clock left out. */
function files(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("."));
  const textOf = (name: string): string =>
    readFileSync(join(folder, name), "utf8").replaceAll(/"cpuMs": [\d.e-]+/g, '"cpuMs": 0');
  return Object.fromEntries(names.sort().map((name) => [name, textOf(name)]));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("an endpoint that is evaluated", () => {
  const TASKS = 3;
  const ANSWERED = 1;
  let endpoint: TestEndpoint;
  /** How many requests are answered; the others hear nothing. */
  let answered = ANSWERED;
  let solutions: Map<string, string>;

  const ask = (folder: string): string[] =>
    ["humaneval", "--endpoint", endpoint.url, "--model", "tiny", "--concurrency", "3", "--limit", `${TASKS}`].concat([
      "--out",
      folder,
    ]);

  async function open(): Promise<void> {
    const humaneval = benchmarkNamed("humaneval");
    const tasks = (await humaneval.load(taskPath(humaneval))).slice(0, TASKS);
    solutions = new Map(
      tasks.map((task, i) => {
        const prompt = task.prompt("official");
        if (prompt.kind !== "chat") throw new Error("expected messages");
        return [prompt.messages[0].content, i === 1 ? "I would rather not" : (task.solution?.("official") ?? "")];
      }),
    );
    endpoint = await openTestEndpoint({
      text: ({ body }) => solutions.get(body.messages?.[0].content ?? "") ?? "",
      fault: (n) => (n < answered ? undefined : { kind: "silence" }),
    });
  }

  it("is killed in the middle, goes on without asking again, and ends as if nothing had been", async () => {
    await open();
    const broken = join(root, "broken");
    const journal = join(broken, "samples", "humaneval-step-000000.journal.jsonl");
    const first = start(...ask(broken));
    await until(() => existsSync(journal) && readFileSync(journal, "utf8").split('"completion"').length > ANSWERED);
    await until(() => endpoint.received.length > ANSWERED);
    first.process.kill("SIGKILL");
    await first.ended;
    const before = endpoint.received.map(({ body }) => body.messages?.[0].content);
    answered = Number.POSITIVE_INFINITY;
    const second = start(...ask(broken), "--json");
    expect(await second.ended).toBe(0);
    const asked = endpoint.received.slice(before.length).map(({ body }) => body.messages?.[0].content);
    expect(asked).toHaveLength(TASKS - ANSWERED);
    // Those that were answered are not asked again.
    for (const content of before.slice(0, ANSWERED)) expect(asked).not.toContain(content);
    const [{ summary }] = (JSON.parse(second.said.stdout) as { evaluations: Array<{ summary: object }> }).evaluations;
    expect(summary).toMatchObject({ problems: TASKS, metrics: { pass_at_1: { value: 2 / 3 } } });
    expect(second.said.stderr).toContain("humaneval: 3 of 3 completions (1 there before), 3 graded");

    const whole = join(root, "whole");
    const third = start(...ask(whole));
    expect(await third.ended).toBe(0);
    expect(third.said.stdout).toMatch(/humaneval\s+pass@1\s+3\s+66\.7/);
    expect(files(broken)).toEqual(files(whole));
    expect(endpoint.received.every(({ authorization }) => authorization === `Bearer ${KEY}`)).toBe(true);
    for (const text of [
      ...Object.values(files(whole)),
      ...[first, second, third].flatMap(({ said }) => Object.values(said)),
    ])
      expect(text).not.toContain(KEY);
  });

  it("is stopped by Ctrl-C in good order, and says how to go on", async () => {
    answered = endpoint.received.length + 1;
    const folder = join(root, "stopped");
    const child = start(...ask(folder));
    await until(() => child.said.stderr.includes("1 of 3 completions"));
    child.process.kill("SIGINT");
    expect(await child.ended).toBe(1);
    expect(child.said.stderr).toContain("stopping; every completion so far is kept");
    expect(child.said.stderr).toContain(
      `humaneval: 1 of 3 completions are kept in ${folder}; the same command goes on`,
    );
    expect(child.said.stdout).toBe("");
    expect(readdirSync(join(folder, "samples"))).toEqual(["humaneval-step-000000.journal.jsonl"]);
    await endpoint.close();
  });
});

describe("the bundled model", () => {
  it("says the same every time", async () => {
    // Its context is 256 tokens: not many prompts fit.
    const short = [34, 53];
    const lines = readLines(taskPath(benchmarkNamed("humaneval"))).filter((_, i) => short.includes(i));
    const data = join(root, "short.jsonl");
    writeFileSync(data, toLines(lines.map(({ value }) => value)));
    const args = ["humaneval", "--engine", "bundled", "--prompts", "upstream", "--path", data, "--workers", "1"];
    const drawn = ["--samples", "2", "--temperature", "0.8", "--top-p", "0.9", "--max-tokens", "24"];
    const [first, second] = [join(root, "first"), join(root, "second")];
    const text = await evaluated(...args, ...drawn, "--out", first);
    expect(text).toMatch(/humaneval \(upstream\)\s+pass@1\s+2\s/);
    await evaluated(...args, ...drawn, "--out", second);
    const written = files(first);
    expect(files(second)).toEqual(written);
    const samples = written["samples/humaneval-upstream-step-000000.jsonl"].trim().split("\n");
    expect(samples).toHaveLength(4);
    for (const line of samples) expect(line).toMatch(/"stopReason": "(stop|length)"/);
  });
});

describe("completions made elsewhere", () => {
  it("are graded as they stand", async () => {
    const humaneval = benchmarkNamed("humaneval");
    const tasks = (await humaneval.load(taskPath(humaneval))).slice(0, 2);
    const file = join(root, "mine.jsonl");
    const rows = tasks.map(({ id, solution }) => ({ task_id: id, completion: solution?.("upstream") }));
    writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const args = ["humaneval", "--completions", file, "--prompts", "upstream", "--limit", "2", "--workers", "1"];
    const result = await evaluated(...args, "--out", join(root, "mine"), "--json");
    const [{ info, summary }] = (JSON.parse(result) as { evaluations: Array<{ info: object; summary: object }> })
      .evaluations;
    expect(info).toMatchObject({ policy: "mine", prompts: "upstream", tasks: 2 });
    expect(summary).toMatchObject({ metrics: { pass_at_1: { value: 1 }, official_pass_at_1: { value: 1 } } });
  });
});

describe("what cannot be evaluated", () => {
  it("has a list of what can", async () => {
    expect(await evaluated("--list")).toMatch(/humaneval\s+HumanEval: 164/);
    expect((JSON.parse(await evaluated("--list", "--json")) as object[]).length).toBeGreaterThan(2);
  });

  it.each<[string, string[], RegExp]>([
    ["no benchmark", ["--engine", "bundled"], /name the benchmarks to evaluate; --list shows/],
    [
      "an unknown benchmark",
      ["humanevil", "--engine", "bundled"],
      /unknown benchmark "humanevil" \(did you mean "humaneval"\?\)/,
    ],
    ["no policy", ["humaneval"], /expected one policy: --engine .*--endpoint .*--completions/],
    ["two policies", ["humaneval", "--engine", "bundled", "--completions", "x"], /expected one policy/],
    [
      "a folder that is no model",
      ["humaneval", "--engine", root],
      /expected a model folder \(with config\.json\), a run/,
    ],
    [
      "a checkpoint of no run",
      ["humaneval", "--engine", "bundled", "--checkpoint", "3"],
      /holds no run, and so no checkpoint/,
    ],
    ["an endpoint without an address", ["humaneval", "--model", "m"], /no endpoint: expected a base URL such as/],
    [
      "a file that is not there",
      ["humaneval", "--engine", "bundled", "--path", "nowhere.jsonl"],
      /nowhere\.jsonl: no such file/,
    ],
    [
      "a path of no benchmark",
      ["humaneval", "mbpp", "--engine", "bundled", "--path", "x"],
      /expected name=path, such as humaneval=x/i,
    ],
    [
      "a path of a benchmark that is not asked for",
      ["humaneval", "--engine", "bundled", "--path", "mbpp=x"],
      /mbpp is not among the benchmarks to evaluate/,
    ],
    [
      "dates that tasks have not",
      ["humaneval", "--engine", "bundled", "--from", "2024-01-01"],
      /its tasks have no dates/,
    ],
    ["no date", ["humaneval", "--engine", "bundled", "--from", "May"], /expected a day as YYYY-MM-DD/],
    [
      "a difficulty that tasks have not",
      ["humaneval", "--engine", "bundled", "--difficulty", "easy"],
      /no difficulties/,
    ],
  ])("is refused at once: %s", async (_, args, message) => {
    await expect(evaluated(...args)).rejects.toThrow(message);
  });
});
