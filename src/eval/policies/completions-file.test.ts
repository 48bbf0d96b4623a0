import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DataError } from "../../core/errors.js";
import { openCompletionsFile } from "./completions-file.js";
import type { CompletionRequest } from "./policy.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-completions-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(...rows: object[]): string {
  const path = join(folder, "mine.jsonl");
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

function samplesOf(asked: readonly string[], ...rows: object[]): number {
  return openCompletionsFile(file(...rows)).samplesOf(["a", "b", "task/c"], asked);
}

describe("completions made elsewhere", () => {
  it("are told by task and sample, numbered or in the order of the file", async () => {
    const opened = openCompletionsFile(
      file(
        { task: "a", completion: "first" },
        { task_id: "b", completion: "one", sample: 1 },
        { problem: "b", completion: "zero", sample: 0, metadata: { of: "mine" } },
        { task: "a", completion: "second" },
      ),
    );
    const { policy } = opened;
    expect(policy.name).toBe("mine");
    expect(opened.samplesOf(["a", "b"], ["a", "b"])).toBe(2);
    const decoding = { samples: 2, temperature: 0, topP: 1, maximumTokens: 9, stop: [] };
    const requests = ["a", "b"].map(
      (task): CompletionRequest => ({ task, prompt: { kind: "text", text: "" }, decoding, samples: [1, 0] }),
    );
    const told: string[] = [];
    await policy.complete(requests, (request, sample, { text }) => told.push(`${request} ${sample} ${text}`));
    expect(told).toEqual(["0 1 second", "0 0 first", "1 1 one", "1 0 zero"]);
  });

  it("may be more than are asked for, never fewer", () => {
    const rows = [
      { task: "a", completion: "" },
      { task: "b", completion: "" },
      { task: "b", completion: "" },
    ];
    expect(samplesOf(["a"], ...rows)).toBe(1);
    expect(() => samplesOf(["a", "b"], ...rows)).toThrow(
      /mine\.jsonl: 1 of 4 completions are missing: a \(1\); each of 2 tasks needs 2$/,
    );
    expect(() => samplesOf(["a", "task/c"], ...rows)).toThrow(/1 of 2 completions are missing: task\/c;/);
    // More than a list could hold.
    expect(() => samplesOf(["a", "b"], { task: "b", completion: "", sample: 4_000_000_000 })).toThrow(
      /8000000001 of 8000000002 completions are missing: a \(0\), .* and 7999999996 more/,
    );
    expect(() => samplesOf(["a"])).toThrow(/1 of 1 completions are missing: a;/);
  });

  it.each<[string, object[], RegExp]>([
    ["an unknown task", [{ task: "c", completion: "" }], /:1: task: the benchmark has no task "c"/],
    [
      "one that is there twice",
      [
        { task: "a", completion: "", sample: 0 },
        { task: "b", completion: "" },
        { task: "a", completion: "", sample: 0 },
      ],
      /:3: task "a": completion 0 stands in line 1 already$/,
    ],
    ["no task", [{ completion: "" }], /:1: expected one of "task", "task_id" and "problem" to name the task$/],
    ["two names", [{ task: "a", problem: "b", completion: "" }], /:1: expected one of/],
    ["no completion", [{ task: "a" }], /:1: completion: expected string; found nothing$/],
    [
      "a misspelt key",
      [{ task: "a", completions: "" }],
      /:1: unknown key "completions" \(did you mean "completion"\?\)/,
    ],
  ])("are refused with file and line for %s", (_, rows, message) => {
    expect(() => samplesOf(["a"], ...rows)).toThrow(message);
    expect(() => samplesOf(["a"], ...rows)).toThrow(DataError);
  });
});
