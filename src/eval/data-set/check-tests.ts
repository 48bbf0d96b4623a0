// A problem's tests as they stand, without running anything: twice the same, contradicting, saying nothing. Also what is
// left of them in a cleaned file.

import { stringifyJson } from "../../core/json.js";
import type { Problem, Test } from "../../problems/problem.js";
import type { Finding } from "./finding.js";

/** The findings, and the problem without the tests that repeat or say nothing. */
export function checkTests(problem: Problem): { readonly findings: Finding[]; readonly cleaned: Problem } {
  const full = problem.tests.filter((test) => !isEmpty(test));
  const byInput = new Map<string, Map<string, Test>>();
  let repeated = 0;
  for (const test of full) {
    const [input, expected] = sidesOf(test);
    const answers = byInput.get(input) ?? new Map<string, Test>();
    byInput.set(input, answers);
    const earlier = answers.get(expected);
    if (earlier) repeated++;
    // Of twins the one that the prompt shows is kept: it is an example too.
    if (!earlier || test.visible === true) answers.set(expected, earlier?.visible === true ? earlier : test);
  }
  const contradiction = [...byInput.values()].find((answers) => answers.size > 1);
  const empty = problem.tests.length - full.length;
  const findings: Finding[] = [
    ...finding(repeated > 0, "repeated tests", `${repeated} of ${problem.tests.length}`),
    ...finding(empty > 0, "empty tests", `${empty} of ${problem.tests.length}`),
    ...finding(full.length === 0, "unusable tests", "no test says anything"),
    ...(contradiction ? finding(true, "contradicting tests", shown(contradiction)) : []),
  ];
  const kept = new Set([...byInput.values()].flatMap((answers) => [...answers.values()]));
  return { findings, cleaned: { ...problem, tests: full.filter((test) => kept.has(test)) } };
}

function finding(is: boolean, kind: Finding["kind"], detail: string): Finding[] {
  return is ? [{ kind, detail }] : [];
}

function isEmpty(test: Test): boolean {
  if (test.kind === "stdio") return test.stdin.trim() === "" && test.stdout.trim() === "";
  return "code" in test && test.code.trim() === "";
}

/** What goes in, and what must come out; of opaque code all is the first. */
function sidesOf(test: Test): readonly [input: string, expected: string] {
  if (test.kind === "stdio") return [`stdio ${test.stdin.trimEnd()}`, test.stdout.trimEnd()];
  if (test.kind === "call") {
    const { function: name, arguments: values, keywords = {}, expected } = test;
    return [`call ${stringifyJson([name, values, keywords])}`, stringifyJson(expected)];
  }
  return [`code ${test.code.trim()}`, ""];
}

const SHOWN_CHARACTERS = 120;

function shown(answers: ReadonlyMap<string, Test>): string {
  const [one = "", other = ""] = [...answers.keys()];
  const text = `for one input ${JSON.stringify(one)} and ${JSON.stringify(other)}`;
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}...` : text;
}
