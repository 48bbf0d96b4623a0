// Whether a data set is worth training on: every problem by itself, against those before it, against the evaluation sets,
// and by running its programs. One pass in bounded memory. What is proved of the bundled family beyond this is in
// ../data-check.ts.

import { inOrder } from "../../judge/in-order.js";
import type { Problem } from "../../problems/problem.js";
import type { Place, SourceItem } from "../../problems/sources/source.js";
import { checkRuns, type RunProgram } from "./check-runs.js";
import { checkTests } from "./check-tests.js";
import { dateOf } from "./dates.js";
import { type Finding, findingKinds } from "./finding.js";
import type { OverlapIndex } from "./overlap.js";
import { fingerprint, normalised } from "./words.js";

export interface CheckOptions {
  /** Null where no program is to be run. */
  readonly run: RunProgram | null;
  /** How often a reference that passes is run. */
  readonly repeats: number;
  /** Problems whose programs may be under way at once. */
  readonly ahead: number;
  /** Of the evaluation sets. */
  readonly overlap?: OverlapIndex | undefined;
  /** The first day of the evaluation's problems, `YYYY-MM-DD`. */
  readonly before?: string | undefined;
}

export interface Checked {
  readonly where: Place;
  /** As a cleaned file would have it; null for a row that is none, or is not for us. */
  readonly problem: Problem | null;
  readonly findings: readonly Finding[];
  /** Why the row is fine, but not for us. */
  readonly skipped: string | null;
  /** How many were run for it. */
  readonly programs: number;
}

/** Whether a cleaned file has the problem. */
export function isKept({ problem, findings }: Checked): boolean {
  return problem !== null && !findings.some(({ kind }) => findingKinds[kind].drops);
}

/** One answer a row, in the order of the rows. Programs of problems that are dropped anyway are not run. */
export async function* checkDataSet(items: AsyncIterable<SourceItem>, options: CheckOptions): AsyncGenerator<Checked> {
  const seen = new Seen();
  const still = async function* (): AsyncGenerator<Checked> {
    for await (const item of items) yield checkStill(item, seen, options);
  };
  const { run, repeats, ahead } = options;
  for await (const [checked, ran] of inOrder(still(), ahead, async (each) => {
    if (run === null || each.problem === null || !isKept(each)) return { findings: [], programs: 0 };
    return checkRuns(each.problem, run, repeats);
  })) {
    yield { ...checked, findings: [...checked.findings, ...ran.findings], programs: ran.programs };
  }
}

/** What shows without running anything. */
function checkStill(item: SourceItem, seen: Seen, { overlap, before }: CheckOptions): Checked {
  const { where } = item;
  const none = { where, problem: null, findings: [], skipped: null, programs: 0 };
  if (item.kind === "skipped") return { ...none, skipped: item.reason };
  if (item.kind !== "problem") {
    const detail = item.detail === "" ? item.reason : `${item.reason}; ${item.detail}`;
    return { ...none, findings: [{ kind: "malformed row", detail }] };
  }
  const { findings, cleaned } = checkTests(item.problem);
  findings.unshift(...seen.check(item.problem));
  const found = overlap?.find(item.problem);
  if (found) {
    findings.push({
      kind: "overlaps evaluation",
      detail: `${Math.round(found.share * 100)} % of the words of ${found.id}`,
    });
  }
  const date = before === undefined ? undefined : dateOf(item.problem);
  if (before !== undefined && date !== undefined && date >= before) {
    findings.push({ kind: "dated in evaluation", detail: date });
  }
  return { ...none, problem: cleaned, findings };
}

/** The problems before, as fingerprints. */
class Seen {
  readonly #ids = new Set<string>();
  readonly #prompts = new Map<string, string>();

  check({ id, prompt, language, starterCode = "", entryPoint = "" }: Problem): Finding[] {
    const findings: Finding[] = [];
    const idPrint = fingerprint(id);
    if (this.#ids.has(idPrint)) findings.push({ kind: "repeated id", detail: id });
    this.#ids.add(idPrint);
    const asked = fingerprint([language, entryPoint, normalised(starterCode), normalised(prompt)].join("\0"));
    const earlier = this.#prompts.get(asked);
    if (earlier === undefined) this.#prompts.set(asked, id);
    else findings.push({ kind: "repeated problem", detail: `as ${earlier}` });
    return findings;
  }
}
