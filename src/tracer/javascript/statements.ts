// Which lines of a program can be asked about: those that one statement fills, or the head of one. Nothing is executed.

import type { AnyNode } from "acorn";
import { childrenOf } from "../../sandbox/javascript/syntax.js";
import { type FunctionScope, isFunction, type Scopes } from "./scopes.js";

/** The line of a place, from 1, as prompts number them. */
export function lineNumbers(source: string): (at: number) => number {
  const ends = [...source.matchAll(/\n/g)].map(({ index }) => index);
  return (at) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

const ASKED = new Set(
  `ExpressionStatement VariableDeclaration ReturnStatement ThrowStatement BreakStatement ContinueStatement IfStatement
  WhileStatement ForStatement ForInStatement ForOfStatement`.split(/\s+/),
);
const UNASKED =
  /^(?:DoWhileStatement|SwitchStatement|TryStatement|WithStatement|EmptyStatement|DebuggerStatement|FunctionDeclaration|ClassDeclaration|Import.*|Export.*Declaration)$/;

/**
 * Lines that one statement fills, or the head of one `if`, `while` or `for`, with the path of the nearest function around
 * that has a name. Left out is what has no one course: lines with several statements and statements on several lines; `do`,
 * `switch`, `try`, definitions, imports and exports; a `let` without a value; a loop whose condition is a constant.
 */
export function statementLines(
  root: AnyNode,
  scopes: Scopes,
  lineOf: (at: number) => number,
): Array<readonly [line: number, scope: string]> {
  const begun = new Map<number, number>();
  const spanned = new Set<number>();
  const places = new Map<number, string>();
  const begin = (line: number): unknown => begun.set(line, (begun.get(line) ?? 0) + 1);

  const visit = (node: AnyNode, parent: AnyNode | null, around: FunctionScope): void => {
    const owner = scopes.of.get(node)?.owner ?? around;
    if (isStatement(node, parent)) {
      const first = lineOf(node.start);
      begin(first);
      const last = Math.max(first, ...headOf(node).map((part) => lineOf(part.end - 1)));
      const inside = headOf(node).flatMap((part) => bodiesIn(part));
      for (let line = first + 1; line <= last; line++) {
        if (!inside.some(({ start, end }) => lineOf(start) < line && line < lineOf(end - 1))) spanned.add(line);
      }
      if (first === last && isAsked(node) && !owner.opaque) places.set(first, pathOf(owner));
    }
    // What has a line of its own in the course of the run, and is no statement.
    if (node.type === "DoWhileStatement") begin(lineOf(node.test.start));
    if (node.type === "CatchClause") begin(lineOf(node.start));
    for (const child of childrenOf(node)) visit(child, node, owner);
  };
  visit(root, null, scopes.functions[0]);
  const isAlone = (line: number): boolean => begun.get(line) === 1 && !spanned.has(line);
  return [...places].filter(([line]) => isAlone(line)).sort((a, b) => a[0] - b[0]);
}

function isStatement(node: AnyNode, parent: AnyNode | null): boolean {
  if (node.type === "VariableDeclaration") return !isLoopHead(node, parent);
  return ASKED.has(node.type) || UNASKED.test(node.type);
}

/** Whether a declaration stands in a loop's parentheses. */
export function isLoopHead(node: AnyNode, parent: AnyNode | null): boolean {
  return parent !== null && parent.type.startsWith("For") && "body" in parent && parent.body !== node;
}

function isAsked(node: AnyNode): boolean {
  switch (node.type) {
    case "ExpressionStatement":
      return node.expression.type !== "Literal";
    case "VariableDeclaration":
      return node.declarations.some(({ init }) => init);
    case "WhileStatement":
      return node.test.type !== "Literal";
    case "ForStatement":
      return node.test !== null && node.test !== undefined && node.test.type !== "Literal";
    default:
      return ASKED.has(node.type);
  }
}

/** The parts that are on the statement's own lines: all of it, or what stands before the statements inside. */
function headOf(node: AnyNode): AnyNode[] {
  switch (node.type) {
    case "IfStatement":
    case "WhileStatement":
      return [node.test];
    case "ForStatement":
      return [node.init, node.test, node.update].filter((part) => part !== null && part !== undefined);
    case "ForInStatement":
    case "ForOfStatement":
      return [node.left, node.right];
    case "SwitchStatement":
      return [node.discriminant];
    case "FunctionDeclaration":
      return [...node.params];
    case "DoWhileStatement":
    case "TryStatement":
    case "WithStatement":
    case "ClassDeclaration":
      return [];
    default: {
      // Without the semicolon, which may stand at the beginning of the next line.
      const parts = childrenOf(node);
      return parts.length > 0 ? parts : [node];
    }
  }
}

/** Bodies of functions and classes inside an expression: their lines are their own. */
function bodiesIn(node: AnyNode): AnyNode[] {
  if (node.type === "ClassBody") return [node];
  if (isFunction(node) && "body" in node) {
    const body = node.body as AnyNode;
    const params = "params" in node ? (node.params as AnyNode[]) : [];
    return [...params.flatMap((part) => bodiesIn(part)), ...(body.type === "BlockStatement" ? [body] : bodiesIn(body))];
  }
  return childrenOf(node).flatMap((child) => bodiesIn(child));
}

function pathOf(owner: FunctionScope): string {
  let named: FunctionScope = owner;
  while (named.path === null && named.outer) named = named.outer;
  return (named.path ?? []).join(".");
}
