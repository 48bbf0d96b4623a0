// A program's text as the function that the guest runs: with Node's five names as parameters, an ES module's imports and
// exports put in their terms, and a last line that gives away the names a test asks for.

import type { AnyNode, ExportNamedDeclaration, ImportDeclaration } from "acorn";
import { type Edit, splice } from "./splice.js";
import { boundNames, childrenOf, parseProgram } from "./syntax.js";

export interface Wanted {
  /** Names at the top of the program that a test asks for. */
  readonly names: readonly string[];
  /** Evaluated after the program, in its scope. */
  readonly expression?: string;
  /** The name under which a traced program knows its recorder. */
  readonly recorder?: string;
}

/** What makes a syntax tree necessary: modules, and promises that nobody may be waiting for. */
const NEEDS_TREE = /\b(?:import|export|await|async|Promise)\b/;
const NAME = /^[A-Za-z_$][\w$]*$/;
const RESERVED = new Set(
  `break case catch class const continue debugger default delete do else enum export extends false finally for function if
  import in instanceof new null return super switch this throw true try typeof var void while with yield let static await
  implements interface package private protected public`.split(/\s+/),
);

/** An expression whose value is the program's function. A text that is no program becomes one that does not parse. */
export function asFunction(source: string, { names, expression, recorder }: Wanted): string {
  const own = ["$reveal", "$watch", "$import"].map((name) => unused(source, name));
  const [reveal, watch, load] = own;
  const body = withoutMark(source);
  const shape = NEEDS_TREE.test(body) ? reshape(body, watch, load) : { head: "", body, tail: "", isModule: false };
  const shown = names.filter((name) => NAME.test(name) && !RESERVED.has(name));
  const reveals = shown.map((name) => `${reveal}("${name}", typeof ${name} === "undefined" ? undefined : ${name});`);
  const call = expression === undefined ? "" : `${reveal}("call", () => (${expression}\n));`;
  const parameters = [
    "exports",
    "require",
    "module",
    "__filename",
    "__dirname",
    ...own,
    recorder ?? unused(source, "$r"),
  ];
  const start = `(${shape.isModule ? "async " : ""}function (${parameters.join(", ")}) {`;
  return `${start}${shape.head}${shape.body}\n;${shape.tail}${reveals.join("")}${call}})`;
}

/** A byte order mark and a line for the shell are no part of the program. */
function withoutMark(source: string): string {
  return source.replace(/^\uFEFF/, "").replace(/^#!/, "//");
}

/** A name that a text does not hold. */
export function unused(source: string, wanted: string): string {
  let name = wanted;
  while (source.includes(name)) name += "_";
  return name;
}

interface Shape {
  readonly head: string;
  readonly body: string;
  readonly tail: string;
  readonly isModule: boolean;
}

function reshape(source: string, watch: string, load: string): Shape {
  const parsed = parseProgram(source);
  if (!parsed) return { head: "", body: source, tail: "", isModule: false };
  const edits: Edit[] = [];
  const head: string[] = parsed.isModule ? ['"use strict";'] : [];
  const tail: string[] = [];
  for (const statement of parsed.tree.body) {
    if (statement.type === "ImportDeclaration") {
      head.push(importText(statement));
      edits.push({ at: statement.start, length: statement.end - statement.start, text: "" });
    } else if (statement.type.startsWith("Export")) reshapeExport(statement, source, edits, tail);
    else if (statement.type === "ExpressionStatement" && statement.expression.type === "CallExpression") {
      edits.push({ at: statement.expression.start, text: `${watch}(` }, { at: statement.expression.end, text: ")" });
    }
  }
  if (/\bimport\b/.test(source)) findImports(parsed.tree, load, edits);
  return { head: head.join(""), body: splice(source, edits), tail: tail.join(""), isModule: parsed.isModule };
}

function importText({ specifiers, source }: ImportDeclaration): string {
  const module = `require(${JSON.stringify(source.value)})`;
  const parts = specifiers.map((specifier) => {
    if (specifier.type !== "ImportSpecifier") return `${specifier.local.name} = ${module}`;
    const name = nameOf(specifier.imported);
    return name === "default"
      ? `${specifier.local.name} = ${module}`
      : `{ ${name}: ${specifier.local.name} } = ${module}`;
  });
  return parts.length > 0 ? `const ${parts.join(", ")};` : `${module};`;
}

function nameOf(node: { readonly type: string; readonly name?: string; readonly value?: unknown }): string {
  return node.type === "Identifier" ? String(node.name) : JSON.stringify(node.value);
}

function reshapeExport(statement: AnyNode, source: string, edits: Edit[], tail: string[]): void {
  if (statement.type === "ExportDefaultDeclaration") {
    const { declaration } = statement;
    const length = declaration.start - statement.start;
    const named = "id" in declaration && declaration.type !== "FunctionExpression" ? declaration.id : null;
    const isDeclaration = /^(?:Function|Class)Declaration$/.test(declaration.type) && named;
    edits.push({ at: statement.start, length, text: isDeclaration ? "" : "exports.default = " });
    if (isDeclaration && named) tail.push(`exports.default = ${named.name};`);
  } else if (statement.type === "ExportNamedDeclaration") {
    reshapeNamed(statement, edits, tail);
  } else edits.push({ at: statement.start, length: statement.end - statement.start, text: lines(source, statement) });
}

function reshapeNamed(statement: ExportNamedDeclaration, edits: Edit[], tail: string[]): void {
  const { declaration, specifiers, source } = statement;
  if (!declaration) {
    const owner = source ? `require(${JSON.stringify(source.value)}).` : "";
    for (const { local, exported } of specifiers)
      tail.push(`exports[${JSON.stringify(plainName(exported))}] = ${owner}${plainName(local)};`);
    edits.push({ at: statement.start, length: statement.end - statement.start, text: ";" });
    return;
  }
  edits.push({ at: statement.start, length: declaration.start - statement.start, text: "" });
  const declared =
    declaration.type === "VariableDeclaration"
      ? declaration.declarations.flatMap(({ id }) => boundNames(id))
      : [declaration.id];
  for (const name of declared) if (name.type === "Identifier") tail.push(`exports.${name.name} = ${name.name};`);
}

function plainName(node: { readonly type: string; readonly name?: string; readonly value?: unknown }): string {
  return node.type === "Identifier" ? String(node.name) : String(node.value);
}

function lines(source: string, { start, end }: AnyNode): string {
  return source.slice(start, end).replace(/[^\n]/g, "");
}

/** `import("fs")` asks the guest; `import.meta` knows no file. */
function findImports(root: AnyNode, load: string, edits: Edit[]): void {
  const open: AnyNode[] = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.type === "ImportExpression") edits.push({ at: node.start, length: "import".length, text: load });
    if (node.type === "MetaProperty" && node.meta.name === "import") {
      edits.push({ at: node.start, length: node.end - node.start, text: '({ url: "file:///program.js" })' });
    }
    open.push(...childrenOf(node));
  }
}

/** Names that a test's code uses and does not make itself; null where the code does not parse. */
export function freeNames(code: string): string[] | null {
  const parsed = parseProgram(`(async () => {${code}\n})`);
  if (!parsed) return null;
  const used = new Set<string>();
  const made = new Set<string>();
  const open: AnyNode[] = [parsed.tree];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.type === "Identifier") used.add(node.name);
    if ("params" in node)
      for (const name of (node.params as AnyNode[]).flatMap((item) => boundNames(item))) add(made, name);
    if ("id" in node && node.id) for (const name of boundNames(node.id)) add(made, name);
    if (node.type === "CatchClause") for (const name of boundNames(node.param ?? null)) add(made, name);
    open.push(...childrenOf(node).filter((child) => !isLabel(node, child)));
  }
  return [...used].filter((name) => !made.has(name)).sort();
}

function add(names: Set<string>, node: AnyNode): void {
  if (node.type === "Identifier") names.add(node.name);
}

/** A property's name stands for itself. */
function isLabel(parent: AnyNode, child: AnyNode): boolean {
  if (parent.type === "MemberExpression") return child === parent.property && !parent.computed;
  if (parent.type === "Property") return child === parent.key && !parent.computed && !parent.shorthand;
  return parent.type === "MethodDefinition" || parent.type === "PropertyDefinition"
    ? child === parent.key && !parent.computed
    : false;
}
