// A request's text as the value that its endpoint expects, or a refusal that says what is wrong where.

import type { z } from "zod";
import { messageOf } from "../core/errors.js";
import { parseJson } from "../core/json.js";
import { RequestError } from "../core/request-error.js";
import { explain } from "../core/schema.js";
import type { Endpoint } from "./api/endpoints.js";
import { faultsIn, notJson } from "./unfit.js";

/** A body that does not fit, with the answer that says so. */
export class UnfitBody extends RequestError {
  constructor(readonly detail: readonly object[]) {
    super(422, "the body does not fit");
  }
}

/** Each that is wrong costs time in which nobody else is served. The longest report has fewer. */
const MOST_VALUES = 500_000;

/** @throws RequestError */
export function read<Schema extends z.ZodType>(
  { path, request, tagged }: Endpoint<Schema>,
  body: string,
): z.output<Schema> {
  const given = parsed(path, tagged, body);
  if (hasMore(given, MOST_VALUES)) throw new RequestError(413, `the body holds more than ${MOST_VALUES} values`);
  const result = request.safeParse(given);
  if (result.success) return result.data;
  if (path === "/run_code") throw new UnfitBody(faultsIn(result.error, given));
  throw new RequestError(422, explain(result.error, given, request));
}

function parsed(path: string, tagged: boolean, body: string): unknown {
  try {
    return tagged ? parseJson(body) : JSON.parse(body);
  } catch (error) {
    const message = messageOf(error);
    if (path === "/run_code") throw new UnfitBody(notJson(message, Number(/position (\d+)/.exec(message)?.[1] ?? 0)));
    throw new RequestError(400, `not JSON: ${message}`);
  }
}

/** Not by recursion: it may be nested as deep as its text is long. */
function hasMore(json: unknown, most: number): boolean {
  const left = [json];
  for (let count = 0; left.length > 0; ) {
    const value = left.pop();
    if (typeof value !== "object" || value === null) continue;
    const inner: unknown[] = Array.isArray(value) ? value : Object.values(value);
    count += inner.length;
    if (count > most) return true;
    for (const each of inner) left.push(each);
  }
  return false;
}
