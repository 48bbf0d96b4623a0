// One request to the guest, from its first step to its reply, and what that says of the program's end.

import { messageOf } from "../../core/errors.js";
import { type Json, parseJson, stringifyJson } from "../../core/json.js";
import { type Ending, type Execution, fieldsOf, isExitCode, isRecord, textIn } from "../job.js";
import { Killed } from "./budget.js";
import type { QuickJs } from "./quickjs.js";

export interface Request {
  readonly op: string;
  readonly [key: string]: Json;
}

type Performed = Pick<Execution, "ending" | "reply">;

/** @param across  answers what the guest asks of the other side of a check */
export function perform(engine: QuickJs, request: Request, across?: (question: string) => string): Performed {
  try {
    const reply = readReply(converse(engine, stringifyJson(request), across));
    return { ending: endingOf(reply), reply };
  } catch (error) {
    if (!(error instanceof Killed)) return { ending: { kind: "crashed", message: messageOf(error) }, reply: null };
    if (error.reason !== "exit") return { ending: { kind: error.reason, message: error.message }, reply: null };
    const reply = readReply(error.message);
    return { ending: endingOf(reply), reply };
  }
}

/** Tasks one by one, and between them all promises that can go on. @throws Killed */
export function converse(engine: QuickJs, request: string, across?: (question: string) => string): string {
  let stopped = false;
  const { budget } = engine;
  engine.host = (operation, text) => {
    switch (operation) {
      case "out":
      case "err":
        budget.write(
          Buffer.from(text[0] === "q" ? String(JSON.parse(text.slice(1))) : text.slice(1)),
          operation === "out",
        );
        return undefined;
      case "wait":
        budget.wait(Number(text));
        return undefined;
      case "stop":
        stopped = true;
        return undefined;
      case "leave":
        throw new Killed("exit", text);
      default:
        return across?.(text);
    }
  };
  let reply = engine.advance(request);
  while (reply === "") {
    while (!stopped && engine.runJob());
    budget.step();
    reply = engine.advance("");
  }
  return reply;
}

function readReply(text: string): Execution["reply"] {
  try {
    const reply = parseJson(text);
    return isRecord(reply) ? reply : null;
  } catch {
    return null;
  }
}

function endingOf(reply: Execution["reply"]): Ending {
  switch (reply?.end) {
    case "finished":
      return { kind: "finished" };
    case "exited":
      if (isExitCode(reply.exitCode)) return { kind: "exited", exitCode: reply.exitCode };
      break;
    case "unparsable":
      return { kind: "unparsable", message: textIn(reply.message) };
    case "raised": {
      const error = fieldsOf(reply.error);
      return { kind: "raised", error: { type: textIn(error.type), message: textIn(error.message) } };
    }
  }
  return { kind: "crashed", message: "the program broke the channel to the host" };
}
