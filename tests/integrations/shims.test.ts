// The trainers' files (integrations/) against a live service: each is driven by a Python program that does what its trainer
// does, with the trainer's own classes where they are installed and stand-ins of the same names elsewhere. Without a
// python3 they are passed over, aloud.

import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveService } from "../../src/service/serve.js";
import { resolveTaskConfig } from "../../src/service/tasks/config.js";
import { applySettings } from "../../src/train/config/resolve.js";

const PYTHON = process.env["CODERLPLUS_PYTHON"] ?? "python3";
const project = join(import.meta.dirname, "..", "..");
const hasPython = spawnSync(PYTHON, ["-c", "import sys; assert sys.version_info >= (3, 10)"]).status === 0;
if (!hasPython)
  process.stderr.write(`tests/integrations: skipped, for there is no ${PYTHON} of version 3.10 or later\n`);

const root = mkdtempSync(join(tmpdir(), "coderlplus-shims-"));

/** A service with a queue of its own, and what the trainer's program has to say. */
async function driven(trainer: string): Promise<unknown> {
  const settings = ["prompts.dialect=chat", "prompts.maximumTokens=1000", "alignment.share=0.5"];
  const config = resolveTaskConfig(applySettings({}, settings), "test");
  const service = await serveService({ port: 0, workers: 1, tasks: { config, folder: join(root, trainer) } });
  try {
    const here = join(project, "tests", "integrations");
    // What is installed goes first: PYTHONPATH would come before it.
    const paths = [join(project, "integrations", trainer), here].join(delimiter);
    const script = `import runpy, sys; sys.path.append(${JSON.stringify(join(here, "standins"))}); runpy.run_path(${JSON.stringify(join(here, `use_${trainer}.py`))}, run_name="__main__")`;
    const { stdout } = await promisify(execFile)(PYTHON, ["-c", script], {
      env: { ...process.env, PYTHONPATH: paths, CODERLPLUS_SERVICE_URL: service.url, PYTHONDONTWRITEBYTECODE: "1" },
      maxBuffer: 2 ** 24,
    });
    return JSON.parse(stdout) as unknown;
  } finally {
    await service.close();
  }
}

const kindOf = (id: string): string => id.split(":")[0] ?? "";
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(!hasPython)("slime's data source", () => {
  interface Rollout {
    readonly index: number;
    readonly group: number;
    readonly prompt: string;
    readonly label: string;
    readonly reward: number;
  }
  let told: { rollouts: Rollout[][]; step: number; samples: number; length: string };
  beforeAll(async () => {
    told = (await driven("slime")) as typeof told;
  });

  it("hands out groups of code first, and of failed programs as soon as they are reported", () => {
    const kinds = told.rollouts.map((rollouts) => rollouts.map(({ label }) => kindOf(label)));
    expect(kinds[0]).toEqual(Array.from({ length: 8 }, () => "code"));
    expect(kinds[1]).toEqual(Array.from({ length: 8 }, (_, i) => (i < 4 ? "code" : "alignment")));
    const asked = told.rollouts[1]?.find(({ label }) => kindOf(label) === "alignment")?.prompt;
    expect(asked).toMatch(/^<user>[^]*rest = \[\d, 2\][^]*<assistant>$/);
    for (const rollout of told.rollouts.flat()) expect(rollout.reward ?? 0).toBe(0);
  });

  it("gives out what was aborted first, and keeps its place in a checkpoint", () => {
    expect(told.rollouts[2]?.slice(0, 2).map(({ index }) => index)).toEqual([8, 9]);
    const others = told.rollouts.flat().map(({ index }) => index);
    expect(new Set(others).size).toBe(22);
    expect([told.step, told.samples]).toEqual([4, 22]);
    expect(told.length).toMatch(/--num-rollout/);
  });
});

describe.skipIf(!hasPython)("verl's dataset and reward", () => {
  interface Scored {
    readonly row: {
      readonly raw_prompt: ReadonlyArray<{ role: string; content: string }>;
      readonly reward_model: { readonly ground_truth: string };
      readonly extra_info: { readonly coderlplus_step: number };
      readonly index: number;
    };
    readonly score: Readonly<Record<string, number>>;
  }
  let told: {
    length: number;
    batches: Scored[][];
    validation: { length: number; downloaded: boolean };
    other: unknown;
    workers: string;
  };
  beforeAll(async () => {
    told = (await driven("verl")) as typeof told;
  });

  it("takes rows from the queue when they are asked for, a step's at a time", () => {
    const steps = told.batches.map((batch) => batch.map(({ row }) => row.extra_info.coderlplus_step));
    expect(steps).toEqual([1, 2, 3].map((step) => [step, step, step, step]));
    const kinds = told.batches.map((batch) => batch.map(({ row }) => kindOf(row.reward_model.ground_truth)));
    expect(kinds[0]).toEqual(["code", "code", "code", "code"]);
    expect(kinds[1]).toEqual(["code", "code", "alignment", "alignment"]);
    expect(told.batches[1]?.[2]?.row.raw_prompt).toMatchObject([{ role: "user" }]);
    expect(told.length).toBe(12);
  });

  it("gives every rollout the same keys, and leaves other rows and files to verl", () => {
    for (const { score } of told.batches.flat()) {
      expect(Object.keys(score)).toEqual(["score", "acc", "coderlplus_alignment", "coderlplus_judge_failed"]);
      expect([score["score"], score["coderlplus_judge_failed"]]).toEqual([0, 0]);
    }
    expect(told.batches[1]?.map(({ score }) => score["coderlplus_alignment"])).toEqual([0, 0, 1, 1]);
    expect(told.validation).toEqual({ length: 1, downloaded: true });
    expect(told.other).toEqual(["verl's own", "gsm8k"]);
    expect(told.workers).toMatch(/dataloader_num_workers=0/);
  });
});

describe.skipIf(!hasPython)("TRL's stream and reward", () => {
  interface Row {
    readonly prompt: unknown;
    readonly task_id: string;
    readonly coderlplus_step: number;
  }
  let told: { batches: Array<{ rows: Row[][]; rewards: number[][] }>; resumed: Row[]; text: Row };
  beforeAll(async () => {
    told = (await driven("trl")) as typeof told;
  });

  it("is the same stream to every process, and to one that begins it again", () => {
    for (const { rows } of told.batches) expect(rows[1]).toEqual(rows[0]);
    expect(told.resumed).toEqual(told.batches.flatMap(({ rows }) => rows[0] ?? []));
  });

  it("asks about failed programs in the step after, in messages or in text", () => {
    const kinds = told.batches.map(({ rows }) => rows[0]?.map(({ task_id }) => kindOf(task_id)));
    expect(kinds[0]).toEqual(["code", "code", "code", "code"]);
    expect(kinds[1]).toEqual(["code", "code", "alignment", "alignment"]);
    expect(told.batches.map(({ rewards }) => rewards.flat())).toEqual([0, 1, 2].map(() => [0, 0, 0, 0, 0, 0, 0, 0]));
    expect(told.batches[0]?.rows[0]?.[0]?.prompt).toMatchObject([{ role: "user" }]);
    expect(typeof told.text.prompt).toBe("string");
  });
});

describe.skipIf(!hasPython)("a service that is away for long", () => {
  it("is asked again later each time, however soon it wants to be", async () => {
    const script = `
import email.message, io, json, sys, urllib.error, urllib.request
import coderlplus_trl as shim
waits, headers = [], email.message.Message()
headers["Retry-After"] = "5"
def refuse(request, timeout):
    raise urllib.error.HTTPError(request.full_url, 503, "stopping", headers, io.BytesIO())
urllib.request.urlopen, shim.time.sleep = refuse, waits.append
try:
    shim.ask("/reward", {})
except RuntimeError as error:
    print(json.dumps([waits, str(error)]))`;
    const { stdout } = await promisify(execFile)(PYTHON, ["-c", script], {
      env: { ...process.env, PYTHONPATH: join(project, "integrations", "trl"), PYTHONDONTWRITEBYTECODE: "1" },
    });
    const waits = [5, 5, 5, 8, 16, 30, 30, 30, 30, 30];
    expect(JSON.parse(stdout)).toEqual([waits, expect.stringContaining("no answer after 10 attempts")]);
  });
});
