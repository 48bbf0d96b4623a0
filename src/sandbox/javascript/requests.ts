// What the judge and the tracer ask for, as the guest understands it: programs as functions, tests with their names.

import type { Json } from "../../core/json.js";
import { fieldsOf, textIn, type WireJob } from "../job.js";
import type { Request } from "./perform.js";
import { asFunction, freeNames } from "./program.js";

type Fields = { readonly [key: string]: Json };

/** What a program is run on. */
type Given = Pick<WireJob, "stdin" | "files">;

export function toGuest(request: Fields, given: Given): Request {
  switch (request.op) {
    case "joined":
      return { ...toProgram(request, given, testedNames(request)), ...testOf(request), op: "joined" };
    default:
      return toProgram(request, given, headOf(request.call));
  }
}

/** @param names  what is asked for of the program's top level */
export function toProgram(request: Fields, { stdin, files = {} }: Given, names: readonly string[]): Request {
  const preamble = textIn(request.preamble);
  const source = preamble === "" ? textIn(request.source) : `${preamble}\n${textIn(request.source)}`;
  const call = fieldsOf(request.call);
  const code = asFunction(source, {
    names,
    ...(typeof call.expression === "string" ? { expression: call.expression } : {}),
    ...(typeof request.recorder === "string" ? { recorder: request.recorder } : {}),
  });
  const trace = request.trace === undefined ? null : fieldsOf(request.trace);
  return {
    op: "run",
    code,
    stdin,
    files: Object.entries(files).map(([path, text]) => ({ path, text, code: moduleCode(path, text) })),
    isMain: request.name === "__main__",
    call: request.call ?? null,
    trace: trace && { ...trace, counts: request.counts ?? null },
  };
}

/** What a file is to the program that requires it; null for one that is no program. */
function moduleCode(path: string, text: string): string | null {
  return /\.[cm]?js$/.test(path) ? asFunction(text, { names: [] }) : null;
}

/** The test's side of a check. */
export function toCheck(request: Fields): Request {
  return { ...testOf(request), op: "check" };
}

function testOf(request: Fields): Fields {
  const entryPoint = typeof request.entryPoint === "string" ? request.entryPoint : null;
  const test = `${textIn(request.preamble)}\n${textIn(request.code)}\n;${entryPoint === null ? "" : "return check(candidate);"}`;
  return { test, entryPoint, names: testedNames(request) };
}

/** Names that test code may mean the program's own things by. */
export function testedNames(request: Fields): string[] {
  const free = freeNames(`${textIn(request.preamble)}\n${textIn(request.code)}`) ?? [];
  const entry = typeof request.entryPoint === "string" ? request.entryPoint.split(".").slice(0, 1) : [];
  return [...new Set([...free.filter((name) => !TRUSTED.has(name)), ...entry])];
}

/** What test code has of its own. */
const TRUSTED = new Set(["assert", "console", "require", "candidate", "check", "undefined", "arguments"]);

function headOf(call: Json | undefined): string[] {
  const path = fieldsOf(call).function;
  return typeof path === "string" ? path.split(".").slice(0, 1) : [];
}
