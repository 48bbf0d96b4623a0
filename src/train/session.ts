// The parts (parts.ts) at work on one run: its pool, place and records, how it is evaluated, checkpointed and resumed.

import type { BuildTools } from "../alignment/build.js";
import { AlignmentPool } from "../alignment/pool.js";
import type { RecycleOptions } from "../alignment/recycle.js";
import { evaluateFamily } from "../eval/family/family.js";
import { judge as judgeProgram } from "../judge/judge.js";
import type { RunDirectory } from "../runs/run-directory.js";
import { follow } from "../runs/trackers/tracker.js";
import { isBudgetSpent, secondsUsed } from "./budget.js";
import { type Position, resumeCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { Clock } from "./clock.js";
import { alignmentGrader, alignmentTools, firstExamples, needsAllTests, recyclingOf } from "./examples.js";
import type { GradeAlignment, Judge } from "./grade.js";
import type { Parts } from "./parts.js";
import { readPending } from "./pending.js";
import { Recorder } from "./recorder.js";
import { type Reporter } from "./reporter.js";
import { tidyCheckpoints } from "./retention.js";
import type { Sampled } from "./roll-out.js";

/** The parts at work on one run. */
export interface Session extends Parts {
  readonly run: RunDirectory;
  readonly judge: Judge;
  readonly gradeAlignment: GradeAlignment;
  readonly tools: BuildTools;
  readonly recycling: RecycleOptions;
  readonly pool: AlignmentPool;
  /** Where the run is; the loop moves it. */
  readonly position: Position;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Whether there is another step to make; at least one is, whatever the budget of time. */
  goesOn(signal?: AbortSignal): boolean;
  /** Evaluates and writes the record; what the run already has for this step is kept. */
  evaluate(step: number, report: Reporter): Promise<void>;
  /** What was sampled for the next step before the checkpoint that the run went on from. */
  readonly pending: Sampled | null;
  /** Writes a checkpoint of this position, with what is sampled ahead, and all records before it, unless the run has it. */
  checkpoint(ahead?: Sampled | null): Promise<void>;
}

/** Puts the parts to work on a run, at its newest checkpoint where it has one. */
export async function startSession(parts: Parts, run: RunDirectory): Promise<Session> {
  const { config, engine, sandbox } = parts;
  const state = await resumeCheckpoint(run, engine);
  follow(run, config.trackers);
  const position = state?.position ?? { step: 0, cursor: 0, references: 0 };
  const pool = new AlignmentPool(config.pool, state?.entries);
  const tools = alignmentTools(parts, (text) => engine.model.tokenizer.encode(text).length);
  const allTests = needsAllTests(config);
  const recorder = new Recorder(run);
  const clock = new Clock(secondsUsed(run));
  const begun = position.step;
  const session: Session = {
    ...parts,
    run,
    pool,
    position,
    clock,
    recorder,
    pending: state && readPending(run.checkpointPath(position.step), parts.problems, engine.model.tokenizer),
    judge: (problem, program) => judgeProgram(sandbox, problem, program, { mode: config.judge.mode, allTests }),
    recycling: recyclingOf(config),
    tools,
    gradeAlignment: alignmentGrader(parts, tools),
    goesOn: (signal) => {
      const spent = position.step > begun && isBudgetSpent(config, clock.runSeconds());
      return position.step < config.train.steps && signal?.aborted !== true && !spent;
    },
    evaluate: (step, report) => evaluate(parts, run, step, report),
    checkpoint: async (ahead) => {
      await recorder.flush();
      await checkpoint(parts, run, position, pool, ahead ?? null);
    },
  };
  await firstExamples(session);
  return session;
}

async function evaluate(parts: Parts, run: RunDirectory, step: number, report: Reporter): Promise<void> {
  if (run.readEvaluation("family", step)) return;
  const { config, engine, sandbox, dialect, evaluation: problems } = parts;
  const options = { step, mode: config.judge.mode, maximumTokens: config.rollouts.maximumTokens };
  const { record, samples } = await evaluateFamily({ engine, sandbox, dialect, problems }, options, (done, total) =>
    report.evaluating(step, done, total),
  );
  run.writeEvaluation(record, samples);
  await tidy(parts, run);
  report.evaluated(record);
}

async function checkpoint(
  parts: Parts,
  run: RunDirectory,
  position: Position,
  pool: AlignmentPool,
  ahead: Sampled | null,
): Promise<void> {
  await writeCheckpoint(run, parts.engine, { position, entries: pool.entries, ahead });
  await tidy(parts, run);
}

/** Also what an engine elsewhere has kept of a checkpoint that goes. */
async function tidy({ config, engine }: Parts, run: RunDirectory): Promise<void> {
  const forgotten: Array<Promise<void>> = [];
  tidyCheckpoints(run, config, (folder) => {
    if (engine.forget) forgotten.push(engine.forget(folder));
  });
  await Promise.all(forgotten);
}
