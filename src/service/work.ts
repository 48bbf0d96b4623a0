// What the endpoints do once a request is let in: run, judge, trace, reward. No HTTP here.

import { sha256 } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { RequestError } from "../core/request-error.js";
import { suggestion } from "../core/schema.js";
import { judge } from "../judge/judge.js";
import { verdictRecord } from "../judge/record.js";
import type { Judgement } from "../judge/verdict.js";
import type { Problem } from "../problems/problem.js";
import { extractProgram } from "../prompts/extract.js";
import { programIn } from "../prompts/program-in.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { traceRecord } from "../tracer/record.js";
import { trace } from "../tracer/tracer.js";
import type { Admission } from "./admission.js";
import type { JudgeRequest, TraceRequest } from "./api/direct.js";
import type { RewardAnswer, RewardRequest } from "./api/trainers.js";
import type { Call } from "./call.js";
import { Shared } from "./shared.js";
import type { TaskRoom } from "./tasks/room.js";
import { namedBy } from "./tasks/state.js";

export interface WorkOptions {
  readonly sandbox: Sandbox;
  readonly admission: Admission;
  readonly problems: readonly Problem[];
  readonly room: TaskRoom | null;
  /** Items of one request at once. */
  readonly lanes: number;
  readonly onVerdict: (kind: string) => void;
}

type Mode = JudgeRequest["mode"];

/** A problem that is known under its id, or came with the request. */
interface Known {
  readonly problem: Problem;
  readonly key: string;
}

const JUDGEMENTS_KEPT = { keepMs: 60_000, mostEntries: 10_000, mostBytes: 64 * 2 ** 20 };
const RETRY_INFRASTRUCTURE_SECONDS = 1;

export class Work {
  readonly #options: WorkOptions;
  readonly #problems: ReadonlyMap<string, Known>;
  readonly #judgements = new Shared<Judgement>({
    ...JUDGEMENTS_KEPT,
    keeps: ({ verdict }) => verdict.kind !== "infrastructure",
    bytesOf: (judgement) => stringifyJson(judgement).length,
  });

  constructor(options: WorkOptions) {
    this.#options = options;
    this.#problems = new Map(options.problems.map((problem) => [problem.id, { problem, key: `id ${problem.id}` }]));
  }

  async judge({ problems, items, mode }: JudgeRequest, call: Call): Promise<{ readonly verdicts: readonly object[] }> {
    const given = problems.map((problem): [string, Known] => [
      problem.id,
      { problem, key: `given ${sha256(stringifyJson(problem))}` },
    ]);
    const known = new Map([...this.#problems, ...given]);
    const counts = new Map<string, number>();
    const candidates = items.map((item, at) => {
      const found = known.get(item.problem);
      if (!found) throw unknownProblem(`items[${at}].problem`, item.problem, [...known.keys()]);
      const index = counts.get(item.problem) ?? 0;
      counts.set(item.problem, index + 1);
      return { found, item, index };
    });
    this.#options.admission.check(call.client);
    const verdicts: object[] = [];
    const queue = candidates.entries();
    const lane = async (): Promise<void> => {
      for (const [at, { found, item, index }] of queue) {
        const judgement = await this.#judgement(found, programIn(item, found.problem), mode, call);
        verdicts[at] = verdictRecord({ problem: item.problem, index, metadata: item.metadata }, judgement);
      }
    };
    await Promise.all(Array.from({ length: this.#options.lanes }, lane));
    return { verdicts };
  }

  async trace({ program, language, stdin, call: expression }: TraceRequest, call: Call): Promise<object> {
    const { admission, sandbox } = this.#options;
    const input =
      expression === undefined ? ({ kind: "stdio", stdin } as const) : ({ kind: "expression", expression } as const);
    const { signal } = call;
    return admission.run(call.client, signal, async () =>
      traceRecord(await trace(sandbox, program.replace(/^\uFEFF/, ""), input, { stdin, language, signal })),
    );
  }

  async reward(request: RewardRequest, call: Call): Promise<RewardAnswer> {
    const { room, admission } = this.#options;
    const named = this.#problems.get(request.task_id);
    // Without a queue its form of the id does as well.
    const known = named ?? (room ? undefined : this.#problems.get(namedBy(request.task_id)?.id ?? ""));
    admission.check(call.client);
    if (known) return this.#codeReward(known, request, call);
    if (!room) throw unknownProblem("task_id", request.task_id, [...this.#problems.keys()]);
    const answer = await admission.runAdmitted(call.client, call.signal, () => room.reward(request, call));
    if (answer.status !== "graded") this.#options.onVerdict(answer.status);
    return answer;
  }

  /** @throws RequestError 503 where the judge failed: the trainer's client is to ask again, and has no word for null */
  async score(request: RewardRequest, call: Call): Promise<RewardAnswer & { readonly score: number }> {
    const answer = await this.reward(request, call);
    const { score } = answer;
    if (score !== null) return { ...answer, score };
    throw new RequestError(503, "the judge failed; ask again", RETRY_INFRASTRUCTURE_SECONDS);
  }

  async #codeReward(known: Known, { task_id, response }: RewardRequest, call: Call): Promise<RewardAnswer> {
    const program = extractProgram(response, known.problem.language);
    const { verdict } = await this.#judgement(known, program, "strict", call);
    const { kind } = verdict;
    if (kind === "infrastructure") return { task_id, kind: "code", score: null, status: kind, parts: {} };
    const { passed, total } = verdict;
    return { task_id, kind: "code", score: Number(kind === "passed"), status: kind, parts: { passed, total } };
  }

  /** Equal programs of one problem are judged once. What is let in already waits for its turn, and is not refused. */
  #judgement({ problem, key }: Known, program: string | null, mode: Mode, call: Call): Promise<Judgement> {
    const { admission, sandbox, onVerdict } = this.#options;
    if (program === null) return judge(sandbox, problem, program);
    return this.#judgements.run(`${mode} ${sha256(program)} ${key}`, call.signal, (signal) =>
      admission.runAdmitted(call.client, signal, async () => {
        const judgement = await judge(sandbox, problem, program, { mode, signal });
        onVerdict(judgement.verdict.kind);
        return judgement;
      }),
    );
  }
}

function unknownProblem(field: string, id: string, known: readonly string[]): RequestError {
  const hint = suggestion(id, known.slice(0, 1000)).slice(0, 200);
  return new RequestError(404, `${field}: there is no task with the id ${JSON.stringify(id.slice(0, 100))}${hint}`);
}
