// The queue's promises with the real judge: its pool is that of a training run with the same rollouts, and neither a
// restart nor a kill at any moment changes what is answered.

import { spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { trueAnswer } from "../../alignment/build.js";
import { CancelledError } from "../../core/errors.js";
import { Rng } from "../../core/rng.js";
import { compiledModule } from "../../core/worker.js";
import { bundled } from "../../problems/bundled.js";
import { readProblems } from "../../problems/problem.js";
import { ProblemSet } from "../../problems/problem-set.js";
import type { RunInfo } from "../../runs/records.js";
import { RunDirectory } from "../../runs/run-directory.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import { applySettings, resolveConfig } from "../../train/config/resolve.js";
import { openParts } from "../../train/parts.js";
import { silent } from "../../train/reporter.js";
import { startSession } from "../../train/session.js";
import { trainLoop } from "../../train/train.js";
import type { NextRequest, RolloutsRequest } from "../api/tasks.js";
import { resolveTaskConfig } from "./config.js";
import { openTaskRoom, type TaskRoom } from "./room.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-room-"));
const SETTINGS = ["seed=5", "alignment.share=0.5", "pool.capacity=20", "pool.sampling=byAge"];
const config = resolveTaskConfig(applySettings({}, SETTINGS), "test");
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openSandbox({ workers: 2 });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(root, { recursive: true, force: true });
});

const open = (name: string, more: Partial<Parameters<typeof openTaskRoom>[0]> = {}): Promise<TaskRoom> =>
  openTaskRoom({ config, sandbox, folder: join(root, name), ...more });

describe("the pool behind the service", () => {
  it("is that of a training run with the same rollouts, and hands out the run's own prompts", async () => {
    const settings = ["train.steps=3", "rollouts.prompts=5", "rollouts.groupSize=4", "evaluation.problems=1"];
    const shared = ["seed=3", "alignment.emptiedInputs=0.3", "alignment.maximumPerStep=6", "pool.capacity=9"];
    const own = ["engine.threads=1", "sandbox.wall=off", ...settings];
    const parts = await openParts(resolveConfig(applySettings({}, [...shared, ...own]), "test"));
    try {
      const info = { name: "test", status: "running", seed: 3, steps: 3, stepsDone: 0 } as unknown as RunInfo;
      const run = RunDirectory.create(join(root, "run"), info, "");
      const session = await startSession(parts, run);
      await trainLoop(session, silent);
      const room = await open("equal", {
        config: resolveTaskConfig(applySettings({}, shared), "test"),
        tokenizer: bundled("bundled", "model"),
      });
      const metrics = run.readMetrics();
      for (const step of [1, 2, 3]) {
        const records = run.readRollouts(step);
        const { tasks } = await room.next({ n: 5, step });
        const groups = [...new Map(records.map((record) => [record.group, record.prompt])).values()];
        expect(tasks.map(({ prompt }) => prompt)).toEqual(groups);
        const items = records.map(({ group, completion }) => ({
          task_id: tasks[group]?.task_id ?? "",
          response: completion,
        }));
        const answer = await room.report({ step, items });
        expect(answer.kept).toBe(metrics[step - 1]?.["alignment/kept"]);
        expect(answer.candidates).toBe(metrics[step - 1]?.["alignment/candidates"]);
        for (const record of records) {
          const { score, parts: told } = await room.reward({
            task_id: tasks[record.group]?.task_id ?? "",
            response: record.completion,
          });
          expect([score, told]).toEqual([record.reward, record.rewardParts]);
        }
      }
      expect(room.examples).toEqual(session.pool.entries.map(({ example }) => example));
      expect(room.poolSize).toBe(9);
      expect(run.readRollouts(3).some(({ task }) => task === "alignment")).toBe(true);
      await room.close();
    } finally {
      await parts.close();
    }
  });
});

/** What a trainer asks, in this order: tasks, then what became of them, step after step. */
const STEPS = 4;
const body = (i: number): string => `\n    rest = [${i}, 2.0]\n    total = {"n": len(rest)}\n    return total\n`;

type Move =
  | { readonly kind: "next"; readonly request: NextRequest }
  | { readonly kind: "report"; readonly request: (tasks: readonly string[]) => RolloutsRequest };

const moves: readonly Move[] = Array.from({ length: STEPS }, (_, step): Move[] => [
  { kind: "next", request: { n: 5 } },
  { kind: "next", request: { n: 1 } },
  {
    kind: "report",
    request: (tasks) => ({
      step: step + 1,
      items: tasks.map((task_id, i) => ({ task_id, response: body(step * 10 + i) })),
    }),
  },
]).flat();

/** The answers to the moves from one on, as they were sent. */
async function answersOf(room: TaskRoom, from = 0, before: readonly string[] = [], keys = false): Promise<string[]> {
  const answers = [...before];
  for (const [i, move] of moves.entries()) {
    if (i < from) continue;
    const asking = keys ? { key: `move-${i}` } : {};
    const tasks = (): string[] =>
      [answers[i - 2], answers[i - 1]].flatMap((text) =>
        (JSON.parse(text ?? "") as { tasks: Array<{ task_id: string }> }).tasks.map(({ task_id }) => task_id),
      );
    const answer =
      move.kind === "next" ? await room.next(move.request, asking) : await room.report(move.request(tasks()), asking);
    answers.push(JSON.stringify(answer));
  }
  return answers;
}

describe("the queue's state", () => {
  const folder = join(root, "unbroken");
  let unbroken: string[];
  beforeAll(async () => {
    const room = await open("unbroken");
    unbroken = await answersOf(room);
    cpSync(folder, join(root, "left"), { recursive: true });
    await room.close();
  });

  it("hands out each problem once an epoch, and alignment examples up to the share", () => {
    const tasks = unbroken.flatMap((text) => (JSON.parse(text) as { tasks?: Array<{ task_id: string }> }).tasks ?? []);
    const code = tasks.filter(({ task_id }) => task_id.startsWith("code:"));
    expect(new Set(code.map(({ task_id }) => task_id)).size).toBe(code.length);
    // Half of 5 rounded down, and one more when the step has asked for 6; none in the first step.
    expect(tasks.length - code.length).toBe(3 * (STEPS - 1));
  });

  it("goes on from a journal cut off anywhere as if nothing had happened", async () => {
    const journal = readFileSync(join(root, "left", "journal.jsonl"));
    const rng = Rng.of(1, "cuts");
    for (let trial = 0; trial < 4; trial++) {
      const name = `cut-${trial}`;
      cpSync(join(root, "left"), join(root, name), { recursive: true });
      const bytes = rng.integer(0, journal.length);
      truncateSync(join(root, name, "journal.jsonl"), bytes);
      const done = journal.subarray(0, bytes).toString().split("\n").length - 1;
      const room = await open(name);
      expect(await answersOf(room, done, unbroken.slice(0, done))).toEqual(unbroken);
      await room.close();
      expect(readFileSync(join(root, name, "snapshot.jsonl"), "utf8")).toBe(
        readFileSync(join(folder, "snapshot.jsonl"), "utf8"),
      );
    }
  });

  it("makes no move twice that a kill has left both in the snapshot and in the journal", async () => {
    cpSync(folder, join(root, "twice"), { recursive: true });
    cpSync(join(root, "left", "journal.jsonl"), join(root, "twice", "journal.jsonl"));
    await (await open("twice")).close();
    const snapshots = ["twice", "unbroken"].map((name) => readFileSync(join(root, name, "snapshot.jsonl"), "utf8"));
    expect(snapshots[0]).toBe(snapshots[1]);
  });

  it("survives kills of the process, and says again what was asked with the same key", async () => {
    const rng = Rng.of(2, "kills");
    for (let kill = 0; kill < 2; kill++)
      await askedByChild("killed", rng.integer(1, moves.length - 2), rng.integer(0, 60));
    const { lines, code } = await askedByChild("killed");
    expect([code, lines]).toEqual([0, unbroken]);
  }, 120_000);

  it("is refused where its journal is damaged in the middle, with the line", async () => {
    const damaged = join(root, "damaged");
    cpSync(join(root, "left"), damaged, { recursive: true });
    const lines = readFileSync(join(damaged, "journal.jsonl"), "utf8").split("\n");
    for (const [without, words] of [
      [[...lines.slice(0, 3), '{"kind": "ne', ...lines.slice(4)], /journal\.jsonl:4: not JSON/],
      [lines.toSpliced(3, 1), /journal\.jsonl:4: moves before it are missing/],
    ] as const) {
      writeFileSync(join(damaged, "journal.jsonl"), without.join("\n"));
      await expect(open("damaged")).rejects.toThrow(words);
    }
  });

  it("goes on with its journal where no snapshot can be written", async () => {
    const notices: string[] = [];
    const room = await open("full", { onNotice: (text) => notices.push(text) });
    const snapshot = join(root, "full", "snapshot.jsonl");
    renameSync(snapshot, `${snapshot}.away`);
    mkdirSync(snapshot);
    for (let move = 0; move < 1001; move++) await room.next({ n: 1 });
    expect(notices).toEqual([expect.stringContaining("the journal is kept instead")]);
    const left = readFileSync(join(root, "full", "journal.jsonl"), "utf8").split("\n");
    expect(left).toHaveLength(1002);
    rmdirSync(snapshot);
    renameSync(`${snapshot}.away`, snapshot);
    await room.close();
  });

  it("is refused to a second process, and to another config", async () => {
    const held = join(root, "held");
    cpSync(folder, held, { recursive: true });
    writeFileSync(join(held, "service.lock"), String(process.ppid));
    await expect(open("held")).rejects.toThrow(/in use by process/);
    rmSync(join(held, "service.lock"));
    const other = resolveTaskConfig(applySettings({}, [...SETTINGS, "alignment.maximumVariables=2"]), "test");
    await expect(open("held", { config: other })).rejects.toThrow(/alignment is not what this pool was made with/);
    await (await open("held")).close();
  });
});

/** Another process asks everything with keys, from the first on; killed so long after so many answers. */
function askedByChild(name: string, answers = Infinity, ms = 0): Promise<{ lines: string[]; code: number | null }> {
  const module = (path: string): string => JSON.stringify(compiledModule(new URL(path, import.meta.url))?.href);
  const script = `
    import { openSandbox } from ${module("../../sandbox/sandbox.js")};
    import { resolveTaskConfig } from ${module("./config.js")};
    import { openTaskRoom } from ${module("./room.js")};
    import { applySettings } from ${module("../../train/config/resolve.js")};
    const moves = Array.from({ length: ${STEPS} }, (_, step) => [{ n: 5 }, { n: 1 }, { step: step + 1 }]).flat();
    const body = ${body.toString()};
    const sandbox = await openSandbox({ workers: 1 });
    const config = resolveTaskConfig(applySettings({}, ${JSON.stringify(SETTINGS)}), "test");
    const room = await openTaskRoom({ config, sandbox, folder: ${JSON.stringify(join(root, name))} });
    let tasks = [];
    for (const [i, move] of moves.entries()) {
      const key = { key: "move-" + i };
      const items = tasks.map(({ task_id }, j) => ({ task_id, response: body((move.step - 1) * 10 + j) }));
      const answer = move.n ? await room.next(move, key) : await room.report({ step: move.step, items }, key);
      tasks = move.n ? [...tasks, ...answer.tasks] : [];
      console.log(JSON.stringify(answer));
    }
    await room.close();
    await sandbox.close();`;
  const file = join(root, `${name}.mjs`);
  writeFileSync(file, script);
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const before = text.split("\n").length - 1;
    text += chunk.toString();
    const after = text.split("\n").length - 1;
    if (before < answers && after >= answers) setTimeout(() => child.kill("SIGKILL"), ms);
  });
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ lines: text.split("\n").slice(0, -1), code }));
  });
}

describe("a task", () => {
  it("is rewarded by its id: a program judged, an answer graded, also when the pool has let the example go", async () => {
    const room = await open("rewards");
    const problem = readProblems(bundled("bundled", "train"))[0];
    for (let step = 1; step <= 2; step++) {
      const { tasks } = await room.next({ n: 8, max_align_fraction: 0 });
      await room.report({ step, items: tasks.map(({ task_id }, i) => ({ task_id, response: body(i) })) });
    }
    const { tasks } = await room.next({ n: 4, max_align_fraction: 1 });
    expect(tasks.map(({ kind }) => kind)).toEqual(Array.from({ length: 4 }, () => "alignment"));
    const held = new Map(room.examples.map((example) => [`alignment:${example.id}`, example]));
    for (let step = 3; step <= 6; step++) {
      const next = await room.next({ n: 8, max_align_fraction: 0 });
      await room.report({
        step,
        items: next.tasks.map(({ task_id }, i) => ({ task_id, response: body(step * 10 + i) })),
      });
    }
    expect(room.poolSize).toBe(20);
    expect(room.examples.some(({ id }) => tasks.some(({ task_id }) => task_id === `alignment:${id}`))).toBe(false);
    for (const { task_id } of tasks) {
      const example = held.get(task_id);
      const response = example ? trueAnswer(example) : "";
      expect(await room.reward({ task_id, response })).toMatchObject({ kind: "alignment", score: 1, status: "graded" });
      expect(await room.reward({ task_id, response: "no" })).toMatchObject({ score: 0, status: "graded" });
    }
    const failing = { task_id: `code:${problem?.id}`, response: body(0) };
    expect(await room.reward(failing)).toMatchObject({ kind: "code", score: 0, status: "failed" });
    await expect(room.reward({ task_id: "nonsense", response: "" })).rejects.toThrow(/there is no task "nonsense"/);
    await room.close();
  });

  it("is asked for again with the same key alone, and refused where the key came with another request", async () => {
    const room = await open("keys");
    const first = await room.next({ n: 3 }, { key: "a" });
    expect(await room.next({ n: 3 }, { key: "a" })).toEqual(first);
    expect(await room.next({ n: 3 }, { key: "b" })).not.toEqual(first);
    await expect(room.next({ n: 4 }, { key: "a" })).rejects.toThrow(/came with another request/);
    const request = { step: 1, items: first.tasks.map(({ task_id }) => ({ task_id, response: body(1) })) };
    const [one, same] = await Promise.all([room.report(request, { key: "c" }), room.report(request, { key: "c" })]);
    expect(same).toEqual(one);
    expect(await room.report(request, { key: "c" })).toEqual(one);
    const reads = vi.spyOn(ProblemSet.prototype, "find");
    const again = await room.report({ ...request, items: [...request.items, ...request.items] }, { key: "d" });
    expect(reads).toHaveBeenCalledTimes(request.items.length);
    reads.mockRestore();
    expect(again).toMatchObject({ kept: 0, pool_size: one.pool_size });
    await room.close();
  });

  it("is not taken from a report that was called off, which can be sent again", async () => {
    const room = await open("called-off");
    const { tasks } = await room.next({ n: 4 });
    const request = { step: 1, items: tasks.map(({ task_id }) => ({ task_id, response: body(2) })) };
    const stop = new AbortController();
    const first = room.report(request, { key: "a", signal: stop.signal });
    stop.abort();
    await expect(first).rejects.toThrow(CancelledError);
    expect(room.poolSize).toBe(0);
    expect((await room.report(request, { key: "a" })).kept).toBeGreaterThan(0);
    await room.close();
  });
});

describe("the config of the queue", () => {
  it("has the training config's keys that matter to it, and no others", () => {
    const resolve = (settings: readonly string[]) => resolveTaskConfig(applySettings({}, settings), "here");
    expect(resolve(["alignment.share=0.25"]).alignment.share).toBe(0.25);
    expect(() => resolve(["train.steps=3"])).toThrow(/here: unknown key "train"/);
    expect(() => resolve(["alignment.source=references"])).toThrow(/alignment\.source is references/);
    expect(() => resolve(["reward.overlong={bufferTokens: 4}"])).toThrow(/reward\.overlong/);
  });
});
