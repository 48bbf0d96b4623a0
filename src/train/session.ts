// Everything a run holds open while it trains: engine, sandbox, problems, pool, folder; and how it is opened,
// checkpointed, resumed and closed.

import { AlignmentPool } from "../alignment/pool.js";
import type { RecycleOptions, RecycleTools } from "../alignment/recycle.js";
import { EngineError, UsageError } from "../core/errors.js";
import { openEmbedded } from "../engines/embedded/embedded.js";
import type { Engine } from "../engines/engine.js";
import { evaluateFamily } from "../eval/family.js";
import { judge as judgeProgram } from "../judge/judge.js";
import { type Problem, readProblems } from "../problems/problem.js";
import { chat } from "../prompts/chat.js";
import { continuation } from "../prompts/continuation.js";
import type { Dialect } from "../prompts/dialect.js";
import type { RunDirectory } from "../runs/run-directory.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { trace } from "../tracer/tracer.js";
import { bundled } from "./bundled.js";
import { type Position, readTrainingState, writeTrainingState } from "./checkpoint.js";
import type { Config } from "./config.js";
import type { Judge } from "./grade.js";
import type { Reporter } from "./reporter.js";

export interface Session {
  readonly config: Config;
  readonly engine: Engine;
  readonly sandbox: Sandbox;
  readonly run: RunDirectory;
  readonly problems: readonly Problem[];
  readonly dialect: Dialect;
  readonly judge: Judge;
  readonly tools: RecycleTools;
  readonly recycling: RecycleOptions;
  readonly pool: AlignmentPool;
  /** Where the run is; the loop moves it. */
  readonly position: Position;
  /** Evaluates and writes the record; what the run already has for this step is kept. */
  evaluate(step: number, report: Reporter): Promise<void>;
  checkpoint(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens what the config names, at the run's newest checkpoint where it has one.
 *
 * @throws UsageError, DataError, EngineError: whatever is unusable, before anything is trained
 */
export async function openSession(config: Config, run: RunDirectory): Promise<Session> {
  const problems = readProblems(bundled(config.data.train, "train"));
  const evaluation = readProblems(bundled(config.data.evaluation, "held-out")).slice(0, config.evaluation.problems);
  const engine = await openEmbedded({ model: bundled(config.engine.model, "model"), threads: config.engine.threads });
  const sandbox = await openSandbox({ workers: config.judge.workers });
  const close = async (): Promise<void> => {
    await Promise.all([engine.close(), sandbox.close()]);
  };
  try {
    return { ...(await assemble(config, run, engine, sandbox, problems, evaluation)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  config: Config,
  run: RunDirectory,
  engine: Engine,
  sandbox: Sandbox,
  problems: readonly Problem[],
  evaluation: readonly Problem[],
): Promise<Omit<Session, "close">> {
  checkCapabilities(config, engine);
  const { alignment, prompts, judge, pool: poolOptions } = config;
  const dialect = dialectOf(config, engine);
  const last = run.checkpointSteps().at(-1);
  run.cutBackTo(last ?? 0);
  if (last !== undefined) await engine.load(run.checkpointPath(last));
  const state =
    last === undefined
      ? { position: { step: 0, cursor: 0 }, entries: [] }
      : readTrainingState(run.checkpointPath(last));
  const pool = new AlignmentPool(poolOptions, state.entries);
  const { position } = state;
  return {
    config,
    engine,
    sandbox,
    run,
    problems,
    dialect,
    pool,
    position,
    judge: (problem, program) => judgeProgram(sandbox, problem, program, { mode: judge.mode }),
    recycling: { ...alignment, maximumPromptTokens: prompts.maximumTokens },
    tools: {
      dialect,
      countTokens: (text) => engine.model.tokenizer.encode(text).length,
      trace: (program, input, { limits, preamble }) =>
        trace(sandbox, program, input, { limits, preamble, determinismCheck: alignment.determinismCheck }),
    },
    evaluate: async (step, report) => {
      if (run.readEvaluation("family", step)) return;
      const options = { step, mode: judge.mode, maximumTokens: config.rollouts.maximumTokens, ...config.evaluation };
      const { record, samples } = await evaluateFamily(
        { engine, sandbox, dialect, problems: evaluation },
        options,
        (done, total) => report.evaluating(step, done, total),
      );
      run.writeEvaluation(record, samples);
      report.evaluated(record);
    },
    checkpoint: async () => {
      await run.writeCheckpoint(position.step, async (folder) => {
        await engine.save(folder, { optimizer: true });
        writeTrainingState(folder, position, pool.entries);
      });
      for (const old of run.checkpointSteps().slice(0, -config.train.keepCheckpoints)) run.removeCheckpoint(old);
    },
  };
}

function dialectOf(config: Config, engine: Engine): Dialect {
  if (config.prompts.dialect === "continuation") return continuation;
  const template = engine.model.tokenizer.chat;
  if (template) return chat(template);
  throw new UsageError(
    `prompts.dialect is chat, but ${engine.model.name} has no chat template (tokenizer_config.json); use prompts.dialect: continuation`,
  );
}

function checkCapabilities(config: Config, engine: Engine): void {
  const { policy } = config;
  if (policy.klCoefficient > 0 && !engine.capabilities.kl) {
    throw new UsageError(
      `policy.klCoefficient is ${policy.klCoefficient}, but this engine has no KL term; set it to 0`,
    );
  }
  if (policy.dualClip !== null && !engine.capabilities.dualClip) {
    throw new UsageError(`policy.dualClip is ${policy.dualClip}, but this engine has no dual clip; set it to null`);
  }
  if (config.prompts.maximumTokens >= engine.model.contextLength) {
    throw new EngineError(
      `prompts.maximumTokens is ${config.prompts.maximumTokens}, but ${engine.model.name} has a context of ${engine.model.contextLength} tokens for prompt and completion together`,
    );
  }
}
