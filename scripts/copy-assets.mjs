// The Python that runs inside the sandbox is shipped as it is, beside the compiled module that loads it.

import { chmodSync, cpSync } from "node:fs";

cpSync("src", "dist", {
  recursive: true,
  filter: (path) => !path.includes("fixtures") && (!/\.[^./]+$/.test(path) || path.endsWith(".py")),
});
chmodSync("dist/cli/main.js", 0o755);
