// Who sees whom. A prompt's keys and values are computed once and shared by all its completions, which halves the work
// of a step of several rollouts a prompt (Hydragen, Juravsky et al. 2024, has the idea for sampling, whose own
// attention is in sampling/). A completion's token attends to two blocks, its prompt padded to a fixed length and the
// completion so far, under one softmax. Shapes: P prompts of S tokens, R completions each (seats; some may be empty) of U tokens, B = P R, G = H / N.

import type { Dimension, Graph, Value } from "../graph/graph.js";
import type { DecoderConfig } from "../model/config.js";
import { add } from "../operators/elementwise.js";
import { matmul } from "../operators/matmul.js";
import { softmax } from "../operators/normalization.js";
import { concatenate, reshape, split, transpose } from "../operators/shape.js";
import type { Attend } from "./decoder.js";

/** Added to the score of what may not be seen; exp of it is 0 in f32. */
export const MASKED = -1e9;

/** Names of lengths that are products of others: whoever runs the graph gives them. */
export function stackedLengths(
  config: DecoderConfig,
  { prompts, promptLength, seats, ownLength }: Record<"prompts" | "promptLength" | "seats" | "ownLength", number>,
): Record<string, number> {
  const group = config.heads / config.keyValueHeads;
  return {
    PS: prompts * promptLength,
    GS: group * promptLength,
    RG: seats * group,
    BU: prompts * seats * ownLength,
    GU: group * ownLength,
    RGU: seats * group * ownLength,
    PSBU: prompts * (promptLength + seats * ownLength),
  };
}

/** [G length, length]: 0 where a position may be seen, {@link MASKED} where not. */
export function causalMask(config: DecoderConfig, length: number): Float32Array {
  const copies = config.heads / config.keyValueHeads;
  const mask = new Float32Array(copies * length * length);
  for (let row = 0; row < copies * length; row++) {
    mask.fill(MASKED, row * length + (row % length) + 1, (row + 1) * length);
  }
  return mask;
}

export interface PromptMasks {
  /** [G S, S] from {@link causalMask} */
  readonly promptCausal: Value;
}

/** A prompt's keys and values [P, N, S, C]. */
type OnKeys = (layer: number, keys: Value, values: Value) => void;

/** Attention of prompts to themselves; the tokens are P prompts of S, one after the other. */
export function attendPrompts(
  graph: Graph,
  config: DecoderConfig,
  masks: PromptMasks,
  onKeys: OnKeys = () => {},
): Attend {
  const { heads, keyValueHeads, headSize } = config;
  const inHeads = (x: Value, count: number): Value =>
    transpose(graph, reshape(graph, x, ["P", "S", count, headSize]), [0, 2, 1, 3]);
  return ({ query, key, value }, layer) => {
    const queries = reshape(graph, inHeads(query, heads), ["P", keyValueHeads, "GS", headSize]);
    const [keys, values] = [inHeads(key, keyValueHeads), inHeads(value, keyValueHeads)];
    onKeys(layer, keys, values);
    const scores = matmul(graph, queries, keys, { transposeB: true, scale: 1 / Math.sqrt(headSize) });
    const read = matmul(graph, softmax(graph, add(graph, scores, masks.promptCausal)), values);
    const joined = transpose(graph, reshape(graph, read, ["P", heads, "S", headSize]), [0, 2, 1, 3]);
    return reshape(graph, joined, ["PS", heads * headSize]);
  };
}

export interface SequenceMasks extends PromptMasks {
  /** [P, 1, 1, 1, S] additive: a prompt's padding */
  readonly promptMask: Value;
  /** [G U, U] from {@link causalMask} */
  readonly ownCausal: Value;
}

/** Attention of prompts and completions; the tokens are all prompts [P, S], then all completions [P, R, U]. */
export function attendSequences(graph: Graph, config: DecoderConfig, masks: SequenceMasks): Attend {
  const { heads, keyValueHeads, headSize } = config;
  const group = heads / keyValueHeads;
  const rows = (x: Value): readonly Value[] => split(graph, x, ["PS", "BU"], 0);
  return ({ query, key, value }, layer) => {
    const [[promptQuery, ownQuery], [promptKey, ownKey], [promptValue, ownValue]] = [query, key, value].map(rows);
    let shared: { keys: Value; values: Value } | undefined;
    const attend = attendPrompts(graph, config, masks, (_, keys, values) => {
      shared = { keys, values };
    });
    const promptRead = attend({ query: promptQuery, key: promptKey, value: promptValue }, layer);
    if (!shared) throw new RangeError("attendPrompts gave no keys");

    /** [BU, N G C] -> [P, N, R, G U, C] */
    const seated = (x: Value, copies: number, length: string): Value => {
      const parts = reshape(graph, x, ["P", "R", "U", keyValueHeads, copies, headSize]);
      const moved = transpose(graph, parts, [0, 3, 1, 4, 2, 5]);
      return reshape(graph, moved, ["P", keyValueHeads, "R", length, headSize]);
    };
    const queries = seated(ownQuery, group, "GU");
    const stacked = (x: Value, width: Dimension): Value => reshape(graph, x, ["P", keyValueHeads, "RGU", width]);
    const unstacked = (x: Value, width: Dimension): Value => reshape(graph, x, ["P", keyValueHeads, "R", "GU", width]);
    const scale = 1 / Math.sqrt(headSize);
    const toPrompt = matmul(graph, stacked(queries, headSize), shared.keys, { transposeB: true, scale });
    const toOwn = matmul(graph, queries, seated(ownKey, 1, "U"), { transposeB: true, scale });
    const seen = add(graph, unstacked(toPrompt, "S"), masks.promptMask);
    const scores = concatenate(graph, [seen, add(graph, toOwn, masks.ownCausal)], 4, "context");
    const [promptShares, ownShares] = split(graph, softmax(graph, scores), ["S", "U"]);
    const fromPrompt = unstacked(matmul(graph, stacked(promptShares, "S"), shared.values), headSize);
    const read = add(graph, fromPrompt, matmul(graph, ownShares, seated(ownValue, 1, "U")));

    const parts = reshape(graph, read, ["P", keyValueHeads, "R", group, "U", headSize]);
    const ownRead = reshape(graph, transpose(graph, parts, [0, 2, 4, 1, 3, 5]), ["BU", heads * headSize]);
    return concatenate(graph, [promptRead, ownRead], 0, query.shape[0]);
  };
}
