// The alignment queue behind the service: tasks handed out, rollouts reported, answers rewarded, by the trainer's own pool,
// filters, judge and seeds. What its state is and how it moves is in state.ts, how it is kept in journal.ts; HTTP is not
// known here.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AlignmentExample } from "../../alignment/example.js";
import { shareAt } from "../../alignment/share.js";
import { UsageError } from "../../core/errors.js";
import { sha256, sha256OfFile, storing } from "../../core/files.js";
import { readTokenizer } from "../../engines/embedded/model/tokenizer.js";
import { bundled } from "../../problems/bundled.js";
import type { Problem } from "../../problems/problem.js";
import type { ProblemSet } from "../../problems/problem-set.js";
import { releaseLock, takeLock } from "../../runs/lock.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { openProblems } from "../../train/problems.js";
import type { NextAnswer, NextRequest, RolloutsAnswer, RolloutsRequest, Task } from "../api/tasks.js";
import type { RewardAnswer, RewardRequest } from "../api/trainers.js";
import type { TaskConfig } from "./config.js";
import { questionIn, type Speech, speechOf } from "./dialects.js";
import { Journal } from "./journal.js";
import { type Answered, exampleOf, type NextMove, namedBy, type ReportMove, takeNext, takeReport } from "./state.js";
import { type NamedTask, openWorkshop, type Turn, type Workshop, type Written } from "./workshop.js";

export interface TaskRoomOptions {
  readonly config: TaskConfig;
  readonly sandbox: Sandbox;
  /** Where the queue's state is kept; one process at a time. */
  readonly folder: string;
  /** A folder with the model's own tokenizer.json; null: prompts are measured by their characters. */
  readonly tokenizer?: string | null;
  readonly onNotice?: (text: string) => void;
}

export interface Asking {
  /** The same request with the same key gets the same answer, also after a restart. */
  readonly key?: string | undefined;
  /** Aborted, it calls off what is judged for this request alone. */
  readonly signal?: AbortSignal | undefined;
  /** Judges one program of a report when it is its turn. Default: at once. */
  readonly turn?: Turn | undefined;
}

/** A task's id that names nothing here. */
export class UnknownTaskError extends UsageError {
  override readonly name = "UnknownTaskError";
}

const LOCK = "service.lock";

/** @throws UsageError, DataError: whatever is unusable; where another process has the folder */
export async function openTaskRoom(options: TaskRoomOptions): Promise<TaskRoom> {
  const { config, folder, tokenizer: tokenizerFolder = null, onNotice = () => {} } = options;
  storing(folder, () => mkdirSync(folder, { recursive: true }));
  takeLock(folder, LOCK);
  try {
    const speech = speechOf(config, tokenizerFolder === null ? null : readTokenizer(tokenizerFolder));
    const problems = await openProblems(config, speech.dialect, speech.countTokens, { notice: onNotice });
    const identity = identityOf(config, tokenizerFolder);
    return new TaskRoom(options, speech, problems, Journal.open(folder, identity, problems, config, onNotice));
  } catch (error) {
    releaseLock(folder, LOCK);
    throw error;
  }
}

/** What the order of tasks follows from, by what a person calls it. */
function identityOf({ data, judge, ...config }: TaskConfig, tokenizer: string | null): Record<string, string> {
  const keys = Object.entries({ ...config, "judge.mode": judge.mode });
  return {
    ...Object.fromEntries(keys.map(([key, value]) => [key, JSON.stringify(value)])),
    "the file of data.train": sha256OfFile(bundled(data.train, "train")),
    "the tokenizer": tokenizer === null ? "none" : sha256OfFile(join(tokenizer, "tokenizer.json")),
  };
}

export class TaskRoom {
  readonly #workshop: Workshop;
  /** Reports become examples one after the other, in the order they came. */
  #reports: Promise<unknown> = Promise.resolve();
  readonly #underWay = new Map<string, { readonly hash: string; readonly answer: Promise<RolloutsAnswer> }>();
  #closed = false;

  constructor(
    private readonly options: TaskRoomOptions,
    private readonly speech: Speech,
    private readonly problems: ProblemSet,
    private readonly journal: Journal,
  ) {
    this.#workshop = openWorkshop(options.config, options.sandbox, speech, problems);
  }

  get poolSize(): number {
    return this.journal.state.pool.size;
  }

  /** What the pool holds, oldest first. */
  get examples(): readonly AlignmentExample[] {
    return this.journal.state.pool.entries.map(({ example }) => example);
  }

  async next({ n, max_align_fraction: given, step: at }: NextRequest, { key }: Asking = {}): Promise<NextAnswer> {
    this.#refuseClosed();
    const { state } = this.journal;
    const hash = hashOf({ n, given, at });
    const known = this.#answered(key, hash, "next");
    if (known) return this.#toNext(known.tasks, known.step, known.pool_size);
    const { config } = this.options;
    const step = at ?? state.reported.step + 1;
    const share = step <= config.alignment.collectSteps ? 0 : (given ?? shareAt(step, config.alignment));
    const move: NextMove = { kind: "next", key: key ?? null, hash, n, share, step };
    this.journal.write(move);
    const tasks = takeNext(state, move, this.problems, config);
    this.journal.compactWhenLong();
    return this.#toNext(tasks, step, state.pool.size);
  }

  /** @throws UsageError for a task that is not known; OverloadError, CancelledError: then nothing is taken of it */
  report(request: RolloutsRequest, asking: Asking = {}): Promise<RolloutsAnswer> {
    const { key } = asking;
    const hash = hashOf(request);
    const same = key === undefined ? undefined : this.#underWay.get(key);
    if (same) return same.hash === hash ? same.answer : Promise.reject(otherRequest(key));
    const answer = this.#report(request, hash, asking);
    if (key !== undefined) {
      this.#underWay.set(key, { hash, answer });
      answer.catch(() => {}).finally(() => this.#underWay.delete(key));
    }
    return answer;
  }

  /** @throws UsageError for a task that is not known; OverloadError, CancelledError */
  async reward({ task_id, response }: RewardRequest, { signal }: Asking = {}): Promise<RewardAnswer> {
    this.#refuseClosed();
    const task = this.#named(task_id);
    const { reward, rewardParts, code } = await this.#workshop.reward(task, response, signal);
    const { kind } = task;
    const status = code ? code.judgement.verdict.kind : reward === null ? "infrastructure" : "graded";
    return { task_id, kind, score: reward, status, parts: { ...rewardParts } };
  }

  /** Once the reports under way are taken. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#reports;
    this.journal.compact();
    await this.problems.close();
    releaseLock(this.options.folder, LOCK);
  }

  async #report(request: RolloutsRequest, hash: string, { key, signal, turn }: Asking): Promise<RolloutsAnswer> {
    this.#refuseClosed();
    const known = this.#answered(key, hash, "report");
    if (known) return known.answer;
    // A problem is read from its file: once for all its rollouts.
    const tasks = new Map<string, NamedTask>();
    const programs = request.items.flatMap(({ task_id, response }): Written[] => {
      if (namedBy(task_id)?.kind === "alignment") return [];
      const task = tasks.get(task_id) ?? this.#named(task_id);
      tasks.set(task_id, task);
      if (task.kind !== "code") return [];
      return [{ problem: task.problem, program: this.speech.dialect.program(task.problem, response) }];
    });
    const before = this.#reports;
    const made = this.#workshop.judged(programs, signal, turn).then(async (candidates) => {
      await before;
      const { step } = request;
      const { examples, dropped } = await this.#workshop.examplesOf(candidates, this.journal.state, step);
      const count = candidates.length;
      return this.#take({ kind: "report", key: key ?? null, hash, step, candidates: count, dropped, examples });
    });
    this.#reports = Promise.all([before, made]).catch(() => {});
    return made;
  }

  #take(move: ReportMove): RolloutsAnswer {
    this.journal.write(move);
    const answer = takeReport(this.journal.state, move);
    this.journal.compactWhenLong();
    return answer;
  }

  /** @throws UsageError where the key came with another request before */
  #answered<Kind extends Answered["kind"]>(
    key: string | undefined,
    hash: string,
    kind: Kind,
  ): Extract<Answered, { kind: Kind }> | null {
    const known = key === undefined ? undefined : this.journal.state.answers.get(key);
    if (!known) return null;
    if (known.hash !== hash || known.kind !== kind) throw otherRequest(key);
    return known as Extract<Answered, { kind: Kind }>;
  }

  #toNext(tasks: readonly string[], step: number, pool_size: number): NextAnswer {
    return { tasks: tasks.map((id) => this.#task(id)), step, pool_size };
  }

  #task(id: string): Task {
    const task = this.#named(id);
    const { dialect, bare } = this.speech;
    const [prompt, content] =
      task.kind === "code"
        ? [dialect.code(task.problem), bare.code(task.problem)]
        : [task.example.prompt, questionIn(bare, task.example, this.#language(task.example))];
    return { task_id: id, kind: task.kind, prompt, messages: [{ role: "user", content }], label: id };
  }

  #language({ problem }: AlignmentExample): Problem["language"] {
    return this.problems.find(problem)?.language ?? "python";
  }

  #named(taskId: string): NamedTask {
    const { kind, id } = namedBy(taskId) ?? {};
    const problem = kind === "code" ? this.problems.find(id ?? "") : undefined;
    if (problem) return { kind: "code", problem };
    const example = kind === "alignment" ? exampleOf(this.journal.state, id ?? "") : undefined;
    if (example) return { kind: "alignment", example };
    throw new UnknownTaskError(
      `task_id: there is no task ${JSON.stringify(taskId.slice(0, 100))}; expected an id that /tasks/next has given, as code:… or alignment:…`,
    );
  }

  #refuseClosed(): void {
    if (this.#closed) throw new UsageError("the task queue is closed: the service is stopping");
  }
}

function hashOf(request: unknown): string {
  return sha256(JSON.stringify(request));
}

function otherRequest(key: string | undefined): UsageError {
  return new UsageError(
    `Idempotency-Key: ${JSON.stringify(key?.slice(0, 100))} came with another request before; take a new one`,
  );
}
