// The problems that a run learnt from and was evaluated on, looked up in the files its config names. They may be large:
// each is read once, and only where a problem lies is kept. A file that has changed since the run began is not shown.

import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { messageOf } from "../../core/errors.js";
import { isRegularFile } from "../../core/files.js";
import { inputOf } from "../../problems/examples.js";
import type { Problem, Test } from "../../problems/problem.js";
import { ProblemSet } from "../../problems/problem-set.js";
import type { ProblemDetail } from "../api/rollouts.js";
import type { RunFacts } from "./facts.js";
import { inputText, textOf } from "./values.js";

type File = RunFacts["data"][number];
type Found = { readonly problem: Problem } | { readonly missing: string };

/** Files up to this are read before the first group is shown; larger ones when a problem is asked for. */
const QUICK_BYTES = 1 << 25;

export class RunProblems {
  readonly #sets = new Map<string, Promise<ProblemSet>>();

  constructor(private readonly data: readonly File[]) {}

  async find(id: string): Promise<Found> {
    const reasons: string[] = [];
    for (const file of this.data) {
      try {
        const problem = (await this.#open(file)).find(id);
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
      const size = statSync(file.path, { throwIfNoEntry: false })?.size ?? Number.POSITIVE_INFINITY;
      if (size > QUICK_BYTES) continue;
      const problem = await this.#open(file).then(
        (set) => set.find(id),
        () => undefined,
      );
      if (problem) return problem;
    }
    return undefined;
  }

  async close(): Promise<void> {
    const sets = [...this.#sets.values()];
    this.#sets.clear();
    await Promise.all(sets.map((set) => set.then((open) => open.close()).catch(() => {})));
  }

  #open(file: File): Promise<ProblemSet> {
    const set = this.#sets.get(file.path) ?? openUnchanged(file);
    this.#sets.set(file.path, set);
    // The next question tries again: the file may have come back.
    set.catch(() => this.#sets.delete(file.path));
    return set;
  }
}

async function openUnchanged({ path, sha256 }: File): Promise<ProblemSet> {
  if (!isRegularFile(path)) throw new Error(`${path}: no such file; the run was started where it lay`);
  if (sha256 !== null && (await hashOf(path)) !== sha256) {
    throw new Error(`${path}: the file has changed since the run began, so its problems are not shown`);
  }
  return ProblemSet.open(path);
}

/** Piece by piece: other questions are answered in between. */
async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}

export function problemDetail(id: string, found: Found): ProblemDetail {
  if ("missing" in found) {
    return { problem: id, missing: found.missing, language: null, prompt: "", reference: null, tests: [] };
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
