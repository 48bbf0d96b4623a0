import { expect, test } from "vitest";
import { parseJson, stringifyJson } from "../../core/json.js";
import { mean } from "../../core/maths.js";
import { Rng } from "../../core/rng.js";
import { generateProblem } from "../../problems/family/family.js";
import { compileProgram, evaluate } from "../../problems/family/python/evaluate.js";
import { drawTask, splitOf } from "../../problems/family/task.js";
import { renderAlignment } from "../../prompts/alignment.js";
import { CONFUSED, confuse, DIRTY, OFTEN } from "./confusions.js";
import { CLEAN_CORPUS, type CorpusItem, type CorpusOptions, warmStartItems } from "./corpus.js";

function take(count: number, options: Partial<CorpusOptions> = {}, seed = 1): CorpusItem[] {
  const items = warmStartItems(Rng.of("corpus", seed), { ...CLEAN_CORPUS, ...options });
  return Array.from({ length: count }, () => items.next().value);
}

function textOf({ segments }: CorpusItem): string {
  return segments.map(({ text }) => text).join("");
}

const CALL = /\n# (f\((.*)\)) -> (.*)\n$/;

test("the same seed gives the same corpus, another seed another one", () => {
  expect(take(50)).toEqual(take(50));
  expect(take(50, {}, 2)).not.toEqual(take(50));
});

test("two items in five are alignment items", () => {
  const items = take(1000, { subset: "full" });
  expect(items.filter(({ task }) => task === "alignment").length / items.length).toBeCloseTo(0.4, 1);
});

test("a code item is the problem's prompt, its starter code and a program, with loss on what follows the questions", () => {
  const [item] = take(50).filter(({ task }) => task === "code");
  expect(item.segments.map(({ trained }) => trained)).toEqual([false, false, true, false, true, true, true]);
  const [specification, first, , second] = item.segments;
  expect(specification.text).toMatch(/^# \w/);
  expect([first.text, second.text].every((text) => /^\n# f\(.*\) == $/.test(text))).toBe(true);
  expect(item.segments[5].text).toBe("\ndef f(x):");
});

test("code items begin with exactly the text that reinforcement shows", () => {
  const options = { split: "train", subset: "full", vague: 0.2 } as const;
  const items = warmStartItems(Rng.of("same"), { ...CLEAN_CORPUS, subset: "full", alignment: 0 });
  const problem = generateProblem(Rng.of("same"), options);
  expect(textOf(items.next().value).startsWith(problem.prompt + problem.starterCode)).toBe(true);
});

test("alignment items ask with exactly the text that reinforcement asks with", () => {
  for (const item of take(300).filter(({ task }) => task === "alignment")) {
    const [question, answer] = item.segments;
    const [line = "", , values = "", names = ""] = CALL.exec(question.text) ?? [];
    const asked = names.split(", ").slice(0, -1);
    const program = question.text.slice(0, -line.length);
    const input = { kind: "call", function: "f", arguments: [parseJson(values)] } as const;
    expect(renderAlignment(program, input, asked, true)).toBe(question.text);
    const { variables, returned } = evaluate(program, input);
    const truth = Object.fromEntries(asked.map((name) => [name, variables[name]]));
    expect(parseJson(answer.text)).toEqual({ variables: truth, output: returned });
    expect(asked).toEqual(
      Object.keys(variables)
        .filter((name) => name !== "f.x")
        .slice(-3),
    );
  }
});

test("nothing of a held-out composition enters", () => {
  const rng = Rng.of("train only");
  for (let i = 0; i < 300; i++)
    expect(
      splitOf(
        drawTask(rng, { split: "train", subset: "core" })
          .steps.map(({ operation }) => operation.name)
          .join("|"),
      ),
    ).toBe("train");
});

/** Share of code items whose program gives another output than the first example in its prompt. */
function shareWrong(options: Partial<CorpusOptions>): number {
  const wrong = take(400, { ...options, alignment: 0 }).map(({ segments }) => {
    const argument = /f\((.*)\) == $/.exec(segments[1].text)?.[1] ?? "";
    const program = segments[5].text.slice(1) + segments[6].text;
    const { returned } = evaluate(program, { kind: "call", function: "f", arguments: [parseJson(argument)] });
    return JSON.stringify(returned ?? null) === JSON.stringify(parseJson(segments[2].text)) ? 0 : 1;
  });
  return mean(wrong);
}

/** Share of alignment items whose answer is not what the program does. */
function shareMistraced(options: Partial<CorpusOptions>): number {
  const wrong = take(400, { ...options, alignment: 1 }).map(({ segments: [question, answer] }) => {
    const [line = "", , argument = ""] = CALL.exec(question.text) ?? [];
    const input = { kind: "call", function: "f", arguments: [parseJson(argument)] } as const;
    const { returned } = evaluate(question.text.slice(0, -line.length), input);
    return answer.text.endsWith(`"output": ${stringifyJson(returned)}}`) ? 0 : 1;
  });
  return mean(wrong);
}

test("a clean corpus makes no mistakes, a dirty one many, in programs and in values", () => {
  expect([shareWrong({}), shareMistraced({})]).toEqual([0, 0]);
  expect(shareWrong({ dirt: DIRTY })).toBeGreaterThan(0.35);
  expect(shareMistraced({ dirt: DIRTY })).toBeGreaterThan(0.25);
});

test("confusions are as frequent as their rates and keep a program valid", () => {
  const rng = Rng.of("confusions");
  const counts = { often: [0, 0], seldom: [0, 0] };
  for (let i = 0; i < 3000; i++) {
    const { steps, form } = drawTask(rng, { split: "train", subset: "core" });
    const confused = confuse(rng, steps, DIRTY);
    for (const [index, step] of steps.entries()) {
      const tally = OFTEN.has(step.operation.name) ? counts.often : counts.seldom;
      tally[0]++;
      if (confused[index] !== step) tally[1]++;
      expect(confused[index].operation.from).toBe(step.operation.from);
      expect(confused[index].operation.to).toBe(step.operation.to);
      expect(confused[index].constant === undefined).toBe(confused[index].operation.constants.length === 0);
    }
    expect(form).toBe("function");
  }
  expect(counts.often[1] / counts.often[0]).toBeCloseTo(DIRTY.high, 1);
  expect(counts.seldom[1] / counts.seldom[0]).toBeCloseTo(DIRTY.low, 1);
});

test("every core operation can be confused", () => {
  expect(Object.keys(CONFUSED)).toHaveLength(30);
});

test("every program of the corpus is one that the evaluator reads", () => {
  for (const item of take(500, { subset: "full", dirt: DIRTY }).filter(({ task }) => task === "code")) {
    const program = item.segments
      .slice(-2)
      .map(({ text }) => text)
      .join("")
      .slice(1);
    expect(() => compileProgram(program)).not.toThrow();
  }
});
