// The problems that a run learnt from and was evaluated on, looked up in the files its config names.

import { stat } from "node:fs/promises";
import { messageOf } from "../../core/errors.js";
import { inputOf } from "../../problems/examples.js";
import type { Problem, Test } from "../../problems/problem.js";
import type { ProblemDetail } from "../api/rollouts.js";
import type { DataFile, RunFacts } from "./facts.js";
import { ProblemFile } from "./problem-file.js";
import { inputText, textOf } from "./values.js";

type Found = { readonly problem: Problem } | { readonly missing: string };

/** A file up to this is read before the first group is shown; a larger one when a problem is asked for. */
const QUICK_BYTES = 1 << 25;

export class RunProblems {
  readonly #files = new Map<string, Promise<ProblemFile>>();

  constructor(private readonly data: RunFacts["data"]) {}

  async find(id: string, from: keyof RunFacts["data"] = "train"): Promise<Found> {
    const file = this.data[from];
    if (!file) return { missing: `the run's config names no file of problems in data.${from}` };
    try {
      const problem = await (await this.#open(file)).find(id);
      return problem ? { problem } : { missing: `no problem "${id}" in ${file.path}` };
    } catch (error) {
      return { missing: messageOf(error) };
    }
  }

  /** Of what was learnt from, where that takes no time to speak of. */
  async atHand(id: string): Promise<Problem | undefined> {
    const { train } = this.data;
    const { size } = await stat(train?.path ?? "").catch(() => ({ size: Number.POSITIVE_INFINITY }));
    const found = size > QUICK_BYTES ? null : await this.find(id);
    return found && "problem" in found ? found.problem : undefined;
  }

  #open(file: DataFile): Promise<ProblemFile> {
    const open = this.#files.get(file.path) ?? ProblemFile.open(file);
    this.#files.set(file.path, open);
    // The next question tries again: the file may have come back.
    open.catch(() => this.#files.delete(file.path));
    return open;
  }
}

export function problemDetail(id: string, found: Found): ProblemDetail {
  if ("missing" in found) {
    return { problem: id, missing: found.missing, language: "python", prompt: "", reference: null, tests: [] };
  }
  const { prompt, reference, tests, language } = found.problem;
  const shown = tests.map((test) => ({ kind: test.kind, ...testText(test, language) }));
  return { problem: id, missing: null, language, prompt, reference: reference ?? null, tests: shown };
}

function testText(
  test: Test,
  language: Problem["language"],
): Pick<ProblemDetail["tests"][number], "input" | "expected"> {
  switch (test.kind) {
    case "stdio":
      return { input: test.stdin, expected: test.stdout };
    case "call":
      return { input: inputText(inputOf(test) ?? test, language), expected: textOf(test.expected, language) };
    case "assert":
    case "check":
      return { input: test.code, expected: "" };
    default:
      return test satisfies never;
  }
}
