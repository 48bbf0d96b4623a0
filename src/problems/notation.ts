// How each target language writes what prompts are made of.

import type { Json } from "../core/json.js";
import { javascriptLiteral } from "./javascript-literal.js";
import type { Problem } from "./problem.js";
import { pythonLiteral } from "./python-literal.js";

export type Language = Problem["language"];

export interface Notation {
  readonly name: string;
  readonly comment: string;
  /** Undefined for a value that has no literal form. */
  readonly literal: (value: Json) => string | undefined;
}

export const notations: Readonly<Record<Language, Notation>> = {
  python: { name: "Python", comment: "#", literal: pythonLiteral },
  javascript: { name: "JavaScript", comment: "//", literal: javascriptLiteral },
};
