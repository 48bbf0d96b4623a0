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
  let built = { key: "", files: new Map<string, PageFile>() };
  const current = (): [script: string, style: string] => {
    const { script, style } = readPageFiles();
    const names: [string, string] = [`page.${hashOf(script)}.js`, `style.${hashOf(style)}.css`];
    if (built.key !== names.join()) {
      const files = new Map([
        [names[0], fileOf("text/javascript; charset=utf-8", script)],
        [names[1], fileOf("text/css; charset=utf-8", style)],
      ]);
      built = { key: names.join(), files };
    }
    return names;
  };
  return {
    document: () => documentOf(title, ...current()),
    file: (name) => {
      if (!built.files.has(name)) current();
      return built.files.get(name) ?? null;
    },
  };
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
<script src="/${script}" defer></script>
</head>
<body>
<div id="app"></div>
<noscript>The dashboard is drawn by its own script: allow scripts from this address. Nothing is loaded from anywhere else.</noscript>
</body>
</html>
`;
}
