// The shapes of what an evaluation keeps on disk: whatever is read back, after a kill or for a report, is held to them.

import { z } from "zod";
import type { Json } from "../core/json.js";
import { number } from "../core/schema.js";

const count = number(z.number().int().nonnegative());
/** Values of programs keep their types. */
const value = z.custom<Json>(() => true).exactOptional();

const mark = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("right") }),
  z.strictObject({
    kind: z.literal("wrong"),
    reason: z.string(),
    message: z.string().exactOptional(),
    test: z.string().exactOptional(),
    expected: value,
    got: value,
  }),
  z.strictObject({ kind: z.literal("infrastructure"), message: z.string() }),
]);

const grade = z.strictObject({
  extracted: z.string().nullable(),
  official: mark,
  strict: mark,
  cpuMs: number(z.number().nonnegative()),
});

const message = z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() });
const place = { task: z.string(), sample: count };
const completion = {
  text: z.string(),
  stopReason: z.enum(["stop", "length", "no-room"]),
  promptTokens: count.nullable(),
  completionTokens: count.nullable(),
};

/** A line of a finished evaluation's samples. */
export const sampleSchema = z.strictObject({
  ...place,
  difficulty: z.string().exactOptional(),
  date: z.string().exactOptional(),
  prompt: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("chat"), messages: z.array(message) }),
    z.strictObject({ kind: z.literal("text"), text: z.string() }),
  ]),
  ...completion,
  grade,
});

/** A line of an unfinished one's journal: a completion as it came, later its grade. */
export const journalSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("completion"), ...place, ...completion }),
  z.strictObject({ kind: z.literal("grade"), ...place, grade }),
]);

export const infoSchema = z.strictObject({
  benchmark: z.string(),
  policy: z.string(),
  identity: z.record(z.string(), z.string()),
  step: count,
  prompts: z.enum(["official", "upstream"]),
  decoding: z.strictObject({
    samples: number(z.number().int().positive()),
    temperature: number(),
    topP: number(),
    maximumTokens: count,
    contextTokens: count.exactOptional(),
    stop: z.array(z.string()),
  }),
  seed: count,
  dataSha256: z.string(),
  tasks: count,
});
