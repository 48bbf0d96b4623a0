// The test-output question in the continuation dialect: a specification, its examples, and one input whose output is
// asked. Measured, never trained by reinforcement.

import { exampleOf } from "../problems/examples.js";
import type { Problem, Test } from "../problems/problem.js";

/**
 * The specification, the visible examples except the last one and the asked one, and the input of `test`: the model
 * goes on with its output up to the end of the line.
 *
 * @returns undefined where the test is opaque code
 */
export function renderTestOutput(
  problem: Problem,
  test: Test,
): { readonly prompt: string; readonly answer: string } | undefined {
  const asked = exampleOf(test, problem.language);
  if (!asked) return undefined;
  const examples = problem.tests
    .filter((other) => other.visible === true)
    .map((other) => exampleOf(other, problem.language))
    .filter((example) => example !== undefined);
  const lines = examples.map(({ question, answer }) => question + answer);
  const specification = problem.prompt.split("\n").filter((line) => line !== "" && !lines.includes(line));
  const others = lines.filter((line) => line !== asked.question + asked.answer);
  const shown = others.slice(0, Math.max(0, lines.length - 1));
  return { prompt: [...specification, ...shown, asked.question].join("\n"), answer: asked.answer };
}
