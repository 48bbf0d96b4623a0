// Runs the family's programs in TypeScript, thousands a second, with the final value of every variable. It serves to
// draw inputs and to make the warm-start corpus; it judges nothing: what decides is a real Python in the sandbox, and
// `data generate` stops where the two disagree.

import type { Json } from "../../../core/json.js";
import type { ProgramInput } from "../../problem.js";
import { builtin, callBuiltin, callMethod, type Keywords } from "./library.js";
import { parsePython } from "./parse.js";
import type { Comprehension, Expression, Statement, Target } from "./syntax.js";
import {
  asInt,
  binary,
  Callable,
  fromJson,
  iterate,
  Raised,
  slice,
  subscript,
  Tuple,
  text,
  toJson,
  truthy,
  type Value,
} from "./values.js";

/** What the sandbox's tracer would report of the same run. */
export interface Evaluation {
  readonly status: "ok" | `error:${string}`;
  /** Keys in the source order of each variable's last assignment. */
  readonly variables: Readonly<Record<string, Json>>;
  /** Parameters that their function never assigns again. */
  readonly parameters: readonly string[];
  readonly returned?: Json;
  readonly stdout: string;
}

export interface CompiledProgram {
  readonly statements: readonly Statement[];
  /** Every variable, in the source order of its last assignment. */
  readonly order: readonly string[];
  readonly parameters: readonly string[];
}

/** @throws UnsupportedPython where the program leaves the family's Python */
export function compileProgram(source: string): CompiledProgram {
  const statements = parsePython(source);
  const order = new Map<string, boolean>();
  orderOf(statements, "", order);
  return {
    statements,
    order: [...order.keys()],
    parameters: [...order].filter(([, parameter]) => parameter).map(([name]) => name),
  };
}

function orderOf(statements: readonly Statement[], scope: string, order: Map<string, boolean>): void {
  const bind = (name: string, parameter = false): void => {
    order.delete(scope + name);
    order.set(scope + name, parameter);
  };
  for (const statement of statements) {
    if ((statement.kind === "assign" || statement.kind === "augment") && "names" in statement.target) {
      for (const name of statement.target.names) bind(name);
    } else if (statement.kind === "for") {
      for (const name of statement.targets) bind(name);
    } else if (statement.kind === "def") {
      const inner = `${scope}${statement.name}.`;
      for (const name of statement.parameters) order.set(inner + name, true);
      orderOf(statement.body, inner, order);
    }
    if ("body" in statement && statement.kind !== "def") orderOf(statement.body, scope, order);
    if (statement.kind === "if") orderOf(statement.otherwise, scope, order);
  }
}

/** Runs the program on the input. @throws UnsupportedPython */
export function evaluate(program: CompiledProgram | string, input: ProgramInput): Evaluation {
  const compiled = typeof program === "string" ? compileProgram(program) : program;
  const run = new Run(input.kind === "stdio" ? input.stdin : "");
  let status: Evaluation["status"] = "ok";
  let returned: Json | undefined;
  try {
    run.module(compiled.statements, (lookup) => {
      if (input.kind === "call") returned = toJson(lookup(input.function)(input.arguments.map(fromJson)));
    });
  } catch (error) {
    if (!(error instanceof Raised)) throw error;
    status = `error:${error.type}`;
  }
  const entries: Array<[string, Json]> = [];
  for (const name of compiled.order) {
    const value = run.finals.get(name);
    if (value !== undefined) entries.push([name, value]);
  }
  return {
    status,
    variables: Object.fromEntries(entries),
    parameters: compiled.parameters,
    ...(returned !== undefined && { returned }),
    stdout: run.stdout,
  };
}

interface Frame {
  readonly names: Map<string, Value>;
  readonly outer: Frame | undefined;
  /** Path of the scope with its final dot: `f.`, `f.g.`; empty for the module. */
  readonly scope: string;
}

type Signal = { readonly kind: "return"; readonly value: Value } | { readonly kind: "break" | "continue" } | undefined;

const STEP_LIMIT = 5000;

/** One run: its output, and what each scope held when its last activation ended. */
class Run {
  stdout = "";
  readonly finals = new Map<string, Json>();
  readonly #lines: string[];
  #steps = 0;

  constructor(stdin: string) {
    this.#lines = stdin === "" ? [] : stdin.replace(/\n$/, "").split("\n");
  }

  module(
    statements: readonly Statement[],
    after: (lookup: (name: string) => (values: readonly Value[]) => Value) => void,
  ): void {
    const frame: Frame = { names: new Map(), outer: undefined, scope: "" };
    try {
      this.#block(statements, frame);
      after((name) => {
        const value = frame.names.get(name);
        if (!(value instanceof Callable)) throw new Raised("NameError");
        return value.call;
      });
    } finally {
      this.#keep(frame);
    }
  }

  /** A later activation of a scope replaces all that an earlier one left. */
  #keep(frame: Frame): void {
    for (const name of this.finals.keys()) {
      if (name.startsWith(frame.scope) && !name.slice(frame.scope.length).includes(".")) this.finals.delete(name);
    }
    for (const [name, value] of frame.names) {
      const json = toJson(value);
      if (json !== undefined) this.finals.set(frame.scope + name, json);
    }
  }

  #block(statements: readonly Statement[], frame: Frame): Signal {
    for (const statement of statements) {
      if (++this.#steps > STEP_LIMIT) throw new Raised("TimeLimit");
      const signal = this.#execute(statement, frame);
      if (signal) return signal;
    }
    return undefined;
  }

  #execute(statement: Statement, frame: Frame): Signal {
    switch (statement.kind) {
      case "expression":
        this.#value(statement.value, frame);
        return undefined;
      case "assign":
        this.#assign(statement.target, this.#value(statement.value, frame), frame);
        return undefined;
      case "augment":
        this.#augment(statement, frame);
        return undefined;
      case "if":
        return this.#block(truthy(this.#value(statement.test, frame)) ? statement.body : statement.otherwise, frame);
      case "for":
        for (const item of iterate(this.#value(statement.source, frame))) {
          this.#bind(statement.targets, item, frame);
          const signal = this.#block(statement.body, frame);
          if (signal?.kind === "break") break;
          if (signal?.kind === "return") return signal;
        }
        return undefined;
      case "while":
        while (truthy(this.#value(statement.test, frame))) {
          const signal = this.#block(statement.body, frame);
          if (signal?.kind === "break") break;
          if (signal?.kind === "return") return signal;
        }
        return undefined;
      case "return":
        return { kind: "return", value: statement.value ? this.#value(statement.value, frame) : null };
      case "def":
        frame.names.set(statement.name, this.#function(statement, frame));
        return undefined;
      case "break":
      case "continue":
        return { kind: statement.kind };
      case "pass":
        return undefined;
      default:
        throw statement satisfies never;
    }
  }

  #augment(statement: Extract<Statement, { kind: "augment" }>, frame: Frame): void {
    const { target } = statement;
    const old =
      "names" in target
        ? this.#lookup(target.names[0], frame)
        : subscript(this.#value(target.object, frame), this.#value(target.index, frame));
    this.#assign(target, binary(statement.operator, old, this.#value(statement.value, frame)), frame);
  }

  #function(definition: Extract<Statement, { kind: "def" }>, outer: Frame): Callable {
    const scope = `${outer.scope}${definition.name}.`;
    return new Callable((values) => {
      if (values.length !== definition.parameters.length) throw new Raised("TypeError");
      const names = new Map(definition.parameters.map((name, index) => [name, values[index]]));
      const frame: Frame = { names, outer, scope };
      try {
        const signal = this.#block(definition.body, frame);
        return signal?.kind === "return" ? signal.value : null;
      } finally {
        this.#keep(frame);
      }
    });
  }

  #assign(target: Target, value: Value, frame: Frame): void {
    if ("names" in target) {
      this.#bind(target.names, value, frame);
      return;
    }
    const object = this.#value(target.object, frame);
    const index = this.#value(target.index, frame);
    if (object instanceof Map) object.set(index, value);
    else if (Array.isArray(object)) {
      const at = asInt(index) < 0 ? object.length + asInt(index) : asInt(index);
      if (at < 0 || at >= object.length) throw new Raised("IndexError");
      object[at] = value;
    } else throw new Raised("TypeError");
  }

  #bind(names: readonly string[], value: Value, frame: Frame): void {
    if (names.length === 1) {
      frame.names.set(names[0], value);
      return;
    }
    const items = iterate(value);
    if (items.length !== names.length) throw new Raised("ValueError");
    for (const [index, name] of names.entries()) frame.names.set(name, items[index]);
  }

  #lookup(name: string, frame: Frame): Value {
    for (let at: Frame | undefined = frame; at; at = at.outer) {
      const value = at.names.get(name);
      if (value !== undefined) return value;
    }
    const found = builtin(name);
    if (!found) throw new Raised("NameError");
    return found;
  }

  #value(expression: Expression, frame: Frame): Value {
    switch (expression.kind) {
      case "constant":
        return expression.value;
      case "name":
        return this.#lookup(expression.name, frame);
      case "list":
        return expression.items.map((item) => this.#value(item, frame));
      case "tuple":
        return new Tuple(expression.items.map((item) => this.#value(item, frame)));
      case "dict":
        return new Map(
          expression.entries.map(([key, value]) => [this.#value(key, frame), this.#value(value, frame)] as const),
        );
      case "comprehension":
        return this.#comprehension(expression, frame);
      case "unary": {
        const operand = this.#value(expression.operand, frame);
        return expression.operator === "not" ? !truthy(operand) : binary("-", 0, operand);
      }
      case "binary":
        return this.#binary(expression, frame);
      case "conditional":
        return this.#value(truthy(this.#value(expression.test, frame)) ? expression.yes : expression.no, frame);
      case "index":
        return subscript(this.#value(expression.object, frame), this.#value(expression.index, frame));
      case "slice": {
        const bounds = expression.bounds.map((bound) => bound && this.#value(bound, frame));
        return slice(this.#value(expression.object, frame), bounds);
      }
      case "call":
        return this.#call(expression, frame);
      default:
        throw expression satisfies never;
    }
  }

  #binary(expression: Extract<Expression, { kind: "binary" }>, frame: Frame): Value {
    const left = this.#value(expression.left, frame);
    if (expression.operator === "and" && !truthy(left)) return left;
    if (expression.operator === "or" && truthy(left)) return left;
    const right = this.#value(expression.right, frame);
    return expression.operator === "and" || expression.operator === "or"
      ? right
      : binary(expression.operator, left, right);
  }

  /** The variables of a comprehension live in a frame of their own that leaves no trace. */
  #comprehension(expression: Comprehension, outer: Frame): Value {
    const frame: Frame = { names: new Map(), outer, scope: outer.scope };
    const list: Value[] = [];
    const dict = new Map<Value, Value>();
    for (const item of iterate(this.#value(expression.source, outer))) {
      this.#bind(expression.targets, item, frame);
      if (!expression.conditions.every((condition) => truthy(this.#value(condition, frame)))) continue;
      const element = this.#value(expression.element, frame);
      if (expression.key) dict.set(this.#value(expression.key, frame), element);
      else list.push(element);
    }
    return expression.key ? dict : list;
  }

  #call(expression: Extract<Expression, { kind: "call" }>, frame: Frame): Value {
    const object = expression.object && this.#value(expression.object, frame);
    const values: Value[] = [];
    for (const { star, value } of expression.arguments) {
      const given = this.#value(value, frame);
      if (star) values.push(...iterate(given));
      else values.push(given);
    }
    const keywords: Keywords = Object.fromEntries(
      Object.entries(expression.keywords).map(([name, value]) => [name, this.#value(value, frame)]),
    );
    if (object !== undefined) return callMethod(object, expression.name, values);
    if (expression.name === "input") return this.#input();
    if (expression.name === "print") {
      this.stdout += `${values.map(text).join(" ")}\n`;
      return null;
    }
    const own = this.#own(expression.name, frame);
    return own ? own.call(values) : callBuiltin(expression.name, values, keywords);
  }

  #own(name: string, frame: Frame): Callable | undefined {
    for (let at: Frame | undefined = frame; at; at = at.outer) {
      const value = at.names.get(name);
      if (value instanceof Callable) return value;
      if (value !== undefined) throw new Raised("TypeError");
    }
    return undefined;
  }

  #input(): string {
    const line = this.#lines.shift();
    if (line === undefined) throw new Raised("EOFError");
    return line;
  }
}
