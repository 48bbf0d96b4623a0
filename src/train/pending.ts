// What a run that samples a step ahead leaves in a checkpoint: the rollouts of the next step, exact, so that a resumed run
// learns from the same tokens of the same older policy. Their rewards are not kept: they come out the same again.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { AlignmentExample } from "../alignment/example.js";
import { DataError } from "../core/errors.js";
import { writeDurable } from "../core/files.js";
import { eachLine, readRecords } from "../core/jsonl.js";
import type { Tokenizer } from "../engines/engine.js";
import type { Problems } from "../problems/problem-set.js";
import type { Prompt, Rollout, RolloutGroup } from "../rollouts/rollout.js";
import { alignmentExampleSchema } from "../runs/schemas.js";
import type { Sampled } from "./roll-out.js";

const count = z.int().nonnegative();

/** One line a group. */
const groupSchema = z.strictObject({
  step: count,
  cursor: count,
  round: count,
  task: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("code"), problem: z.string() }),
    z.strictObject({ kind: z.literal("alignment"), example: alignmentExampleSchema }),
  ]),
  text: z.string(),
  promptTokens: z.array(count),
  rollouts: z.array(
    z.strictObject({
      tokens: z.array(count),
      /** float32, little-endian, in base64: exact to the bit. */
      logprobs: z.base64(),
      stopReason: z.enum(["stop", "length"]),
    }),
  ),
});
type Line = z.infer<typeof groupSchema>;

const pendingFile = (folder: string): string => join(folder, "training-state", "pending.jsonl");

export function writePending(folder: string, { step, cursor, rounds }: Sampled): void {
  const lines = function* (): Generator<object> {
    for (const [round, groups] of rounds.entries()) {
      for (const group of groups) yield lineOf(group, { step, cursor, round });
    }
  };
  writeDurable(pendingFile(folder), eachLine(lines()));
}

function lineOf(
  { prompt: { task, text }, promptTokens, rollouts }: RolloutGroup,
  place: { readonly step: number; readonly cursor: number; readonly round: number },
): object {
  return {
    ...place,
    task: task.kind === "code" ? { kind: "code", problem: task.problem.id } : task,
    text,
    promptTokens,
    rollouts: rollouts.map(({ sample: { tokens, logprobs, stopReason } }) => ({
      tokens,
      logprobs: Buffer.from(logprobs.buffer, logprobs.byteOffset, logprobs.byteLength).toString("base64"),
      stopReason,
    })),
  };
}

/**
 * @returns null where nothing was sampled ahead
 * @throws DataError where the file is damaged, or asks for a problem that the run no longer has
 */
export function readPending(folder: string, problems: Problems, tokenizer: Tokenizer): Sampled | null {
  const path = pendingFile(folder);
  if (!existsSync(path)) return null;
  const lines = readRecords(path, groupSchema).map(({ record }) => record);
  const rounds: RolloutGroup[][] = [];
  for (const line of lines) {
    const prompt = { task: taskOf(line, problems, path), text: line.text };
    const rollouts = line.rollouts.map((rollout) => rolloutOf(rollout, tokenizer));
    (rounds[line.round] ??= []).push({ prompt, promptTokens: line.promptTokens, rollouts });
  }
  if (lines.length === 0)
    throw new DataError(`${path}: is empty; delete this checkpoint's folder to resume from the one before`);
  return { step: lines[0].step, cursor: lines[0].cursor, rounds };
}

function taskOf({ task }: Line, problems: Problems, path: string): Prompt["task"] {
  if (task.kind === "alignment") return { kind: "alignment", example: task.example as AlignmentExample };
  const problem = problems.find(task.problem);
  if (problem) return { kind: "code", problem };
  throw new DataError(`${path}: the problem ${task.problem} is not among those of the run`);
}

function rolloutOf({ tokens, logprobs, stopReason }: Line["rollouts"][number], tokenizer: Tokenizer): Rollout {
  const bytes = Uint8Array.from(Buffer.from(logprobs, "base64"));
  return {
    completion: tokenizer.decode(tokens),
    sample: { tokens, logprobs: new Float32Array(bytes.buffer), stopReason },
  };
}
