// The queue's promises with the real judge: its pool is that of a training run with the same rollouts, and neither a
// restart nor a kill at any moment changes what is answered.

import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trueAnswer } from "../../alignment/build.js";
import { AlignmentPool, type PoolEntry } from "../../alignment/pool.js";
import { Rng } from "../../core/rng.js";
import { compiledModule } from "../../core/worker.js";
import { bundled } from "../../problems/bundled.js";
import { readProblems } from "../../problems/problem.js";
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
const SETTINGS = ["seed=5", "alignment.share=0.5", "pool.capacity=12", "pool.sampling=byAge"];
const config = resolveTaskConfig(applySettings({}, SETTINGS), "test");
const solutions = new Map(readProblems(bundled("bundled", "train")).map(({ id, reference }) => [id, reference ?? ""]));
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
