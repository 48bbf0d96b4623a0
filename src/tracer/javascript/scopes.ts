// Whose variable a name is: functions and blocks of a program, what each of them binds, and the scope path that names its
// variables. A variable of a block belongs to the function around it. Functions, classes and imports are no variables,
// nor are names that begin with `_` and the variables of functions that have no name.

import type { AnyNode } from "acorn";
import { boundNames, childrenOf } from "../../sandbox/javascript/syntax.js";

/** One function; the first is the whole program. */
export interface FunctionScope {
  readonly id: number;
  readonly node: AnyNode;
  /** Null for a function without a name. */
  readonly path: readonly string[] | null;
  readonly outer: FunctionScope | null;
  readonly variables: Variable[];
  /** Bound twice in ways that are allowed in a function and not in a block: left as it is. */
  opaque: boolean;
}

export interface Variable {
  readonly name: string;
  /** Scope path and name; null for what is no variable. */
  readonly key: string | null;
  readonly owner: FunctionScope;
  readonly isParameter: boolean;
  /** Bound by `let` or `const` in a block, and so out of sight where its function ends. */
  readonly inBlock: boolean;
  readonly isConstant: boolean;
  /** Where the text last writes it. */
  lastWrite: number;
  reassigned: boolean;
}

export interface Scope {
  readonly parent: Scope | null;
  readonly owner: FunctionScope;
  readonly names: Map<string, Variable>;
}

export interface Scopes {
  readonly functions: readonly FunctionScope[];
  /** The scope that a function, block or loop opens. */
  readonly of: ReadonlyMap<AnyNode, Scope>;
}

const BLOCKS = new Set([
  "BlockStatement",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "SwitchStatement",
  "CatchClause",
  "StaticBlock",
]);

export function isFunction(node: AnyNode): boolean {
  return /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

export function readScopes(program: AnyNode): Scopes {
  const functions: FunctionScope[] = [];
  const of = new Map<AnyNode, Scope>();

  const openFunction = (node: AnyNode, path: readonly string[] | null, parent: Scope | null): Scope => {
    const owner = { id: functions.length, node, path, outer: parent?.owner ?? null, variables: [], opaque: false };
    functions.push(owner);
    const scope = { parent, owner, names: new Map() };
    of.set(node, scope);
    return scope;
  };

  /** @param path  where named things below are; @param name  what the node is bound to */
  const visit = (node: AnyNode, scope: Scope, path: readonly string[], name: string | null): void => {
    if (isFunction(node)) return visitFunction(node, scope, path, name);
    let inner = scope;
    if (BLOCKS.has(node.type)) {
      inner = { parent: scope, owner: scope.owner, names: new Map() };
      of.set(node, inner);
    }
    declare(node, inner);
    const own = pathBelow(node, path, name);
    for (const child of childrenOf(node)) visit(child, inner, own, nameFor(node, child));
  };

  const visitFunction = (node: AnyNode, scope: Scope, path: readonly string[], given: string | null): void => {
    if (!("params" in node) || !("body" in node)) return;
    const name = given ?? ("id" in node && node.id?.type === "Identifier" ? node.id.name : null);
    const own = name === null || scope.owner.path === null ? null : [...path, name];
    const inner = openFunction(node, own, scope);
    for (const parameter of (node.params as AnyNode[]).flatMap((item) => boundNames(item)))
      bind(inner, parameter, "parameter");
    for (const parameter of node.params as AnyNode[]) visit(parameter, inner, own ?? path, null);
    const body = node.body as AnyNode;
    // A function's body is no block of its own: its names are the function's.
    if (body.type === "BlockStatement") {
      of.set(body, inner);
      for (const statement of body.body) visit(statement, inner, own ?? path, null);
    } else visit(body, inner, own ?? path, null);
  };

  const root = openFunction(program, [], null);
  for (const child of childrenOf(program)) visit(child, root, [], null);
  return { functions, of };
}

type Kind = "parameter" | "var" | "block" | "const" | "function" | "other";

function declare(node: AnyNode, scope: Scope): void {
  switch (node.type) {
    case "VariableDeclaration": {
      const target = node.kind === "var" ? rootOf(scope) : scope;
      const kind = node.kind === "const" ? "const" : node.kind === "var" ? "var" : "block";
      for (const name of node.declarations.flatMap(({ id }) => boundNames(id))) bind(target, name, kind);
      return;
    }
    case "ClassDeclaration":
      if (node.id) bind(scope, node.id, "other");
      return;
    case "CatchClause":
      for (const name of boundNames(node.param ?? null)) bind(scope, name, "other");
      return;
    case "ImportDeclaration":
      for (const { local } of node.specifiers) bind(scope, local, "other");
      return;
    case "FunctionDeclaration":
      return;
    default:
      declareFunctions(node, scope);
  }
}

/** Functions are known in all of their block. */
function declareFunctions(node: AnyNode, scope: Scope): void {
  if (!BLOCKS.has(node.type)) return;
  for (const child of childrenOf(node))
    if (child.type === "FunctionDeclaration" && child.id) bind(scope, child.id, "function");
}

/** The scope of the function around. */
function rootOf(scope: Scope): Scope {
  let root = scope;
  while (root.parent && root.parent.owner === scope.owner) root = root.parent;
  return root;
}

function bind(scope: Scope, node: AnyNode, kind: Kind): void {
  if (node.type !== "Identifier") return;
  const { owner, names } = scope;
  const known = names.get(node.name);
  if (known) {
    owner.opaque ||= kind === "function" || known.key === null;
    return;
  }
  const { path } = owner;
  const isVariable = kind !== "function" && kind !== "other" && path !== null && !node.name.startsWith("_");
  const variable: Variable = {
    name: node.name,
    key: isVariable ? [...path, node.name].join(".") : null,
    owner,
    isParameter: kind === "parameter",
    isConstant: kind === "const",
    inBlock: (kind === "block" || kind === "const") && !(owner.outer === null && scope.parent === null),
    lastWrite: kind === "parameter" ? node.start : -1,
    reassigned: false,
  };
  names.set(node.name, variable);
  if (variable.key !== null) owner.variables.push(variable);
}

export function lookUp(scope: Scope, name: string): Variable | null {
  for (let at: Scope | null = scope; at; at = at.parent) {
    const variable = at.names.get(name);
    if (variable) return variable;
  }
  return null;
}

/** What a node's children are bound to, where it is a function's name: `const f = () => ...`. */
function nameFor(node: AnyNode, child: AnyNode): string | null {
  switch (node.type) {
    case "VariableDeclarator":
      return child === node.init && node.id.type === "Identifier" ? node.id.name : null;
    case "AssignmentExpression":
      return child === node.right ? assignedName(node.left) : null;
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
      return child === node.value && !node.computed ? plainKey(node.key) : null;
    default:
      return null;
  }
}

function assignedName(target: AnyNode): string | null {
  if (target.type === "Identifier") return target.name;
  return target.type === "MemberExpression" && !target.computed ? plainKey(target.property) : null;
}

function plainKey(key: AnyNode): string | null {
  return key.type === "Identifier" ? key.name : null;
}

/** Classes, and objects that a variable is bound to, are part of the path. */
function pathBelow(node: AnyNode, path: readonly string[], name: string | null): readonly string[] {
  if (node.type === "ClassDeclaration" || node.type === "ClassExpression") {
    const own = name ?? node.id?.name;
    return own === undefined ? path : [...path, own];
  }
  return node.type === "ObjectExpression" && name !== null ? [...path, name] : path;
}
