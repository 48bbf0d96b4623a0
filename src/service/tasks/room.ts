// The alignment queue behind the service: tasks handed out, rollouts reported, answers rewarded, by the trainer's own pool,
// filters, judge and seeds. What its state is and how it moves is in state.ts, how it is kept in journal.ts; HTTP is not
// known here.

import { mkdirSync } from "node:fs";
import type { AlignmentExample } from "../../alignment/example.js";
import { type Candidate, recycle } from "../../alignment/recycle.js";
import { shareAt } from "../../alignment/share.js";
import { UsageError } from "../../core/errors.js";
import { sha256, sha256OfFile, storing } from "../../core/files.js";
import { readTokenizer } from "../../engines/embedded/model/tokenizer.js";
import { inOrder } from "../../judge/in-order.js";
import { judge as judgeProgram } from "../../judge/judge.js";
import { bundled } from "../../problems/bundled.js";
import type { Problem } from "../../problems/problem.js";
import type { ProblemSet } from "../../problems/problem-set.js";
import { releaseLock, takeLock } from "../../runs/lock.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { alignmentGrader, alignmentTools, needsAllTests, recyclingOf } from "../../train/examples.js";
import { earn } from "../../train/grade.js";
import { openProblems } from "../../train/problems.js";
import type { NextAnswer, NextRequest, RolloutsAnswer, RolloutsRequest, Task } from "../api/tasks.js";
import type { RewardAnswer, RewardRequest } from "../api/trainers.js";
import type { TaskConfig } from "./config.js";
import { questionIn, type Speech, speechOf } from "./dialects.js";
import { Journal } from "./journal.js";
import { SharedJudge } from "./shared-judge.js";
import {
  type Answered,
  droppedOf,
  exampleOf,
  type NextMove,
  namedBy,
  type ReportMove,
  reportedAt,
  takeNext,
  takeReport,
  withoutKnown,
} from "./state.js";

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
}

const LOCK = "service.lock";
/** Programs of a report that are judged at once: the others leave room for who asks for a reward. */
const JUDGED_AT_ONCE = 16;

/** @throws UsageError, DataError: whatever is unusable; where another process has the folder */
export async function openTaskRoom(options: TaskRoomOptions): Promise<TaskRoom> {
  const { config, folder, tokenizer: tokenizerFolder = null, onNotice = () => {} } = options;
  storing(folder, () => mkdirSync(folder, { recursive: true }));
  takeLock(folder, LOCK);
  try {
    const speech = speechOf(config, tokenizerFolder === null ? null : readTokenizer(tokenizerFolder));
    const problems = await openProblems(config, speech.dialect, speech.countTokens, { notice: onNotice });
    const identity = {
      ...Object.fromEntries(
        Object.entries({ ...config, data: null, judge: config.judge.mode }).map(([key, value]) => [
          key,
          JSON.stringify(value),
        ]),
      ),
      "the file of data.train": sha256OfFile(bundled(config.data.train, "train")),
      "the tokenizer": tokenizerFolder === null ? "none" : sha256OfFile(`${tokenizerFolder}/tokenizer.json`),
    };
    return new TaskRoom(options, speech, problems, Journal.open(folder, identity, problems, config));
  } catch (error) {
    releaseLock(folder, LOCK);
    throw error;
  }
}

export class TaskRoom {
  readonly #judge: SharedJudge;
  readonly #tools;
  readonly #gradeAlignment;
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
    const { config, sandbox } = options;
    const allTests = needsAllTests(config);
    const { mode } = config.judge;
    this.#judge = new SharedJudge((problem, program, signal) =>
      judgeProgram(sandbox, problem, program, { mode, allTests, signal }),
    );
    const workshop = { config, sandbox, dialect: speech.dialect, problems };
    this.#tools = alignmentTools(workshop, speech.countTokens);
    this.#gradeAlignment = alignmentGrader(workshop, this.#tools);
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
  report(request: RolloutsRequest, { key, signal }: Asking = {}): Promise<RolloutsAnswer> {
    const hash = hashOf(request);
    const same = key === undefined ? undefined : this.#underWay.get(key);
    if (same) return same.hash === hash ? same.answer : Promise.reject(otherRequest(key));
    const answer = this.#report(request, hash, key, signal);
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
    const graders = {
      dialect: this.speech.dialect,
      judge: (problem: Problem, program: string | null) => this.#judge.judge(problem, program, signal),
      gradeAlignment: this.#gradeAlignment,
    };
    const { reward, rewardParts, code } = await earn(response, task, graders, this.options.config.reward.code);
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

  async #report(request: RolloutsRequest, hash: string, key?: string, signal?: AbortSignal): Promise<RolloutsAnswer> {
    this.#refuseClosed();
    const known = this.#answered(key, hash, "report");
    if (known) return known.answer;
    const rollouts = request.items.flatMap(({ task_id, response }) => {
      if (namedBy(task_id)?.kind === "alignment") return [];
      const task = this.#named(task_id);
      if (task.kind !== "code") return [];
      return [{ problem: task.problem, program: this.speech.dialect.program(task.problem, response) }];
    });
    const before = this.#reports;
    const made = this.#judged(rollouts, signal).then(async (candidates) => {
      await before;
      return this.#take(candidates, request.step, hash, key ?? null);
    });
    this.#reports = Promise.all([before, made]).catch(() => {});
    return made;
  }

  async #judged(
    rollouts: ReadonlyArray<{ problem: Problem; program: string | null }>,
    signal?: AbortSignal,
  ): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    const judged = inOrder(rollouts, JUDGED_AT_ONCE, ({ problem, program }) =>
      this.#judge.judge(problem, program, signal),
    );
    for await (const [rollout, judgement] of judged) candidates.push({ ...rollout, judgement });
    return candidates;
  }

  async #take(
    candidates: readonly Candidate[],
    step: number,
    hash: string,
    key: string | null,
  ): Promise<RolloutsAnswer> {
    const { state } = this.journal;
    const { config } = this.options;
    const before = reportedAt(state, step);
    const options = recyclingOf(config);
    const { maximumPerStep } = options;
    const limit = maximumPerStep === null ? null : Math.max(0, maximumPerStep - before.kept);
    const made = await recycle(
      candidates,
      { ...options, maximumPerStep: limit },
      state.pool,
      this.#tools,
      step,
      config.seed,
      before.candidates,
    );
    const examples = withoutKnown(state, made.examples);
    const dropped = droppedOf(made.funnel, made.examples.length - examples.length);
    const move: ReportMove = { kind: "report", key, hash, step, candidates: candidates.length, dropped, examples };
    this.journal.write(move);
    const answer = takeReport(state, move);
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

  #named(taskId: string): Parameters<typeof earn>[1] {
    const { kind, id } = namedBy(taskId) ?? {};
    const problem = kind === "code" ? this.problems.find(id ?? "") : undefined;
    if (problem) return { kind: "code", problem };
    const example = kind === "alignment" ? exampleOf(this.journal.state, id ?? "") : undefined;
    if (example) return { kind: "alignment", example };
    throw new UsageError(
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
