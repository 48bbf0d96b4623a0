import { expect, test } from "vitest";
import { Rng } from "../../core/rng.js";
import { exampleOf, inputOf } from "../examples.js";
import type { Problem } from "../problem.js";
import { generateFamily, generateProblem, outputOf } from "./family.js";
import { CORE_OPERATIONS, OPERATIONS, STYLES } from "./operations.js";
import { programOf, shortStyles } from "./program.js";
import { compileProgram } from "./python/evaluate.js";
import { drawTask, type Split, type Subset, splitOf } from "./task.js";

const SPLITS: readonly Split[] = ["train", "held-out"];
const SUBSETS: readonly Subset[] = ["core", "full"];
const BOTH = SPLITS.flatMap((split) => SUBSETS.map((subset) => ({ split, subset })));

function compositions(problems: readonly Problem[]): Set<unknown> {
  return new Set(problems.map(({ metadata }) => metadata.composition));
}

test("the core has the 31 operations that are known to be learnt, the whole table at least 40 more", () => {
  expect(CORE_OPERATIONS).toHaveLength(31);
  expect(OPERATIONS.length).toBeGreaterThanOrEqual(71);
  expect(new Set(OPERATIONS.map(({ name }) => name)).size).toBe(OPERATIONS.length);
});

test("every operation takes part in some task", () => {
  const used = new Set<string>();
  const rng = Rng.of("coverage");
  for (let i = 0; i < 4000; i++) {
    for (const { operation } of drawTask(rng, { split: "train", subset: "full" }).steps) used.add(operation.name);
  }
  expect(OPERATIONS.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});

test("a core problem reads like this", () => {
  const problem = generateProblem(Rng.of("example", 2), { split: "train", subset: "core", vague: 0 });
  expect(problem.prompt + (problem.reference ?? "")).toMatchInlineSnapshot(`
    "# take each modulo 4, then square each, then add them up
    # f([3, 8, 0]) == 9
    # f([8, 7, 9]) == 10
    def f(x):
        a = [v % 4 for v in x]
        b = [v * v for v in a]
        c = sum(b)
        return c"
  `);
  expect(problem.metadata).toMatchInlineSnapshot(`
    {
      "composition": "mod|sq|sum",
      "split": "train",
      "style": "function",
      "subset": "core",
      "vague": false,
    }
  `);
});

test.each(BOTH)(
  "$split $subset: tests are two visible and four hidden, and visible ones are in the prompt",
  (options) => {
    for (const problem of generateFamily({ ...options, seed: 3, count: 40 })) {
      expect(problem.tests.map(({ visible }) => visible === true)).toEqual([true, true, false, false, false, false]);
      for (const [index, one] of problem.tests.entries()) {
        const example = exampleOf(one);
        expect(problem.prompt.includes(`${example?.question}${example?.answer}\n`)).toBe(index < 2);
      }
      expect(problem.reference?.startsWith(`${problem.starterCode}\n`)).toBe(true);
    }
  },
);

test("the same seed gives the same problems, another seed others", () => {
  const options = { count: 30, split: "train", subset: "full" } as const;
  expect(generateFamily({ ...options, seed: 1 })).toEqual(generateFamily({ ...options, seed: 1 }));
  expect(generateFamily({ ...options, seed: 1 })).not.toEqual(generateFamily({ ...options, seed: 2 }));
});

test.each(SUBSETS)("train and held-out share no composition (%s)", (subset) => {
  const [train, heldOut] = SPLITS.map((split) => compositions(generateFamily({ seed: 5, count: 300, split, subset })));
  expect(train.size).toBeGreaterThan(100);
  expect(heldOut.size).toBeGreaterThan(100);
  expect([...train].filter((composition) => heldOut.has(composition))).toEqual([]);
});

test("the split of a composition is that of its hash, whoever asks", () => {
  expect(splitOf("add|sum")).toBe("held-out");
  expect(splitOf("mul|sum")).toBe("train");
  const shares = Array.from({ length: 2000 }, (_, index) => splitOf(`composition ${index}`));
  expect(shares.filter((split) => split === "held-out").length / shares.length).toBeCloseTo(0.2, 1);
});

test("no reference passes the hidden tests of another", () => {
  for (const subset of SUBSETS) {
    const problems = generateFamily({ seed: 7, count: 80, split: "held-out", subset });
    for (const own of problems) {
      for (const rival of problems.filter((other) => other !== own && sameInputs(other, own))) {
        const program = compileProgram(rival.reference ?? "");
        const hidden = own.tests.filter(({ visible }) => visible !== true);
        expect(
          hidden.every((one) => passes(program, one)),
          `${own.id} and ${rival.id}`,
        ).toBe(false);
      }
    }
  }
});

function sameInputs(left: Problem, right: Problem): boolean {
  return left.starterCode === right.starterCode && shape(left) === shape(right);
}

function shape({ tests: [first] }: Problem): string {
  if (first.kind !== "call") return "stdio";
  const [value] = first.arguments;
  return Array.isArray(value) ? `list of ${typeof value[0]}` : typeof value;
}

function passes(program: Parameters<typeof outputOf>[0], one: Problem["tests"][number]): boolean {
  const input = inputOf(one);
  const expected = one.kind === "call" ? one.expected : one.kind === "stdio" ? one.stdout : undefined;
  return input !== undefined && JSON.stringify(outputOf(program, input)) === JSON.stringify(expected);
}

test("every style of a composition computes the same", () => {
  const rng = Rng.of("styles");
  for (let i = 0; i < 600; i++) {
    const { steps, form, examples } = drawTask(rng, { split: "train", subset: "full" });
    const plain = compileProgram(programOf(steps, shortStyles(steps), form));
    const styled = programOf(
      steps,
      steps.map(() => rng.pick(STYLES)),
      form,
    );
    for (const { input } of examples)
      expect(outputOf(compileProgram(styled), input), styled).toEqual(outputOf(plain, input));
  }
});

test("asking for more problems than there are says how many there are", () => {
  expect(() => generateFamily({ seed: 1, count: 1000, split: "held-out", subset: "core", patience: 1 })).toThrow(
    /about \d+ different core problems for held-out/,
  );
});
