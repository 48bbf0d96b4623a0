// The problems that a run learnt from and was evaluated on, looked up in the files its config names.

import { stat } from "node:fs/promises";
import { messageOf } from "../../core/errors.js";
import { inputOf } from "../../problems/examples.js";
import type { Problem, Test } from "../../problems/problem.js";
import type { ProblemDetail } from "../api/rollouts.js";
import type { RunFacts } from "./facts.js";
import { ProblemFile } from "./problem-file.js";
import { inputText, textOf } from "./values.js";

type File = RunFacts["data"][number];
type Found = { readonly problem: Problem } | { readonly missing: string };

/** Files up to this are read before the first group is shown; larger ones when a problem is asked for. */
const QUICK_BYTES = 1 << 25;

export class RunProblems {
  readonly #files = new Map<string, Promise<ProblemFile>>();

  constructor(private readonly data: readonly File[]) {}

  async find(id: string): Promise<Found> {
    const reasons: string[] = [];
    for (const file of this.data) {
      try {
        const problem = await (await this.#open(file)).find(id);
        if (problem) return { problem };
      } catch (error) {
        reasons.push(messageOf(error));
      }
    }
    if (this.data.length === 0) reasons.push("the run's config names no file of problems");
    return { missing: reasons.join("; ") || `no problem "${id}" in the run's data` };
  }

  /** As {@link find}, where that takes no time to speak of. */
  async atHand(id: string): Promise<Problem | undefined> {
    for (const file of this.data) {
      const { size } = await stat(file.path).catch(() => ({ size: Number.POSITIVE_INFINITY }));
      if (size > QUICK_BYTES) continue;
      const problem = await this.#open(file)
        .then((open) => open.find(id))
        .catch(() => undefined);
      if (problem) return problem;
    }
    return undefined;
  }

  #open(file: File): Promise<ProblemFile> {
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
