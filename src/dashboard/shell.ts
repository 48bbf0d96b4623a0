// The page's shell and its files: a document without a script or style of its own, so that the content security policy can
// forbid both. What the page shows is dashboard-ui/.

import { gzipSync } from "node:zlib";
import { sha256 } from "../core/files.js";
import { escapeHtml } from "../runs/page.js";
import { readPageFiles } from "./page-files.js";

interface PageFile {
  readonly type: string;
  readonly body: string;
  readonly zipped: Uint8Array<ArrayBuffer>;
}

export interface Shell {
  /** @throws UsageError where the page was not built */
  document(): string;
  /** By its name with the hash of its content; null for one that is not, or no longer, there. */
  file(name: string): PageFile | null;
}

/** What was built last, also where that was after the server began. */
export function openShell(title: string): Shell {
  let built: Built | null = null;
  const current = (): Built => {
    const files = readPageFiles();
    const key = hashOf([...files].join());
    if (built?.key !== key) built = builtFrom(key, files);
    return built;
  };
  return {
    document: () => {
      const { script, style } = current();
      return documentOf(title, script, style);
    },
    file: (name) => (built?.files.get(name) ? built : current()).files.get(name) ?? null,
  };
}

/** Files by the names under which they are served, each of which changes with its content. */
interface Built {
  readonly key: string;
  readonly script: string;
  readonly style: string;
  readonly files: ReadonlyMap<string, PageFile>;
}

function builtFrom(key: string, files: ReadonlyMap<string, string>): Built {
  const names = { "page.js": `page.${key}.js`, "style.css": `style.${key}.css` } as const;
  const served = [...files].map(([name, text]) => {
    const type = name.endsWith(".css") ? "text/css" : "text/javascript";
    const servedAs = name in names ? names[name as keyof typeof names] : name;
    return [servedAs, fileOf(`${type}; charset=utf-8`, text)] as const;
  });
  return { key, script: names["page.js"], style: names["style.css"], files: new Map(served) };
}

function hashOf(text: string): string {
  return sha256(text).slice(0, 16);
}

function fileOf(type: string, body: string): PageFile {
  return { type, body, zipped: new Uint8Array(gzipSync(body, { level: 9 })) };
}

/** A rising curve. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%23365fc7'/%3E%3Cpath d='M3 12C6 12 6 5 9 5s3-1 4-1' fill='none' stroke='%23fff' stroke-width='1.8' stroke-linecap='round'/%3E%3C/svg%3E";

function documentOf(title: string, script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} - coderlplus</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="/${style}">
<script type="module" src="/${script}"></script>
</head>
<body>
<div id="app"></div>
<noscript>The dashboard is drawn by its own script: allow scripts from this address. Nothing is loaded from anywhere else.</noscript>
</body>
</html>
`;
}
