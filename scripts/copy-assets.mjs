// What runs inside the sandbox, Python and guest JavaScript, is shipped as it is, beside the module that loads it.

import { chmodSync, cpSync } from "node:fs";

const target = process.argv[2] ?? "dist";
cpSync("src", target, {
  recursive: true,
  filter: (path) =>
    !path.includes("fixtures") &&
    (!/\.[^./]+$/.test(path) || path.endsWith(".py") || /[\\/]guest[\\/].*\.js$/.test(path)),
});
chmodSync(`${target}/cli/main.js`, 0o755);
