// Calls that tell the recorder which line is executed: in front of every statement, and wherever the head of a loop is
// executed again. What is said goes to the function's own record, so that the next line is that of the same call.

import type { AnyNode } from "acorn";
import { childrenOf, type Parsed } from "../../sandbox/javascript/syntax.js";
import type { Pieces } from "./pieces.js";
import type { FunctionScope, Scopes } from "./scopes.js";

export interface MarkedLines {
  /** Whether the lines of its calls follow one another; else they are only seen. */
  readonly isFollowed: (scope: FunctionScope) => boolean;
  /** Names of the counters of rounds that a function needs. */
  readonly counters: ReadonlyMap<FunctionScope, readonly string[]>;
}

interface Frame {
  readonly owner: FunctionScope;
  /** Loops and labelled statements around, the innermost last. */
  readonly targets: readonly Target[];
}

/** What a `break` can leave. */
interface Target {
  readonly node: AnyNode;
  readonly labels: readonly string[];
  /** Of a loop over something, which has no other way to tell that it is left. */
  readonly counter: string | null;
}

/** Puts the calls in. @param recorder  its name in the text; a call's own record is its name with a `c` */
export function markLines(
  { tree, semicolons }: Parsed,
  scopes: Scopes,
  lineOf: (at: number) => number,
  recorder: string,
  pieces: Pieces,
): MarkedLines {
  const counters = new Map<FunctionScope, string[]>();
  let counted = 0;
  const isFollowed = (scope: FunctionScope): boolean => scope.outer === null || (!scope.opaque && !isSuspended(scope));
  const event = ({ owner }: Frame, at: number): string => {
    if (owner.opaque && owner.outer !== null) return "";
    const line = lineOf(at);
    return isFollowed(owner) ? `${recorder}.line(${recorder}c,${line})` : `${recorder}.seen(${line})`;
  };
  const newCounter = ({ owner }: Frame): string | null => {
    if (!isFollowed(owner)) return null;
    const name = `${recorder}r${counted++}`;
    counters.set(owner, [...(counters.get(owner) ?? []), name]);
    return name;
  };
  const put = (node: { readonly start: number }, at: number, text: string, end: string): void => {
    if (text !== "") pieces.open(node, at, text + end);
  };

  const visit = (node: AnyNode, frame: Frame, parent: AnyNode | null): void => {
    const owner = scopes.of.get(node)?.owner ?? frame.owner;
    const inner = owner === frame.owner ? frame : { owner, targets: [] };
    if (isListed(node, parent)) statement(node, inner, []);
    else {
      if (node.type === "CatchClause")
        put({ start: node.start + 0.5 }, node.body.start + 1, event(inner, node.start), ";");
      for (const child of childrenOf(node)) visit(child, inner, node);
    }
  };

  /** @param labels  that stand in front of it, with where the first begins */
  const statement = (node: AnyNode, frame: Frame, labels: readonly AnyNode[]): void => {
    const start = labels[0]?.start ?? node.start;
    const names = labels.flatMap((label) => (label.type === "LabeledStatement" ? [label.label.name] : []));
    const within = (counter: string | null): Frame => ({
      ...frame,
      targets: [...frame.targets, { node, labels: names, counter }],
    });
    switch (node.type) {
      case "LabeledStatement":
        return statement(node.body, frame, [...labels, node]);
      case "BlockStatement":
        return below(node, names.length > 0 ? within(null) : frame);
      case "WhileStatement":
      case "DoWhileStatement":
        put(node, node.test.start, event(frame, node.type === "WhileStatement" ? node.start : node.test.start), ",");
        return below(node, within(null));
      case "ForStatement": {
        put(node, start, event(frame, node.start), ";");
        const again = event(frame, node.start);
        if (node.update) put(node, node.update.start, again, ",");
        else put(node, endOfTest(node) + 1, again, "");
        return below(node, within(null));
      }
      case "ForInStatement":
      case "ForOfStatement":
        return loopOver(node, start, frame, within);
      case "BreakStatement": {
        const left = targetOf(node.label?.name ?? null, frame);
        return put(node, start, event(frame, node.start), left?.counter ? `;${left.counter}=-1;` : ";");
      }
      default:
        if (!UNSEEN.test(node.type) && !("directive" in node && node.directive)) {
          put(node, start, event(frame, node.start), ";");
        }
        return below(node, node.type === "SwitchStatement" || names.length > 0 ? within(null) : frame);
    }
  };

  const below = (node: AnyNode, frame: Frame): void => {
    for (const child of childrenOf(node)) {
      // A statement that is a whole body gets a neighbour, so they need braces.
      const isBare = isBody(node, child) && child.type !== "BlockStatement";
      if (isBare) pieces.around(node, child.start, child.end, "{", "}");
      if (isBody(node, child)) statement(child, frame, []);
      else visit(child, frame, node);
    }
  };

  /** The head is executed before every round, and once more where the loop is not left in between. */
  const loopOver = (
    node: Extract<AnyNode, { type: "ForInStatement" | "ForOfStatement" }>,
    start: number,
    frame: Frame,
    within: (counter: string | null) => Frame,
  ): void => {
    const counter = newCounter(frame);
    const again = event(frame, node.start);
    put(node, start, again, counter === null ? ";" : `;${counter}=0;`);
    const { body } = node;
    pieces.around(node, body.start, body.end, counter === null ? "{" : `{if(${counter}++)${again};`, "}");
    if (counter !== null) pieces.close({ start: start - 0.5 }, node.end, `;if(${counter}>0)${again};`);
    for (const child of childrenOf(node)) {
      if (child === body) statement(child, within(counter), []);
      else visit(child, frame, node);
    }
  };

  const endOfTest = (node: Extract<AnyNode, { type: "ForStatement" }>): number => {
    const first = semicolons.find((at) => at >= (node.init?.end ?? node.start)) as number;
    return semicolons.find((at) => at >= (node.test?.end ?? first + 1)) as number;
  };

  visit(tree, { owner: scopes.functions[0], targets: [] }, null);
  return { isFollowed, counters };
}

/** What begins no statement that is executed there. */
const UNSEEN = /^(?:FunctionDeclaration|EmptyStatement|ImportDeclaration)$/;

/** Generators and async functions: their calls have pauses in which others run. */
function isSuspended({ node }: FunctionScope): boolean {
  return ("generator" in node && node.generator) || ("async" in node && node.async) || false;
}

/** Whether a node is one of a list of statements. */
function isListed(node: AnyNode, parent: AnyNode | null): boolean {
  if (parent === null) return false;
  if (parent.type === "SwitchCase") return node !== parent.test;
  if (parent.type === "StaticBlock" || parent.type === "Program") return true;
  return parent.type === "BlockStatement";
}

/** Whether a node is the statement that another one holds in itself. */
function isBody(parent: AnyNode, node: AnyNode): boolean {
  switch (parent.type) {
    case "IfStatement":
      return node === parent.consequent || node === parent.alternate;
    case "WhileStatement":
    case "DoWhileStatement":
    case "ForStatement":
    case "WithStatement":
      return node === parent.body;
    default:
      return false;
  }
}

/** What a `break` leaves. */
function targetOf(label: string | null, { targets }: Frame): Target | undefined {
  if (label !== null) return targets.findLast(({ labels }) => labels.includes(label));
  return targets.findLast(({ node }) => /^(?:For|While|DoWhile|Switch)/.test(node.type));
}
