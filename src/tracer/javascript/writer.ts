// Where the recorder's calls go into a program's text, and what they say. Text is only added, between two marks.

import type { AnyNode } from "acorn";
import type { Edit } from "../../sandbox/javascript/splice.js";
import { boundNames, childrenOf, type Parsed } from "../../sandbox/javascript/syntax.js";
import { type MarkedLines, markLines } from "./lines.js";
import { collectPieces, type Pieces } from "./pieces.js";
import { type FunctionScope, isFunction, lookUp, type Scope, type Scopes, type Variable } from "./scopes.js";
import { isLoopHead, lineNumbers } from "./statements.js";

/** What the recorder knows of one function. */
export interface RecordedScope {
  readonly id: number;
  readonly path: string;
  readonly isNamed: boolean;
  /** The key of each variable that it may be asked for, in the order of its function's `switch`. */
  readonly keys: readonly string[];
  /** Those of them that belong to functions around, with their function's number. */
  readonly borrowed: Readonly<Record<string, number>>;
  /** A generator or async function that names itself: what runs inside what cannot be seen from its beginnings. */
  readonly callsItself: boolean;
}

/** What is told besides final values. */
export interface Along {
  readonly steps: boolean;
  readonly lines: boolean;
  /** Whether steps include what a followed function is given. */
  readonly withArguments: boolean;
}

export class Writer {
  readonly #pieces: Pieces;
  /** The function's own stand-in for each variable of a block. */
  readonly #stands = new Map<Variable, string>();
  readonly #borrowed = new Map<FunctionScope, Set<Variable>>();
  readonly #namesItself = new Set<FunctionScope>();
  readonly #leaves: boolean;
  #lines: MarkedLines = { isFollowed: () => false, counters: new Map() };
  /** Keys of variables whose assignments are told, and those of which some cannot be. */
  readonly #keys = new Map<string, number>();
  readonly #untold = new Set<string>();
  #told = 0;

  constructor(
    private readonly source: string,
    private readonly parsed: Parsed,
    private readonly scopes: Scopes,
    /** The recorder's name, which the text does not hold. */
    private readonly recorder: string,
    private readonly along: Along,
  ) {
    this.#pieces = collectPieces(recorder);
    this.#leaves = /\b(?:exit|abort)\b/.test(source);
    for (const variable of scopes.functions.flatMap(({ variables }) => variables)) {
      if (variable.inBlock) this.#stands.set(variable, `${recorder}${this.#stands.size}`);
    }
  }

  /** Finds what is written where, and puts the calls in. */
  write(): readonly Edit[] {
    const { tree } = this.parsed;
    if (this.along.lines) {
      this.#lines = markLines(this.parsed, this.scopes, lineNumbers(this.source), this.recorder, this.#pieces);
    }
    this.#visit(tree, this.scopes.of.get(tree) as Scope, null);
    for (const scope of this.scopes.functions) this.#wrap(scope);
    return this.#pieces.edits();
  }

  /** The variable of each number by which its assignments are told; null where some of them cannot be. */
  told(): Array<string | null> {
    return [...this.#keys.keys()].map((key) => (this.#untold.has(key) ? null : key));
  }

  recorded(): RecordedScope[] {
    return this.scopes.functions.map((scope) => {
      const borrowed = [...(this.#borrowed.get(scope) ?? [])];
      return {
        id: scope.id,
        path: scope.path?.join(".") ?? "",
        isNamed: scope.path !== null,
        keys: this.#asked(scope).map(({ key }) => key as string),
        borrowed: Object.fromEntries(borrowed.map(({ key, owner }) => [key as string, owner.id])),
        callsItself: this.#namesItself.has(scope),
      };
    });
  }

  #visit(node: AnyNode, around: Scope, parent: AnyNode | null): void {
    const scope = this.scopes.of.get(node) ?? around;
    if (node.type === "Identifier") this.#reference(node, scope, parent);
    else if (node.type === "VariableDeclaration") this.#declaration(node, scope, parent);
    else if (node.type === "AssignmentExpression") this.#assignment(node, scope, parent);
    else if (node.type === "UpdateExpression") this.#update(node, scope, parent);
    else if (node.type === "ForStatement") this.#loop(node, scope);
    else if (node.type === "ForInStatement" || node.type === "ForOfStatement") this.#loopOver(node, scope);
    else if (node.type === "TryStatement" && this.#leaves) this.#keepFromCatching(node);
    for (const child of childrenOf(node)) this.#visit(child, scope, node);
  }

  /** A function that outlives the one around it may change that one's variables later. */
  #reference(node: Extract<AnyNode, { type: "Identifier" }>, scope: Scope, parent: AnyNode | null): void {
    const variable = lookUp(scope, node.name);
    const { owner } = scope;
    const isOwnName = parent !== null && "id" in parent && parent.id === node;
    if (owner.path?.at(-1) === node.name && !isOwnName) this.#namesItself.add(owner);
    if (!variable || variable.key === null || variable.owner === owner || variable.owner.outer === null) return;
    const changes = parent?.type === "MemberExpression" && parent.object === node;
    if (owner.path === null && !changes && !variable.reassigned) return;
    this.#borrow(owner, variable);
  }

  #borrow(owner: FunctionScope, variable: Variable): void {
    const borrowed = this.#borrowed.get(owner) ?? new Set();
    this.#borrowed.set(owner, borrowed.add(variable));
  }

  /** Notes that the text writes a variable here. @returns what keeps its value within reach, or nothing */
  #written(names: readonly AnyNode[], scope: Scope, at: number, again: boolean): string[] {
    return names.flatMap((name) => {
      const variable = name.type === "Identifier" ? lookUp(scope, name.name) : null;
      if (!variable || variable.key === null) return [];
      variable.lastWrite = Math.max(variable.lastWrite, at);
      variable.reassigned ||= again;
      if (variable.owner !== scope.owner && variable.owner.outer !== null) this.#borrow(scope.owner, variable);
      const stand = this.#stands.get(variable);
      return stand === undefined ? [] : [`${stand}=${variable.name}`];
    });
  }

  /** Calls that tell what these names have just been assigned, each once. */
  #steps(names: readonly AnyNode[], scope: Scope): string[] {
    if (!this.along.steps) return [];
    const found = new Map<string, string>();
    for (const name of names) {
      const number = name.type === "Identifier" ? this.#numberOf(name.name, scope) : null;
      if (number !== null && name.type === "Identifier") {
        found.set(name.name, `${this.recorder}.step(${number},${name.name})`);
      }
    }
    return [...found.values()];
  }

  /** Null for what is no variable. */
  #numberOf(name: string, scope: Scope): number | null {
    const key = lookUp(scope, name)?.key ?? null;
    if (key === null) return null;
    const number = this.#keys.get(key) ?? this.#keys.size;
    this.#keys.set(key, number);
    return number;
  }

  #declaration(node: Extract<AnyNode, { type: "VariableDeclaration" }>, scope: Scope, parent: AnyNode | null): void {
    const isHead = isLoopHead(node, parent);
    const names = node.declarations.flatMap(({ id }) => boundNames(id));
    const written = this.#written(names, scope, node.start, false);
    for (const { id, init } of node.declarations) {
      if (!init && !isHead && id.type === "Identifier") {
        const variable = lookUp(scope, id.name);
        if (variable?.lastWrite === node.start) variable.lastWrite = -1;
      }
    }
    const after = isHead ? [] : [...written];
    for (const { id, init, end } of node.declarations) {
      const steps = init ? this.#steps(boundNames(id), scope) : [];
      if (steps.length === 0) continue;
      // Each at once, by a neighbour; an exported neighbour would be seen.
      if (parent?.type.startsWith("Export")) after.push(...steps);
      else this.#pieces.close(node, end, `,${this.recorder}d${this.#told++}=(${steps.join(",")})`);
    }
    if (after.length > 0) this.#pieces.close(node, node.end, `;${after.join(";")};`);
  }

  #assignment(node: Extract<AnyNode, { type: "AssignmentExpression" }>, scope: Scope, parent: AnyNode | null): void {
    const names = boundNames(node.left);
    const isLogical = /^(?:\|\||&&|\?\?)=$/.test(node.operator);
    if (isLogical) this.#maybeStep(node, scope);
    const written = [...this.#written(names, scope, node.start, true), ...(isLogical ? [] : this.#steps(names, scope))];
    if (written.length === 0) return;
    if (parent?.type === "ExpressionStatement") this.#pieces.close(node, node.end, `,${written.join(",")}`);
    else this.#keepValue(node, written, node.left.type === "Identifier");
  }

  /** `x ||= value` assigns only where it comes to the value. Around a function without a name that would take its name. */
  #maybeStep(node: Extract<AnyNode, { type: "AssignmentExpression" }>, scope: Scope): void {
    const { left, right } = node;
    const number = this.along.steps && left.type === "Identifier" ? this.#numberOf(left.name, scope) : null;
    if (number === null || left.type !== "Identifier" || lookUp(scope, left.name)?.isConstant) return;
    const isNamedByIt = /^(?:Function|ArrowFunction|Class)Expression$/.test(right.type);
    if (isNamedByIt) this.#untold.add(lookUp(scope, left.name)?.key as string);
    else this.#pieces.around(node, right.start, right.end, `${this.recorder}.step(${number},(`, "))");
  }

  #update(node: Extract<AnyNode, { type: "UpdateExpression" }>, scope: Scope, parent: AnyNode | null): void {
    const names = [node.argument];
    const written = [...this.#written(names, scope, node.start, true), ...this.#steps(names, scope)];
    if (written.length === 0) return;
    const unused =
      parent?.type === "ExpressionStatement" || (parent?.type === "ForStatement" && parent.update === node);
    if (unused) this.#pieces.close(node, node.end, `,${written.join(",")}`);
    else this.#keepValue(node, written, node.prefix);
  }

  /** An expression whose value somebody uses. @param isLast  whether the variable has that very value afterwards */
  #keepValue(node: AnyNode, written: readonly string[], isLast: boolean): void {
    const value = `${this.recorder}v`;
    this.#pieces.open(node, node.start, isLast ? "(" : `(${value}=(`);
    this.#pieces.close(node, node.end, isLast ? `,${written.join(",")})` : `),${written.join(",")},${value})`);
  }

  /** A loop's own variables are looked at with its condition, after each round and before the first. */
  #loop(node: Extract<AnyNode, { type: "ForStatement" }>, scope: Scope): void {
    if (node.init?.type !== "VariableDeclaration" || node.init.kind === "var") return;
    const written = this.#written(
      node.init.declarations.flatMap(({ id }) => boundNames(id)),
      scope,
      node.init.start,
      false,
    );
    if (written.length === 0) return;
    if (node.test) {
      this.#pieces.open(node, node.test.start, `(${written.join(",")},`);
      this.#pieces.close(node, node.test.end, ")");
    } else this.#pieces.open(node, this.source.indexOf(";", node.init.end) + 1, `(${written.join(",")},true)`);
  }

  #loopOver(node: Extract<AnyNode, { type: "ForInStatement" | "ForOfStatement" }>, scope: Scope): void {
    const { left, body } = node;
    const isNew = left.type === "VariableDeclaration";
    const names = isNew ? left.declarations.flatMap(({ id }) => boundNames(id)) : boundNames(left);
    const written = [...this.#written(names, scope, left.start, !isNew), ...this.#steps(names, scope)];
    // In front of the body, which may have its own variables of these names.
    if (written.length > 0) this.#pieces.around(node, body.start, body.end, `{${written.join(";")};`, "}");
  }

  /** The end of the program is not for catching, and nothing is tidied up after it. */
  #keepFromCatching({ handler, finalizer }: Extract<AnyNode, { type: "TryStatement" }>): void {
    if (handler) this.#pieces.open(handler, handler.body.start + 1, `${this.recorder}.pass();`);
    if (!finalizer) return;
    this.#pieces.around(finalizer, finalizer.start + 1, finalizer.end - 1, `if(!${this.recorder}.isLeaving()){`, "}");
  }

  #asked(scope: FunctionScope): Variable[] {
    return [...scope.variables, ...(this.#borrowed.get(scope) ?? [])];
  }

  #wrap(scope: FunctionScope): void {
    const { node, id } = scope;
    const asked = this.#asked(scope);
    const cases = asked.map(
      (variable, index) => `case ${index}:return ${this.#stands.get(variable) ?? variable.name};`,
    );
    const peek = `(i)=>{switch(i){${cases.join("")}}}`;
    const declared = this.#declared(scope);
    if (scope.outer === null) {
      const record = this.along.lines ? `const ${this.recorder}c=${this.recorder}.began(0);` : "";
      const text = `;let ${this.recorder}v;${record}${declared}${this.recorder}.module(${peek});`;
      // Further outside than the first statement, which begins where the program does.
      this.#pieces.open({ start: -1 }, afterDirectives(node, this.source), text);
      return;
    }
    if (scope.opaque || !("body" in node) || !isFunction(node)) return;
    const body = node.body as AnyNode;
    const isOpen = ("generator" in node && node.generator) || ("async" in node && node.async);
    const isFollowed = body.type === "BlockStatement" && this.#lines.isFollowed(scope);
    // Without variables of its own and of others there is nothing to tell, but who calls itself.
    if (asked.length === 0 && (scope.path === null || isOpen) && !isFollowed) return;
    const me = `${this.recorder}a`;
    const begin = isOpen ? `const ${me}=${this.recorder}.enterOpen(${id},${peek});` : `${this.recorder}.enter(${id});`;
    const leave = `if(${this.recorder}.leave(${id}))${this.recorder}.take(${id},${peek})`;
    const [began, ended] = isFollowed
      ? [
          `const ${this.recorder}c=${this.recorder}.began(${id});${this.#given(scope)}`,
          `${this.recorder}.ended(${this.recorder}c);`,
        ]
      : ["", ""];
    const end = `}finally{${ended}${isOpen ? `${this.recorder}.leaveOpen(${me})` : leave}}`;
    if (body.type === "BlockStatement") {
      const from = afterDirectives(body, this.source);
      this.#pieces.around(node, from, body.end - 1, `;${declared}${began}${begin}try{`, end);
    } else {
      const arrow = this.parsed.arrows.findLast((at) => at < body.start) as number;
      this.#pieces.open(node, arrow + 2, `{${declared}${begin}try{return(`);
      this.#pieces.close(node, node.end, `)${end}}`);
    }
  }

  /** Calls that tell what the function was given. */
  #given({ node, variables }: FunctionScope): string {
    const scope = this.scopes.of.get(node);
    if (!this.along.withArguments || !scope) return "";
    const calls = variables
      .filter(({ isParameter }) => isParameter)
      .flatMap(({ name }) => {
        const number = this.#numberOf(name, scope);
        return number === null ? [] : [`${this.recorder}.step(${number},${name});`];
      });
    return calls.join("");
  }

  /** What a function has besides its own variables: stand-ins, and counters of rounds. */
  #declared(scope: FunctionScope): string {
    const stands = scope.variables.flatMap((variable) => this.#stands.get(variable) ?? []);
    const all = [
      ...stands.map((name) => `${name}=${this.recorder}.unbound`),
      ...(this.#lines.counters.get(scope) ?? []),
    ];
    return all.length > 0 ? `let ${all.join(",")};` : "";
  }
}

/** Where a body's first statement may be put: a directive must stay the first. */
function afterDirectives(node: AnyNode, source: string): number {
  if (node.type !== "BlockStatement" && node.type !== "Program") return node.start;
  const directives = node.body.filter((statement) => "directive" in statement && statement.directive !== undefined);
  const last = directives.at(-1);
  if (last) return last.end;
  if (node.type === "BlockStatement") return node.start + 1;
  return source.startsWith("#!") ? source.indexOf("\n") + 1 || source.length : 0;
}
