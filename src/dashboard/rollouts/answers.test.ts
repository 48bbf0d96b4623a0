import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { RolloutRecord } from "../../runs/records.js";
import { rolloutPage } from "../api/rollouts.js";
import { openRollouts, type Rollouts } from "./answers.js";
import { freshRun, places, question, record } from "./test-run.js";

const open: Rollouts[] = [];
const opened = (path: string, segmentRows?: number): Rollouts => {
  const rollouts = openRollouts(path, segmentRows);
  open.push(rollouts);
  return rollouts;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((rollouts) => rollouts.close()));
});

describe("a page of rollouts", () => {
  it("has the newest step first and each step in the order of its file, as the records say", async () => {
    const run = freshRun();
    run.writeRollouts(1, [record(1, 0, 0), record(1, 0, 1, { reward: null, advantage: null, stopReason: "length" })]);
    run.writeRollouts(2, [
      record(2, 0, 0, { verdict: { kind: "passed", passed: 1, total: 1 }, reward: 1 / 3 }),
      question(2, 1, 0, {}),
    ]);
    const rollouts = opened(run.path);
    await rollouts.complete();
    const page = rolloutPage.parse(await rollouts.page({}));
    expect(places(page.rows)).toEqual(["2.0.0", "2.1.0", "1.0.0", "1.0.1"]);
    expect(page.rows[0]).toMatchObject({ verdict: "passed", reason: null, reward: 1 / 3, tokens: 5, problem: "p/1" });
    expect(page.rows[1]).toMatchObject({ task: "alignment", verdict: null, reason: null });
    expect(page.rows[2]).toMatchObject({ verdict: "failed", reason: "wrong-answer", advantage: -0.5 });
    expect(page.rows[3]).toMatchObject({ reward: null, advantage: null, stopReason: "length" });
    expect(page.index).toEqual({ steps: 2, of: 2, rollouts: 4, skipped: 0, note: null });
  });

  it("is the part asked for, of the total that the filter keeps", async () => {
    const run = freshRun();
    run.writeRollouts(
      1,
      Array.from({ length: 1200 }, (_, i) => record(1, i, 0)),
    );
    const rollouts = opened(run.path);
    await rollouts.complete();
    const page = await rollouts.page({ offset: 1, limit: 2 });
    expect([page.total, page.offset, places(page.rows)]).toEqual([1200, 1, ["1.1.0", "1.2.0"]]);
    expect((await rollouts.page({ limit: 5000 })).rows).toHaveLength(1000);
    expect((await rollouts.page({ offset: 5000 })).rows).toEqual([]);
  });

  it("is empty for a run without rollouts", async () => {
    const page = await opened(freshRun().path).page({});
    expect([page.total, page.index.of]).toEqual([0, 0]);
  });

  it("follows a run that goes on, and one that was cut back and has written its steps again", async () => {
    const run = freshRun();
    for (const step of [1, 2, 3]) run.writeRollouts(step, [record(step, 0, 0)]);
    const rollouts = opened(run.path, 1);
    await rollouts.complete();
    run.writeRollouts(4, [record(4, 0, 0)]);
    await rollouts.complete();
    expect(places((await rollouts.page({})).rows)).toEqual(["4.0.0", "3.0.0", "2.0.0", "1.0.0"]);
    run.cutBackTo(1);
    run.writeRollouts(2, [record(2, 7, 7), record(2, 7, 8)]);
    await rollouts.complete();
    const again = opened(run.path, 1);
    await again.complete();
    for (const one of [rollouts, again]) {
      expect(places((await one.page({})).rows)).toEqual(["2.7.7", "2.7.8", "1.0.0"]);
    }
    expect(run.rolloutSteps()).toEqual([1, 2]);
  });
});

describe("a file that is not what it should be", () => {
  const HOSTILE = [
    '{"step": 1, "task": "code", "probl',
    "null",
    "[1]",
    '"text"',
    '{"task": "code"}',
    `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    JSON.stringify(record(1, 0, 0, { reward: "1" as never })),
    JSON.stringify(record(1, -1, 0)),
    JSON.stringify(record(1, 0, 0, { verdict: { kind: "__proto__" } as never })),
    JSON.stringify(record(1, 0, 0, { problem: "x".repeat(2000) })),
    "\u0000\u001b[2J",
  ];

  it("loses the lines that are no rollouts, says where they are, and shows the rest", async () => {
    const run = freshRun();
    run.writeRollouts(1, [record(1, 0, 0)]);
    const file = join(run.path, "rollouts", "step-000001.jsonl");
    appendFileSync(file, `\n${HOSTILE.join("\n")}\n${JSON.stringify(record(1, 0, 1))}\r\n${HOSTILE[0]}`);
    appendFileSync(file, Buffer.from([10, 0xff, 0xfe, 0x80]));
    const rollouts = opened(run.path);
    await rollouts.complete();
    const page = await rollouts.page({});
    expect(places(page.rows)).toEqual(["1.0.0", "1.0.1"]);
    expect(page.index.skipped).toBe(HOSTILE.length + 2);
    const { skipped, rollouts: shown } = await rollouts.group({ step: 1, group: 0 });
    expect(shown).toHaveLength(2);
    expect(skipped[0]).toBe("rollouts/step-000001.jsonl:3: not JSON");
    expect(skipped).toContain("rollouts/step-000001.jsonl:7: problem: expected the name of a problem");
    expect(skipped.at(-1)).toBe("and 3 lines more");
  });

  it("shows what the index can of a rollout whose details do not hold together, and says what is wrong", async () => {
    const run = freshRun();
    run.writeRollouts(1, [record(1, 0, 0, { tests: [{ kind: "no such" }] as never }), record(1, 0, 1)]);
    const { rollouts, skipped } = await opened(run.path).group({ step: 1, group: 0 });
    expect(places(rollouts)).toEqual(["1.0.1"]);
    expect(skipped[0]).toMatch(/^rollouts\/step-000001\.jsonl, group 0, sample 0: tests\[0\]\.kind: /);
    expect(skipped[1]).toBe("1 of the group's 2 rollouts are not shown");
  });

  it("is left alone where it is a folder, a link, or has another name", async () => {
    const run = freshRun();
    run.writeRollouts(1, [record(1, 0, 0)]);
    const other = freshRun();
    other.writeRollouts(1, [record(1, 5, 5)]);
    const folder = join(run.path, "rollouts");
    symlinkSync(join(other.path, "rollouts", "step-000001.jsonl"), join(folder, "step-000002.jsonl"));
    mkdirSync(join(folder, "step-000003.jsonl"));
    writeFileSync(join(folder, "step-4.jsonl"), `${JSON.stringify(record(4, 0, 0))}\n`);
    const rollouts = opened(run.path);
    await rollouts.complete();
    expect(places((await rollouts.page({})).rows)).toEqual(["1.0.0"]);
    await expect(rollouts.group({ step: 2, group: 5 })).rejects.toThrow("has no rollouts of step 2");
    rmSync(folder, { recursive: true });
    symlinkSync(join(other.path, "rollouts"), folder);
    expect((await rollouts.page({})).total).toBe(0);
  });
});

describe("filters and orders", () => {
  const rewards = [null, 0, 0.1, 1 / 3, 1, -0.25];
  const drawn = fc.record({
    task: fc.constantFrom("code", "alignment"),
    problem: fc.constantFrom("p/1", "p/12", "Q/1", "ü"),
    verdict: fc.constantFrom<RolloutRecord["verdict"]>(
      undefined,
      { kind: "passed", passed: 1, total: 1 },
      { kind: "failed", reason: "raised", passed: 0, total: 1 },
      { kind: "failed", reason: "timed-out", passed: 0, total: 1 },
      { kind: "unparsable", message: "", passed: 0, total: 1 },
      { kind: "infrastructure", message: "" },
    ),
    reward: fc.constantFrom(...rewards),
    advantage: fc.oneof(fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true })),
    tokens: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  });
  // Mostly none: filters are to keep some.
  const maybe = <T>(value: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
  const filters = fc.record({
    task: maybe(fc.constantFrom("code" as const, "alignment" as const)),
    fromStep: maybe(fc.integer({ min: 0, max: 4 })),
    toStep: maybe(fc.integer({ min: 0, max: 4 })),
    verdict: maybe(fc.constantFrom("passed" as const, "failed" as const, "unparsable" as const)),
    reason: maybe(fc.constantFrom("raised", "timed-out", "denied")),
    problem: maybe(fc.constantFrom("1", "P/", "ü", "none")),
    minimumReward: maybe(fc.constantFrom(0, 0.1, 1 / 3)),
    maximumReward: maybe(fc.constantFrom(0, 0.1, 1)),
  });
  type Filter = typeof filters extends fc.Arbitrary<infer Value> ? Value : never;

  const keeps = (record: RolloutRecord, filter: Filter): boolean => {
    const { verdict, reward } = record;
    const bounded = filter.minimumReward !== undefined || filter.maximumReward !== undefined;
    return (
      (filter.task ?? record.task) === record.task &&
      record.step >= (filter.fromStep ?? 0) &&
      record.step <= (filter.toStep ?? 99) &&
      (filter.verdict ?? verdict?.kind) === verdict?.kind &&
      (filter.reason === undefined || (verdict?.kind === "failed" && verdict.reason === filter.reason)) &&
      record.problem.toLowerCase().includes((filter.problem ?? "").toLowerCase()) &&
      (!bounded || (reward !== null && reward >= (filter.minimumReward ?? -9) && reward <= (filter.maximumReward ?? 9)))
    );
  };

  it("give on the index what they give on the records", async () => {
    const steps = fc.array(fc.array(drawn, { maxLength: 25, size: "max" }), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(
      steps,
      fc.array(filters, { minLength: 8, maxLength: 8 }),
      async (drawnSteps, asked) => {
        const run = freshRun();
        const records = drawnSteps.map((fields, i) =>
          fields.map((more, j) => record(i + 1, j, 0, more as Partial<RolloutRecord>)),
        );
        for (const [i, ofStep] of records.entries()) run.writeRollouts(i + 1, ofStep);
        const rollouts = opened(run.path, 7);
        await rollouts.complete();
        const newest = records.toReversed().flat();
        for (const filter of asked) {
          const expected = newest.filter((one) => keeps(one, filter));
          const page = await rollouts.page(filter);
          expect(places(page.rows)).toEqual(places(expected));
          expect(page.total).toBe(expected.length);
          for (const name of ["reward", "advantage", "tokens"] as const) {
            for (const sign of [1, -1]) {
              const { rows } = await rollouts.page({ ...filter, order: sign > 0 ? name : `-${name}` });
              const last = (value: number | null): number => (value === null ? Number.MAX_VALUE * 2 : sign * value);
              expect(places(rows)).toEqual(
                places(expected.toSorted((a, b) => Math.sign(last(a[name]) - last(b[name])) || 0)),
              );
            }
          }
          const oldest = records.flat().filter((one) => keeps(one, filter));
          expect(places((await rollouts.page({ ...filter, order: "oldest" })).rows)).toEqual(places(oldest));
        }
      },
    );
    await fc.assert(property, { numRuns: 12 });
  });
});
