import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { RunDirectory } from "../runs/run-directory.js";
import { endpoints } from "./api/endpoints.js";
import { keyOf } from "./api/question.js";
import { reportAnswers } from "./report/answers.js";
import { dataText, reportPage } from "./report/page.js";
import { damage, HOSTILE, hostileRun, INVISIBLE } from "./report/test-hostile-run.js";
import { renderReport } from "./report.js";

const run = hostileRun();
const html = await renderReport(run);
const answers = JSON.parse(between(html, 'id="answers">', "</script>")) as Record<string, unknown>;

function between(text: string, start: string, end: string): string {
  const from = text.indexOf(start) + start.length;
  return text.slice(from, text.indexOf(end, from));
}

/** What stands outside of our own script and style. */
function document(text: string): string {
  const script = text.slice(text.lastIndexOf("<script>") + "<script>".length, text.lastIndexOf("</script>"));
  return text.replace(script, "").replace(between(text, "<style>", "</style>"), "");
}

describe("a report of a hostile run", () => {
  it("holds its texts as data, and none as markup", () => {
    const tags = [...document(html).matchAll(/<[!/a-z][^>]*/gi)].map(([tag]) => tag);
    const names = new Set(tags.map((tag) => /^<\/?(!?[a-z0-9]+)/i.exec(tag)?.[1]));
    expect(names).toEqual(
      new Set(
        ["!doctype", "html", "head", "meta", "title", "style", "body", "div", "noscript", "h1", "p", "script"].concat([
          "table",
          "thead",
          "tbody",
          "tr",
          "th",
          "td",
        ]),
      ),
    );
    expect(tags.filter((tag) => tag.startsWith("<script"))).toEqual([
      '<script type="application/json" id="answers"',
      "<script",
    ]);
    expect(tags.join("")).not.toMatch(/ (on\w+|src|href|style)=/i);
    expect(document(html)).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
  });

  it("gives every text back as it was", () => {
    const group = answers[keyOf("group", { run: "hostile <b>run</b>", step: 2, group: 0 })];
    const { rollouts } = endpoints.group.answer.parse(group);
    expect(rollouts.map(({ completion }) => completion)).toEqual(Array(2).fill(`${HOSTILE}\n${INVISIBLE}`));
    const written =
      answers[keyOf("evaluatedProblem", { run: "hostile <b>run</b>", benchmark: "family", step: 2, problem: HOSTILE })];
    expect(endpoints.evaluatedProblem.answer.parse(written).completions[0]?.completion).toContain(INVISIBLE);
  });

  it("answers with what the endpoints' schemas say", () => {
    const schemas = new Map(Object.values(endpoints).map(({ path, answer }) => [path as string, answer]));
    const asked = Object.entries(answers).filter(([key]) => key !== "notes");
    expect(asked.length).toBeGreaterThan(10);
    for (const [key, answer] of asked) schemas.get(key.split("?", 1)[0] ?? "")?.parse(answer);
  });

  it("lets no script or style but its own run, by their hashes", () => {
    const policy = between(html, 'Content-Security-Policy" content="', '">');
    const script = html.slice(html.lastIndexOf("<script>") + 8, html.lastIndexOf("</script>"));
    const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${hash(script)}`,
      `style-src ${hash(between(html, "<style>", "</style>"))}`,
      "img-src data: blob:",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it("shows the measures to who has no script", () => {
    const plain = between(html, "<noscript>", "</noscript>");
    expect(plain).toContain("<th>step 0</th><th>step 2</th>");
    expect(plain).toContain("<td>code_pass_at_1</td>");
    expect(plain).toContain("<td>0.0 % ± 0.0</td><td>100.0 % ± 0.0</td>");
    expect(plain).toContain("&lt;script&gt;");
  });
});

describe("a report", () => {
  it("is the same bytes for the same run, wherever it lies", async () => {
    const copy = join(mkdtempSync(join(tmpdir(), "coderlplus-copy-")), "other");
    cpSync(run.path, copy, { recursive: true });
    expect(await renderReport(RunDirectory.open(copy))).toBe(html);
  });

  it("is written of a damaged run, and says what is left out", async () => {
    const damaged = hostileRun();
    damage(damaged);
    const { notes, detail, evaluations } = await reportAnswers(damaged.path, "damaged");
    expect(detail.summary.status).toBe("finished");
    expect(evaluations.map(({ records }) => records.map(({ step }) => step))).toEqual([[0]]);
    expect(notes.some((note) => /family-step-000002\.json: not JSON/.test(note))).toBe(true);
    expect(notes).toContain("Lines of these steps that are no rollouts: 2.");
    expect(notes.some((note) => note.startsWith("Rollouts: 2 of the 2 groups of steps 1 and 2"))).toBe(true);
  });

  it("is refused a script that would not stay in its element", () => {
    const page = (script: string): string =>
      reportPage({ title: "x", files: { script, style: "" }, answers: {}, plain: { lines: [], table: [] } });
    expect(page("1")).toContain("<script>1</script>");
    for (const script of ["'</script>'", "'<!-- <script>'"]) expect(() => page(script)).toThrow("cannot stand inline");
  });

  it("escapes in its data what ends an element or a line, and what an editor or a terminal obeys", () => {
    expect(dataText({ a: "<\u2028\u202e\u009b\u001b\ud800é" })).toBe(
      '{"a":"\\u003c\\u2028\\u202e\\u009b\\u001b\\ud800é"}',
    );
  });

  it("is written without the server: training loads no part of it", () => {
    const loaded = imported(resolve(import.meta.dirname, "../train/run.ts"));
    expect(loaded.files.has(resolve(import.meta.dirname, "report.ts"))).toBe(true);
    expect([...loaded.files].filter((file) => /dashboard\/(app|serve|guard|events)\.ts$|cli\//.test(file))).toEqual([]);
    expect([...loaded.packages].filter((name) => /^(@?hono|preact|uplot)/.test(name))).toEqual([]);
  });
});

/** Every file and package that a file imports at run time, itself or through others. */
function imported(entry: string): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const [files, packages] = [new Set([entry]), new Set<string>()];
  for (const file of files) {
    const statements = readFileSync(file, "utf8").matchAll(/^(?:import|export) (?!type )(?:[^;"]*?from )?"([^"]+)"/gm);
    for (const [, name = ""] of statements) {
      if (name.startsWith(".")) files.add(resolve(dirname(file), name.replace(/\.js$/, ".ts")));
      else packages.add(name);
    }
  }
  return { files, packages };
}
