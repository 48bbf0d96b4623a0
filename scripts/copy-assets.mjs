// What runs inside the sandbox, Python and guest JavaScript, is shipped as it is, beside the module that loads it.

import { chmodSync, cpSync } from "node:fs";

cpSync("src", "dist", {
  recursive: true,
  filter: (path) =>
    !path.includes("fixtures") &&
    (!/\.[^./]+$/.test(path) || path.endsWith(".py") || /[\\/]guest[\\/].*\.js$/.test(path)),
});
chmodSync("dist/cli/main.js", 0o755);
