// MBPP's graders against its own solutions. A fair subset always; 974 of 974 and 427 of 427 where CODERLPLUS_WHOLE_SETS
// is set (about a CPU minute).

import { afterAll, beforeAll, expect, test } from "vitest";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import { loadMbpp, mbpp } from "./mbpp.js";
import { taskPath } from "./task-location.js";

const whole = process.env["CODERLPLUS_WHOLE_SETS"] !== undefined;
/** 367 and 927 have a setup that needs the program's class, 601 is handed objects of it, others are many. */
const FAIR = new Set([2, 367, 601, 927, ...Array.from({ length: 12 }, (_, at) => at * 80 + 11)]);

/** The one or the other of the files that ship. */
const edition = (path: string) => taskPath({ name: "mbpp", file: { kind: "bundled", path } });

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(() => sandbox.close());

test.each([
  ["mbpp/mbpp.jsonl.gz", 974],
  ["mbpp/sanitized-mbpp.json.gz", 427],
])(
  "%s: every solution passes both ways, and a program that does nothing neither",
  { timeout: 1_200_000 },
  async (path, count) => {
    const all = await loadMbpp(edition(path), () => true);
    expect(all).toHaveLength(count);
    const tasks = whole ? all : await loadMbpp(edition(path), ({ number }) => FAIR.has(number));
    const graded = await Promise.all(
      tasks.map((task) => task.grade(task.solution?.("official") ?? "", "official", sandbox)),
    );
    const failing = tasks.filter((_, at) => graded[at].official.kind !== "right" || graded[at].strict.kind !== "right");
    expect(failing.map(({ id }) => id)).toEqual([]);
    const idle = await Promise.all(tasks.slice(0, 20).map((task) => task.grade("pass", "upstream", sandbox)));
    expect(idle.filter(({ official, strict }) => official.kind === "right" || strict.kind === "right")).toEqual([]);
  },
);

test("the benchmark is the test split, asked as in the paper with three examples, or in CodeRL+'s words", async () => {
  const tasks = await mbpp.load(taskPath(mbpp));
  expect(tasks.map(({ id }) => id).filter((_, at) => at % 499 === 0)).toEqual(["mbpp/11", "mbpp/510"]);
  const upstream = tasks[0].prompt("upstream");
  const text = upstream.kind === "text" ? upstream.text : "";
  expect(text.split("[DONE]\n")).toHaveLength(4);
  expect(text).toMatch(
    /^You are an expert Python programmer, and here is your task: Write a function to find the similar/,
  );
  expect(text).toMatch(
    /Your code should pass these tests:\n\nassert remove_Occ\("hello","l"\) == "heo"\n[^]*\[BEGIN\]\n$/,
  );
  expect(tasks[0].prompt("official")).toMatchObject({
    messages: [
      {
        role: "user",
        content: expect.stringMatching(/^Write Python code to solve the task\.\nWrite a python function/),
      },
    ],
  });
});

test("what follows [DONE] is no part of the program", async () => {
  const [task] = await loadMbpp(taskPath(mbpp), ({ number }) => number === 11);
  const { extracted, official } = await task.grade(`${task.solution?.("upstream")}[DONE]\nmore`, "upstream", sandbox);
  expect(extracted).not.toContain("DONE");
  expect(official).toEqual({ kind: "right" });
});
