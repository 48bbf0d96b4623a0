// LeetCode's data sets write linked lists and trees as plain arrays, and say which they are in the starter code's
// annotations: `head: Optional[ListNode]` makes [1, 2, 3] a linked list. Here such tests get their tags.

import type { Json } from "../core/json.js";
import type { Test } from "../problems/problem.js";

type CallTest = Extract<Test, { kind: "call" }>;

interface Signature {
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly annotation: string }>;
  readonly returns: string;
}

/** The test with its nodes tagged; as it is where the starter code annotates none. */
export function tagNodes(test: CallTest, starterCode: string | undefined): CallTest {
  if (!starterCode || !/\b(ListNode|TreeNode)\b/.test(starterCode)) return test;
  const signature = readSignature(starterCode, test.function.slice(test.function.lastIndexOf(".") + 1));
  if (!signature) return test;
  const { parameters, returns } = signature;
  const annotations = new Map(parameters.map(({ name, annotation }) => [name, annotation]));
  return {
    ...test,
    arguments: test.arguments.map((argument, at) => tagged(argument, parameters[at]?.annotation ?? "")),
    ...(test.keywords ? { keywords: tagFields(test.keywords, annotations) } : {}),
    expected: tagged(test.expected, returns),
  };
}

function tagFields(fields: Readonly<Record<string, Json>>, annotations: ReadonlyMap<string, string>) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, item]) => [name, tagged(item, annotations.get(name) ?? "")]),
  );
}

/** Parameters without `self`, and the annotation of the result. Starter code breaks off, so no parser reads it. */
function readSignature(source: string, name: string): Signature | null {
  const head = new RegExp(`\\bdef\\s+${name}\\s*\\(`).exec(source);
  if (!head) return null;
  const [parameters, end] = splitUntilClosed(source, head.index + head[0].length);
  const returns = /^\s*->\s*([^:]+):/.exec(source.slice(end, end + 200))?.[1] ?? "";
  return {
    parameters: parameters
      .map((text) => /^\s*\**(\w+)\s*(?::\s*([^=]+))?/.exec(text))
      .flatMap((match) => (match && match[1] !== "self" ? [{ name: match[1], annotation: match[2] ?? "" }] : [])),
    returns,
  };
}

/** What stands between the commas up to the bracket that closes, and the place behind it. */
function splitUntilClosed(source: string, start: number): [string[], number] {
  const parts = [""];
  let depth = 0;
  let at = start;
  for (; at < source.length; at++) {
    const char = source[at];
    if ("([{".includes(char)) depth++;
    if (")]}".includes(char) && depth-- === 0) break;
    if (char === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return [parts, at + 1];
}

/** By annotation: a node, or a list of what its items are. */
function tagged(value: Json, annotation: string): Json {
  const kind = annotation.replace(/["'\s]/g, "").replace(/^Optional\[(.*)\]$|^(.*)\|None$|^None\|(.*)$/, "$1$2$3");
  if (!Array.isArray(value)) return value;
  if (kind === "ListNode") return { $list_node: value };
  if (kind === "TreeNode") return { $tree_node: value };
  const items = /^(?:List|list|Sequence)\[(.*)\]$/.exec(kind)?.[1];
  return items === undefined ? value : (value as Json[]).map((item) => tagged(item, items));
}
