// From the residual stream to logprobs of given tokens. A large vocabulary is read in parts; its matrix lies in memory
// by rows, so a part is a view that costs nothing.

import type { Graph, Value } from "../graph/graph.js";
import type { DecoderConfig } from "../model/config.js";
import { type TokenLogprobs, tokenLogprobs, tokenLogprobsInParts } from "../operators/logprobs.js";
import { decoderHead, finalNorm, type Weights } from "./decoder.js";
import { headName, type Layout, type LayoutTensor } from "./layout.js";

/** Rows of a part: its product is large enough for full speed, and 1,024 tokens of it are 16 MiB. */
const PART_ROWS = 4096;
/** Up to here all logits at once are faster and small enough. */
const SINGLE_PASS_ROWS = 16_384;

/** The head in parts of its rows, as tensors that share its numbers; none where it is read whole. */
export function headParts(layout: Layout, config: DecoderConfig, partRows?: number): readonly LayoutTensor[] {
  const { vocabularySize, hiddenSize } = config;
  const rows = partRows ?? (vocabularySize > SINGLE_PASS_ROWS ? PART_ROWS : vocabularySize);
  if (rows >= vocabularySize) return [];
  const whole = layout.tensors.find(({ name }) => name === headName(config));
  if (!whole) throw new RangeError(`no weight "${headName(config)}" in this layout`);
  return Array.from({ length: Math.ceil(vocabularySize / rows) }, (_, index) => {
    const start = index * rows;
    const count = Math.min(rows, vocabularySize - start);
    const place = { offset: whole.offset + start * hiddenSize, length: count * hiddenSize };
    return { name: `${whole.name} rows ${start}`, shape: [count, hiddenSize], ...place, parts: [] };
  });
}

/**
 * @param stream   [K, D]
 * @param parts    from {@link headParts}
 * @param targets  [K, 1] int32
 */
export function headLogprobs(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  parts: readonly LayoutTensor[],
  stream: Value,
  targets: Value,
): TokenLogprobs {
  if (parts.length === 0) return tokenLogprobs(graph, decoderHead(graph, config, weights, stream), targets);
  const normal = finalNorm(graph, config, weights, stream);
  const rows = parts.map(({ name }) => weights.tensor(name));
  return tokenLogprobsInParts(graph, normal, rows, targets);
}
