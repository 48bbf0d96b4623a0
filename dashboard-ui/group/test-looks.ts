// What a test's outcome is shown by: a sign, a tone, and what it means.

import type { TestDetail } from "../../src/dashboard/api/rollouts.js";

export interface TestLook {
  readonly sign: string;
  readonly tone: "good" | "bad" | "warn" | "faint";
  readonly says: string;
}

const looks: Readonly<Record<string, TestLook>> = {
  passed: { sign: "✓", tone: "good", says: "gave what was expected" },
  "passed-within-tolerance": { sign: "≈", tone: "good", says: "as near to the expected number as is allowed" },
  "wrong-answer": { sign: "✗", tone: "bad", says: "gave something else" },
  raised: { sign: "!", tone: "bad", says: "ended in an exception" },
  exited: { sign: "⏏", tone: "bad", says: "ended itself with an exit code" },
  "timed-out": { sign: "⧖", tone: "bad", says: "ran longer than is allowed" },
  "out-of-memory": { sign: "▣", tone: "bad", says: "needed more memory than is allowed" },
  "output-limit": { sign: "≡", tone: "bad", says: "printed more than is allowed" },
  denied: { sign: "⊘", tone: "bad", says: "asked for what the sandbox forbids" },
  crashed: { sign: "↯", tone: "bad", says: "took its interpreter down" },
  "not-run": { sign: "·", tone: "faint", says: "not run, because an earlier test had failed" },
};

/** A kind of a later version is shown by its name alone. */
export function testLook(kind: string): TestLook {
  return Object.hasOwn(looks, kind) ? (looks[kind] ?? unknown) : unknown;
}

const unknown: TestLook = { sign: "?", tone: "warn", says: "" };

/** The test that says most: the first that failed, else the first. */
export function firstTold(tests: readonly TestDetail[]): number {
  const failed = tests.findIndex(({ kind }) => !kind.startsWith("passed") && kind !== "not-run");
  return Math.max(0, failed);
}
