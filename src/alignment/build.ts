// From one program and one input to an alignment example: traced, refused or asked, and put into a prompt.

import { InfrastructureError } from "../core/errors.js";
import { sha256 } from "../core/files.js";
import type { Json } from "../core/json.js";
import type { Rng } from "../core/rng.js";
import type { Problem, ProgramInput } from "../problems/problem.js";
import { renderAnswer, renderInputAnswer } from "../prompts/alignment.js";
import type { Dialect } from "../prompts/dialect.js";
import type { QuestionKind } from "../prompts/question.js";
import type { HistoryPart } from "../tracer/history.js";
import type { Trace } from "../tracer/trace.js";
import { ask } from "./ask.js";
import type { AlignmentExample, DropReason, Truth } from "./example.js";
import { exampleKey } from "./pool.js";
import type { Selection } from "./select.js";
import { historyFor, kindsOf, type Target } from "./target.js";

export interface BuildOptions extends Selection {
  readonly target: Target;
  readonly minimumComplexity: number;
  readonly maximumComplexity: number;
  readonly includeRaised: boolean;
  readonly maximumPromptTokens: number;
  /** Longest true answer worth asking for: what the model could not write within its limit is "too big". */
  readonly maximumAnswerTokens: number;
}

export interface BuildTools {
  readonly dialect: Dialect;
  readonly trace: (
    program: string,
    input: ProgramInput,
    problem: Problem,
    history?: readonly HistoryPart[],
  ) => Promise<Trace>;
  readonly countTokens: (text: string) => number;
}

export interface BuildJob {
  readonly problem: Problem;
  readonly program: string;
  readonly input: ProgramInput;
  readonly step: number;
}

/**
 * The example, or why there is none.
 *
 * @param rng  draws the kind of question where the target is mixed, and what of the run is asked
 */
export async function buildExample(
  { problem, program, input, step }: BuildJob,
  options: BuildOptions,
  tools: BuildTools,
  rng: Rng,
): Promise<AlignmentExample | DropReason> {
  const { language } = problem;
  let trace: Trace;
  try {
    trace = await tools.trace(program, input, problem, historyFor(options.target));
  } catch (error) {
    if (error instanceof InfrastructureError) return "infrastructure";
    throw error;
  }
  const refused = refuse(trace, options);
  if (refused) return refused;
  const kinds = kindsOf(options.target);
  const answers = (kinds.length > 1 ? rng.shuffled(kinds) : kinds).map(
    (kind) => [kind, ask(kind, trace, input, options, language, rng)] as const,
  );
  const [target, truth] = answers.find(([, answer]) => typeof answer !== "string") ?? answers[0];
  if (typeof truth === "string") return truth;
  const { variables, output } = truth;
  const prompt = tools.dialect.question({ kind: target, program, input, variables, output, language });
  if (tools.countTokens(prompt) > options.maximumPromptTokens) return "prompt-too-long";
  if (tools.countTokens(answerText(target, truth)) > options.maximumAnswerTokens) return "too-big";
  const id = sha256(`${step}\n${exampleKey(program, input)}`).slice(0, 16);
  const asked = Object.keys(variables);
  return { id, problem: problem.id, step, program, input, target, asked, truth, prompt, funnel: "kept" };
}

/** The answer that scores 1, as one line. */
export function trueAnswer({ target, truth }: AlignmentExample): string {
  return answerText(target, truth);
}

function answerText(target: QuestionKind, { variables, output, input }: Truth): string {
  return target === "input" ? renderInputAnswer(input as Json) : renderAnswer(variables, output);
}

function refuse(trace: Trace, options: BuildOptions): DropReason | null {
  if (trace.tampered) return "tampered";
  if (trace.status === "unparsable") return "unparsable";
  if (trace.status.startsWith("error:") || trace.status === "crashed" || trace.status === "denied") {
    if (!options.includeRaised) return "raised";
  } else if (trace.status !== "ok" && trace.status !== "exit") return "timed-out";
  const isSimple = trace.complexity < options.minimumComplexity;
  return isSimple || trace.complexity > options.maximumComplexity ? "complexity" : null;
}
