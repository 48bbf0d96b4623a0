// MBPP+'s inputs as Python values. JSON has made lists of their tuples and texts of their complex numbers; which were
// which is nowhere in the file, but in EvalPlus's reader (evalplus 26d6d00, evalplus/data/mbpp.py), whose table this is.

import { Float, type Json, stringifyJson } from "../../core/json.js";
import { pythonLiteral } from "../../problems/python-literal.js";
import { malformed } from "../../problems/sources/row.js";
import { isObject } from "../../problems/tags.js";

type Shape = (value: Json) => Json;

const asIs: Shape = (value) => value;
/** A tuple of what the list holds; of a text its characters. Anything else stays, for EvalPlus cannot read it either. */
const tuple =
  (item: Shape = asIs): Shape =>
  (value) => {
    if (typeof value === "string") return { $tuple: Array.from(value) };
    return Array.isArray(value) ? { $tuple: value.map(item) } : value;
  };
const list =
  (item: Shape): Shape =>
  (value) =>
    Array.isArray(value) ? value.map(item) : value;
const tuples = list(tuple());
const setOrEmptyDict: Shape = (value) => (Array.isArray(value) && value.length > 0 ? { $set: value } : {});
const tuplesByName: Shape = (value) =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, tuple()(item)])) : value;
const tupleWherePossible: Shape = (value) => (Array.isArray(value) ? tuple()(value) : value);
const tuplesThroughout: Shape = (value) => (Array.isArray(value) ? { $tuple: value.map(tuplesThroughout) } : value);

/** A shape for each argument, or one for all. */
type Shapes = Shape | readonly Shape[];

const SHAPES: ReadonlyArray<readonly [tasks: string, shapes: Shapes]> = [
  ["2 116 132 143 222 261 273 394 399 421 424 429 470 560 579 596 616 630 726 740 744 809", tuple()],
  ["63 64 70 94 120 237 272 299 400 409 417 438 473 614 780", tuples],
  ["75 413 444 753", [tuples, asIs]],
  ["106 750", [asIs, tuple()]],
  ["115", [list(setOrEmptyDict)]],
  ["250 405 446 617 720 763 808 307", [tuple(), asIs, asIs]],
  ["259 401 445", tuple(tuple())],
  ["278", [tuple(tupleWherePossible)]],
  ["722", [tuplesByName, asIs]],
  ["580 615 791", tuplesThroughout],
];

const shapes = new Map(SHAPES.flatMap(([tasks, shapes]) => tasks.split(" ").map((task) => [task, shapes] as const)));

/** The text of a Python list of arguments. @throws RowFault */
export function argumentsText(id: string, input: Json, field: string): string {
  if (!Array.isArray(input)) return malformed(field, "lists of arguments", input);
  const values = input as readonly Json[];
  const task = id.slice(id.lastIndexOf("/") + 1);
  if (task === "124") return `[float(${number(values[0])}), complex(${number(values[1])})]`;
  if (task === "252") return `[complex(${number(values[0])})]`;
  const shape = shapes.get(task) ?? asIs;
  const shaped = values.map((value, at) => (typeof shape === "function" ? shape : (shape[at] ?? asIs))(value));
  return pythonLiteral(shaped) ?? malformed(field, "plain values", input);
}

/** A number, or the text of one, as an argument of `float` or `complex`. */
function number(value: Json | undefined): string {
  const isNumber = typeof value === "number" || typeof value === "string" || value instanceof Float;
  return (isNumber ? pythonLiteral(value) : undefined) ?? malformed("input", "numbers", stringifyJson(value));
}
