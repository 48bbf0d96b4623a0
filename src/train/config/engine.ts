// The engines that a config may name, one kind each, and what is said where keys of one stand under another. What each of
// them can do of an algorithm is not here (engine-refusals.ts, fit.ts).

import { z } from "zod";
import { knownKeys } from "../../core/schema.js";
import { LORA_TARGETS } from "../../engines/embedded/adapters/layout.js";
import { DEVICES } from "../../engines/embedded/devices.js";
import { profileNames } from "../../engines/tinker/engine/profile.js";

const count = z.number().int().positive();

const embedded = z.strictObject({
  /** Optional to the union, which finds its member by it; then given. */
  kind: z.literal("embedded").optional().default("embedded"),
  /** A model folder, or the model that ships with the package. */
  model: z.string().default("bundled"),
  /** What computes: the processor, or the graphics processor through WebGPU. */
  device: z.enum(DEVICES).default("cpu"),
  threads: count.default(2),
  /** Tokens of one batch of a gradient, padding included. */
  microBatchTokens: count.default(1024),
  /** Compute layers a second time for their gradients instead of keeping them: where nothing fits otherwise. */
  recompute: z.enum(["auto", "always", "never"]).default("auto"),
  /** Of the engine, without judge and rollouts: makes batches smaller and workers fewer. Null: a batch may take 2 GiB. */
  memoryLimitBytes: count.nullable().default(null),
  /** Train adapters beside frozen weights; null trains all weights. */
  lora: z
    .strictObject({
      rank: count.default(8),
      alpha: z.number().positive().default(16),
      targets: z
        .array(z.enum(LORA_TARGETS))
        .min(1)
        .default([...LORA_TARGETS]),
    })
    .nullable()
    .default(null),
});

const tinker = z.strictObject({
  kind: z.literal("tinker"),
  /** Where the server is; null: TINKER_BASE_URL, else the hosted service. The key is TINKER_API_KEY's, always. */
  baseUrl: z.string().nullable().default(null),
  /** As the server names it; or a checkpoint's folder of an earlier run, to begin with its weights. */
  model: z
    .string({ error: "expected the model's name on the server" })
    .min(1, "expected the model's name on the server"),
  /** A folder with tokenizer.json, `bundled`, or a name on the hub; null: that of the model's name. */
  tokenizer: z.string().min(1).nullable().default(null),
  /** Null: what the server says of the model. */
  contextLength: count.nullable().default(null),
  /** What kind of server it is; auto finds out. */
  profile: z.enum(["auto", ...profileNames]).default("auto"),
  /** How datums and results travel; auto begins with protobuf. */
  wire: z.enum(["auto", "protobuf", "json"]).default("auto"),
  /** Train adapters; null trains all weights. Their scale is the server's own. */
  lora: z
    .strictObject({
      rank: count.default(32),
      trainMlp: z.boolean().default(true),
      trainAttention: z.boolean().default(true),
      trainUnembed: z.boolean().default(true),
    })
    .nullable()
    .prefault({}),
  /** Sampling requests under way at once. */
  requestsInFlight: count.default(256),
  /** Sequences that one of them asks for at most; null: all of a prompt's. */
  sequencesPerRequest: count.nullable().default(null),
  /** How long the server may be away before the run ends, to be resumed. */
  patienceMinutes: z.number().positive().default(15),
});

const members = { embedded, tinker };
type EngineKind = keyof typeof members;
const kinds = Object.keys(members) as EngineKind[];

export const engineSchema = z
  .discriminatedUnion("kind", [embedded, tinker], {
    error: ({ code }) =>
      code === "invalid_union" ? `expected ${kinds.map((kind) => `"${kind}"`).join(" or ")}` : undefined,
  })
  .prefault({});

export type EmbeddedConfig = z.output<typeof embedded>;
export type TinkerConfig = z.output<typeof tinker>;

/** What is said of a key that another kind of engine has; null where none of these is what is wrong. */
export function foreignKey(error: z.ZodError, input: unknown): string | null {
  // Keys are looked at in a member of the union only, which the kind has named.
  const kind = kindIn(input) as EngineKind;
  for (const issue of error.issues) {
    const [section, ...path] = issue.path;
    if (issue.code !== "unrecognized_keys" || section !== "engine") continue;
    for (const other of kinds) {
      const key = issue.keys.find((name) => knownKeys(members[other], path, undefined).includes(name));
      if (key === undefined || other === kind) continue;
      const name = ["engine", ...path, key].join(".");
      return `${name} is a key of engine.kind: ${other}, but engine.kind is ${kind}; leave it out, or set engine.kind=${other}`;
    }
  }
  return null;
}

/** What an input says, or leaves to the default. */
export function kindIn(input: unknown): unknown {
  const { engine } = (input ?? {}) as { readonly engine?: { readonly kind?: unknown } | null };
  return engine?.kind ?? "embedded";
}
