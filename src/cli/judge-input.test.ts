// What people and models hand to `coderlplus judge` that is not as it should be: a verdict, or one error that says where.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { moduleArguments } from "../core/worker.js";

const COMMAND = [...moduleArguments(new URL("./main.js", import.meta.url)), "judge"];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "judge-input-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const judge = (problems: string, completions: string, ...flags: string[]) =>
  spawnSync(process.execPath, [...COMMAND, "--problems", problems, "--completions", completions, ...flags], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
const problem = (tests: string, id = "a", more = ""): string =>
  `{"id": "${id}", "language": "python", "prompt": "", "tests": ${tests}${more}}`;
const PRINTS_ONE = '[{"kind": "stdio", "stdin": "", "stdout": "1\\n"}]';
const good = () => file("p.jsonl", problem(PRINTS_ONE));
const one = (program: string): string => JSON.stringify({ problem: "a", program });
interface Row {
  readonly problem: string;
  readonly index: number;
  readonly verdict: { readonly kind: string; readonly reason?: string; readonly message?: string };
  readonly tests: ReadonlyArray<{ readonly kind: string }>;
}
const rowsOf = (text: string): Row[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);

test("whatever a completion holds, it gets a verdict, and so do those around it", () => {
  const odd: ReadonlyArray<readonly [completion: object, verdict: string]> = [
    [{ program: "print(1)" }, "passed"],
    [{ program: "" }, "wrong-answer"],
    [{ completion: "" }, "unparsable"],
    [{ completion: "I cannot help with that." }, "unparsable"],
    [{ completion: "```python\n```" }, "unparsable"],
    [{ program: "print(1)\0" }, "unparsable"],
    [{ program: "print('\ud800')" }, "unparsable"],
    [{ completion: "```\nprint('\udfff', 1)" }, "unparsable"],
    [{ program: `# ${"x".repeat(10 << 20)}\nprint(1)` }, "passed"],
    [{ program: `x = '${"é".repeat(5 << 20)}'\nprint(1)` }, "passed"],
    [{ program: "(".repeat(100_000) }, "unparsable"],
    [{ program: `x = ${"[".repeat(100_000)}${"]".repeat(100_000)}` }, "unparsable"],
    [{ program: `x = ${"-".repeat(100_000)}1` }, "unparsable"],
    [{ program: `x = 1${"+1".repeat(100_000)}` }, "any"],
    [{ program: `if 1:\n${" pass\n".repeat(1)}\tpass` }, "unparsable"],
    [{ program: "return 1" }, "unparsable"],
    [{ program: "\u202eprint(1)" }, "unparsable"],
    [{ program: "print(1)\r\n" }, "passed"],
    [{ program: "# -*- coding: nonsense -*-\nprint(1)" }, "passed"],
    [{ completion: "`".repeat(100_000) }, "unparsable"],
    [{ program: "print(1)" }, "passed"],
  ];
  const lines = odd.map(([completion]) => JSON.stringify({ problem: "a", ...completion }));
  const out = join(folder, "odd.jsonl");
  const result = judge(good(), file("c.jsonl", lines.join("\n")), "--out", out, "--workers", "2", "--json");
  expect(result.stderr).toBe("");
  expect(result.status).toBe(0);
  const rows = rowsOf(readFileSync(out, "utf8"));
  expect(rows.map(({ index }) => index)).toEqual(odd.map((_, at) => at));
  const kinds = rows.map(({ verdict }, at) => (odd[at][1] === "any" ? "any" : (verdict.reason ?? verdict.kind)));
  expect(kinds).toEqual(odd.map(([, verdict]) => verdict));
  expect(rows.filter(({ verdict }) => verdict.kind === "infrastructure")).toEqual([]);
});

const latin = Buffer.from('{"problem": "a", "program": "print(\'\xe4\')"}', "latin1");

describe("unusable completions: exit code 2, file and line, nothing written", () => {
  test.each([
    ["bytes that are no UTF-8", Buffer.concat([Buffer.from(`${one("print(1)")}\n`), latin]), /c\.jsonl:2: not UTF-8/],
    [
      "100,000 levels of JSON",
      `${one("")}\n${'{"problem": '.repeat(100_000)}`,
      /c\.jsonl:2: not JSON: column .*500 levels/,
    ],
    ["a line cut off", `${one("")}\n\n${one("").slice(0, -4)}`, /c\.jsonl:3: not JSON/],
    ["an array", "[1]", /c\.jsonl:1: .*expected object.*found \[1\]/],
    ["a number for a program", '{"problem": "a", "program": 3}', /c\.jsonl:1: program: .*expected string.*found 3/],
    ["a number for a problem", '{"problem": 3, "program": ""}', /c\.jsonl:1: problem: .*expected string.*found 3/],
    [
      "an unknown problem",
      `${one("")}\n{"problem": "aa", "program": ""}`,
      /c\.jsonl:2: .*no problem has the id "aa".*did you mean "a"/,
    ],
    [
      "both a program and a completion",
      '{"problem": "a", "program": "", "completion": ""}',
      /c\.jsonl:1: expected either/,
    ],
  ])("%s", (_name, content, message) => {
    const out = join(folder, "none.jsonl");
    const result = judge(good(), file("c.jsonl", content), "--out", out);
    expect(result.stderr).toMatch(message);
    expect(result.stderr.length).toBeLessThan(1000);
    expect(result.stdout).toBe("");
    expect(result.status).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  test("a file that is not there, a folder, a broken gzip file", () => {
    for (const [path, message] of [
      [join(folder, "nowhere.jsonl"), /nowhere\.jsonl: cannot read it \(no such file\)/],
      [folder, /cannot read it \(it is a folder\)/],
      [file("c.jsonl.gz", gzipSync(one("")).subarray(0, 20)), /c\.jsonl\.gz: not a whole gzip file/],
    ] as const) {
      const result = judge(good(), path);
      expect(result.stderr).toMatch(message);
      expect(result.status).toBe(2);
    }
  });
});

describe("unusable problems: exit code 2, file and line, what was found and what is expected", () => {
  test.each([
    [
      "an unknown kind of test",
      problem('[{"kind": "stdoi", "stdin": "", "stdout": ""}]'),
      /p\.jsonl:1: tests\[0\]\.kind: .*stdoi/,
    ],
    ["no tests", problem("[]"), /p\.jsonl:1: tests: expected at least one test.*found \[\]/],
    [
      "a wrong type",
      problem('[{"kind": "stdio", "stdin": 3, "stdout": ""}]'),
      /p\.jsonl:1: tests\[0\]\.stdin: .*expected string.*found 3/,
    ],
    [
      "half a character",
      problem('[{"kind": "stdio", "stdin": "\\ud800", "stdout": ""}]'),
      /p\.jsonl:1: tests\[0\]\.stdin: expected no half of a surrogate pair/,
    ],
    [
      "a file outside",
      problem(PRINTS_ONE, "a", ', "files": {"../x.py": ""}'),
      /p\.jsonl:1: files\.\.\.\/x\.py: expected a relative path/,
    ],
    [
      "a total of no time",
      problem(PRINTS_ONE, "a", ', "limits": {"totalMs": 0}'),
      /p\.jsonl:1: limits\.totalMs: .*found 0/,
    ],
    [
      "an unknown key",
      problem(PRINTS_ONE, "a", ', "file": {}'),
      /p\.jsonl:1: unknown key "file" \(did you mean "files"\?\)/,
    ],
    [
      "bytes that are no UTF-8",
      Buffer.concat([Buffer.from(`${problem(PRINTS_ONE)}\n`), latin]),
      /p\.jsonl:2: not UTF-8/,
    ],
    [
      "a linked list for JavaScript",
      problem('[{"kind": "call", "function": "f", "arguments": [[{"$list_node": [1]}]], "expected": 1}]').replace(
        "python",
        "javascript",
      ),
      /p\.jsonl:1: tests\[0\]: expected no "\$list_node".*JavaScript/,
    ],
    ["no problems", "\n", /p\.jsonl: no problems in it/],
  ])("%s", (_name, content, message) => {
    const result = judge(file("p.jsonl", content), file("c.jsonl", one("")));
    expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe("");
    expect(result.status).toBe(2);
  });
});

test("completions come from a pipe, packed, or without a newline at the end", () => {
  const lines = `\uFEFF${one("print(1)")}\n\n${one("print(2)")}`;
  const packed = judge(good(), file("c.jsonl.gz", gzipSync(lines)), "--out", "-");
  expect(rowsOf(packed.stdout).map(({ verdict }) => verdict.kind)).toEqual(["passed", "failed"]);
  const command = `cat '${file("c.jsonl", lines)}' | '${process.execPath}' ${COMMAND.map((word) => `'${word}'`).join(" ")} --problems '${good()}' --completions /dev/stdin --out -`;
  const piped = spawnSync("bash", ["-c", command], { encoding: "utf8" });
  const kinds = (text: string) => rowsOf(text).map(({ verdict }) => verdict.kind);
  expect(kinds(piped.stdout)).toEqual(["passed", "failed"]);
});

test("all tests where asked for, and what the preamble lacks, by name", () => {
  const tests = '[{"kind": "stdio", "stdin": "", "stdout": "2"}, {"kind": "stdio", "stdin": "", "stdout": "1"}]';
  const problems = file("p.jsonl", problem(tests, "a", ', "preamble": "import numpy as np\\nimport math"'));
  const completions = file("c.jsonl", `${one("print(1)")}\n${one("print(2)")}`);
  const out = join(folder, "all.jsonl");
  const first = judge(problems, completions, "--json", "--out", out);
  expect(rowsOf(readFileSync(out, "utf8")).map(({ tests: each }) => each.map(({ kind }) => kind))).toEqual([
    ["wrong-answer", "not-run"],
    ["passed", "wrong-answer"],
  ]);
  expect(JSON.parse(first.stdout)).toMatchObject({ skippedImports: { numpy: 2 } });
  judge(problems, completions, "--all-tests", "--out", out);
  expect(rowsOf(readFileSync(out, "utf8"))[0]).toMatchObject({
    verdict: { kind: "failed", passed: 1, total: 2 },
    tests: [{ kind: "wrong-answer" }, { kind: "passed" }],
  });
});

test.each(["SIGTERM", "SIGKILL"] as const)("%s half way leaves the old output as it was", async (signal) => {
  const out = file("kept.jsonl", "old\n");
  // The first thousand are reported on standard error; the endless ones behind them hold up the rest.
  const endless = Array.from({ length: 200 }, () => one("while True: pass"));
  const completions = [...Array.from({ length: 1000 }, () => one("print(1)")), ...endless].join("\n");
  const child = spawn(process.execPath, [
    ...COMMAND,
    "--problems",
    file("p.jsonl", problem(PRINTS_ONE, "a", ', "limits": {"timeMs": 60000}')),
    "--completions",
    file("c.jsonl", completions),
    "--out",
    out,
  ]);
  const heard = await new Promise<string>((resolve) => {
    child.stderr.once("data", (data: Buffer) => resolve(data.toString()));
  });
  expect(heard).toBe("judged 1000 of 1200, 1000 passed\n");
  child.kill(signal);
  await new Promise((resolve) => child.once("exit", resolve));
  expect(readFileSync(out, "utf8")).toBe("old\n");
  const left = readdirSync(folder).filter((name) => name.startsWith("kept.jsonl."));
  expect(left).toHaveLength(signal === "SIGKILL" ? 1 : 0);
  for (const name of left) rmSync(join(folder, name));
});
