// The code inside the interpreter, as one text: each file of guest/ is a module that can be read and linted on its own;
// here each becomes a function that gives its exports, all of them inside one function, so that programs see nothing.

import { readFileSync } from "node:fs";

/** In the order in which they use each other while loading. */
const FILES = [
  "./guest/primordials.js",
  "./guest/values.js",
  "./guest/columns.js",
  "./guest/inspect.js",
  "./guest/host.js",
  "./guest/timers.js",
  "./guest/events.js",
  "./guest/stdin.js",
  "./guest/assert.js",
  "./guest/files.js",
  "./guest/modules.js",
  "./guest/program.js",
  "../../tracer/javascript/guest/history.js",
  "../../tracer/javascript/guest/moments.js",
  "../../tracer/javascript/guest/recorder.js",
  "./guest/crossing.js",
  "./guest/main.js",
];

/** An expression: a function that takes the host and gives the guest's entry. */
export function guestSource(): string {
  const files = FILES.map((path) => asFunction(readFileSync(new URL(path, import.meta.url), "utf8")));
  return `(function (host) {"use strict";\n${files.join("\n")}\nreturn advance;\n})`;
}

/** An exported name, or the names in the braces that an export takes apart. */
const EXPORT = /^export (?:async )?(?:function|const|class|let) (\w+|\{[^}]*\})/gm;

function asFunction(source: string): string {
  const names = [...source.matchAll(EXPORT)].flatMap(([, name]) => name.match(/\w+/g) ?? []).join(", ");
  const body = source.replace(/^import [^;]*;$/gm, "").replace(/^export /gm, "");
  return `const { ${names} } = (() => {${body}\nreturn { ${names} };\n})();`;
}
