// Reads the small part of Python that the family's programs are written in. Not a Python parser: what the family does
// not write is refused, so that a wrong reading can never go unnoticed.

import { type Comprehension, type Expression, type Statement, type Target, UnsupportedPython } from "./syntax.js";

interface Line {
  readonly indent: number;
  readonly tokens: readonly string[];
}

const TOKEN =
  /\s*(\d+|[A-Za-z_]\w*|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\/\/=|\*\*|[-+*%]=|\/\/|[=!<>]=|[-+*%<>=()[\]{}:,.])/y;
const LEVELS: readonly string[][] = [["or"], ["and"], ["in", "not in", "==", "!=", "<", ">", "<=", ">="]];
const ARITHMETIC: readonly string[][] = [
  ["+", "-"],
  ["*", "//", "%"],
];

/** @throws UnsupportedPython */
export function parsePython(source: string): Statement[] {
  const lines: Line[] = source
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ indent: line.length - line.trimStart().length, tokens: tokenize(line) }));
  const parser = new Parser(lines);
  return parser.program();
}

function tokenize(line: string): string[] {
  const tokens: string[] = [];
  const text = line.trimEnd();
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new UnsupportedPython(`cannot read ${JSON.stringify(text.slice(from))}`);
    tokens.push(match[1]);
  }
  return tokens;
}

/** Holds the position in the lines and in the tokens of the current one. */
class Parser {
  readonly #lines: readonly Line[];
  #line = 0;
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  program(): Statement[] {
    const statements = this.#block(0);
    if (this.#line < this.#lines.length) throw this.#unsupported("an indentation");
    return statements;
  }

  #block(indent: number): Statement[] {
    const statements: Statement[] = [];
    while (this.#lines[this.#line]?.indent === indent) {
      this.#at = 0;
      statements.push(this.#statement(indent));
    }
    return statements;
  }

  #inner(indent: number): Statement[] {
    this.#expect(":");
    this.#endLine();
    const inner = this.#lines[this.#line]?.indent ?? 0;
    if (inner <= indent) throw this.#unsupported("an empty block");
    return this.#block(inner);
  }

  #statement(indent: number): Statement {
    const word = this.#peek();
    if (word === "for") {
      this.#at++;
      const targets = this.#targets();
      this.#expect("in");
      const source = this.#expression();
      return { kind: "for", targets, source, body: this.#inner(indent) };
    }
    if (word === "while") {
      this.#at++;
      const test = this.#expression();
      return { kind: "while", test, body: this.#inner(indent) };
    }
    if (word === "if" || word === "elif") return this.#if(indent);
    if (word === "def") {
      this.#at++;
      const name = this.#next();
      this.#expect("(");
      const parameters = this.#peek() === ")" ? [] : this.#targets();
      this.#expect(")");
      return { kind: "def", name, parameters, body: this.#inner(indent) };
    }
    const statement = this.#simple(word);
    this.#endLine();
    return statement;
  }

  #if(indent: number): Statement {
    this.#at++;
    const test = this.#expression();
    const body = this.#inner(indent);
    const next = this.#lines[this.#line];
    let otherwise: Statement[] = [];
    if (next?.indent === indent && next.tokens[0] === "elif") {
      this.#at = 0;
      otherwise = [this.#if(indent)];
    } else if (next?.indent === indent && next.tokens[0] === "else") {
      this.#at = 1;
      otherwise = this.#inner(indent);
    }
    return { kind: "if", test, body, otherwise };
  }

  #simple(word: string): Statement {
    if (word === "return") {
      this.#at++;
      return { kind: "return", value: this.#peek() === "" ? undefined : this.#expressions() };
    }
    if (word === "break" || word === "continue" || word === "pass") {
      this.#at++;
      return { kind: word };
    }
    const left = this.#expressions();
    const operator = this.#peek();
    if (operator === "=") {
      this.#at++;
      return { kind: "assign", target: this.#target(left), value: this.#expressions() };
    }
    if (/^(\/\/|[-+*%])=$/.test(operator)) {
      this.#at++;
      return {
        kind: "augment",
        target: this.#target(left),
        operator: operator.slice(0, -1),
        value: this.#expressions(),
      };
    }
    return { kind: "expression", value: left };
  }

  #target(left: Expression): Target {
    if (left.kind === "name") return { names: [left.name] };
    if (left.kind === "index") return left;
    if (left.kind === "tuple") {
      return { names: left.items.map((item) => (item.kind === "name" ? item.name : this.#fail("a target"))) };
    }
    return this.#fail("a target");
  }

  #targets(): string[] {
    const names = [this.#next()];
    while (this.#take(",")) names.push(this.#next());
    return names;
  }

  #expressions(): Expression {
    const first = this.#expression();
    if (this.#peek() !== ",") return first;
    const items = [first];
    while (this.#take(",")) items.push(this.#expression());
    return { kind: "tuple", items };
  }

  #expression(): Expression {
    const yes = this.#level(0);
    if (!this.#take("if")) return yes;
    const test = this.#level(0);
    this.#expect("else");
    return { kind: "conditional", test, yes, no: this.#expression() };
  }

  #level(level: number): Expression {
    if (level === LEVELS.length) return this.#arithmetic(0);
    if (level === 2 && this.#take("not")) {
      return { kind: "unary", operator: "not", operand: this.#level(2) };
    }
    let left = this.#level(level + 1);
    for (let count = 0; ; count++) {
      let operator = this.#peek();
      if (operator === "not" && this.#lines[this.#line].tokens[this.#at + 1] === "in") operator = "not in";
      if (!LEVELS[level].includes(operator)) return left;
      if (level === 2 && count > 0) throw this.#unsupported("a chained comparison");
      this.#at += operator === "not in" ? 2 : 1;
      left = { kind: "binary", operator, left, right: this.#level(level + 1) };
    }
  }

  #arithmetic(level: number): Expression {
    if (level === ARITHMETIC.length) {
      if (this.#take("-")) return { kind: "unary", operator: "-", operand: this.#arithmetic(level) };
      return this.#postfix(this.#atom());
    }
    let left = this.#arithmetic(level + 1);
    while (ARITHMETIC[level].includes(this.#peek())) {
      const operator = this.#next();
      left = { kind: "binary", operator, left, right: this.#arithmetic(level + 1) };
    }
    return left;
  }

  #postfix(start: Expression): Expression {
    let object = start;
    for (;;) {
      if (this.#take("[")) object = this.#subscript(object);
      else if (this.#take(".")) {
        const name = this.#next();
        this.#expect("(");
        object = { kind: "call", object, name, ...this.#arguments() };
      } else if (this.#peek() === "(" && object.kind === "name") {
        this.#at++;
        object = { kind: "call", name: object.name, ...this.#arguments() };
      } else return object;
    }
  }

  #subscript(object: Expression): Expression {
    const bounds: Array<Expression | undefined> = [undefined];
    while (!this.#take("]")) {
      if (this.#take(":")) bounds.push(undefined);
      else bounds[bounds.length - 1] = this.#expression();
    }
    if (bounds.length > 1) return { kind: "slice", object, bounds };
    const index = bounds[0];
    return index ? { kind: "index", object, index } : this.#fail("an empty subscript");
  }

  #arguments(): Pick<Extract<Expression, { kind: "call" }>, "arguments" | "keywords"> {
    const values: Array<{ star: boolean; value: Expression }> = [];
    const keywords: Record<string, Expression> = {};
    while (!this.#take(")")) {
      const star = this.#take("*");
      if (this.#lines[this.#line].tokens[this.#at + 1] === "=") {
        const name = this.#next();
        this.#expect("=");
        keywords[name] = this.#expression();
      } else {
        const value = this.#expression();
        values.push({ star, value: this.#peek() === "for" ? this.#comprehension("generator", value) : value });
      }
      if (this.#peek() !== ")") this.#expect(",");
    }
    return { arguments: values, keywords };
  }

  #comprehension(of: Comprehension["of"], element: Expression, key?: Expression): Comprehension {
    this.#expect("for");
    const targets = this.#targets();
    this.#expect("in");
    const source = this.#level(0);
    const conditions: Expression[] = [];
    while (this.#take("if")) conditions.push(this.#level(0));
    return { kind: "comprehension", of, ...(key && { key }), element, targets, source, conditions };
  }

  #atom(): Expression {
    const token = this.#next();
    if (/^\d/.test(token)) return { kind: "constant", value: Number(token) };
    if (/^['"]/.test(token)) return { kind: "constant", value: unescape(token) };
    if (token === "True" || token === "False") return { kind: "constant", value: token === "True" };
    if (token === "None") return { kind: "constant", value: null };
    if (/^[A-Za-z_]/.test(token)) return { kind: "name", name: token };
    if (token === "(") {
      const inner = this.#expressions();
      this.#expect(")");
      return inner;
    }
    if (token === "[") return this.#list();
    if (token === "{") return this.#dict();
    return this.#fail(`"${token}"`);
  }

  #list(): Expression {
    const items: Expression[] = [];
    while (!this.#take("]")) {
      items.push(this.#expression());
      if (this.#peek() === "for") {
        const result = this.#comprehension("list", items[0]);
        this.#expect("]");
        return result;
      }
      if (this.#peek() !== "]") this.#expect(",");
    }
    return { kind: "list", items };
  }

  #dict(): Expression {
    const entries: Array<readonly [Expression, Expression]> = [];
    while (!this.#take("}")) {
      const key = this.#expression();
      this.#expect(":");
      const value = this.#expression();
      if (this.#peek() === "for") {
        const result = this.#comprehension("dict", value, key);
        this.#expect("}");
        return result;
      }
      entries.push([key, value]);
      if (this.#peek() !== "}") this.#expect(",");
    }
    return { kind: "dict", entries };
  }

  #peek(): string {
    return this.#lines[this.#line]?.tokens[this.#at] ?? "";
  }

  #next(): string {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail(`something other than "${token}"`);
  }

  #endLine(): void {
    if (this.#peek() !== "") this.#fail("more on the line");
    this.#line++;
    this.#at = 0;
  }

  #fail(what: string): never {
    throw this.#unsupported(what);
  }

  #unsupported(what: string): UnsupportedPython {
    const line = this.#lines[this.#line]?.tokens.join(" ") ?? "the end";
    return new UnsupportedPython(`${what} in "${line}" is outside the family's Python`);
  }
}

function unescape(literal: string): string {
  return literal.slice(1, -1).replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
}
