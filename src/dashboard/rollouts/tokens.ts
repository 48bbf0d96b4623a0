// The tokens of one group's rollouts, from the step's file: read line by line, and only the group's own are parsed.

import { join } from "node:path";
import { z } from "zod";
import type { TokenColumns } from "../api/rollouts.js";
import { linesOf, ownFile, ownFolder, piecesOf, stepFile } from "./step-file.js";

const numbers = z.array(z.number());
/** One number stands for all tokens. */
const column = z.union([z.number(), numbers]).nullable();

const tokenRecord = z
  .object({
    group: z.number(),
    sample: z.number(),
    lengths: z.array(z.int().nonnegative()),
    logprobs: numbers,
    ratios: column,
    advantages: column,
  })
  .refine(({ lengths, logprobs, ratios, advantages }) =>
    [logprobs, ratios, advantages].every((values) => !Array.isArray(values) || values.length === lengths.length),
  );

/** What a line of the trainer's begins with; of any other, the whole line tells. */
const HEAD = /^\{"group": ?(\d+),/;
const HEAD_BYTES = 32;

/** By sample; empty where the run recorded none. A line that is no record of tokens is left out. */
export async function tokensOf(runPath: string, step: number, group: number): Promise<Map<number, TokenColumns>> {
  const found = new Map<number, TokenColumns>();
  const folder = ownFolder(runPath, "tokens");
  if (folder === null || ownFile(folder, step) === null) return found;
  for await (const piece of piecesOf(join(folder, stepFile(step)))) {
    for (const { from, to } of linesOf(piece)) {
      const head = HEAD.exec(piece.bytes.toString("latin1", from, Math.min(to, from + HEAD_BYTES)));
      if (head && Number(head[1]) !== group) continue;
      const record = parsed(piece.bytes.toString("utf8", from, to));
      if (record?.group !== group) continue;
      const { lengths, logprobs, ratios, advantages } = record;
      const whole = (values: z.output<typeof column>): number[] | null =>
        typeof values === "number" ? lengths.map(() => values) : values;
      found.set(record.sample, {
        ends: endsOf(lengths),
        logprobs,
        ratios: whole(ratios),
        advantages: whole(advantages),
      });
    }
  }
  return found;
}

function parsed(line: string): z.output<typeof tokenRecord> | null {
  try {
    return tokenRecord.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

function endsOf(lengths: readonly number[]): number[] {
  let end = 0;
  return lengths.map((length) => (end += length));
}
