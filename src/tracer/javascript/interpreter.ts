// A small interpreter of JavaScript for the tests of the tracer: it walks the syntax tree and writes down what is assigned and
// which line is executed, by the definitions of docs/targets.md. No text is changed, and no part of the tracer is used. It
// knows what random-script.ts writes: no generators, no `async`, no `var`, no `this` but in methods of classes' instances.

import { type AnyNode, parse } from "acorn";
import { type Completion, goesOn, leaving, NORMAL, settle } from "./interpreter-endings.js";
import {
  assign,
  type Binding,
  declare,
  inside,
  isShort,
  known,
  namesIn,
  operate,
  type Scope,
} from "./interpreter-names.js";

export interface Told {
  readonly stdout: string;
  /** `ok`, or the name of what was thrown. */
  readonly ending: string;
  /** Values as JSON text; `undefined` for what has none. */
  readonly steps: Readonly<Record<string, readonly string[]>>;
  /** Without those of functions that were called while they ran. */
  readonly lines: ReadonlyArray<readonly [line: number, next: number | null]>;
  readonly executed: readonly number[];
}

type Of<K extends AnyNode["type"]> = Extract<AnyNode, { type: K }>;

export function interpret(source: string): Told {
  const steps: Record<string, string[]> = {};
  const lines: Array<{ readonly line: number; next: number | null; readonly of: AnyNode | null }> = [];
  const running = new Map<AnyNode, number>();
  const recursive = new Set<AnyNode>();
  const executed = new Set<number>();
  let stdout = "";
  const lineOf = (at: number): number => source.slice(0, at).split("\n").length;

  const event = (scope: Scope, at: number): void => {
    const line = lineOf(at);
    executed.add(line);
    if (scope.call.newest) scope.call.newest.next = line;
    scope.call.newest = { line, next: null, of: scope.call.of };
    lines.push(scope.call.newest);
  };
  const told = ({ key, value }: Binding): void => {
    if (key === null) return;
    steps[key] ??= [];
    steps[key].push(JSON.stringify(value) ?? "undefined");
  };

  /** Binds or assigns what a pattern names. @returns what was written, for telling once all is */
  const write = (pattern: AnyNode, value: unknown, scope: Scope, isNew: boolean): Binding[] => {
    switch (pattern.type) {
      case "Identifier": {
        if (!isNew) return [assign(scope, pattern.name, value)];
        const binding = scope.names.get(pattern.name) as Binding;
        binding.value = value;
        binding.bound = true;
        return [binding];
      }
      case "AssignmentPattern":
        return write(pattern.left, value === undefined ? evaluate(pattern.right, scope) : value, scope, isNew);
      case "ArrayPattern": {
        const items = [...(value as Iterable<unknown>)];
        return pattern.elements.flatMap((element, i) => {
          if (element === null) return [];
          if (element.type === "RestElement") return write(element.argument, items.slice(i), scope, isNew);
          return write(element, items[i], scope, isNew);
        });
      }
      case "ObjectPattern":
        return pattern.properties.flatMap((property) => {
          if (property.type !== "Property") throw new Error("not known here");
          const key = property.key.type === "Identifier" ? property.key.name : "";
          return write(property.value, (value as Record<string, unknown>)[key], scope, isNew);
        });
      case "MemberExpression": {
        const target = evaluate(pattern.object, scope) as Record<string, unknown>;
        target[keyOf(pattern, scope)] = value;
        return [];
      }
      default:
        throw new Error(`not known here: ${pattern.type}`);
    }
  };
  const tellAll = (written: readonly Binding[]): void => {
    for (const binding of new Set(written)) told(binding);
  };
  const keyOf = ({ property, computed }: Of<"MemberExpression">, scope: Scope): string =>
    !computed && property.type === "Identifier" ? property.name : String(evaluate(property, scope));

  const closure = (node: AnyNode, scope: Scope, name: string | null): unknown => {
    if (!("params" in node) || !("body" in node)) throw new Error("no function");
    const own = name ?? ("id" in node && node.id?.type === "Identifier" ? node.id.name : null);
    const path = own === null || scope.path === null ? null : [...scope.path, own];
    const params = node.params as AnyNode[];
    const body = node.body as AnyNode;
    return (...given: unknown[]): unknown => {
      const local: Scope = { names: new Map(), parent: scope, path, call: { of: node, newest: null } };
      for (const param of params) for (const one of namesIn(param)) declare(local, one, true);
      params.forEach((param, i) => {
        if (param.type === "RestElement") write(param.argument, given.slice(i), local, true);
        else write(param, given[i], local, true);
      });
      if (body.type !== "BlockStatement") return evaluate(body, local);
      const depth = running.get(node) ?? 0;
      if (depth > 0) recursive.add(node);
      running.set(node, depth + 1);
      try {
        const completion = block(body.body, local);
        return completion.kind === "return" ? completion.value : undefined;
      } finally {
        running.set(node, depth);
      }
    };
  };

  const evaluate = (node: AnyNode, scope: Scope, name: string | null = null): unknown => {
    switch (node.type) {
      case "Literal":
        return node.value;
      case "Identifier":
        return node.name === "undefined" ? undefined : known(scope, node.name).value;
      case "TemplateLiteral":
        return node.quasis.reduce((text, { value }, i) => {
          const expression = node.expressions[i - 1];
          return `${text}${i > 0 ? String(evaluate(expression, scope)) : ""}${value.cooked}`;
        }, "");
      case "ArrayExpression":
        return node.elements.flatMap((item) => {
          if (item === null) return [undefined];
          if (item.type === "SpreadElement") return [...(evaluate(item.argument, scope) as Iterable<unknown>)];
          return [evaluate(item, scope)];
        });
      case "ObjectExpression":
        return Object.fromEntries(
          node.properties.map((property) => {
            if (property.type !== "Property" || property.key.type !== "Identifier") throw new Error("not known here");
            return [property.key.name, evaluate(property.value, scope)];
          }),
        );
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return closure(node, scope, name);
      case "ConditionalExpression":
        return evaluate(evaluate(node.test, scope) ? node.consequent : node.alternate, scope);
      case "LogicalExpression": {
        const left = evaluate(node.left, scope);
        return isShort(node.operator, left) ? left : evaluate(node.right, scope);
      }
      case "UnaryExpression": {
        const value = evaluate(node.argument, scope);
        return node.operator === "!" ? !value : node.operator === "typeof" ? typeof value : -(value as number);
      }
      case "BinaryExpression":
        return operate(node.operator, evaluate(node.left, scope), evaluate(node.right, scope));
      case "SequenceExpression":
        return node.expressions.map((one) => evaluate(one, scope)).at(-1);
      case "MemberExpression":
        return (evaluate(node.object, scope) as Record<string, unknown>)[keyOf(node, scope)];
      case "CallExpression":
        return callOf(node, scope);
      case "NewExpression": {
        const [message] = node.arguments.map((one) => evaluate(one, scope));
        return node.callee.type === "Identifier" && node.callee.name === "RangeError"
          ? new RangeError(String(message))
          : new Error(String(message));
      }
      case "UpdateExpression": {
        const old = Number(evaluate(node.argument, scope));
        const value = node.operator === "++" ? old + 1 : old - 1;
        tellAll(write(node.argument, value, scope, false));
        return node.prefix ? value : old;
      }
      case "AssignmentExpression":
        return assignment(node, scope);
      default:
        throw new Error(`not known here: ${node.type}`);
    }
  };

  const callOf = ({ callee, arguments: parts }: Of<"CallExpression">, scope: Scope): unknown => {
    if (callee.type === "MemberExpression" && callee.object.type === "Identifier" && callee.object.name === "console") {
      const values = parts.map((one) => evaluate(one, scope));
      stdout += `${values.map((value) => String(value)).join(" ")}\n`;
      return undefined;
    }
    const owner = callee.type === "MemberExpression" ? evaluate(callee.object, scope) : undefined;
    const target =
      callee.type === "MemberExpression"
        ? (owner as Record<string, unknown>)[keyOf(callee, scope)]
        : evaluate(callee, scope);
    const values = parts.map((one) => evaluate(one, scope));
    if (typeof target !== "function") throw new TypeError("not a function");
    return Reflect.apply(target, owner, values);
  };

  const assignment = ({ left, right, operator }: Of<"AssignmentExpression">, scope: Scope): unknown => {
    if (operator === "=") {
      const value = evaluate(right, scope, left.type === "Identifier" ? left.name : null);
      tellAll(write(left, value, scope, false));
      return value;
    }
    const old = evaluate(left, scope);
    const plain = operator.slice(0, -1);
    if (/^(?:\|\||&&|\?\?)$/.test(plain)) {
      if (isShort(plain, old)) return old;
      const value = evaluate(right, scope);
      tellAll(write(left, value, scope, false));
      return value;
    }
    const value = operate(plain, old, evaluate(right, scope));
    tellAll(write(left, value, scope, false));
    return value;
  };

  const block = (body: readonly AnyNode[], scope: Scope): Completion => {
    for (const node of body) {
      if (node.type === "VariableDeclaration") {
        for (const { id } of node.declarations) {
          for (const name of namesIn(id)) declare(scope, name, true, node.kind === "const");
        }
      } else if (node.type === "FunctionDeclaration" && node.id) {
        const binding = declare(scope, node.id.name, false);
        binding.value = closure(node, scope, null);
        binding.bound = true;
      }
    }
    for (const node of body) {
      const completion = execute(node, scope, []);
      if (completion.kind !== "normal") return completion;
    }
    return NORMAL;
  };

  const declaration = (node: Of<"VariableDeclaration">, scope: Scope): void => {
    for (const { id, init } of node.declarations) {
      const value = init ? evaluate(init, scope, id.type === "Identifier" ? id.name : null) : undefined;
      const written = write(id, value, scope, true);
      if (init) tellAll(written);
    }
  };

  const execute = (node: AnyNode, scope: Scope, labels: readonly string[]): Completion => {
    switch (node.type) {
      case "FunctionDeclaration":
      case "EmptyStatement":
        return NORMAL;
      case "BlockStatement":
        return leaving(block(node.body, inside(scope)), labels);
      case "LabeledStatement":
        return execute(node.body, scope, [...labels, node.label.name]);
      case "WhileStatement":
        for (;;) {
          event(scope, node.start);
          if (!evaluate(node.test, scope)) return NORMAL;
          const left = goesOn(execute(node.body, scope, []), labels);
          if (left) return left;
        }
      case "DoWhileStatement":
        for (;;) {
          const left = goesOn(execute(node.body, scope, []), labels);
          if (left) return left;
          event(scope, node.test.start);
          if (!evaluate(node.test, scope)) return NORMAL;
        }
      default:
    }
    event(scope, node.start);
    switch (node.type) {
      case "ExpressionStatement":
        evaluate(node.expression, scope);
        return NORMAL;
      case "VariableDeclaration":
        declaration(node, scope);
        return NORMAL;
      case "ReturnStatement":
        return { kind: "return", value: node.argument ? evaluate(node.argument, scope) : undefined };
      case "ThrowStatement":
        throw evaluate(node.argument, scope);
      case "BreakStatement":
        return { kind: "break", label: node.label?.name ?? null };
      case "ContinueStatement":
        return { kind: "continue", label: node.label?.name ?? null };
      case "IfStatement": {
        const branch = evaluate(node.test, scope) ? node.consequent : node.alternate;
        return branch ? execute(branch, scope, []) : NORMAL;
      }
      case "ForStatement":
        return forLoop(node, scope, labels);
      case "ForOfStatement":
      case "ForInStatement":
        return loopOver(node, scope, labels);
      case "SwitchStatement": {
        const value = evaluate(node.discriminant, scope);
        const local = inside(scope);
        const at = node.cases.findIndex(({ test }) => test && evaluate(test, local) === value);
        const from = at < 0 ? node.cases.findIndex(({ test }) => !test) : at;
        const body = from < 0 ? [] : node.cases.slice(from).flatMap(({ consequent }) => consequent);
        const completion = block(body, local);
        return completion.kind === "break" && completion.label === null ? NORMAL : completion;
      }
      case "TryStatement":
        return attempt(node, scope);
      default:
        throw new Error(`not known here: ${node.type}`);
    }
  };

  const forLoop = (node: Of<"ForStatement">, scope: Scope, labels: readonly string[]): Completion => {
    let local = inside(scope);
    if (node.init?.type === "VariableDeclaration") {
      for (const { id } of node.init.declarations) for (const name of namesIn(id)) declare(local, name, true);
      declaration(node.init, local);
    } else if (node.init) evaluate(node.init, local);
    for (;;) {
      if (node.test && !evaluate(node.test, local)) return NORMAL;
      const left = goesOn(execute(node.body, local, []), labels);
      if (left) return left;
      event(scope, node.start);
      // Each round has variables of its own.
      local = { ...local, names: new Map([...local.names].map(([name, binding]) => [name, { ...binding }])) };
      if (node.update) evaluate(node.update, local);
    }
  };

  const loopOver = (
    { left, right, body, type, start }: Of<"ForOfStatement"> | Of<"ForInStatement">,
    scope: Scope,
    labels: readonly string[],
  ): Completion => {
    const head = inside(scope);
    if (left.type === "VariableDeclaration") {
      for (const name of namesIn(left.declarations[0].id)) declare(head, name, true);
    }
    const over = evaluate(right, head);
    const items = type === "ForOfStatement" ? (over as Iterable<unknown>) : Object.keys(over as object);
    let isFirst = true;
    for (const item of items) {
      if (!isFirst) event(scope, start);
      isFirst = false;
      const local = inside(scope);
      if (left.type === "VariableDeclaration") {
        const { id } = left.declarations[0];
        for (const name of namesIn(id)) declare(local, name, true, left.kind === "const");
        tellAll(write(id, item, local, true));
      } else tellAll(write(left, item, local, false));
      const over = goesOn(execute(body, local, []), labels);
      if (over) return over;
    }
    if (!isFirst) event(scope, start);
    return NORMAL;
  };

  const attempt = ({ block: body, handler, finalizer }: Of<"TryStatement">, scope: Scope): Completion => {
    let outcome = settle(() => block(body.body, inside(scope)));
    if (outcome.kind === "thrown" && handler) {
      const { error } = outcome;
      outcome = settle(() => {
        event(scope, handler.start);
        const local = inside(scope);
        if (handler.param) {
          for (const name of namesIn(handler.param)) declare(local, name, false);
          write(handler.param, error, local, true);
        }
        return block(handler.body.body, inside(local));
      });
    }
    const last = finalizer ? block(finalizer.body, inside(scope)) : NORMAL;
    if (last.kind !== "normal") return last;
    if (outcome.kind === "thrown") throw outcome.error;
    return outcome;
  };

  const root: Scope = { names: new Map(), parent: null, path: [], call: { of: null, newest: null } };
  Object.assign(declare(root, "JSON", false), { value: JSON, bound: true });
  const program = parse(source, { ecmaVersion: "latest" });
  let ending = "ok";
  try {
    block(program.body, root);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("not known here")) throw error;
    ending = error instanceof Error ? error.name : typeof error;
  }
  const kept = lines.filter(({ of }) => of === null || !recursive.has(of));
  return {
    stdout,
    ending,
    steps,
    lines: kept.map(({ line, next }) => [line, next] as const),
    executed: [...executed].sort((a, b) => a - b),
  };
}
