// The guest's entry: the host calls it with a request, and again with nothing until there is a reply.

import { makeRecorder } from "../../../tracer/javascript/guest/recorder.js";
import { assert } from "./assert.js";
import { answer, noticed, serve, standIn } from "./crossing.js";
import { setFiles } from "./files.js";
import { apply, evaluate, globals, JSON, Map, parseJson, quote, slice } from "./primordials.js";
import { begin, callFunction, compile, conclude, loaded, Outcome, raised, stepOn } from "./program.js";
import { setInput } from "./stdin.js";
import { describe, encodeResult } from "./values.js";

/** What is going on: takes a step each time, and gives the reply at the end. */
let current = null;

/** @returns the reply's text, or nothing while promises or tasks are left to do */
export function advance(text) {
  if (text === "") return current() ?? "";
  const request = parseJson(text);
  current = OPERATIONS[request.op](request);
  return "";
}

const FINISHED = '{"end": "finished"}';

/** Runs a program to its end, and calls one of its functions where the request says so. */
function run(request) {
  setInput(request.stdin);
  setFiles(request.files);
  const recorder = request.trace ? makeRecorder(request.trace) : null;
  const ended = (reply) => {
    if (!recorder) return reply;
    const exit = recorder.exited();
    const end = exit === null ? reply : `{"end": "exited", "exitCode": ${exit}}`;
    return `${slice(end, 0, -1)}, ${recorder.record()}}`;
  };
  const { body, unparsable } = compile(request.code);
  if (unparsable) return () => unparsable;
  const module = new Outcome(() => begin(body, request.isMain, recorder?.api));
  let call = null;
  let returned = null;
  return () => {
    if (recorder && recorder.exited() !== null) return ended(FINISHED);
    if (module.error) return ended(raised(module.error.thrown));
    if (call?.error) return ended(raised(call.error.thrown));
    // A result is what it is when it comes, whatever tasks that are left make of it.
    if (call?.settled) returned ??= encodeResult(call.value);
    const { over, more } = stepOn();
    if (over) return ended(over);
    if (more) return undefined;
    if (!module.settled || (call && !call.settled)) return ended('{"end": "exited", "exitCode": 13}');
    if (request.call && !call) {
      call = new Outcome(() => performCall(request.call));
      return undefined;
    }
    const last = conclude();
    if (last) return ended(last);
    return ended(returned ? `{"end": "finished", "returned": ${returned}}` : FINISHED);
  };
}

function performCall(call) {
  if (call.expression !== undefined) return loaded.revealed.get("call")();
  return callFunction(call);
}

/** Program's side: one question. */
function serveOne(request) {
  const outcome = new Outcome(() => serve(request.question));
  return () => {
    if (outcome.error) {
      const { type, message } = describe(outcome.error.thrown);
      return `{"end": "raised", "promise": ${outcome.isPromise}, "error": {"type": ${quote(type)}, "message": ${quote(message)}}}`;
    }
    if (outcome.settled) return answer(outcome);
    const { over, more } = stepOn();
    if (over) return over;
    return more ? undefined : '{"end": "exited", "exitCode": 13}';
  };
}

/** Trusted side: runs the test code, with stand-ins for the program's names. */
function check(request) {
  const names = new Map();
  let weaker = false;
  for (const name of request.names) {
    if (name in globals && name !== request.entryPoint) continue;
    names.set(name, standIn(name));
    weaker ||= request.entryPoint !== null && name !== request.entryPoint;
  }
  const candidate = request.entryPoint === null ? undefined : standIn(request.entryPoint);
  return judged(request, names, candidate, false, weaker);
}

/** Check and program side by side, for tests whose arguments cannot cross. Weaker: the verdict says so. */
function joined(request) {
  const whole = run({ ...request, call: null });
  let test = null;
  return () => {
    if (test) return test();
    const reply = whole();
    if (reply === undefined || reply !== FINISHED) return reply;
    const names = new Map();
    for (const name of request.names) {
      if (loaded.revealed.get(name) !== undefined) names.set(name, loaded.revealed.get(name));
    }
    const candidate = names.get(request.entryPoint);
    test = judged(request, names, candidate, true, true);
    return undefined;
  };
}

function judged(request, names, candidate, isJoined, weaker) {
  const outcome = new Outcome(() => {
    const keys = [...names.keys()];
    const code = `(async function (assert, console, require, candidate, ${keys.join(", ")}) {${request.test}\n})`;
    const parts = [
      assert,
      testConsole(),
      (name) => (/^(node:)?assert/.test(name) ? assert : globals.undefined),
      candidate,
    ];
    return apply(evaluate(code), undefined, [...parts, ...keys.map((key) => names.get(key))]);
  });
  const end = (verdict, more = "") => {
    const last = noticed.last === null ? "null" : JSON.stringify(noticed.last);
    return `{"end": "finished", "check": "${verdict}", "weaker": ${weaker}, "last": ${last}${more}}`;
  };
  return () => {
    if (noticed.uncrossable) return end("uncrossable");
    if (outcome.settled && !outcome.error) return end("passed");
    if (outcome.error) {
      const { thrown } = outcome.error;
      const { type, message } = describe(thrown);
      const error = `, "error": {"type": ${quote(type)}, "message": ${quote(message)}}`;
      const fromProgram = thrown === noticed.raised || (isJoined && type !== "AssertionError");
      return end(fromProgram ? "raised" : "failed", error);
    }
    const { over, more } = stepOn();
    if (over) return over;
    return more ? undefined : '{"end": "exited", "exitCode": 13}';
  };
}

/** In a test, `console.assert` is an assertion. */
function testConsole() {
  return { ...globals.console, assert };
}

const OPERATIONS = { __proto__: null, run, serve: serveOne, check, joined };
