// The service's published description (schemas/service-openapi.json), made of the schemas that its endpoints check by.

import { z } from "zod";
import { health } from "./api/direct.js";
import { type Endpoint, endpoints } from "./api/endpoints.js";

export function openApi(version: string): object {
  const refusal = z.toJSONSchema(z.object({ detail: z.unknown() }));
  const refused = (description: string): object => ({ description, content: json(refusal) });
  const post = ({ summary, request, answer }: Endpoint): object => ({
    post: {
      summary,
      parameters: HEADERS.map(([name, description]) => ({
        name,
        in: "header",
        description,
        schema: { type: "string" },
      })),
      requestBody: { required: true, content: json(schemaOf(request, "input")) },
      responses: {
        200: { description: "The answer.", content: json(schemaOf(answer, "output")) },
        401: refused("Without the service's token."),
        422: refused("The body does not fit."),
        429: refused("More waits than may; Retry-After says when to come back."),
        503: refused("The service stops, or its judge failed; Retry-After says when to come back."),
        504: refused("Not done by its deadline; of /run_code also in the place of 429 and 503, with Retry-After."),
      },
    },
  });
  const text = { "text/plain": { schema: { type: "string" } } };
  const get = (summary: string, content: object): object => ({
    get: { summary, responses: { 200: { description: summary, content } } },
  });
  return {
    openapi: "3.1.0",
    info: { title: "coderlplus", version, description: "Judge, tracer and alignment queue for trainers elsewhere." },
    components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
    security: [{ bearer: [] }],
    paths: {
      ...Object.fromEntries(Object.values(endpoints).map((endpoint) => [endpoint.path, post(endpoint)])),
      "/healthz": get("Whether a program runs; 503 where none does.", json(schemaOf(health, "output"))),
      "/metrics": get("Prometheus text.", text),
      "/openapi.json": get("This description.", json({ type: "object" })),
    },
  };
}

const HEADERS = [
  ["X-Client-Id", "Who asks: clients take turns. By default the token, else the address."],
  ["X-Deadline-Ms", "After so many milliseconds the work is called off."],
  ["Idempotency-Key", "The same request under the same key gets the same answer."],
] as const;

function schemaOf(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function json(schema: object): object {
  return { "application/json": { schema } };
}
