import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { UsageError } from "../core/errors.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import type { Mark, Task } from "./benchmarks/benchmark.js";
import { benchmarkNamed } from "./benchmarks/catalogue.js";
import { taskPath } from "./benchmarks/task-location.js";
import { type EvaluationOptions, type EvaluationProgress, evaluate } from "./evaluation.js";
import { evaluationPaths } from "./evaluation-files.js";
import type { Completion, Policy } from "./policies/policy.js";
import type { EvaluationInfo } from "./records.js";
import { readEvaluations } from "./report/read.js";
import { testInfo } from "./report/test-samples.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-evaluation-"));
let folder: string;
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
beforeEach(() => {
  folder = mkdtempSync(join(root, "one-"));
});
afterAll(async () => {
  await sandbox.close();
  rmSync(root, { recursive: true, force: true });
});

/** Right where the completion is the task's own name; values that JSON alone would lose. */
function mark(name: string, completion: string): Mark {
  if (completion === name) return { kind: "right" };
  return { kind: "wrong", reason: "wrong-answer", expected: { $dict: [[1, 2n ** 70n]] }, got: [completion, null] };
}

function tasks(count: number, judged: (name: string, completion: string) => Mark = mark): Task[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `toy/${i}`,
    ...(i % 2 === 0 && { difficulty: "easy", date: "2024-01-02" }),
    prompt: () => ({ kind: "text", text: `say toy/${i}` }),
    grade: async (completion) => {
      const strict = judged(`toy/${i}`, completion);
      return { extracted: completion, official: strict, strict, cpuMs: 0.5 };
    },
  }));
}

function info(count: number, changes: Partial<EvaluationInfo> = {}): EvaluationInfo {
  const decoding = { samples: 2, temperature: 0.2, topP: 1, maximumTokens: 9, stop: [] };
  return testInfo({ tasks: count, decoding, ...changes });
}

/** Its even samples are right. */
function answer(task: string, sample: number): Completion {
  const text = sample % 2 === 0 ? task : `not ${task}\n"`;
  return { text, stopReason: "stop", promptTokens: 3, completionTokens: 4 };
}

interface Listening extends Policy {
  readonly asked: string[];
}

/** Tells of its samples last first; fails once it has told so many. */
function policyOf(failsAfter = Number.POSITIVE_INFINITY): Listening {
  const asked: string[] = [];
  return {
    name: "model",
    identity: { weights: "abc" },
    asked,
    complete: async (requests, onFinished) => {
      for (const [place, { task, samples }] of [...requests.entries()].reverse()) {
        for (const sample of samples.toReversed()) {
          if (asked.length >= failsAfter) throw new UsageError("the policy is gone");
          asked.push(`${task} ${sample}`);
          onFinished(place, sample, answer(task, sample));
        }
      }
    },
    close: async () => {},
  };
}

const run = (
  all: readonly Task[],
  about: EvaluationInfo,
  policy: Policy | null,
  more: Partial<EvaluationOptions> = {},
) => evaluate(all, about, { policy, sandbox }, { folder, ...more });

/** Every file of the evaluation with its bytes. */
function files(where = folder): Record<string, string> {
  const names = readdirSync(where, { recursive: true, encoding: "utf8" }).filter((name) => /\.jsonl?$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(where, name), "utf8")]));
}

async function unbroken(count: number, about = info(count)): Promise<Record<string, string>> {
  const own = mkdtempSync(join(root, "whole-"));
  await run(tasks(count), about, policyOf(), { folder: own });
  return files(own);
}

describe("an evaluation", () => {
  it("keeps every sample in the order of tasks, the record of the contract, and what decided them", async () => {
    const samples = await run(tasks(3), info(3), policyOf());
    expect(samples?.map(({ task, sample }) => `${task} ${sample}`)).toEqual(
      [0, 1, 2].flatMap((i) => [`toy/${i} 0`, `toy/${i} 1`]),
    );
    const names = Object.keys(files());
    expect(names).toEqual(["samples/toy-step-000000.jsonl", "toy-step-000000.info.json", "toy-step-000000.json"]);
    const record = JSON.parse(files()["toy-step-000000.json"]) as { problems: number; metrics: object };
    expect(record).toMatchObject({ benchmark: "toy", step: 0, problems: 3, metrics: { pass_at_1: { value: 0.5 } } });
    const [read] = readEvaluations(folder);
    expect(read.info).toEqual(info(3));
    expect(read.samples).toEqual(samples);
    const [, second] = files()["samples/toy-step-000000.jsonl"].split("\n");
    expect(second).toContain('"expected": {"$dict": [[1, {"$int": "1180591620717411303424"}]]}, "got": ["not toy/0');
    expect(await unbroken(3)).toEqual(files());
  });

  it("keeps every kind of mark that a grader may give, also what the published graders drop", async () => {
    const marks: readonly Mark[] = [
      { kind: "right" },
      { kind: "wrong", reason: "dropped", dropped: true, message: "the answer holds the call" },
      { kind: "wrong", reason: "raised", message: "E: no", test: "assert f(1)", expected: [1], got: null },
      { kind: "infrastructure", message: "no interpreter" },
    ];
    const all = tasks(4, (name) => marks[Number(name.at(-1))]);
    await expect(run(all, info(4), policyOf(5))).rejects.toThrow("the policy is gone");
    const samples = await run(all, info(4), policyOf());
    expect(samples?.map(({ grade }) => grade.official)).toEqual(marks.flatMap((mark) => [mark, mark]));
  });

  it("has upstream prompts and steps under names of their own", () => {
    const paths = evaluationPaths("eval", { benchmark: "toy", prompts: "upstream", step: 50 });
    expect(paths.record).toBe(join("eval", "toy-upstream-step-000050.json"));
    expect(paths.samples).toBe(join("eval", "samples", "toy-upstream-step-000050.jsonl"));
  });

  it("grades while others are still asked", async () => {
    let graded = 0;
    const patient: Policy = {
      ...policyOf(),
      complete: async (requests, onFinished) => {
        onFinished(0, 0, answer("toy/0", 0));
        // Waits for ever where grades wait for the last completion.
        while (graded === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        for (const [place, { task, samples }] of requests.entries()) {
          for (const sample of samples) if (place + sample > 0) onFinished(place, sample, answer(task, sample));
        }
      },
    };
    const told: EvaluationProgress[] = [];
    await run(tasks(2), info(2), patient, {
      onProgress: (progress) => {
        ({ graded } = progress);
        told.push(progress);
      },
    });
    expect(told[0]).toEqual({ total: 4, completed: 0, kept: 0, graded: 0, tokens: 0 });
    expect(told.at(-1)).toEqual({ total: 4, completed: 4, kept: 0, graded: 4, tokens: 16 });
  });
});

describe("an evaluation that was broken off", () => {
  it("asks only for what is missing, and is the same at its end, wherever its policy failed", async () => {
    const whole = await unbroken(3);
    for (const failsAfter of [0, 1, 3, 5]) {
      folder = mkdtempSync(join(root, "broken-"));
      const first = policyOf(failsAfter);
      await expect(run(tasks(3), info(3), first)).rejects.toThrow("the policy is gone");
      expect(existsSync(evaluationPaths(folder, info(3)).record)).toBe(false);
      const second = policyOf();
      await run(tasks(3), info(3), second);
      expect([...first.asked, ...second.asked].sort()).toEqual([...policyAsks(3)].sort());
      expect(files()).toEqual(whole);
    }
  });

  it("loses nothing that was told, wherever a kill cuts its journal", async () => {
    const whole = await unbroken(2);
    await expect(run(tasks(2), info(2), policyOf(3))).rejects.toThrow("the policy is gone");
    const { journal } = evaluationPaths(folder, info(2));
    const bytes = readFileSync(journal);
    for (let length = 0; length <= bytes.length; length += 61) {
      rmSync(evaluationPaths(folder, info(2)).samples, { force: true });
      writeFileSync(journal, bytes);
      truncateSync(journal, length);
      const lines = bytes.subarray(0, length).toString().split("\n").slice(0, -1);
      const completed = lines.filter((line) => line.startsWith('{"kind": "completion"')).length;
      const policy = policyOf();
      await run(tasks(2), info(2), policy);
      expect(policy.asked).toHaveLength(4 - completed);
      expect(files()).toEqual(whole);
    }
  });

  it("asks nothing and grades nothing where all is there", async () => {
    await run(tasks(2), info(2), policyOf());
    const before = files();
    const policy = policyOf();
    const grading = tasks(2, () => expect.unreachable());
    await run(grading, info(2), policy);
    expect(policy.asked).toEqual([]);
    expect(files()).toEqual(before);
  });

  it("grades again where the grader had failed", async () => {
    const failing = tasks(2, () => ({ kind: "infrastructure", message: "no interpreter" }));
    await run(failing, info(2), policyOf());
    const policy = policyOf();
    await run(tasks(2), info(2), policy);
    expect(policy.asked).toEqual([]);
    expect(files()).toEqual(await unbroken(2));
  });

  it("says in which line its journal is damaged", async () => {
    await expect(run(tasks(2), info(2), policyOf(1))).rejects.toThrow();
    const { journal } = evaluationPaths(folder, info(2));
    appendFileSync(journal, '{"kind": "completion", "task": 3}\n');
    await expect(run(tasks(2), info(2), policyOf())).rejects.toThrow(
      /journal\.jsonl:3: task: expected string; found 3/,
    );
  });

  it("stops when it is asked to, and keeps what it has", async () => {
    const controller = new AbortController();
    const first = policyOf(3);
    const stopped: Policy = {
      ...first,
      complete: (requests, onFinished, signal) =>
        first
          .complete(requests, (...told) => {
            onFinished(...told);
            controller.abort();
          })
          .finally(() => signal?.throwIfAborted()),
    };
    expect(await run(tasks(2), info(2), stopped, { signal: controller.signal })).toBeNull();
    const policy = policyOf();
    await run(tasks(2), info(2), policy);
    expect(policy.asked).toHaveLength(1);
    expect(files()).toEqual(await unbroken(2));
  });
});

function policyAsks(count: number): string[] {
  return Array.from({ length: count }, (_, i) => [`toy/${i} 0`, `toy/${i} 1`]).flat();
}

describe("what is there already", () => {
  it("is one process's to write", async () => {
    await run(tasks(1), info(1), policyOf());
    writeFileSync(join(folder, "samples", "toy-step-000000.lock"), "1");
    await expect(run(tasks(1), info(1), policyOf())).rejects.toThrow(
      /samples: in use by process 1; if that is no command/,
    );
  });

  it("is not mixed with another policy's, decoding's, seed's or data's, and each difference is named", async () => {
    await run(tasks(2), info(2), policyOf());
    const decoding = { ...info(2).decoding, temperature: 0.8, stop: ["\n"] };
    const refused = run(tasks(2), info(2, { decoding, seed: 3, identity: { weights: "abd" } }), policyOf());
    await expect(refused).rejects.toThrow(
      /info\.json: the samples there are of another evaluation: weights "abc", now "abd"; seed 0, now 3; temperature 0\.2, now 0\.8; stop \[\], now \["\\n"\]\. Choose/,
    );
    await expect(refused).rejects.toThrow(UsageError);
    const data = run(tasks(2), info(2, { dataSha256: "1" }), policyOf());
    await expect(data).rejects.toThrow('dataSha256 "0", now "1"');
    expect(files()).toEqual(await unbroken(2));
  });

  it("may be gone on with for more tasks and samples, not for fewer", async () => {
    await run(tasks(2), info(2), policyOf());
    const more = info(3, { decoding: { ...info(3).decoding, samples: 3 } });
    const policy = policyOf();
    await run(tasks(3), more, policy);
    expect(policy.asked.sort()).toEqual(["toy/0 2", "toy/1 2", "toy/2 0", "toy/2 1", "toy/2 2"]);
    expect(files()).toEqual(await unbroken(3, more));
    await expect(run(tasks(2), info(2), policyOf())).rejects.toThrow(
      /5 samples are kept that are not asked for now, such as toy\/0 \(2\): ask for as many/,
    );
  });

  it("has no record while it is gone on with", async () => {
    await run(tasks(2), info(2), policyOf());
    await expect(run(tasks(3), info(3), policyOf(1))).rejects.toThrow();
    expect(existsSync(evaluationPaths(folder, info(3)).record)).toBe(false);
    expect(() => readEvaluations(folder)).toThrow("its evaluation is not finished");
  });

  it("is thrown away where that is asked", async () => {
    await run(tasks(2), info(2), policyOf());
    const policy = policyOf();
    await run(tasks(1), info(1, { seed: 7 }), policy, { fresh: true });
    expect(policy.asked).toHaveLength(2);
    expect(files()).toEqual(await unbroken(1, info(1, { seed: 7 })));
  });

  it("is graded again without a policy, also where that was broken off", async () => {
    await run(
      tasks(2, () => ({ kind: "wrong", reason: "an old grader" })),
      info(2),
      policyOf(),
    );
    let left = 2;
    const broken = tasks(2, (...asked) => (left-- > 0 ? mark(...asked) : expect.unreachable()));
    await expect(run(broken, info(2), null, { regrade: true })).rejects.toThrow();
    // Without the word too: what has no grade is graded.
    await run(tasks(2), info(2), null);
    expect(files()).toEqual(await unbroken(2));
    await expect(run(tasks(3), info(3), null)).rejects.toThrow(
      "toy: 2 of 6 completions are missing, and nothing is asked with --regrade",
    );
  });
});

describe("a benchmark that ships with the package", () => {
  it("is graded in the sandbox, whatever is right or wrong", async () => {
    const humaneval = benchmarkNamed("humaneval");
    const some = (await humaneval.load(taskPath(humaneval))).slice(0, 4);
    const policy: Policy = {
      ...policyOf(),
      complete: async (requests, onFinished) => {
        for (const place of requests.keys()) {
          const text = place === 2 ? "no idea" : (some[place].solution?.("official") ?? "");
          onFinished(place, 0, { text, stopReason: "stop", promptTokens: null, completionTokens: null });
        }
      },
    };
    const about = testInfo({ benchmark: "humaneval", tasks: 4, decoding: humaneval.decoding.official });
    const samples = await run(some, about, policy);
    expect(samples?.map(({ grade }) => grade.strict.kind)).toEqual(["right", "right", "wrong", "right"]);
    expect(samples?.[0].prompt.kind).toBe("chat");
  });
});
