// A program prepared for tracing: its text with the recorder's calls put in, and what its text alone says of it. Taken
// away, the added pieces leave the text that was there, which is what a program that prints its functions sees.

import type { AnyNode } from "acorn";
import { unused } from "../../sandbox/javascript/program.js";
import { splice } from "../../sandbox/javascript/splice.js";
import { childrenOf, type Parsed, parseProgram } from "../../sandbox/javascript/syntax.js";
import type { HistoryPart } from "../history.js";
import { readScopes, type Variable } from "./scopes.js";
import { lineNumbers, statementLines } from "./statements.js";
import { type RecordedScope, Writer } from "./writer.js";

export interface Instrumented {
  readonly source: string;
  /** The name under which the text knows its recorder. */
  readonly recorder: string;
  readonly scopes: readonly RecordedScope[];
  readonly facts: Facts;
  readonly along: RecordedAlong | null;
}

/** What a recorded history is made from. */
interface RecordedAlong {
  readonly parts: readonly HistoryPart[];
  /** The variable of each number by which assignments are told; null for one whose assignments cannot be counted. */
  readonly keys: ReadonlyArray<string | null>;
  /** The line of each function, by its number. */
  readonly begins: readonly number[];
  /** As in a history. */
  readonly statements: ReadonlyArray<readonly [line: number, scope: string]>;
}

/** What the text says without being run. */
interface Facts {
  /** Keys of all variables in the order in which the text last writes them. */
  readonly variables: readonly string[];
  /** Those that are parameters and never written again. */
  readonly parameters: readonly string[];
  readonly complexity: number;
  /** Whether anything in it can depend on clock or chance. */
  readonly worldly: boolean;
  /** Whether it makes code at run time, whose writes nobody sees. */
  readonly tampered: boolean;
}

/**
 * Null where the program does not parse, or is too deep to be read.
 *
 * @param parts  what else is told, besides final values
 * @param withArguments  whether steps include what a function is given
 */
export function instrument(
  source: string,
  parts: readonly HistoryPart[] = [],
  withArguments = false,
): Instrumented | null {
  try {
    const parsed = parseProgram(source);
    return parsed && instrumented(source, parsed, parts, withArguments);
  } catch {
    return null;
  }
}

function instrumented(
  source: string,
  parsed: Parsed,
  parts: readonly HistoryPart[],
  withArguments: boolean,
): Instrumented {
  const scopes = readScopes(parsed.tree);
  const recorder = unused(source, "$trace");
  const lines = parts.includes("lines") || parts.includes("coverage");
  const writer = new Writer(source, parsed, scopes, recorder, { steps: parts.includes("steps"), lines, withArguments });
  const text = splice(source, writer.write());
  const variables = scopes.functions.flatMap((scope) => scope.variables);
  const lineOf = lineNumbers(source);
  const begins = scopes.functions.map(({ node }) => lineOf(node.start));
  const statements = lines ? statementLines(parsed.tree, scopes, lineOf) : [];
  return {
    source: text,
    recorder,
    scopes: writer.recorded(),
    facts: factsOf(source, parsed.tree, variables),
    along: parts.length > 0 ? { parts, keys: writer.told(), begins, statements } : null,
  };
}

function factsOf(source: string, tree: AnyNode, variables: readonly Variable[]): Facts {
  const last = new Map<string, number>();
  for (const { key, lastWrite } of variables) if (key !== null) last.set(key, Math.max(last.get(key) ?? -1, lastWrite));
  const written = [...last].filter(([, at]) => at >= 0).sort((a, b) => a[1] - b[1]);
  const untouched = variables.filter(({ isParameter, reassigned }) => isParameter && !reassigned);
  return {
    variables: written.map(([key]) => key),
    parameters: [...new Set(untouched.map(({ key }) => key as string))],
    complexity: 1 + count(tree, (node) => BRANCHES.has(node.type) && !(node.type === "SwitchCase" && !node.test)),
    worldly: /\b(?:Date|random|performance|hrtime|uptime|cpuUsage|eval|Function)\b/.test(source),
    tampered:
      count(tree, (node) => node.type === "WithStatement" || (node.type === "Identifier" && MAKERS.has(node.name))) > 0,
  };
}

const MAKERS = new Set(["eval", "Function"]);
const BRANCHES = new Set(
  "IfStatement ForStatement ForInStatement ForOfStatement WhileStatement DoWhileStatement CatchClause SwitchCase LogicalExpression".split(
    " ",
  ),
);

function count(root: AnyNode, counts: (node: AnyNode) => boolean): number {
  let total = 0;
  const open: AnyNode[] = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    if (counts(node)) total++;
    open.push(...childrenOf(node));
  }
  return total;
}
