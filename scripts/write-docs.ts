// Writes what is generated from the code: docs/metrics.md, docs/dashboard-api.md and the JSON Schemas. CI checks that they are current.
//   npm run generate

import { mkdirSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { infoSchema, sampleSchema } from "../src/eval/evaluation-files.js";
import { completionSchema } from "../src/problems/completion.js";
import { problemSchema } from "../src/problems/problem.js";
import { metricCatalogue } from "../src/runs/metrics.js";
import {
  alignmentExampleSchema,
  bestSchema,
  evaluationSchema,
  metricsSchema,
  rolloutSchema,
  runSchema,
  traceSchema,
  verdictSchema,
} from "../src/runs/schemas.js";
import { packageVersion } from "../src/runs/versions.js";
import { openApi } from "../src/service/openapi.js";
import { configSchema } from "../src/train/config/schema.js";
import { demonstrationSchema } from "../src/train/sft/demonstration.js";
import { studySchema } from "../src/train/study/schema.js";
import { dashboardPage, dashboardSchema } from "./dashboard-api.js";

const rows = Object.entries(metricCatalogue).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
const page = `# Metrics

One line a step in \`metrics.jsonl\`; null where a metric is undefined for the step. What depends on the clock or on memory
is under \`time/\` or \`memory/\`; everything else is the same bytes for the same seed. Generated from \`src/runs/metrics.ts\`
(\`npm run generate\`).

| metric | meaning |
|---|---|
${rows.join("\n")}
`;
writeFileSync("docs/metrics.md", page);
writeFileSync("docs/dashboard-api.md", dashboardPage());

mkdirSync("schemas", { recursive: true });
const schemas = {
  problem: problemSchema,
  completion: completionSchema,
  config: configSchema,
  study: studySchema,
  demonstration: demonstrationSchema,
  verdict: verdictSchema,
  trace: traceSchema,
  "alignment-example": alignmentExampleSchema,
  rollout: rolloutSchema,
  evaluation: evaluationSchema,
  "evaluation-info": infoSchema,
  "evaluation-sample": sampleSchema,
  best: bestSchema,
  metrics: metricsSchema,
  run: runSchema,
};
for (const [name, schema] of Object.entries(schemas)) {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  writeFileSync(`schemas/${name}.json`, `${JSON.stringify(json, null, 2)}\n`);
}
writeFileSync("schemas/service-openapi.json", `${JSON.stringify(openApi(packageVersion()), null, 2)}\n`);
writeFileSync("schemas/dashboard.json", `${JSON.stringify(dashboardSchema(), null, 2)}\n`);
