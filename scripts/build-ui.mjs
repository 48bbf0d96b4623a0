// Bundles the dashboard's page: one script and one style sheet, in dist/dashboard/page. The report of a run holds the same
// script. CommonJS and sources of others are resolved here, so that a user's install needs none of them.
//   node scripts/build-ui.mjs [dist] [--watch]

import { build, context } from "esbuild";

const target = process.argv[2]?.startsWith("--") === false ? process.argv[2] : "dist";
const options = {
  entryPoints: { page: "dashboard-ui/main.tsx", style: "dashboard-ui/style.css" },
  outdir: `${target}/dashboard/page`,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "inline",
  logLevel: "warning",
};
if (process.argv.includes("--watch")) await (await context(options)).watch();
else await build(options);
