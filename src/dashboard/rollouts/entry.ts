// From one line of a step's file to what the index keeps of it. Nothing is believed: a line of any other form is told
// from a rollout by its fields.

export type Task = "code" | "alignment";
export type VerdictKind = "passed" | "failed" | "unparsable" | "infrastructure";
export type StopReason = "stop" | "length";

export const tasks: readonly Task[] = ["code", "alignment"];
export const verdictKinds: readonly VerdictKind[] = ["passed", "failed", "unparsable", "infrastructure"];
export const stopReasons: readonly StopReason[] = ["stop", "length"];

/** One rollout's plain fields. */
export interface Entry {
  readonly group: number;
  readonly sample: number;
  readonly task: Task;
  readonly problem: string;
  readonly verdict: VerdictKind | null;
  readonly reason: string | null;
  readonly reward: number | null;
  readonly advantage: number | null;
  readonly tokens: number;
  readonly stopReason: StopReason;
  /** What was run, or asked about. */
  readonly program: string | null;
}

const MAX_NAME = 1000;
const MAX_GROUP = 2 ** 32 - 1;
const MAX_SAMPLE = 2 ** 16 - 1;

type Fields = Readonly<Record<string, unknown>>;

/** The entry, or what is wrong with the line; for people. */
export function entryOf(line: string): Entry | string {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return "not JSON";
  }
  if (!isFields(record)) return "expected an object";
  const { task, problem, group, sample, tokens, stopReason, reward, advantage } = record;
  if (task !== "code" && task !== "alignment") return 'task: expected "code" or "alignment"';
  if (typeof problem !== "string" || problem.length > MAX_NAME) return "problem: expected the name of a problem";
  if (!isCount(group, MAX_GROUP)) return "group: expected a whole number";
  if (!isCount(sample, MAX_SAMPLE)) return `sample: expected a whole number up to ${MAX_SAMPLE}`;
  if (!isCount(tokens, MAX_GROUP)) return "tokens: expected a whole number";
  if (stopReason !== "stop" && stopReason !== "length") return 'stopReason: expected "stop" or "length"';
  if (!isNumberOrNull(reward)) return "reward: expected a number or null";
  if (!isNumberOrNull(advantage)) return "advantage: expected a number or null";
  const judged = verdictOf(record["verdict"]);
  if (typeof judged === "string") return judged;
  const program = programOf(record);
  return { group, sample, task, problem, ...judged, reward, advantage, tokens, stopReason, program };
}

function verdictOf(verdict: unknown): Pick<Entry, "verdict" | "reason"> | string {
  if (verdict === undefined || verdict === null) return { verdict: null, reason: null };
  const kind = isFields(verdict) ? verdictKinds.find((known) => known === verdict["kind"]) : undefined;
  if (kind === undefined) return `verdict: expected one of ${verdictKinds.join(", ")}`;
  const reason = kind === "failed" ? (verdict as Fields)["reason"] : null;
  const isName = typeof reason === "string" && reason.length <= MAX_NAME;
  return { verdict: kind, reason: isName ? reason : null };
}

function programOf({ program, alignment }: Fields): string | null {
  if (typeof program === "string") return program;
  const asked = isFields(alignment) ? alignment["program"] : null;
  return typeof asked === "string" ? asked : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || (typeof value === "number" && Number.isFinite(value));
}
