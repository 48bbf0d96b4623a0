// A toy task for whole runs: add a small number. The tiny model is taught right and wrong answers alike, so that
// reinforcement has something to choose from; answers to alignment questions too.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringifyJson } from "../../src/core/json.js";
import { openEmbedded } from "../../src/engines/embedded/embedded.js";
import { renderAlignment, renderAnswer } from "../../src/prompts/alignment.js";
import { ADAM } from "./datums.js";
import { writeTinyQwen3 } from "./tiny-model.js";

const STARTER = "def f(x):";
const ADDENDS = [1, 2, 3];
const INPUTS = [3, 5];
const STEPS = 120;

const body = (addend: number): string => `\n    y = x + ${addend}\n    return y\n`;

/** @returns the file of problems */
export function writeToyProblems(folder: string): string {
  const file = join(folder, "toy.jsonl");
  const problems = ADDENDS.map((addend) => ({
    id: `toy/add-${addend}`,
    language: "python",
    prompt: `# add ${addend}\n`,
    entryPoint: "f",
    starterCode: STARTER,
    tests: INPUTS.map((x) => ({ kind: "call", function: "f", arguments: [x], expected: x + addend })),
  }));
  writeFileSync(file, problems.map((problem) => `${stringifyJson(problem)}\n`).join(""));
  return file;
}

/** A model folder whose programs and answers are right about half of the time. */
export async function writeToyModel(folder: string): Promise<void> {
  const base = `${folder}-untaught`;
  writeTinyQwen3(base);
  const engine = await openEmbedded({ model: base, threads: 1 });
  const { tokenizer } = engine.model;
  const datums = lessons().map(({ question, answer }) => {
    const completion = [...tokenizer.encode(answer), tokenizer.endIds[0]];
    return { prompt: tokenizer.encode(question), completion, weights: new Float32Array(completion.length).fill(0.01) };
  });
  for (let step = 0; step < STEPS; step++) {
    await engine.forwardBackward(datums, { kind: "cross-entropy" });
    await engine.optimStep({ ...ADAM, learningRate: 3e-3, gradientClip: 1 });
  }
  await engine.save(folder, { optimizer: false });
  await engine.close();
}

interface Lesson {
  readonly question: string;
  readonly answer: string;
}

function lessons(): Lesson[] {
  return ADDENDS.flatMap((addend) => [
    ...[addend, (addend % ADDENDS.length) + 1].map(
      (written): Lesson => ({ question: `# add ${addend}\n${STARTER}`, answer: body(written) }),
    ),
    ...INPUTS.flatMap((x) => {
      const input = { kind: "call", function: "f", arguments: [x] } as const;
      const question = renderAlignment(STARTER + body(addend), input, ["f.y"], true);
      return [x + addend, x + addend + 1].map(
        (value): Lesson => ({ question, answer: renderAnswer({ "f.y": value }, value) }),
      );
    }),
  ]);
}
