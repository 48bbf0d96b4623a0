// The commands of the README's code blocks, one a line, for CI to run. `npm ci` and `npm test` are run before them;
// a line that ends with "# elsewhere" is for another machine.

import { readFileSync } from "node:fs";

const readme = readFileSync("README.md", "utf8");
const blocks = [...readme.matchAll(/^```(?:sh|bash)\n([\s\S]*?)^```/gm)].map((match) => match[1]);
const commands = blocks
  .flatMap((block) => block.split("\n"))
  .filter((line) => /^(npx|npm|node)\b/.test(line) && !line.includes("# elsewhere"))
  .map((line) => line.replace(/\s+#.*$/, "").replace(/^npm ci && /, ""))
  .filter((line) => !/^npm (ci|test|run check)/.test(line));
process.stdout.write(`${[...new Set(commands)].join("\n")}\n`);
