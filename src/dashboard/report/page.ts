// A report as one file of HTML: our script, our style, and answers as data. What a model wrote is in the data alone, where
// nothing of it can end the element; the browser runs no script and loads no style but those whose hashes are named. Not
// here: which answers.

import { createHash } from "node:crypto";
import { escapeHtml } from "../../runs/page.js";
import type { ReportFiles } from "../page-files.js";

export interface ReportPage {
  readonly title: string;
  readonly files: ReportFiles;
  /** By the key of their question. */
  readonly answers: Readonly<Record<string, unknown>>;
  /** For who has no script: a sentence a line, and a table with its header. */
  readonly plain: { readonly lines: readonly string[]; readonly table: ReadonlyArray<readonly string[]> };
}

export function reportPage({ title, files, answers, plain }: ReportPage): string {
  const { script, style } = files;
  checkInline(script, "script");
  checkInline(style, "style");
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    // What a chart is saved as.
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${textOf(title)} · coderlplus</title>
<style>${style}</style></head><body>
<div id="app"></div>
<noscript>${plainPart(title, plain)}</noscript>
<script type="application/json" id="answers">${dataText(answers)}</script>
<script>${script}</script>
</body></html>
`;
}

/** As a policy names what stands inline. */
function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** What would end an element, or change how the rest of it is read, is in no file that was built. */
function checkInline(text: string, element: "script" | "style"): void {
  if (/<\/(script|style)|<!--|\r|\0/i.test(text)) {
    throw new Error(
      `the page's ${element} cannot stand inline: it holds an end of an element, a carriage return or NUL`,
    );
  }
}

/**
 * JSON that ends no element, begins no comment, and is harmless in an editor or a terminal: `<`, line separators, marks
 * of direction and control characters are escaped.
 */
export function dataText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function plainPart(title: string, { lines, table: [header = [], ...rows] }: ReportPage["plain"]): string {
  const line = (cells: readonly string[], tag: "th" | "td"): string =>
    `<tr>${cells.map((cell) => `<${tag}>${textOf(cell)}</${tag}>`).join("")}</tr>`;
  const table =
    rows.length === 0
      ? ""
      : `<table><thead>${line(header, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table>`;
  return `<h1>${textOf(title)}</h1>${lines.map((text) => `<p>${textOf(text)}</p>`).join("")}${table}`;
}

function textOf(text: string): string {
  return escapeHtml(text.replace(/[\0-\x1f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "\ufffd"));
}
