// A page that is one file without script or outside resource, so that what a model wrote can never run.

import { CHART_COLOURS } from "./chart.js";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

const STYLE = `:root{color-scheme:light dark;--ink:#1d2430;--paper:#fff;${CHART_COLOURS.light}}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--paper:#14171c;${CHART_COLOURS.dark}}}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:var(--ink);background:var(--paper)}
table{border-collapse:collapse;margin:.5rem 0}td,th{border-bottom:1px solid var(--line);padding:.25rem .75rem .25rem 0;text-align:left;vertical-align:top}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:1rem;margin:1rem 0}figure{margin:0}figcaption{font-weight:600}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:color-mix(in srgb,var(--line) 30%,transparent);padding:.75rem;border-radius:.4rem}
.prompt{color:var(--faint)}mark{background:none;color:var(--a)}.right{color:var(--c)}.wrong{color:var(--b)}article{border-top:1px solid var(--line);margin-top:1rem}svg{width:100%;height:auto}`;

/** @param style  of this page alone, behind that of all */
export function page(title: string, body: string, style = ""): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)} - coderlplus</title><style>${STYLE}${style}</style></head><body>
${body}
</body></html>
`;
}
