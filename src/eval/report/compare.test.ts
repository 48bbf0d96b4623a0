import { describe, expect, it } from "vitest";
import type { EvaluationInfo, SampleRecord } from "../records.js";
import { compareEvaluations, type Named } from "./compare.js";
import { differencePage } from "./difference-page.js";
import type { Evaluation } from "./read.js";
import { testInfo, testSamples } from "./test-samples.js";

const evaluation = (samples: readonly SampleRecord[], changes: Partial<EvaluationInfo> = {}): Evaluation => {
  const info = testInfo({ tasks: samples.length, ...changes });
  return { path: `${info.policy}/${info.benchmark}-step-000000.info.json`, info, samples };
};
const policy = (name: string, ...evaluations: Evaluation[]): Named => ({ name, evaluations });
const four = { samples: 4, temperature: 0.2, topP: 0.95, maximumTokens: 64, stop: ["###"] };

describe("two evaluations compared", () => {
  const marks = (letters: string): Record<string, string> =>
    Object.fromEntries(Array.from(letters, (letter, i) => [`t${i}`, letter]));

  it("are paired task by task, with what was fixed and broken and the interval of the difference", () => {
    const base = policy("base", evaluation(testSamples(marks("rrrrrwwwwwwwwwwwwwww"))));
    const other = policy("other", evaluation(testSamples(marks("rrrrwrrrrrrrwwwwwwww"))));
    const [compared] = compareEvaluations(base, other).benchmarks;
    expect(compared.changes).toEqual({ fixed: 7, broken: 1, "both-wrong": 8, "both-right": 4 });
    const { pass_at_1: strict } = compared.metrics;
    expect(strict).toMatchObject({ base: 0.25, other: 0.55 });
    expect(strict.against.difference).toBeCloseTo(0.3, 12);
    // Differences: seven 1, one -1, twelve 0: sd 0.571, standard error 0.128; a normal interval is 0.05 to 0.55.
    expect(strict.against.low).toBeGreaterThan(0);
    expect(strict.against.low).toBeLessThan(0.15);
    expect(strict.against.high).toBeCloseTo(0.55, 1);
    expect(compareEvaluations(base, other)).toEqual(compareEvaluations(base, other));
    expect(compareEvaluations(base, base).benchmarks[0].metrics["pass_at_1"].against).toEqual({
      difference: 0,
      low: 0,
      high: 0,
    });
  });

  it("count a task as solved where one of several completions is right, and leave out what was not graded", () => {
    const base = evaluation(testSamples({ a: "wwww", b: "rwww", c: "iiii" }), { decoding: four });
    const other = evaluation(testSamples({ a: "wwwr", b: "rrrw", c: "rrrr" }), { decoding: four });
    const [compared] = compareEvaluations(policy("base", base), policy("other", other)).benchmarks;
    expect(compared).toMatchObject({ tasks: 2, changes: { fixed: 1, broken: 0, "both-wrong": 0, "both-right": 1 } });
    expect(compared.metrics["pass_at_1"]).toMatchObject({ base: 0.125, other: 0.5 });
  });

  it("are refused where prompts, decoding, task files or tasks are not the same, and the message says what differs", () => {
    const samples = testSamples({ a: "r", b: "w" });
    const base = policy("base", evaluation(samples));
    const against = (other: Evaluation) => () => compareEvaluations(base, policy("other", other));
    expect(against(evaluation(samples, { prompts: "upstream" }))).toThrow(
      /no benchmark in common with the same prompts; the one has toy; the other toy with upstream prompts/,
    );
    expect(against(evaluation(samples, { decoding: { ...testInfo().decoding, temperature: 0.2 } }))).toThrow(
      /decoded in different ways.*"temperature":0[,}].*"temperature":0\.2.*evaluate both alike/,
    );
    expect(against(evaluation(samples, { dataSha256: "1" }))).toThrow(/their task files differ/);
    expect(against(evaluation(samples.slice(1)))).toThrow(/only one of them has the task a.*2 tasks.*1 tasks/);
    expect(against(evaluation(samples, { benchmark: "other" }))).toThrow(/no benchmark in common/);
  });

  it("name the benchmarks that only one of them has", () => {
    const samples = testSamples({ a: "r" });
    const base = policy("base", evaluation(samples), evaluation(samples, { benchmark: "mbpp" }));
    expect(compareEvaluations(base, policy("other", evaluation(samples))).alone).toEqual(["mbpp"]);
  });
});

describe("the page of differences", () => {
  const pageOf = (base: Named, other: Named): string => differencePage(base, other, compareEvaluations(base, other));
  const written = (task: string, mark: string, text: string, extracted: string | null): SampleRecord => {
    const [sample] = testSamples({ [task]: mark });
    return { ...sample, text, grade: { ...sample.grade, extracted } };
  };

  it("shows of every task the prompt, both programs, the failing test, what was expected and what came", () => {
    const base = evaluation([written("a", "w", "", "the base program"), written("b", "r", "", "x")]);
    const other = evaluation([written("a", "r", "", "the other program"), written("b", "w", "only words", null)]);
    const html = pageOf(policy("before", base), policy("after", other));
    for (const text of ["write a", "the base program", "the other program", "f(1)", "only words"])
      expect(html).toContain(`<pre>${text}</pre>`);
    expect(html).toContain("<h4>expected</h4><pre>1</pre><h4>got</h4><pre>2</pre>");
    expect(html).toContain("before: 0 of 1 right; this one wrong: wrong-answer");
    expect(html).toContain("<h4>no program in the completion</h4>");
    expect(html).toMatch(/<summary>fixed · toy · a · 0\/1 to 1\/1<\/summary>/);
    expect(html).toMatch(/<summary>broken · toy · b · 1\/1 to 0\/1<\/summary>/);
  });

  it("shows the first right completion of a solved task, and the first one of another", () => {
    const drawn = (marks: string): Evaluation =>
      evaluation(
        testSamples({ a: marks }).map((sample) => ({
          ...sample,
          grade: { ...sample.grade, extracted: `program ${sample.sample}` },
        })),
        { decoding: four },
      );
    const html = pageOf(policy("before", drawn("wwww")), policy("after", drawn("wwrr")));
    expect(html.match(/<pre>program \d<\/pre>/g)).toEqual(["<pre>program 0</pre>", "<pre>program 2</pre>"]);
    expect(html).toContain("after: 2 of 4 right; this one right");
  });

  it("filters by style alone: every choice has a button, a rule and the tasks of its class", () => {
    const marks = { a: "w", b: "r", c: "w", d: "r" };
    const html = pageOf(
      policy("before", evaluation(testSamples(marks, {}, { difficulty: "hard" }))),
      policy("after", evaluation(testSamples({ ...marks, a: "r" }, {}, { difficulty: "hard" }))),
    );
    for (const [i, label] of ["fixed (1)", "broken (0)", "both wrong (1)", "both right (2)"].entries()) {
      expect(html).toContain(`id="change-${i}"> ${label}</label>`);
      expect(html).toContain(`body:has(#change-${i}:checked) main details:not(.change-${i}){display:none}`);
    }
    expect(html.match(/<details class="change-3 benchmark-0 difficulty-0">/g)).toHaveLength(2);
    // One benchmark and one difficulty leave nothing to choose.
    expect(html).not.toContain('name="benchmark"');
  });

  it("runs nothing of what a model or a task says, and asks no network", () => {
    const hostile = `</script></pre></details></style><script>alert(1)</script><img src=x onerror="alert(1)">'&\u0000`;
    const sample = {
      ...written(hostile, "w", hostile, hostile),
      difficulty: hostile,
      prompt: { kind: "chat", messages: [{ role: "user", content: hostile }] } as const,
    };
    const wrong = {
      kind: "wrong",
      reason: hostile,
      test: hostile,
      message: hostile,
      expected: hostile,
      got: 1,
    } as const;
    const nasty = { ...sample, grade: { ...sample.grade, strict: wrong } };
    const other = written("t", "r", "x", "x");
    const both = evaluation([nasty, other], { benchmark: hostile });
    const html = pageOf(policy(hostile, both), policy("after", both));
    expect(html).not.toMatch(/<script|<img|onerror="/);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(html.match(/<details/g)).toHaveLength(2);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<[^>]*(?:src|href)=|https?:|@import|url\(/);
  });

  it("stays within bounds with thousands of long completions", () => {
    const long = "\u{1F600}x".repeat(2_000);
    const marks = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`task ${i}`, i % 2 ? "r" : "w"]));
    const samples = testSamples(marks).map((sample) => ({ ...sample, grade: { ...sample.grade, extracted: long } }));
    const both = evaluation(samples);
    const [before, after] = [policy("before", both), policy("after", both)];
    // The intervals of so many tasks take a second or two, and are not what is asked here.
    const html = differencePage(before, after, { base: "before", other: "after", benchmarks: [], alone: [] });
    expect(html.length).toBeLessThan(12_000_000);
    expect(html.match(/<details/g)).toHaveLength(2000);
    expect(html).toContain("more characters)");
    expect(html).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
  });
});
