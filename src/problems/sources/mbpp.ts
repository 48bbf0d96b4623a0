// MBPP in three editions: full, sanitized, and MBPP+. Tests are assertions; what a test needs is set up after the
// program, for some setups use the program's own classes (tasks 367 and 927).

import type { Json } from "../../core/json.js";
import type { Test } from "../problem.js";
import { parsePythonLiteral } from "../python-literal.js";
import { faultIn } from "../tags.js";
import type { Format } from "./formats.js";
import { type Draft, kept, listOf, malformed, optionalText, type Row, textOf, textsOf } from "./row.js";

export const mbpp: Format = {
  about: "MBPP (text, code, test_list, test_setup_code, challenge_test_list)",
  matches: (fields) => ["text", "code", "test_list", "task_id"].every((field) => fields.has(field)),
  problem: (row) =>
    problem(row, `mbpp/${number(row)}`, "mbpp", textOf(row, "text"), {
      setup: optionalText(row, "test_setup_code") ?? "",
      asserts: [
        ...textsOf(row, "test_list"),
        ...(row["challenge_test_list"] ? textsOf(row, "challenge_test_list") : []),
      ],
    }),
};

export const mbppSanitized: Format = {
  about: "MBPP, sanitized edition (prompt, code, test_list, test_imports)",
  matches: (fields) => ["prompt", "code", "test_list", "test_imports", "task_id"].every((field) => fields.has(field)),
  problem: (row) =>
    problem(row, `mbpp-sanitized/${number(row)}`, "mbpp-sanitized", textOf(row, "prompt"), {
      setup: textsOf(row, "test_imports").join("\n"),
      asserts: textsOf(row, "test_list"),
    }),
};

/** Of the release's inputs no expected outputs are known, and JSON has made lists of their tuples: its assertions are kept. */
export const mbppplus: Format = {
  about: "MBPP+ (task_id, prompt, entry_point, canonical_solution, assertion)",
  matches: (fields) => ["entry_point", "canonical_solution", "assertion"].every((field) => fields.has(field)),
  problem: (row) => {
    const assertion = textOf(row, "assertion");
    return {
      id: textOf(row, "task_id"),
      language: "python",
      prompt: textOf(row, "prompt"),
      entryPoint: textOf(row, "entry_point"),
      // One of them (Mbpp/120) uses math and does not import it.
      tests: [{ kind: "assert", code: `import math\n${assertion.trim()}` }],
      reference: textOf(row, "canonical_solution"),
      source: "mbppplus",
      license: "Apache-2.0",
      metadata: {},
    };
  },
};

interface Assertions {
  readonly setup: string;
  readonly asserts: readonly string[];
}

function problem(row: Row, id: string, source: string, task: string, { setup, asserts }: Assertions): Draft {
  if (asserts.length === 0) malformed("test_list", "at least one assertion", listOf(row, "test_list"));
  const reference = unix(textOf(row, "code"));
  const shown = asserts[0].trim();
  const entryPoint = NAME.exec(shown)?.[1];
  return {
    id,
    language: "python",
    // Only a test tells the name of the function; the first is shown, the others stay hidden.
    prompt: `${task}\n\nThe program must pass this test:\n${shown}\n`,
    ...(entryPoint !== undefined && { entryPoint }),
    tests: asserts.map((code, index) => ({
      ...testOf(unix(code), setupOf(unix(code), unix(setup), reference)),
      ...(index === 0 && { visible: true }),
    })),
    reference,
    source,
    license: "CC-BY-4.0",
    metadata: { split: splitOf(number(row)), ...kept(row, "source_file") },
  };
}

/**
 * Naming a class of the program's, not only calling it, makes the judge run test and program side by side: task 601
 * hands the program objects of its own class.
 */
function setupOf(code: string, setup: string, reference: string): string {
  const classes = [...reference.matchAll(/^class (\w+)/gm)].map(([, name]) => name);
  const used = classes.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
  return [...used, setup.trim()].join("\n").trim();
}

const NAME = /^assert\s*\(*(?:set\(|math\.isclose\(|not\s+)?\(*([A-Za-z_]\w*)\s*\(/;
const COMPARISON = /^assert\s+([A-Za-z_]\w*)\((.*)\)\s*==\s*(.+)$/;

/** `assert f(1) == 2` as a call, which alignment can recycle; anything else as it is. */
function testOf(code: string, setup: string): Test {
  if (setup.trim() !== "") return { kind: "assert", code: `${setup.trim()}\n${code.trim()}` };
  const [, name, given, expected] = COMPARISON.exec(code.trim()) ?? [];
  // Escapes are few and mean many things: such tests are left to Python.
  if (name !== undefined && !code.includes("\\")) {
    const values = parsePythonLiteral(`[${given}]`);
    const value = parsePythonLiteral(expected);
    // A complex number has a literal and no tagged form that a program can be given.
    if (Array.isArray(values) && value !== undefined && faultIn([values, value], false) === null) {
      return { kind: "call", function: name, arguments: values as readonly Json[] as Json[], expected: value };
    }
  }
  return { kind: "assert", code: code.trim() };
}

function number(row: Row): number {
  const id = row["task_id"];
  return typeof id === "number" ? id : malformed("task_id", "a whole number", id);
}

/** As the data set's authors divided it. */
function splitOf(task: number): string {
  if (task <= 10) return "prompt";
  if (task <= 510) return "test";
  return task <= 600 ? "validation" : "train";
}

function unix(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
