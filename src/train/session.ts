// Everything a run holds open while it trains: engine, sandbox, problems, pool, folder; and how it is opened,
// checkpointed, resumed and closed.

import type { BuildTools } from "../alignment/build.js";
import { AlignmentPool } from "../alignment/pool.js";
import type { RecycleOptions } from "../alignment/recycle.js";
import { hasReference } from "../alignment/references.js";
import { checkTarget } from "../alignment/target.js";
import { DataError, UsageError } from "../core/errors.js";
import { openEmbedded } from "../engines/embedded/embedded.js";
import type { Engine } from "../engines/engine.js";
import { evaluateFamily } from "../eval/family.js";
import { judge as judgeProgram } from "../judge/judge.js";
import { type Problem, readProblems } from "../problems/problem.js";
import { heldProblems, ProblemSet, type Problems } from "../problems/problem-set.js";
import { chat } from "../prompts/chat.js";
import { continuationFrom } from "../prompts/continuation.js";
import type { Dialect } from "../prompts/dialect.js";
import type { RunDirectory } from "../runs/run-directory.js";
import { follow } from "../runs/trackers/tracker.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { isBudgetSpent, secondsUsed } from "./budget.js";
import { bundled } from "./bundled.js";
import { type Position, resumeCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { Clock } from "./clock.js";
import type { Config } from "./config/schema.js";
import { engineOptions } from "./estimate.js";
import { alignmentGrader, alignmentTools, checkReferences, firstExamples, needsAllTests } from "./examples.js";
import { checkEngine, checkMemory } from "./fit.js";
import type { GradeAlignment, Judge } from "./grade.js";
import { readPending } from "./pending.js";
import { Recorder } from "./recorder.js";
import { type Reporter, silent } from "./reporter.js";
import { tidyCheckpoints } from "./retention.js";
import type { Sampled } from "./roll-out.js";
import { Demonstrations } from "./sft/demonstrations.js";
import { withSteps } from "./sft/supervised.js";

/** What a config names, open and checked; no run yet. */
export interface Parts {
  /** What was asked for; epochs have become steps. */
  readonly config: Config;
  readonly engine: Engine;
  /** What the engine computes on, and what of it falls back to the processor. */
  readonly device: string;
  readonly sandbox: Sandbox;
  readonly dialect: Dialect;
  readonly problems: Problems;
  /** Those of them that have a reference program and a test with an input. */
  readonly references: Problems;
  /** Problems left out because their prompt is over the limit. */
  readonly tooLong: number;
  /** What a supervised run learns from. */
  readonly demonstrations: Demonstrations | null;
  readonly evaluation: readonly Problem[];
  close(): Promise<void>;
}

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

/** @throws UsageError, DataError, EngineError: whatever is unusable, before anything is written */
export async function openParts(config: Config, report: Pick<Reporter, "notice"> = silent): Promise<Parts> {
  const { supervised } = config;
  const evaluation = readProblems(bundled(config.data.evaluation, "held-out")).slice(0, config.evaluation.problems);
  const opened: Array<{ close(): Promise<void> }> = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((part) => part.close()));
  };
  try {
    checkMemory(config);
    const engine = await openEmbedded(engineOptions(config));
    opened.push(engine);
    checkEngine(config, engine);
    const dialect = dialectOf(config, engine);
    const set = supervised ? null : await openProblems(config, engine, dialect, report);
    if (set) {
      opened.push(set);
      checkReferences(config, set.marked);
    }
    const demonstrations =
      supervised && (await Demonstrations.open(supervised.data, engine.model, { ...supervised, seed: config.seed }));
    if (demonstrations) opened.push(demonstrations);
    const sandbox = await openSandbox({ workers: config.judge.workers, ...config.sandbox });
    opened.push(sandbox);
    const none = heldProblems([]);
    return {
      config: demonstrations ? withSteps(config, demonstrations.size) : config,
      engine,
      device: engine.device,
      sandbox,
      dialect,
      problems: set ?? none,
      references: set?.marked ?? none,
      tooLong: set?.leftOut ?? 0,
      demonstrations,
      evaluation,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const NOTICE_EVERY = 10_000;

/** One pass over the file; only where each problem lies is kept. @throws DataError where every prompt is too long */
async function openProblems(
  config: Config,
  engine: Engine,
  dialect: Dialect,
  report: Pick<Reporter, "notice">,
): Promise<ProblemSet> {
  const set = await ProblemSet.open(bundled(config.data.train, "train"), {
    keep: (problem) => {
      checkTarget(config.alignment.target, [problem], config.data.train);
      return fits(dialect.code(problem), config, engine);
    },
    mark: hasReference,
    onProgress: (count) =>
      count % NOTICE_EVERY === 0 && report.notice(`${config.data.train}: ${count} problems checked`),
  });
  if (set.size > 0) return set;
  await set.close();
  throw new DataError(
    `${config.data.train}: every prompt is over prompts.maximumTokens (${config.prompts.maximumTokens} tokens)`,
  );
}

/** Puts the parts to work on a run, at its newest checkpoint where it has one. */
export async function startSession(parts: Parts, run: RunDirectory): Promise<Session> {
  const { config, engine, sandbox } = parts;
  const state = await resumeCheckpoint(run, engine);
  follow(run, config.trackers);
  const position = state?.position ?? { step: 0, cursor: 0, references: 0 };
  const pool = new AlignmentPool(config.pool, state?.entries);
  const tools = alignmentTools(parts);
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
    recycling: { ...config.alignment, maximumPromptTokens: config.prompts.maximumTokens },
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
  tidyCheckpoints(run, config);
  report.evaluated(record);
}

async function checkpoint(
  parts: Parts,
  run: RunDirectory,
  position: Position,
  pool: AlignmentPool,
  ahead: Sampled | null,
): Promise<void> {
  const { config, engine } = parts;
  await writeCheckpoint(run, engine, { position, entries: pool.entries, ahead });
  tidyCheckpoints(run, config);
}

function dialectOf(config: Config, engine: Engine): Dialect {
  if (config.prompts.dialect === "continuation") return continuationFrom(engine.model.tokenizer.start);
  const template = engine.model.tokenizer.chat;
  if (template) return chat(template);
  throw new UsageError(
    `prompts.dialect is chat, but ${engine.model.name} has no chat template (tokenizer_config.json); use prompts.dialect: continuation`,
  );
}

function fits(prompt: string, config: Config, engine: Engine): boolean {
  return engine.model.tokenizer.encode(prompt).length <= config.prompts.maximumTokens;
}
