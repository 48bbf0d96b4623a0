// Where in a program's text the variables of a question are: `main.t` is every `t` that stands in `main` itself. Found in
// the syntax tree, as far as it reads; what is asked of a line (`line 4#1`) is that line.

import { type Language, parse, type SyntaxNode } from "./highlight.js";

export interface Place {
  readonly from: number;
  readonly to: number;
}

const FUNCTIONS =
  /^(?:FunctionDefinition|FunctionDeclaration|FunctionExpression|ArrowFunction|MethodDeclaration|ClassDefinition|ClassDeclaration|ClassExpression)$/;
const NAMES = /^(?:VariableName|VariableDefinition|PropertyDefinition)$/;

/** By key: `f.x` for every assignment of it (`f.x@2`) too. A text that does not parse has what of it does. */
export function variablePlaces(text: string, language: Language): ReadonlyMap<string, readonly Place[]> {
  const places = new Map<string, Place[]>();
  const visit = (node: SyntaxNode, path: readonly string[]): void => {
    const name = FUNCTIONS.test(node.name) ? nameOf(node, text) : null;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (isVariable(child) && child.from !== name?.from) {
        const key = [...path, ...(name === null ? [] : [name.text]), text.slice(child.from, child.to)].join(".");
        places.set(key, [...(places.get(key) ?? []), { from: child.from, to: child.to }]);
      } else visit(child, name === null ? path : [...path, name.text]);
    }
  };
  const tree = parse(text, language);
  if (tree) visit(tree.topNode, []);
  return places;
}

/** The name of a keyword argument is none of the caller's variables. */
function isVariable(node: SyntaxNode): boolean {
  const isKeyword = node.parent?.name === "ArgList" && node.nextSibling?.name === "AssignOp";
  return /^Variable(?:Name|Definition)$/.test(node.name) && !isKeyword;
}

/** `f.x@2` is asked of `f.x`. */
export function variableOf(key: string): string {
  return key.replace(/@\d+$/, "");
}

/** `line 4#1` and `line 4` ask about line 4; null for what asks about no line. */
export function lineOf(key: string): number | null {
  const [, line] = /^line (\d+)(?:#\d+)?$/.exec(key) ?? [];
  return line === undefined ? null : Number(line);
}

/** A function's own name, or that of what it is assigned to. */
function nameOf(node: SyntaxNode, text: string): { readonly text: string; readonly from: number } | null {
  for (
    let child = node.firstChild;
    child && !/^(?:ParamList|ClassBody|Body|Block|=>)$/.test(child.name);
    child = child.nextSibling
  )
    if (NAMES.test(child.name)) return { text: text.slice(child.from, child.to), from: child.from };
  const { parent } = node;
  if (parent?.name !== "VariableDeclaration") return null;
  const before = node.prevSibling?.name === "Equals" ? node.prevSibling.prevSibling : null;
  return before?.name === "VariableDefinition" ? { text: text.slice(before.from, before.to), from: -1 } : null;
}
