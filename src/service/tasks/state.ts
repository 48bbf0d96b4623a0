// Where the queue is: which problems were handed out, what the pool holds, which answers may be asked for again. It changes
// by two moves alone, each a function of the state and of what the journal says of it, so that the journal made again gives
// the same state. Nothing here waits, judges or writes.

import type { AlignmentExample } from "../../alignment/example.js";
import { AlignmentPool } from "../../alignment/pool.js";
import { promptsAt } from "../../alignment/share.js";
import { itemAt } from "../../core/epochs.js";
import { Rng } from "../../core/rng.js";
import type { Problems } from "../../problems/problem-set.js";
import type { RolloutsAnswer } from "../api/tasks.js";
import type { TaskConfig } from "./config.js";

/** A step's requests for tasks so far. */
interface Turn {
  readonly step: number;
  readonly calls: number;
  /** Alignment tasks that the shares so far come to, not rounded. */
  readonly owed: number;
  /** Ids of examples handed out in this step. */
  readonly drawn: readonly string[];
}

/** A step's reports so far. */
export interface Reported {
  readonly step: number;
  readonly candidates: number;
  readonly kept: number;
}

/** What was answered to a request with a key, to be said again. */
export type Answered =
  | {
      readonly kind: "next";
      readonly hash: string;
      readonly tasks: readonly string[];
      readonly step: number;
      readonly pool_size: number;
    }
  | { readonly kind: "report"; readonly hash: string; readonly answer: RolloutsAnswer };

export interface TaskState {
  /** Moves made. */
  sequence: number;
  /** Code problems handed out. */
  cursor: number;
  turn: Turn;
  reported: Reported;
  readonly pool: AlignmentPool;
  /** Examples that were handed out, by their ids, the latest last: their answers are still graded when the pool has let them go. */
  readonly handed: Map<string, AlignmentExample>;
  readonly answers: Map<string, Answered>;
}

export interface NextMove {
  readonly kind: "next";
  readonly key: string | null;
  readonly hash: string;
  readonly n: number;
  readonly share: number;
  readonly step: number;
}

export interface ReportMove {
  readonly kind: "report";
  readonly key: string | null;
  readonly hash: string;
  readonly step: number;
  readonly candidates: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly examples: readonly AlignmentExample[];
}

const HANDED_KEPT = 20_000;
const ANSWERS_KEPT = 1000;
/** Tasks that the kept answers name together. */
const ANSWERED_TASKS_KEPT = 100_000;

export function newState({ pool }: TaskConfig): TaskState {
  return {
    sequence: 0,
    cursor: 0,
    turn: { step: 0, calls: 0, owed: 0, drawn: [] },
    reported: { step: 0, candidates: 0, kept: 0 },
    pool: new AlignmentPool(pool),
    handed: new Map(),
    answers: new Map(),
  };
}

/**
 * The ids of the next tasks: code first, then alignment, as in the trainer's mixed batch: none of alignment while the pool
 * cannot fill the share. The second request of a step draws as the trainer's dynamic sampling does, nothing twice. Requests
 * too small for an alignment task of their own get one when their shares together come to one.
 */
export function takeNext(state: TaskState, move: NextMove, problems: Problems, { seed }: TaskConfig): string[] {
  const { n, share, step } = move;
  const turn = state.turn.step === step ? state.turn : { step, calls: 0, owed: 0, drawn: [] };
  const owed = turn.owed + n * share;
  const wanted = Math.min(n, promptsAt(1, owed) - promptsAt(1, turn.owed));
  const drawn = new Set(turn.drawn);
  const except = new Set(state.pool.entries.flatMap(({ example }) => (drawn.has(example.id) ? [example] : [])));
  const aligned = state.pool.size - except.size >= wanted ? wanted : 0;
  const rng = Rng.of(seed, "pool", step, ...(turn.calls === 0 ? [] : [turn.calls]));
  const examples = state.pool.draw(aligned, step, rng, except);
  const code = Array.from({ length: n - aligned }, (_, i) => {
    return problems.read(itemAt(state.cursor + i, problems.size, seed, "epoch")).id;
  });
  state.cursor += code.length;
  state.turn = { step, calls: turn.calls + 1, owed, drawn: [...turn.drawn, ...examples.map(({ id }) => id)] };
  for (const example of examples) {
    state.handed.delete(example.id);
    state.handed.set(example.id, example);
  }
  for (const [oldest] of state.handed) if (state.handed.size > HANDED_KEPT) state.handed.delete(oldest);
  const tasks = [...code.map((id) => CODE + id), ...examples.map(({ id }) => ALIGNMENT + id)];
  finish(state, move, { kind: "next", hash: move.hash, tasks, step, pool_size: state.pool.size });
  return tasks;
}

/** Adds a report's examples to the pool. */
export function takeReport(state: TaskState, move: ReportMove): RolloutsAnswer {
  const { step, candidates, dropped, examples } = move;
  const before = reportedAt(state, step);
  state.pool.add(examples);
  if (step >= state.reported.step) {
    state.reported = { step, candidates: before.candidates + candidates, kept: before.kept + examples.length };
  }
  const answer = { candidates, kept: examples.length, dropped, pool_size: state.pool.size };
  finish(state, move, { kind: "report", hash: move.hash, answer });
  return answer;
}

/** What was reported of a step before. */
export function reportedAt({ reported }: TaskState, step: number): Reported {
  return reported.step === step ? reported : { step, candidates: 0, kept: 0 };
}

function finish(state: TaskState, { key }: NextMove | ReportMove, answered: Answered): void {
  state.sequence++;
  if (key === null) return;
  state.answers.delete(key);
  state.answers.set(key, answered);
  let tasks = 0;
  for (const answer of state.answers.values()) tasks += answer.kind === "next" ? answer.tasks.length : 1;
  for (const [oldest, answer] of state.answers) {
    if (state.answers.size <= ANSWERS_KEPT && tasks <= ANSWERED_TASKS_KEPT) break;
    state.answers.delete(oldest);
    tasks -= answer.kind === "next" ? answer.tasks.length : 1;
  }
}

const CODE = "code:";
const ALIGNMENT = "alignment:";

/** What a task's id names; null for an id that is none of ours. */
export function namedBy(taskId: string): { readonly kind: "code" | "alignment"; readonly id: string } | null {
  if (taskId.startsWith(CODE)) return { kind: "code", id: taskId.slice(CODE.length) };
  if (taskId.startsWith(ALIGNMENT)) return { kind: "alignment", id: taskId.slice(ALIGNMENT.length) };
  return null;
}

export function exampleOf({ handed, pool }: TaskState, id: string): AlignmentExample | undefined {
  return handed.get(id) ?? pool.entries.find(({ example }) => example.id === id)?.example;
}

/** Without those whose id the queue has already: the same program and input may be reported twice within a step. */
export function withoutKnown(state: TaskState, examples: readonly AlignmentExample[]): AlignmentExample[] {
  return examples.filter(({ id }) => exampleOf(state, id) === undefined);
}
