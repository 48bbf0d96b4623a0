// Attention as one operator with its own gradient, over a context in one or several parts under one softmax. It knows
// no prompts and no completions: who sees whom is in the parts (decoder/attention.ts).

import type { Graph, Shape, Value } from "../graph/graph.js";
import { matmul } from "./matmul.js";
import { sumLast } from "./reduction.js";
import { concatenate, reshape, split } from "./shape.js";

export interface ContextPart {
  /** [..., length, C] */
  readonly keys: Value;
  /** [..., length, C] */
  readonly values: Value;
  /** Added to the scores, broadcast; not differentiated. */
  readonly mask?: Value;
  /** The leading axes and rows of the queries as this part's keys meet them; the queries' own where left out. */
  readonly rows?: Shape;
}

/**
 * softmax(scale q k^T + mask) v over the keys of all parts      (Vaswani et al. 2017, eq. 1)
 *
 * Backward, with P the shares and O the result: D = rowsum(dO O), dS = P (dO v^T - D)      (Dao et al. 2022, app. B.4)
 *
 * @param queries  [..., rows, C]
 * @returns        of the queries' shape
 */
export function attention(graph: Graph, queries: Value, parts: readonly ContextPart[], scale: number): Value {
  const lengths = parts.map(({ keys }) => keys.shape[keys.shape.length - 2]);
  const outer = queries.shape.slice(0, -1);
  const size = queries.shape[queries.shape.length - 1];
  const untracked = (x: Value): Value => ({ ...x, tracked: false });
  const to = (x: Value, rows: Shape | undefined, width: Shape[number]): Value =>
    rows ? reshape(graph, x, [...rows, width]) : x;
  const from = (x: Value, rows: Shape | undefined, width: Shape[number]): Value =>
    rows ? reshape(graph, x, [...outer, width]) : x;
  const each = (operator: string, a: Value, b: Value): Value => graph.emit(operator, [a, b], a.shape);

  const [q, contexts] = [
    untracked(queries),
    parts.map((part) => ({ ...part, keys: untracked(part.keys), values: untracked(part.values) })),
  ];
  const scores = contexts.map(({ keys, mask, rows }, index) => {
    const product = matmul(graph, to(q, rows, size), keys, { transposeB: true, scale });
    const unmasked = from(product, rows, lengths[index]);
    return mask ? each("Add", unmasked, mask) : unmasked;
  });
  const last = outer.length;
  const joined = scores.length === 1 ? scores[0] : concatenate(graph, scores, last, "context");
  const all = graph.emit("Softmax", [joined], joined.shape, { attributes: { axis: -1 } });
  const shares = scores.length === 1 ? [all] : split(graph, all, lengths);
  const reads = contexts.map(({ values, rows }, index) =>
    from(matmul(graph, to(shares[index], rows, lengths[index]), values), rows, size),
  );
  const result = reads.reduce((sum, read) => each("Add", sum, read));

  return graph.record(result, [queries, ...parts.flatMap(({ keys, values }) => [keys, values])], (gradient) => {
    const means = sumLast(graph, each("Mul", gradient, result));
    const found = contexts.map(({ keys, values, rows }, index) => {
      const width = lengths[index];
      const slopes = from(matmul(graph, to(gradient, rows, size), values, { transposeB: true }), rows, width);
      const scored = to(each("Mul", each("Sub", slopes, means), shares[index]), rows, width);
      return {
        query: from(matmul(graph, scored, keys, { scale }), rows, size),
        keys: matmul(graph, scored, to(q, rows, size), { transposeA: true, scale }),
        values: matmul(graph, to(shares[index], rows, width), to(gradient, rows, size), { transposeA: true }),
      };
    });
    const query = found.map((part) => part.query).reduce((sum, part) => each("Add", sum, part));
    return [query, ...found.flatMap((part) => [part.keys, part.values])];
  });
}
