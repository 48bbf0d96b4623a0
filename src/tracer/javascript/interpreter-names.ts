// The names of a program as the tests' interpreter (interpreter.ts) keeps them, and the operators it knows.

import type { AnyNode, Node } from "acorn";

export interface Binding {
  value: unknown;
  bound: boolean;
  /** Scope path and name; null for what is no variable. */
  readonly key: string | null;
  readonly constant: boolean;
}

export interface Scope {
  readonly names: Map<string, Binding>;
  readonly parent: Scope | null;
  /** Null inside a function without a name. */
  readonly path: readonly string[] | null;
  readonly call: Call;
}

/** One call of a function; of the program itself, where there is no function. */
interface Call {
  readonly of: AnyNode | null;
  newest: { readonly line: number; next: number | null; readonly of: AnyNode | null } | null;
}

export function inside(scope: Scope): Scope {
  return { ...scope, names: new Map(), parent: scope };
}

function find(scope: Scope | null, name: string): Binding | null {
  return scope && (scope.names.get(name) ?? find(scope.parent, name));
}

export function declare(scope: Scope, name: string, isVariable: boolean, constant = false): Binding {
  const key = isVariable && scope.path ? [...scope.path, name].join(".") : null;
  const binding: Binding = { value: undefined, bound: false, key, constant };
  scope.names.set(name, binding);
  return binding;
}

export function known(scope: Scope, name: string): Binding {
  const binding = find(scope, name);
  if (!binding?.bound) throw new ReferenceError(`${name} is not there`);
  return binding;
}

export function assign(scope: Scope, name: string, value: unknown): Binding {
  const binding = known(scope, name);
  if (binding.constant) throw new TypeError(`${name} is read-only`);
  binding.value = value;
  return binding;
}

export function namesIn(pattern: Node): string[] {
  const node = pattern as AnyNode;
  switch (node.type) {
    case "Identifier":
      return [node.name];
    case "AssignmentPattern":
      return namesIn(node.left);
    case "RestElement":
      return namesIn(node.argument);
    case "ArrayPattern":
      return node.elements.flatMap((element) => (element === null ? [] : namesIn(element)));
    case "ObjectPattern":
      return node.properties.flatMap((property) => (property.type === "Property" ? namesIn(property.value) : []));
    default:
      return [];
  }
}

export function isShort(operator: string, left: unknown): boolean {
  if (operator === "??") return left !== null && left !== undefined;
  return operator === "||" ? Boolean(left) : !left;
}

export function operate(operator: string, left: unknown, right: unknown): unknown {
  const [a, b] = [left as number, right as number];
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "%":
      return a % b;
    case "<":
      return a < b;
    case ">":
      return a > b;
    case "===":
      return a === b;
    default:
      throw new Error(`not known here: ${operator}`);
  }
}
