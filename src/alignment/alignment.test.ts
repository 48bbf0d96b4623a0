import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Json, parseJson } from "../core/json.js";
import { Rng } from "../core/rng.js";
import type { Trace } from "../tracer/trace.js";
import { matches, parseAnswer } from "./answer.js";
import type { AlignmentExample } from "./example.js";
import { officiallyEqual } from "./official-equality.js";
import { AlignmentPool, type PoolOptions } from "./pool.js";
import { gradeAnswer } from "./reward.js";
import { selectVariables } from "./select.js";

const golden = JSON.parse(readFileSync(new URL("../algorithms/fixtures/algorithms.json", import.meta.url), "utf8")) as {
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape differs with every case
  cases: Array<{ name: string; input: any; expected: any }>;
};
const goldenCase = (name: string) => golden.cases.find((item) => item.name === name)!;

describe("typed equality", () => {
  const equal = (a: string, b: string, sequencesAsArrays = false): boolean =>
    matches(parseJson(a), parseJson(b), sequencesAsArrays);

  it.each([
    ["1", "1"],
    ["1.0", "1.0"],
    ["0.30000000000000004", "0.3"],
    ['{"$float": "nan"}', "NaN"],
    ['{"$int": "9007199254740993"}', "9007199254740993"],
    ['{"$set": [1, 2]}', '{"$set": [2, 1]}'],
    ['{"$dict": [[1, "a"], [2, "b"]]}', '{"$dict": [[2, "b"], [1, "a"]]}'],
    ['{"a": 1, "b": [2]}', '{"b": [2], "a": 1}'],
    ['{"$dict": [["2", 1], ["1", 2]]}', '{"1": 2, "2": 1}'],
    ['{"$float": "inf"}', "Infinity"],
    ["null", "null"],
  ])("%s is %s", (a, b) => expect(equal(a, b)).toBe(true));

  it.each([
    ["1", "true"],
    ["1", "1.0"],
    ["0", "false"],
    ["1", '"1"'],
    ["null", '"null"'],
    ["[1, 2]", "[2, 1]"],
    ["[1, 2]", "[1, 2, 3]"],
    ['{"$tuple": [1]}', "[1]"],
    ['{"$set": [1, 1]}', '{"$set": [1, 2]}'],
    ['{"a": 1}', '{"a": 1, "b": 2}'],
    ['{"toString": 1}', "{}"],
    ["1.5", "Infinity"],
    ['{"$float": "inf"}', "-Infinity"],
    ['{"$dict": [[1, 2]]}', '{"$dict": [1]}'],
  ])("%s is not %s", (a, b) => expect(equal(a, b)).toBe(false));

  it("takes arrays for tuples and deques only where the prompt said so", () => {
    expect(equal('{"$tuple": [1, {"$deque": [2]}]}', "[1, [2]]", true)).toBe(true);
    expect(equal('{"$tuple": [1]}', "[2]", true)).toBe(false);
    expect(equal('{"$set": [1]}', "[1]", true)).toBe(false);
  });
});

describe("the official recipe's equality", () => {
  const { input, expected } = goldenCase("coderlplus/value_equality");
  it.each((input.pairs as Array<[Json, Json]>).map((pair, i) => [...pair, expected.equal[i]] as const))(
    "%j and %j: %s",
    (a, b, same) => {
      const read = (value: Json): Json => parseJson(JSON.stringify(value));
      expect(officiallyEqual(read(a), read(b))).toBe(same);
    },
  );
});

describe("the answer", () => {
  it("is the last line, whatever stands before it", () => {
    expect(parseAnswer('so a = 1\n{"variables": {"a": 1}}\n', "paper")).toEqual({ variables: { a: 1 } });
  });

  it.each([
    "",
    "no",
    '{"variables": [1]}',
    '{"a": 1}',
    '{"variables": {"a": 1}',
    '{"variables": {"a": True}}',
    "[1]",
    "\u0000",
  ])("is none where the last line is %j", (text) => expect(parseAnswer(text, "paper")).toBeNull());

  it("keeps an output of null", () => {
    expect(parseAnswer('{"variables": {"a": 1}, "output": null}', "paper")).toEqual({
      variables: { a: 1 },
      output: null,
    });
    const truth = { variables: { a: 1 }, output: null };
    expect(gradeAnswer(truth, '{"variables": {"a": 1}, "output": null}', "withOutput", false).reward).toBe(1);
    expect(gradeAnswer(truth, '{"variables": {"a": 1}}', "withOutput", false).reward).toBe(0.5);
  });

  it("takes Python literals in official mode only", () => {
    const text = "{'variables': {'a': (1, 2)}, 'output': 1}";
    expect(parseAnswer(text, "official")).toEqual({ variables: { a: { $tuple: [1, 2] } }, output: 1 });
    expect(parseAnswer(text, "withOutput")).toBeNull();
  });

  it("takes Python's words and final_output in official mode only", () => {
    const text = '{"variables": {"a": True}, "final_output": "None"}';
    expect(parseAnswer(text, "official")).toEqual({ variables: { a: true }, output: "None" });
    expect(parseAnswer(text, "paper")).toBeNull();
  });
});

describe("the alignment reward", () => {
  const { input, expected } = goldenCase("coderlplus/sem_reward");
  const texts = (
    input.cases as Array<{ vars: number; correct_vars: number; final_output_ok: boolean; valid_json: boolean }>
  ).map((item) => {
    const names = Array.from({ length: item.vars }, (_, i) => `v${i}`);
    const variables = Object.fromEntries(names.map((name, i) => [name, i < item.correct_vars ? i : i + 100]));
    const answer = JSON.stringify({ variables, output: item.final_output_ok ? "out" : "no" });
    const truth = { variables: Object.fromEntries(names.map((name, i) => [name, i])), output: "out" };
    return { truth, answer: item.valid_json ? answer : answer.slice(1) };
  });

  it("agrees with the golden numbers of the official code", () => {
    expect(texts.map(({ truth, answer }) => gradeAnswer(truth, answer, "official", false).reward)).toEqual(
      (expected.official_code as number[]).map((value) => expect.closeTo(value, 12)),
    );
  });

  it("agrees with the paper's formula", () => {
    for (const [i, value] of (expected.paper_formula_fraction_of_variables as Array<number | null>).entries()) {
      const { truth, answer } = texts[i];
      if (value !== null) expect(gradeAnswer(truth, answer, "paper", false).reward).toBeCloseTo(value, 12);
    }
  });

  it("counts the output as one more item in withOutput", () => {
    const truth = { variables: { a: 1, b: 2 }, output: 3 };
    expect(gradeAnswer(truth, '{"variables": {"a": 1, "b": 9}, "output": 3}', "withOutput", false).reward).toBeCloseTo(
      2 / 3,
      12,
    );
    expect(gradeAnswer({ variables: { a: 1 } }, '{"variables": {"a": 1}}', "withOutput", false).reward).toBe(1);
  });
});

const example = (id: number, step: number): AlignmentExample => ({
  id: String(id),
  problem: "p",
  step,
  program: `x = ${id}`,
  input: { kind: "stdio", stdin: "" },
  target: "finalValues",
  asked: ["x"],
  truth: { variables: { x: id } },
  prompt: "",
  funnel: "kept",
});

describe("the pool", () => {
  const options: PoolOptions = { capacity: 100, sampling: "recent" };
  const filled = (overrides: Partial<PoolOptions> = {}): AlignmentPool => {
    const pool = new AlignmentPool({ ...options, ...overrides });
    for (let step = 1; step <= 4; step++) pool.add([0, 1, 2, 3, 4].map((i) => example(step * 10 + i, step)));
    return pool;
  };

  it("gives the newest failures first", () => {
    expect(
      filled()
        .draw(5, 5, Rng.of(0))
        .every(({ step }) => step === 4),
    ).toBe(true);
  });

  it("gives newer failures first by age, and all alike where sampling is uniform", () => {
    const newest = (sampling: PoolOptions["sampling"]): number =>
      Array.from({ length: 400 }, (_, seed) => filled({ sampling }).draw(1, 5, Rng.of(seed))).filter(
        ([drawn]) => drawn?.step === 4,
      ).length / 400;
    // The weights of four steps, five examples each, are 1/2, 1/4, 1/8 and 1/16.
    expect(newest("byAge")).toBeCloseTo(8 / 15, 1);
    expect(newest("uniform")).toBeCloseTo(1 / 4, 1);
    expect(newest("recent")).toBe(1);
  });

  it("repeats nothing until everything has been drawn once", () => {
    for (const sampling of ["recent", "uniform", "byAge"] as const) {
      const pool = filled({ sampling });
      const drawn = [1, 2, 3, 4].flatMap((i) => pool.draw(5, 5, Rng.of(i)).map(({ id }) => id));
      expect(new Set(drawn).size).toBe(20);
      expect(pool.draw(5, 5, Rng.of(9))).toHaveLength(5);
    }
  });

  it("draws nothing twice in a step, also where everything has been drawn before", () => {
    const pool = filled();
    pool.draw(17, 5, Rng.of(1));
    const first = new Set(pool.draw(6, 6, Rng.of(2)));
    const second = pool.draw(20, 6, Rng.of(3), first);
    expect(second).toHaveLength(14);
    expect(second.filter((one) => first.has(one))).toEqual([]);
    expect(pool.draw(5, 6, Rng.of(4), new Set([...first, ...second]))).toEqual([]);
  });

  it("continues from its saved entries as if it had never stopped", () => {
    const pool = filled();
    pool.draw(7, 5, Rng.of(1));
    const copy = new AlignmentPool(options, structuredClone(pool.entries));
    expect(copy.draw(6, 6, Rng.of(2))).toEqual(pool.draw(6, 6, Rng.of(2)));
  });

  it("keeps at most its capacity, the newest, and no duplicate", () => {
    const pool = filled({ capacity: 8 });
    expect(pool.size).toBe(8);
    expect(Math.min(...pool.entries.map((entry) => entry.example.step))).toBe(3);
    pool.add([example(44, 9)]);
    expect(pool.size).toBe(8);
    expect(pool.asked("x = 10", { kind: "stdio", stdin: "" })).toEqual([]);
  });
});

describe("the choice of variables", () => {
  const traced: Trace = {
    status: "ok",
    message: "",
    variables: { "f.x": 1, a: 1, b: { $big: "list" }, c: 3, "g.n": 4, d: 5, e: 6, r: [{ $big: "dict" }] },
    recursive: ["g"],
    ambiguous: ["d"],
    nondeterministic: ["e"],
    tampered: false,
    stdout: "",
    parameters: ["f.x"],
    complexity: 1,
    engine: "test",
    cpuMs: 0,
  };

  it("never asks what is recursive, ambiguous, nondeterministic, too big, or an untouched parameter", () => {
    expect(selectVariables(traced, { selection: "all", maximumVariables: 3 }, Rng.of(0))).toEqual(["a", "c"]);
  });

  it("takes the variables assigned last", () => {
    expect(selectVariables(traced, { selection: "lastAssigned", maximumVariables: 1 }, Rng.of(0))).toEqual(["c"]);
  });
});
