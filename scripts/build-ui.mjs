// Bundles the dashboard's page into dist/dashboard/page: for the server page.js with the chunks that it loads as they are
// needed, for a report, which is one file, all of it as report.js; and style.css for both. What is of others is bundled,
// so that a user's install needs none of it.
//   node scripts/build-ui.mjs [dist] [--watch]

import { rmSync } from "node:fs";
import { build, context } from "esbuild";

const target = process.argv[2]?.startsWith("--") === false ? process.argv[2] : "dist";
const outdir = `${target}/dashboard/page`;
const common = {
  outdir,
  bundle: true,
  minify: true,
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "inline",
  logLevel: "warning",
};
const script = "dashboard-ui/main.tsx";
const bundles = [
  { ...common, entryPoints: { page: script }, format: "esm", splitting: true, chunkNames: "chunk-[hash]" },
  { ...common, entryPoints: { report: script, style: "dashboard-ui/style.css" }, format: "iife" },
];
rmSync(outdir, { recursive: true, force: true });
for (const bundle of bundles) {
  if (process.argv.includes("--watch")) await (await context(bundle)).watch();
  else await build(bundle);
}
