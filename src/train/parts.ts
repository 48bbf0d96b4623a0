// What a config names, opened and checked before a run is begun: engine, sandbox, dialect, problems. What a run does with
// them is in session.ts.

import { UsageError } from "../core/errors.js";
import type { Engine } from "../engines/engine.js";
import { bundled } from "../problems/bundled.js";
import { type Problem, readProblems } from "../problems/problem.js";
import { heldProblems, type Problems } from "../problems/problem-set.js";
import { chat } from "../prompts/chat.js";
import { continuationFrom } from "../prompts/continuation.js";
import type { Dialect } from "../prompts/dialect.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import type { Config } from "./config/schema.js";
import { openEngine } from "./engine.js";
import { checkReferences } from "./examples.js";
import { checkEngine } from "./fit.js";
import { openProblems } from "./problems.js";
import { type Reporter, silent } from "./reporter.js";
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

/** @throws UsageError, DataError, EngineError: whatever is unusable, before anything is written */
export async function openParts(config: Config, report: Pick<Reporter, "notice"> = silent): Promise<Parts> {
  const { supervised } = config;
  const evaluation = readProblems(bundled(config.data.evaluation, "held-out")).slice(0, config.evaluation.problems);
  const opened: Array<{ close(): Promise<void> }> = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map((part) => part.close()));
  };
  try {
    const { engine, device } = await openEngine(config, (text) => report.notice(text));
    opened.push(engine);
    checkEngine(config, engine);
    const dialect = dialectOf(config, engine);
    const countTokens = (text: string): number => engine.model.tokenizer.encode(text).length;
    const set = supervised ? null : await openProblems(config, dialect, countTokens, report);
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
      device,
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

function dialectOf(config: Config, engine: Engine): Dialect {
  if (config.prompts.dialect === "continuation") return continuationFrom(engine.model.tokenizer.start);
  const template = engine.model.tokenizer.chat;
  if (template) return chat(template);
  throw new UsageError(
    `prompts.dialect is chat, but ${engine.model.name} has no chat template (tokenizer_config.json); use prompts.dialect: continuation`,
  );
}
