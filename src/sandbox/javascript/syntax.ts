// Programs as syntax trees. Total: a text that does not parse gives null, whatever is wrong with it.

import { type AnyNode, type Expression, type Program, parse, parseExpressionAt } from "acorn";

export interface Parsed {
  readonly tree: Program;
  readonly isModule: boolean;
  /** Where the arrows of arrow functions begin. */
  readonly arrows: readonly number[];
  /** Where semicolons are. */
  readonly semicolons: readonly number[];
}

/** As a script where it is one, else as a module: what Node does with a file of which it knows nothing else. */
export function parseProgram(source: string): Parsed | null {
  return parseAs(source, "script") ?? parseAs(source, "module");
}

function parseAs(source: string, sourceType: "script" | "module"): Parsed | null {
  const arrows: number[] = [];
  const semicolons: number[] = [];
  try {
    const tree = parse(source, {
      ecmaVersion: "latest",
      sourceType,
      allowReturnOutsideFunction: sourceType === "script",
      allowHashBang: true,
      onToken: ({ type, start }) => {
        if (type.label === "=>") arrows.push(start);
        else if (type.label === ";") semicolons.push(start);
      },
    });
    return { tree, isModule: sourceType === "module", arrows, semicolons };
  } catch {
    return null;
  }
}

/** One expression and nothing else; null where the text is none. */
export function parseExpression(text: string): Expression | null {
  try {
    const expression = parseExpressionAt(text, 0, { ecmaVersion: "latest" });
    return /^[\s)]*$/.test(text.slice(expression.end)) && parseAs(`(${text}\n)`, "script") ? expression : null;
  } catch {
    return null;
  }
}

/** The nodes directly below one, in the order of the text. */
export function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node)
    .flat()
    .filter((value): value is AnyNode => typeof value === "object" && value !== null && typeof value.type === "string");
}

/** The names that a pattern binds, with their places. */
export function boundNames(pattern: AnyNode | null): AnyNode[] {
  if (pattern === null) return [];
  switch (pattern.type) {
    case "Identifier":
      return [pattern];
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === "Property" ? property.value : property.argument),
      );
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => boundNames(element));
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    default:
      return [];
  }
}
