// What the endpoints have in common: how a JSON body becomes an answer.

import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import { digestOf, parseJson, readBody } from "./request-body.js";

export type Env = { Bindings: HttpBindings };

export function contentType(c: Context<Env>): string {
  return c.req.header("content-type") ?? "";
}

/** An endpoint whose body and answer are JSON. */
export function post<Schema extends z.ZodType>(
  app: Hono<Env>,
  path: string,
  schema: Schema,
  answer: (request: z.output<Schema>, digest: string) => object,
): void {
  app.post(path, async (c) => {
    const body = await readBody(c.env.incoming);
    return c.json(answer(parseJson(body, contentType(c), schema, path.slice(1)), digestOf(path, body)));
  });
}
