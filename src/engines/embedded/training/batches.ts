// How sequences are cut into batches that run at once. Depends only on the sequences and the budgets, never on the
// number of threads or workers, so that sums of gradients have one order. How much memory a batch takes is not known
// here (memory-model.ts).

import { EngineError } from "../../../core/errors.js";
import { sizeText } from "../../../core/sizes.js";
import type { BlockCounts } from "../decoder/attention.js";

export interface Sequence {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
}

/** Sequences of several prompts; those of one prompt are a group and share its computation. */
export interface Batch<Item> {
  readonly groups: ReadonlyArray<readonly Item[]>;
  /** S: every prompt of the batch is padded to it, or every whole sequence where `ownLength` is 0. */
  readonly promptLength: number;
  /** U: every completion, without its last token, is padded to it; 0 where no two sequences share a prompt. */
  readonly ownLength: number;
  /** Whether layers are computed again for their gradients: it would not fit otherwise. */
  readonly recompute: boolean;
}

/** What one run computes, padding included. */
export interface BatchShape {
  readonly prompts: number;
  readonly promptLength: number;
  /** Completions of each prompt. */
  readonly seats: number;
  readonly ownLength: number;
}

export interface BatchLimits {
  /** Tokens of a batch, its padding included; a sequence that is longer runs alone. */
  readonly tokens: number;
  /** No batch takes more, as `cost` counts; {@link MOST_BATCH_BYTES} at most. */
  readonly bytes: number;
  readonly cost: (shape: BatchShape, recompute: boolean) => number;
  /** "auto" where a sequence would not fit otherwise. */
  readonly recompute: "auto" | "always" | "never";
}

/** What one batch may take: the same on every machine, so that batches are too; a limit can only make it less. */
export const MOST_BATCH_BYTES = 2 * 2 ** 30;

/** Prompts that are computed together, and sampled from together, are padded to the same multiple of this. */
const PROMPT_STEP = 32;
const LENGTH_STEP = 8;

export function promptBucket(length: number): number {
  return length <= PROMPT_STEP / 2 ? padded(length, LENGTH_STEP) : padded(length, PROMPT_STEP);
}

function padded(length: number, step: number): number {
  return Math.ceil(length / step) * step;
}

/** The fewest tokens of a block of queries: smaller ones cost more than the keys they leave out. */
const BLOCK_STEP = 64;
/** More would make graphs long and leave out little: the masked share of 16 blocks is 1/32. */
const MOST_BLOCKS = 16;
const LONG_PROMPT = 1024;

/** How many blocks attention is cut into: a power of 2, so that few programs serve all lengths. */
export function promptBlocks({ promptLength, ownLength }: Pick<Batch<unknown>, "promptLength" | "ownLength">): number {
  return ownLength === 0 ? blocksOf(promptLength) : 1;
}

/** Of prompts read for sampling: only long ones, to bound their scores; one program serves all others. */
export function passBlocks(promptLength: number): number {
  return promptLength < LONG_PROMPT ? 1 : blocksOf(promptLength);
}

export function blockCounts(batch: Pick<Batch<unknown>, "promptLength" | "ownLength">): BlockCounts {
  return { promptBlocks: promptBlocks(batch), ownBlocks: batch.ownLength === 0 ? 0 : 1 };
}

function blocksOf(length: number): number {
  return Math.min(MOST_BLOCKS, Math.max(1, 2 ** Math.floor(Math.log2(length / BLOCK_STEP))));
}

/** Of a sequence that shares nothing: a whole number of blocks. */
function wholeBucket(length: number): number {
  return padded(length, LENGTH_STEP * blocksOf(length));
}

/** A completion's last token is only predicted, never read. At least one step: no kernel has to cope with nothing. */
export function ownBucket(completionLength: number): number {
  return padded(Math.max(1, completionLength - 1), LENGTH_STEP);
}

/** R; 0 where whole sequences stand in for prompts. */
export function seatsOf({ groups, ownLength }: Pick<Batch<unknown>, "groups" | "ownLength">): number {
  return ownLength === 0 ? 0 : Math.max(...groups.map((group) => group.length));
}

interface Group {
  readonly indices: readonly number[];
  readonly shape: BatchShape;
  readonly recompute: boolean;
}

/**
 * Cuts the sequences at these indices; neighbours in shape come together, the largest first.
 *
 * @throws EngineError for a sequence that does not fit
 */
export function cutBatches(
  sequences: readonly Sequence[],
  wanted: readonly number[],
  limits: BatchLimits,
): Array<Batch<number>> {
  const groups = cutGroups(sequences, wanted, limits);
  groups.sort(
    ({ indices: [first], shape: a }, { indices: [second], shape: b }) =>
      b.promptLength - a.promptLength || b.seats - a.seats || b.ownLength - a.ownLength || first - second,
  );
  const batches: Array<{ groups: Array<readonly number[]>; shape: BatchShape; recompute: boolean }> = [];
  for (const { indices, shape, recompute } of groups) {
    const last = batches.at(-1);
    const together = last && last.recompute === recompute ? join(last.shape, shape) : undefined;
    if (last && together && fits(together, recompute, limits)) {
      last.groups.push(indices);
      last.shape = together;
    } else {
      batches.push({ groups: [indices], shape, recompute });
    }
  }
  return batches.map(({ groups, shape: { promptLength, ownLength }, recompute }) => ({
    groups,
    promptLength,
    ownLength,
    recompute,
  }));
}

/** The batch of the items that it names by their indices. */
export function pickBatch<Item>(batch: Batch<number>, items: readonly Item[]): Batch<Item> {
  return { ...batch, groups: batch.groups.map((group) => group.map((index) => items[index])) };
}

/** Undefined for prompts of different padded lengths, which never share a batch; whole sequences do. */
function join(a: BatchShape, b: BatchShape): BatchShape | undefined {
  const whole = a.ownLength === 0 && b.ownLength === 0;
  if (a.promptLength !== b.promptLength && !whole) return undefined;
  if ((a.ownLength === 0) !== (b.ownLength === 0)) return undefined;
  return {
    prompts: a.prompts + b.prompts,
    promptLength: Math.max(a.promptLength, b.promptLength),
    seats: Math.max(a.seats, b.seats),
    ownLength: Math.max(a.ownLength, b.ownLength),
  };
}

function fits(shape: BatchShape, recompute: boolean, { tokens, bytes, cost }: BatchLimits): boolean {
  const { prompts, promptLength, seats, ownLength } = shape;
  return prompts * (promptLength + seats * ownLength) <= tokens && cost(shape, recompute) <= bytes;
}

/** The sequences of each prompt, longest completion first; a prompt with too many for one batch has several groups. */
function cutGroups(sequences: readonly Sequence[], wanted: readonly number[], limits: BatchLimits): Group[] {
  const byPrompt = new Map<string, number[]>();
  for (const index of wanted) {
    const key = sequences[index].prompt.join();
    const group = byPrompt.get(key);
    if (group) group.push(index);
    else byPrompt.set(key, [index]);
  }
  return [...byPrompt.values()].flatMap((group) => {
    const sorted = group.sort((a, b) => sequences[b].completion.length - sequences[a].completion.length || a - b);
    const shapeOf = (seats: number, first = 0): BatchShape => groupShape(sequences[sorted[first]], seats);
    const { seats, recompute } = seatsThatFit(shapeOf, sorted.length, limits);
    return Array.from({ length: Math.ceil(sorted.length / seats) }, (_, part) => {
      const indices = sorted.slice(part * seats, (part + 1) * seats);
      return { indices, shape: shapeOf(indices.length, part * seats), recompute };
    });
  });
}

/** Of so many completions of one prompt, of which this is the longest. */
function groupShape({ prompt, completion }: Sequence, seats: number): BatchShape {
  if (seats === 1) {
    const promptLength = wholeBucket(prompt.length + completion.length - 1);
    return { prompts: 1, promptLength, seats: 0, ownLength: 0 };
  }
  const promptLength = promptBucket(prompt.length);
  return { prompts: 1, promptLength, seats, ownLength: ownBucket(completion.length) };
}

function seatsThatFit(
  shapeOf: (seats: number) => BatchShape,
  wanted: number,
  limits: BatchLimits,
): { seats: number; recompute: boolean } {
  const { tokens, bytes, cost } = limits;
  const { promptLength, ownLength } = shapeOf(2);
  const most = Math.max(1, Math.min(wanted, Math.floor((tokens - promptLength) / ownLength)));
  const ways = { auto: [false, true], always: [true], never: [false] }[limits.recompute];
  for (const recompute of ways) {
    for (let seats = most; seats >= 1; seats = Math.floor(seats / 2)) {
      if (cost(shapeOf(seats), recompute) <= bytes) return { seats, recompute };
    }
  }
  const needed = cost(shapeOf(1), ways.at(-1) === true);
  const advice = [
    ...(limits.recompute === "never" ? ["set engine.recompute to auto"] : []),
    ...(bytes < MOST_BATCH_BYTES ? ["raise engine.memoryLimitBytes"] : []),
    "shorten prompts or completions",
  ];
  throw new EngineError(
    `a sequence of ${shapeOf(1).promptLength} tokens needs about ${sizeText(needed)} to train on, one batch may take ${sizeText(bytes)}: ` +
      `${advice.join(", ")}, or take a smaller model`,
  );
}
