// Who sees whom. A prompt's keys and values are computed once and shared by all its completions, which halves the work
// of a step of several rollouts a prompt (Hydragen, Juravsky et al. 2024, has the idea for sampling, whose own
// attention is in sampling/). A completion's token attends to two blocks, its prompt padded to a fixed length and the
// completion so far, under one softmax. Shapes: P prompts of S tokens, R completions each (seats; some may be empty) of
// U tokens, B = P R, G = H / N.

import type { Graph, Value } from "../graph/graph.js";
import { after, inTurn, stage } from "../graph/stage.js";
import type { DecoderConfig } from "../model/config.js";
import { attention, type ContextPart } from "../operators/attention.js";
import { concatenate, prefix, reshape, split, transpose } from "../operators/shape.js";
import type { Attend } from "./decoder.js";

/** Added to the score of what may not be seen; exp of it is 0 in f32. */
export const MASKED = -1e9;

/** How many blocks a stretch of tokens is cut into; a graph is built for one such number. */
export interface BlockCounts {
  /** S is a multiple of it. A block's tokens never meet the keys behind it: what the mask hides is mostly not computed. */
  readonly promptBlocks: number;
  /** 0 where no completion follows: the whole sequence is the prompt. */
  readonly ownBlocks: 0 | 1;
}

/** Names of lengths that are products or parts of others: whoever runs the graph gives them. */
export function stackedLengths(
  config: DecoderConfig,
  { prompts, promptLength, seats, ownLength }: Record<"prompts" | "promptLength" | "seats" | "ownLength", number>,
  promptBlocks = 1,
): Record<string, number> {
  const group = config.heads / config.keyValueHeads;
  const block = promptLength / promptBlocks;
  const lengths: Record<string, number> = {
    PS: prompts * promptLength,
    GS: group * promptLength,
    block,
    Gblock: group * block,
    RG: seats * group,
    BU: prompts * seats * ownLength,
    GU: group * ownLength,
    RGU: seats * group * ownLength,
    PSBU: prompts * (promptLength + seats * ownLength),
  };
  for (let index = 0; index < promptBlocks; index++) {
    lengths[seenUntil(index)] = (index + 1) * block;
    lengths[hiddenFrom(index)] = promptLength - (index + 1) * block;
  }
  return lengths;
}

/** The keys that a block of queries may see. */
function seenUntil(block: number): string {
  return `S until ${block}`;
}

function hiddenFrom(block: number): string {
  return `S from ${block}`;
}

/** [G rows, length] of the last `rows` tokens: 0 where a position may be seen, {@link MASKED} where not. */
export function causalMask(config: DecoderConfig, length: number, rows = length): Float32Array {
  const copies = config.heads / config.keyValueHeads;
  const mask = new Float32Array(copies * rows * length);
  for (let row = 0; row < copies * rows; row++) {
    mask.fill(MASKED, row * length + length - rows + (row % rows) + 1, (row + 1) * length);
  }
  return mask;
}

export interface PromptMasks {
  /** [G block, S] from {@link causalMask}, of the last block of each prompt */
  readonly promptCausal: Value;
}

export interface Blocks {
  readonly count: number;
  /** Whether the shares of a block may be computed again for its gradient. */
  readonly recompute: boolean;
}

const WHOLE: Blocks = { count: 1, recompute: false };
/** From so many blocks on, those of a layer together are too much: each has its own mask, and its shares in turn. */
const LONG_BLOCKS = 8;

/** A prompt's keys and values [P, N, S, C]. */
type OnKeys = (layer: number, keys: Value, values: Value) => void;

/** Attention of prompts to themselves; the tokens are P prompts of S, one after the other. */
export function attendPrompts(
  graph: Graph,
  config: DecoderConfig,
  masks: PromptMasks,
  onKeys: OnKeys = () => {},
  blocks: Blocks = WHOLE,
): Attend {
  const { heads, keyValueHeads, headSize } = config;
  const inHeads = (x: Value, count: number): Value =>
    transpose(graph, reshape(graph, x, ["P", "S", count, headSize]), [0, 2, 1, 3]);
  return ({ query, key, value }, layer) => {
    const [keys, values] = [inHeads(key, keyValueHeads), inHeads(value, keyValueHeads)];
    onKeys(layer, keys, values);
    const read = causalAttention(graph, config, inHeads(query, heads), { keys, values }, masks.promptCausal, blocks);
    return reshape(graph, transpose(graph, read, [0, 2, 1, 3]), ["PS", heads * headSize]);
  };
}

/**
 * Each block of queries with the keys up to its end.
 *
 * @param queries  [P, H, S, C]
 * @param context  [P, N, S, C] each
 * @param mask     [G block, S] of the last block; an earlier one's is the end of its rows
 */
function causalAttention(
  graph: Graph,
  { heads, keyValueHeads, headSize }: DecoderConfig,
  queries: Value,
  context: { readonly keys: Value; readonly values: Value },
  mask: Value,
  { count, recompute }: Blocks,
): Value {
  const scale = 1 / Math.sqrt(headSize);
  const read = (block: Value, rows: string, part: ContextPart): Value =>
    attention(graph, reshape(graph, block, ["P", keyValueHeads, rows, headSize]), [part], scale);
  if (count === 1) return reshape(graph, read(queries, "GS", { ...context, mask }), queries.shape);
  const long = count >= LONG_BLOCKS;
  const partOf = (index: number, entering: Value): ContextPart => {
    if (index === count - 1) return { ...context, mask };
    const seen = (x: Value): Value => prefix(graph, x, 2, seenUntil(index), hiddenFrom(index));
    return {
      keys: seen(context.keys),
      values: seen(context.values),
      mask: lastColumns(graph, long ? after(graph, mask, [entering]) : mask, index),
    };
  };
  let before: Value | undefined;
  const reads = split(graph, queries, Array<string>(count).fill("block"), 2).map((block, index) => {
    const build = (entering: Value): readonly [Value] => {
      const result = read(entering, "Gblock", partOf(index, entering));
      return [reshape(graph, result, ["P", heads, "block", headSize])];
    };
    const turn = long && before ? inTurn(graph, block, before) : block;
    const [result] = long ? stage(graph, turn, build, recompute) : build(turn);
    before = result;
    return result;
  });
  return concatenate(graph, reads, 2, "S");
}

/** [G block, S] -> [G block, S until the block's end] */
function lastColumns(graph: Graph, mask: Value, block: number): Value {
  const bounds = [graph.dimensions([hiddenFrom(block)]), graph.integers([TO_THE_END]), graph.integers([1])];
  return graph.emit("Slice", [mask, ...bounds], ["Gblock", seenUntil(block)]);
}

const TO_THE_END = 2 ** 31 - 1;

export interface SequenceMasks extends PromptMasks {
  /** [P, 1, 1, 1, S] additive: a prompt's padding */
  readonly promptMask: Value;
  /** [G U, U] from {@link causalMask} */
  readonly ownCausal: Value;
}

/** Attention of prompts and completions; the tokens are all prompts [P, S], then all completions [P, R, U]. */
export function attendSequences(
  graph: Graph,
  config: DecoderConfig,
  masks: SequenceMasks,
  blocks: Blocks = WHOLE,
): Attend {
  const { heads, keyValueHeads, headSize } = config;
  const group = heads / keyValueHeads;
  const rows = (x: Value): readonly Value[] => split(graph, x, ["PS", "BU"], 0);
  return ({ query, key, value }, layer) => {
    const [[promptQuery, ownQuery], [promptKey, ownKey], [promptValue, ownValue]] = [query, key, value].map(rows);
    let shared: { keys: Value; values: Value } | undefined;
    const keep: OnKeys = (_, keys, values) => {
      shared = { keys, values };
    };
    const attend = attendPrompts(graph, config, masks, keep, blocks);
    const promptRead = attend({ query: promptQuery, key: promptKey, value: promptValue }, layer);
    if (!shared) throw new RangeError("attendPrompts gave no keys");

    /** [BU, N G C] -> [P, N, R, G U, C] */
    const seated = (x: Value, copies: number, length: string): Value => {
      const parts = reshape(graph, x, ["P", "R", "U", keyValueHeads, copies, headSize]);
      const moved = transpose(graph, parts, [0, 3, 1, 4, 2, 5]);
      return reshape(graph, moved, ["P", keyValueHeads, "R", length, headSize]);
    };
    // All completions of a prompt meet its keys in one product.
    const prompt = { ...shared, mask: masks.promptMask, rows: ["P", keyValueHeads, "RGU"] };
    const own = { keys: seated(ownKey, 1, "U"), values: seated(ownValue, 1, "U"), mask: masks.ownCausal };
    const read = attention(graph, seated(ownQuery, group, "GU"), [prompt, own], 1 / Math.sqrt(headSize));

    const parts = reshape(graph, read, ["P", keyValueHeads, "R", group, "U", headSize]);
    const ownRead = reshape(graph, transpose(graph, parts, [0, 2, 4, 1, 3, 5]), ["BU", heads * headSize]);
    return concatenate(graph, [promptRead, ownRead], 0, query.shape[0]);
  };
}
