// A question as it arrives, held to its endpoint's schema: an address's parameters, or a body. What does not fit is refused
// with the field, what was found and what was expected.

import { z } from "zod";
import { explain } from "../core/schema.js";
import { type Asked, type EndpointName, endpoints } from "./api/endpoints.js";
import { RefusedRequest } from "./refusal.js";

/** @throws RefusedRequest */
export function readQuestion<N extends EndpointName>(name: N, given: unknown): Asked<N> {
  const schema: z.ZodType = endpoints[name].query;
  const result = schema.safeParse(given);
  if (result.success) return result.data as Asked<N>;
  throw new RefusedRequest(400, `${endpoints[name].path}: ${explain(result.error, given, schema)}`);
}

/** A field that is given twice is a list, one without a text is left out. @param parameters  in the order of the address */
export function fieldsOf(name: EndpointName, parameters: URLSearchParams): Record<string, string | string[]> {
  const { query } = endpoints[name];
  const shape: Readonly<Record<string, z.ZodType>> = query instanceof z.ZodObject ? query.shape : {};
  const fields = [...new Set(parameters.keys())].flatMap((field) => {
    const given = parameters.getAll(field).filter((text) => text !== "");
    if (given.length === 0) return [];
    const isList = given.length > 1 || shape[field] instanceof z.ZodArray;
    return [[field, isList ? given : given[0]] as const];
  });
  return Object.fromEntries(fields);
}

/** @throws RefusedRequest */
export function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RefusedRequest(400, "the body is not JSON; expected one JSON object");
  }
}
