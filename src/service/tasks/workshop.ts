// What the queue has done to programs and answers: judged, graded, made into examples, as in a training run. It keeps
// verdicts for a while; all other state is the queue's.

import type { AlignmentExample } from "../../alignment/example.js";
import { type Candidate, recycle } from "../../alignment/recycle.js";
import { sha256 } from "../../core/files.js";
import { stringifyJson } from "../../core/json.js";
import { inOrder } from "../../judge/in-order.js";
import { judge as judgeProgram } from "../../judge/judge.js";
import type { Judgement } from "../../judge/verdict.js";
import type { Problem } from "../../problems/problem.js";
import type { Problems } from "../../problems/problem-set.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { alignmentGrader, alignmentTools, needsAllTests, recyclingOf } from "../../train/examples.js";
import { type Earned, earn } from "../../train/grade.js";
import { Shared } from "../shared.js";
import type { TaskConfig } from "./config.js";
import type { Speech } from "./dialects.js";
import { reportedAt, type TaskState, withoutKnown } from "./state.js";

export interface Written {
  readonly problem: Problem;
  readonly program: string | null;
}

/** Does a piece of work when others have had their turns. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

export type NamedTask = Parameters<typeof earn>[1];

export interface Workshop {
  /** @throws CancelledError, OverloadError */
  readonly reward: (task: NamedTask, response: string, signal?: AbortSignal) => Promise<Earned>;
  /** In the order of the programs. @throws CancelledError, OverloadError */
  readonly judged: (programs: readonly Written[], signal?: AbortSignal, turn?: Turn) => Promise<Candidate[]>;
  /** What the state does not have yet, and what became of the others; the state stays as it is. */
  readonly examplesOf: (
    candidates: readonly Candidate[],
    state: TaskState,
    step: number,
  ) => Promise<{ readonly examples: AlignmentExample[]; readonly dropped: Readonly<Record<string, number>> }>;
}

/** Programs of a report that are judged at once: the others leave room for who asks for a reward. */
const JUDGED_AT_ONCE = 16;
/** A trainer asks for a rollout's reward, and reports the rollout some time later. */
const JUDGEMENTS_KEPT = { keepMs: 3_600_000, mostEntries: 10_000, mostBytes: 64 * 2 ** 20 };

export function openWorkshop(config: TaskConfig, sandbox: Sandbox, speech: Speech, problems: Problems): Workshop {
  const { dialect, countTokens } = speech;
  const place = { config, sandbox, dialect, problems };
  const tools = alignmentTools(place, countTokens);
  const gradeAlignment = alignmentGrader(place, tools);
  const judge = judgeOnce(config, sandbox);
  return {
    reward: (task, response, signal) => {
      const graders = {
        dialect,
        gradeAlignment,
        judge: (problem: Problem, program: string | null) => judge({ problem, program }, signal),
      };
      return earn(response, task, graders, config.reward.code);
    },
    judged: async (programs, signal, turn = (work) => work()) => {
      const candidates: Candidate[] = [];
      const judgements = inOrder(programs, JUDGED_AT_ONCE, (written) => turn(() => judge(written, signal)));
      for await (const [written, judgement] of judgements) candidates.push({ ...written, judgement });
      return candidates;
    },
    examplesOf: async (candidates, state, step) => {
      const before = reportedAt(state, step);
      const options = recyclingOf(config);
      const { maximumPerStep: most } = options;
      const limited = { ...options, maximumPerStep: most === null ? null : Math.max(0, most - before.kept) };
      const { seed } = config;
      const made = await recycle(candidates, limited, state.pool, tools, step, seed, before.candidates);
      const examples = withoutKnown(state, made.examples);
      const { dropped } = made.funnel;
      const again = made.examples.length - examples.length;
      return { examples, dropped: { ...dropped, duplicate: dropped.duplicate + again } };
    },
  };
}

/** Each program for a problem once, whoever asks. */
function judgeOnce(config: TaskConfig, sandbox: Sandbox) {
  const options = { mode: config.judge.mode, allTests: needsAllTests(config) };
  const judgements = new Shared<Judgement>({
    ...JUDGEMENTS_KEPT,
    keeps: ({ verdict }) => verdict.kind !== "infrastructure",
    bytesOf: (judgement) => stringifyJson(judgement).length,
  });
  return ({ problem, program }: Written, signal = new AbortController().signal): Promise<Judgement> =>
    judgements.run(sha256(JSON.stringify([problem.id, program])), signal, (shared) =>
      judgeProgram(sandbox, problem, program, { ...options, signal: shared }),
    );
}
