// Where the recorder's calls go into a program's text, and what they say. Text is only added, between two marks.

import type { AnyNode } from "acorn";
import type { Edit } from "../../sandbox/javascript/splice.js";
import { boundNames, childrenOf, type Parsed } from "../../sandbox/javascript/syntax.js";
import { type FunctionScope, isFunction, lookUp, type Scope, type Scopes, type Variable } from "./scopes.js";

/** What the recorder knows of one function. */
export interface RecordedScope {
  readonly id: number;
  readonly path: string;
  /** The key of each variable that it may be asked for, in the order of its function's `switch`. */
  readonly keys: readonly string[];
  /** Those of them that belong to functions around, with their function's number. */
  readonly borrowed: Readonly<Record<string, number>>;
  /** A generator or async function that names itself: what runs inside what cannot be seen from its beginnings. */
  readonly callsItself: boolean;
}

interface Piece extends Edit {
  readonly isEnd: boolean;
  /** Where its node begins: the smaller, the further outside it is. */
  readonly nodeAt: number;
}

/** At one place all that ends goes first, from the inside out; then what begins, from the outside in. */
function inOrder(a: Piece, b: Piece): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.isEnd !== b.isEnd) return a.isEnd ? -1 : 1;
  return a.isEnd ? b.nodeAt - a.nodeAt : a.nodeAt - b.nodeAt;
}

export class Writer {
  readonly #pieces: Piece[] = [];
  /** The function's own stand-in for each variable of a block. */
  readonly #stands = new Map<Variable, string>();
  readonly #borrowed = new Map<FunctionScope, Set<Variable>>();
  readonly #namesItself = new Set<FunctionScope>();
  readonly #mark: string;
  readonly #leaves: boolean;

  constructor(
    private readonly source: string,
    private readonly parsed: Parsed,
    private readonly scopes: Scopes,
    /** The recorder's name, which the text does not hold. */
    private readonly recorder: string,
  ) {
    this.#mark = `/*${recorder}*/`;
    this.#leaves = /\b(?:exit|abort)\b/.test(source);
    for (const variable of scopes.functions.flatMap(({ variables }) => variables)) {
      if (variable.inBlock) this.#stands.set(variable, `${recorder}${this.#stands.size}`);
    }
  }

  /** Finds what is written where, and puts the calls in. */
  write(): readonly Edit[] {
    const { tree } = this.parsed;
    this.#visit(tree, this.scopes.of.get(tree) as Scope, null);
    for (const scope of this.scopes.functions) this.#wrap(scope);
    return this.#pieces.sort(inOrder);
  }

  recorded(): RecordedScope[] {
    return this.scopes.functions.map((scope) => {
      const borrowed = [...(this.#borrowed.get(scope) ?? [])];
      return {
        id: scope.id,
        path: scope.path?.join(".") ?? "",
        keys: this.#asked(scope).map(({ key }) => key as string),
        borrowed: Object.fromEntries(borrowed.map(({ key, owner }) => [key as string, owner.id])),
        callsItself: this.#namesItself.has(scope),
      };
    });
  }

  /** In front of what a node, or a part of it, begins with. */
  #open(node: AnyNode, at: number, text: string): void {
    this.#pieces.push({ at, text: this.#mark + text + this.#mark, isEnd: false, nodeAt: node.start });
  }

  /** Around all that is between two places; a piece of its own where that is nothing. */
  #around(node: AnyNode, from: number, to: number, before: string, after: string): void {
    if (from === to) return this.#open(node, from, before + after);
    this.#open(node, from, before);
    this.#close(node, to, after);
  }

  /** Behind what a node, or a part of it, ends with. */
  #close(node: AnyNode, at: number, text: string): void {
    this.#pieces.push({ at, text: this.#mark + text + this.#mark, isEnd: true, nodeAt: node.start });
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

  #declaration(node: Extract<AnyNode, { type: "VariableDeclaration" }>, scope: Scope, parent: AnyNode | null): void {
    const isHead = parent !== null && parent.type.startsWith("For") && "body" in parent && parent.body !== node;
    const names = node.declarations.flatMap(({ id }) => boundNames(id));
    const written = this.#written(names, scope, node.start, false);
    for (const { id, init } of node.declarations) {
      if (!init && !isHead && id.type === "Identifier") {
        const variable = lookUp(scope, id.name);
        if (variable?.lastWrite === node.start) variable.lastWrite = -1;
      }
    }
    if (!isHead && written.length > 0) this.#close(node, node.end, `;${written.join(";")};`);
  }

  #assignment(node: Extract<AnyNode, { type: "AssignmentExpression" }>, scope: Scope, parent: AnyNode | null): void {
    const written = this.#written(boundNames(node.left), scope, node.start, true);
    if (written.length === 0) return;
    if (parent?.type === "ExpressionStatement") this.#close(node, node.end, `,${written.join(",")}`);
    else this.#keepValue(node, written, node.left.type === "Identifier");
  }

  #update(node: Extract<AnyNode, { type: "UpdateExpression" }>, scope: Scope, parent: AnyNode | null): void {
    const written = this.#written([node.argument], scope, node.start, true);
    if (written.length === 0) return;
    const unused =
      parent?.type === "ExpressionStatement" || (parent?.type === "ForStatement" && parent.update === node);
    if (unused) this.#close(node, node.end, `,${written.join(",")}`);
    else this.#keepValue(node, written, node.prefix);
  }

  /** An expression whose value somebody uses. @param isLast  whether the variable has that very value afterwards */
  #keepValue(node: AnyNode, written: readonly string[], isLast: boolean): void {
    const value = `${this.recorder}v`;
    this.#open(node, node.start, isLast ? "(" : `(${value}=(`);
    this.#close(node, node.end, isLast ? `,${written.join(",")})` : `),${written.join(",")},${value})`);
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
      this.#open(node, node.test.start, `(${written.join(",")},`);
      this.#close(node, node.test.end, ")");
    } else this.#open(node, this.source.indexOf(";", node.init.end) + 1, `(${written.join(",")},true)`);
  }

  #loopOver(node: Extract<AnyNode, { type: "ForInStatement" | "ForOfStatement" }>, scope: Scope): void {
    const { left, body } = node;
    const isNew = left.type === "VariableDeclaration";
    const names = isNew ? left.declarations.flatMap(({ id }) => boundNames(id)) : boundNames(left);
    const written = this.#written(names, scope, left.start, !isNew);
    if (written.length === 0) return;
    if (body.type === "BlockStatement") this.#open(node, body.start + 1, `${written.join(";")};`);
    else {
      this.#open(node, body.start, `{${written.join(";")};`);
      this.#close(node, body.end, "}");
    }
  }

  /** The end of the program is not for catching, and nothing is tidied up after it. */
  #keepFromCatching({ handler, finalizer }: Extract<AnyNode, { type: "TryStatement" }>): void {
    if (handler) this.#open(handler, handler.body.start + 1, `${this.recorder}.pass();`);
    if (!finalizer) return;
    this.#around(finalizer, finalizer.start + 1, finalizer.end - 1, `if(!${this.recorder}.isLeaving()){`, "}");
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
    const stands = scope.variables.flatMap((variable) => this.#stands.get(variable) ?? []);
    const unbound = `${this.recorder}.unbound`;
    const declared = stands.length > 0 ? `let ${stands.map((name) => `${name}=${unbound}`).join(",")};` : "";
    if (scope.outer === null) {
      this.#open(
        node,
        afterDirectives(node, this.source),
        `let ${this.recorder}v;${declared}${this.recorder}.module(${peek});`,
      );
      return;
    }
    if (scope.opaque || !("body" in node) || !isFunction(node)) return;
    const isOpen = ("generator" in node && node.generator) || ("async" in node && node.async);
    // Without variables of its own and of others there is nothing to tell, but who calls itself.
    if (asked.length === 0 && (scope.path === null || isOpen)) return;
    const me = `${this.recorder}a`;
    const begin = isOpen ? `const ${me}=${this.recorder}.enterOpen(${id},${peek});` : `${this.recorder}.enter(${id});`;
    const leave = `if(${this.recorder}.leave(${id}))${this.recorder}.take(${id},${peek})`;
    const end = `}finally{${isOpen ? `${this.recorder}.leaveOpen(${me})` : leave}}`;
    const body = node.body as AnyNode;
    if (body.type === "BlockStatement") {
      this.#around(node, afterDirectives(body, this.source), body.end - 1, `${declared}${begin}try{`, end);
    } else {
      const arrow = this.parsed.arrows.findLast((at) => at < body.start) as number;
      this.#open(node, arrow + 2, `{${declared}${begin}try{return(`);
      this.#close(node, node.end, `)${end}}`);
    }
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
