// Two policies' answers side by side, one page of HTML without script or outside resource: filters are radio buttons and
// style, so that what a model wrote can never run. Long texts are cut; the samples files have them whole.

import { stringifyJson } from "../../core/json.js";
import { escapeHtml, page } from "../../runs/page.js";
import type { Prompt } from "../policies/policy.js";
import type { EvaluationComparison, Named } from "./compare.js";
import { changeNames, comparisonRows } from "./comparison-rows.js";
import { commonEvaluations, type PairedTask, pairTasks, type Side } from "./pair.js";
import { radioFilter } from "./radio-filter.js";

/** What is shown of one completion, as text. */
interface ShownSide {
  readonly title: string;
  readonly texts: ReadonlyArray<readonly [label: string, text: string]>;
}

interface Entry {
  readonly benchmark: string;
  readonly difficulty: string | null;
  readonly paired: PairedTask;
  readonly prompt: string;
  readonly sides: readonly [ShownSide, ShownSide];
}

/**
 * @param comparison  of the two
 * @throws UsageError where they cannot be compared
 */
export function differencePage(base: Named, other: Named, comparison: EvaluationComparison): string {
  const { pairs } = commonEvaluations(base.evaluations, other.evaluations);
  const entries = pairs.flatMap((pair) =>
    pairTasks(pair.base, pair.other).map((paired) => entryOf(pair.base.info.benchmark, paired, base.name, other.name)),
  );
  const limit = limitFor(entries);
  const filters = [
    radioFilter(
      "change",
      "What changed",
      entries,
      ({ paired }) => changeNames[paired.change],
      Object.values(changeNames),
    ),
    radioFilter("benchmark", "Benchmark", entries, ({ benchmark }) => benchmark),
    radioFilter("difficulty", "Difficulty", entries, ({ difficulty }) => difficulty ?? "none"),
  ];
  const classesOf = (entry: Entry): string => filters.map(({ classOf }) => classOf(entry)).join(" ");
  const title = `${base.name} and ${other.name}`;
  const body = [
    `<h1>${escapeHtml(title)}</h1>`,
    table(comparison),
    `<p>A task is solved where strict grading takes at least one completion for right. Shown is the first right completion of a solved task, else the first; texts are cut after ${limit} characters, the samples files beside the evaluations have them whole.</p>`,
    ...filters.map(({ html }) => html),
    `<main>${entries.map((entry) => article(entry, classesOf(entry), limit)).join("\n")}</main>`,
  ];
  return page(title, body.join("\n"), STYLE + filters.map(({ style }) => style).join(""));
}

const STYLE = `
main details{border-top:1px solid var(--line);padding:.4rem 0;content-visibility:auto;contain-intrinsic-size:auto 2.4rem}
summary{cursor:pointer}.sides{display:grid;grid-template-columns:1fr 1fr;gap:1rem}.sides>section{min-width:0}
h4{margin:.6rem 0 .2rem}pre{margin:.2rem 0;max-height:30rem;overflow:auto;unicode-bidi:isolate}
fieldset{border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0;display:flex;flex-wrap:wrap;gap:.2rem 1rem}`;

function table(comparison: EvaluationComparison): string {
  const [header = [], ...rows] = comparisonRows(comparison);
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  const { alone } = comparison;
  const left = alone.length === 0 ? "" : `<p>Only one of the two has ${escapeHtml(alone.join(", "))}.</p>`;
  return `<table><thead>${line(header, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table>${left}`;
}

function entryOf(benchmark: string, paired: PairedTask, baseName: string, otherName: string): Entry {
  return {
    benchmark,
    difficulty: paired.base.sample.difficulty ?? null,
    paired,
    prompt: promptText(paired.base.sample.prompt),
    sides: [shown(paired.base, baseName), shown(paired.other, otherName)],
  };
}

function promptText(prompt: Prompt): string {
  if (prompt.kind === "text") return prompt.text;
  return prompt.messages.map(({ role, content }) => `${role}:\n${content}`).join("\n\n");
}

function shown({ count, sample }: Side, name: string): ShownSide {
  const { extracted, strict, official } = sample.grade;
  const texts: Array<readonly [string, string]> = [
    extracted === null ? ["no program in the completion", sample.text] : ["program or answer", extracted],
  ];
  const verdict = strict.kind === "wrong" ? `wrong: ${strict.reason}` : strict.kind;
  if (strict.kind === "wrong") {
    const { expected, got } = strict;
    const plain = typeof expected === "string" && typeof got === "string";
    const asText = (value: unknown): string => (plain ? String(value) : stringifyJson(value));
    if (strict.test !== undefined) texts.push(["failing test", strict.test]);
    if (expected !== undefined) texts.push(["expected", asText(expected)]);
    if (got !== undefined) texts.push(["got", asText(got)]);
    if (strict.message !== undefined) texts.push(["message", strict.message]);
  } else if (strict.kind === "infrastructure") texts.push(["message", strict.message]);
  const doubt = official.kind === strict.kind ? "" : `; official grading: ${official.kind}`;
  const end = { stop: "", length: "; cut off at its limit", "no-room": "; no room behind the prompt" };
  return { title: `${name}: ${count.c} of ${count.n} right; this one ${verdict}${doubt}${end[sample.stopReason]}`, texts };
}

/** What all texts of a page may come to, in characters: a browser opens such a page at once. */
const PAGE_CHARACTERS = 8_000_000;
const LIMITS = [4000, 2000, 1000, 500, 250];

/** The longest that a text may be so that the page stays within bounds. */
function limitFor(entries: readonly Entry[]): number {
  const lengths = entries.flatMap(({ prompt, sides }) => [
    prompt.length,
    ...sides.flatMap(({ texts }) => texts.map(([, text]) => text.length)),
  ]);
  const fits = (limit: number): boolean =>
    lengths.reduce((sum, length) => sum + Math.min(length, limit), 0) <= PAGE_CHARACTERS;
  return LIMITS.find(fits) ?? Math.min(...LIMITS);
}

function article({ benchmark, difficulty, paired, prompt, sides }: Entry, classes: string, limit: number): string {
  const { base, other, task, change } = paired;
  const rates = [base, other].map(({ count: { c, n } }) => `${c}/${n}`).join(" to ");
  const facts = [changeNames[change], benchmark, task, rates, ...(difficulty === null ? [] : [difficulty])].join(" · ");
  return `<details class="${classes}"><summary>${escapeHtml(cut(facts, Math.min(...LIMITS)))}</summary>${block("prompt", prompt, limit)}<div class="sides">${sides.map((side) => section(side, limit)).join("")}</div></details>`;
}

function section({ title, texts }: ShownSide, limit: number): string {
  return `<section><h3>${escapeHtml(title)}</h3>${texts.map(([label, text]) => block(label, text, limit)).join("")}</section>`;
}

function block(label: string, text: string, limit: number): string {
  return `<h4>${label}</h4><pre>${escapeHtml(cut(text, limit))}</pre>`;
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // Half of a character beyond 16 bits is none.
  const kept = text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, "");
  return `${kept}\n... (${text.length - kept.length} more characters)`;
}
