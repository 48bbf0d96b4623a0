// docs/dashboard-api.md and schemas/dashboard.json, from the endpoints' own schemas.

import { z } from "zod";
import { endpoints, failure } from "../src/dashboard/api/endpoints.js";
import { EVENTS_PATH } from "../src/dashboard/api/question.js";
import { runEvent } from "../src/dashboard/api/runs.js";

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | number)[];
  readonly const?: string | number | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

function schemaOf(schema: z.ZodType): JsonSchema {
  // As a handler has it: what comes in an address is text before.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
  return rest as JsonSchema;
}

/** Every question and answer, the events and a refusal, by name. */
export function dashboardSchema(): object {
  const named = Object.entries(endpoints).flatMap(([name, { query, answer }]) => [
    [`${name}.question`, schemaOf(query)],
    [`${name}.answer`, schemaOf(answer)],
  ]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Questions and answers of the dashboard",
    $defs: { ...Object.fromEntries(named), event: schemaOf(runEvent), failure: schemaOf(failure) },
  };
}

export function dashboardPage(): string {
  const sections = Object.entries(endpoints).map(([name, { method, path, query, says }]) => {
    const { properties = {}, required = [] } = schemaOf(query);
    const fields = Object.entries(properties).map(
      ([field, schema]) => `| \`${field}\` | ${typeText(schema)} | ${required.includes(field) ? "yes" : ""} |`,
    );
    const table =
      fields.length === 0 ? "No question." : `| field | type | needed |\n|---|---|---|\n${fields.join("\n")}`;
    return `## \`${method} ${path}\`\n\n${sentence(says)}\n\n${table}\n\nAnswer: \`${name}.answer\`.\n`;
  });
  return `${HEAD}\n${sections.join("\n")}\n${eventsSection()}`;
}

const HEAD = `# The dashboard's API

What the page of \`coderlplus dashboard\` asks for, open to any program on the same terms. Generated from
\`src/dashboard/api/\` (\`npm run generate\`); the shapes of every question and answer are in \`schemas/dashboard.json\`, by the
names given here.

- A run, or a folder of evaluations, is named by its place under the served folder, with \`/\` between names; \`.\` is the folder
  itself. A place never leads out of it, by \`..\` or by a symbolic link.
- A question of \`GET\` is in the address: a list is a field given once for each (\`runs=a&runs=b\`), a field left empty is left
  out. A question of \`POST\` is a JSON body.
- An answer is JSON, compressed where the asker takes gzip. Values of programs are text, as their language writes them.
- What is refused has the shape \`failure\`: one message for people. 400: the question does not fit, and the message names
  the field; 401: no token; 403: another site's page, or another name than the server's; 404: nothing is there; 422: a file is
  damaged; 503: too much at once; 500: the dashboard's own fault.
- On 127.0.0.1 no token is needed unless one was given (\`--token\`, or \`CODERLPLUS_DASHBOARD_TOKEN\`); elsewhere always, and
  where none is given one is made and printed: \`Authorization: Bearer TOKEN\`.

    curl 'http://127.0.0.1:8080/api/metrics?run=coderlplus-1&names=code/pass_rate&names=policy/entropy'
`;

function eventsSection(): string {
  const { properties = {} } = schemaOf(runEvent);
  const fields = Object.entries(properties).map(([field, schema]) => `| \`${field}\` | ${typeText(schema)} |`);
  return `## \`GET ${EVENTS_PATH}\`

Server-sent events without end: what has changed since the last, looked for once a second. After a lost connection ask for
everything again: what happened meanwhile is not told.

| field | type |
|---|---|
${fields.join("\n")}

Each event's data: \`event\`.
`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function typeText(schema: JsonSchema): string {
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return options.map(typeText).join(" or ");
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.type === "array") return `list of ${schema.items ? typeText(schema.items) : "values"}s`;
  if (schema.type === "object") {
    const parts = Object.entries(schema.properties ?? {}).map(([name, part]) => `${name}: ${typeText(part)}`);
    return `{${parts.join(", ")}}`;
  }
  return schema.type === "integer" ? "whole number" : String(schema.type);
}
