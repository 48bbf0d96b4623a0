// Small evaluations for tests: samples by what was said of each task's completions.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toLines } from "../../core/jsonl.js";
import type { Mark } from "../benchmarks/benchmark.js";
import type { EvaluationInfo, SampleRecord } from "../records.js";
import { summarise } from "./summary.js";

const MARKS: Readonly<Record<string, Mark>> = {
  r: { kind: "right" },
  w: { kind: "wrong", reason: "wrong-answer", test: "f(1)", expected: 1, got: 2 },
  t: { kind: "wrong", reason: "timed-out" },
  i: { kind: "infrastructure", message: "the sandbox is gone" },
};

export function testInfo(changes: Partial<EvaluationInfo> = {}): EvaluationInfo {
  return {
    benchmark: "toy",
    policy: "model",
    identity: { weights: "abc" },
    step: 0,
    prompts: "official",
    decoding: { samples: 1, temperature: 0, topP: 1, maximumTokens: 64, stop: [] },
    seed: 0,
    dataSha256: "0",
    tasks: 1,
    ...changes,
  };
}

/**
 * @param marks  of each task one letter a completion: r right, w wrong answer, t timed out, i infrastructure
 * @param official  where it differs from the strict marks
 */
export function testSamples(
  marks: Readonly<Record<string, string>>,
  official: Readonly<Record<string, string>> = {},
  changes: Partial<SampleRecord> = {},
): SampleRecord[] {
  return Object.entries(marks).flatMap(([task, letters]) =>
    Array.from(letters, (letter, sample) => ({
      task,
      sample,
      prompt: { kind: "text" as const, text: `write ${task}` },
      text: `the program of ${task}`,
      stopReason: "stop" as const,
      promptTokens: 10,
      completionTokens: 5,
      grade: {
        extracted: `def ${task}(): pass`,
        strict: markOf(letter),
        official: markOf((official[task] ?? letters)[sample] ?? letter),
        cpuMs: 1,
      },
      ...changes,
    })),
  );
}

/** As `eval` keeps it. */
export function writeTestEvaluation(folder: string, info: EvaluationInfo, samples: readonly SampleRecord[]): void {
  const upstream = info.prompts === "upstream" ? "-upstream" : "";
  const name = `${info.benchmark}${upstream}-step-${String(info.step).padStart(6, "0")}`;
  mkdirSync(join(folder, "samples"), { recursive: true });
  writeFileSync(join(folder, `${name}.info.json`), JSON.stringify(info));
  writeFileSync(join(folder, "samples", `${name}.jsonl`), toLines(samples));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(summarise(info, samples)));
}

function markOf(letter: string): Mark {
  const mark = MARKS[letter];
  if (!mark) throw new RangeError(`no mark is called ${letter}`);
  return mark;
}
