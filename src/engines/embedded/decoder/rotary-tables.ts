// Rotary positions: how far each pair of a head's numbers turns from one position to the next, by the model's scaling,
// and the tables of sines and cosines that a graph holds. A table over a whole context of 131,072 positions would put
// 67 MB in every graph. Rotations add up, so a position is turned in two steps instead, by its whole thousands and by
// the rest (1,024 each), from two small tables; a short context needs the second alone.

import type { Graph, Value } from "../graph/graph.js";
import type { DecoderConfig } from "../model/config.js";
import type { RopeScaling } from "../model/rope.js";
import { type RotaryTables, rotary } from "../operators/rotary.js";

/** Positions of the finer table. */
const STRIDE = 1024;

/** One step of turning: where in its tables each token is, [M, 1] int64. */
interface Turn {
  readonly place: Value;
  readonly tables: RotaryTables;
}

export type Rotation = readonly Turn[];

/** @param position  [M, 1] int64 */
export function rotation(graph: Graph, config: DecoderConfig, position: Value): Rotation {
  const { contextLength, rope } = config;
  const table = { frequencies: rotaryFrequencies(config), stride: 1, rows: Math.min(contextLength, STRIDE) };
  const fine = rotaryTables(graph, { ...table, scale: attentionScale(rope.scaling) });
  if (contextLength <= STRIDE) return [{ place: position, tables: fine }];
  const stride = graph.integers([STRIDE]);
  const part = (operator: string): Value => graph.emit(operator, [position, stride], position.shape, { type: "int64" });
  const rows = Math.ceil(contextLength / STRIDE);
  const coarse = rotaryTables(graph, { ...table, stride: STRIDE, rows, scale: 1 });
  return [
    { place: part("Mod"), tables: fine },
    { place: part("Div"), tables: coarse },
  ];
}

/** @param x  [M, 1, heads * C] */
export function rotate(graph: Graph, x: Value, turns: Rotation): Value {
  return turns.reduce((turned, { place, tables }) => rotary(graph, turned, place, tables), x);
}

/** cos and sin of row * stride * frequency, times `scale`, [rows, C / 2]      (RoFormer, eq. 15) */
function rotaryTables(
  graph: Graph,
  table: {
    readonly frequencies: readonly number[];
    readonly stride: number;
    readonly rows: number;
    readonly scale: number;
  },
): RotaryTables {
  const { frequencies, stride, rows, scale } = table;
  const filled = (of: (angle: number) => number): Value => {
    const data = new Float32Array(rows * frequencies.length);
    for (let row = 0; row < rows; row++) {
      for (const [pair, frequency] of frequencies.entries()) {
        data[row * frequencies.length + pair] = scale * of(row * stride * frequency);
      }
    }
    return graph.constant("float32", [rows, frequencies.length], data);
  };
  return { cosine: filled(Math.cos), sine: filled(Math.sin), negativeSine: filled((angle) => -Math.sin(angle)) };
}

/** Queries and keys are multiplied by it as they are rotated. */
function attentionScale(scaling: RopeScaling): number {
  return scaling.kind === "yarn" ? scaling.attentionFactor : 1;
}

/**
 * Radians a position, of each pair of a head's numbers, [C / 2]: theta^(-2 i / C), then as the model's scaling has it.
 *
 * linear: divided by the factor (Chen et al. 2023, eq. 4). llama3 and yarn: as {@link blend} with their own ramps.
 */
function rotaryFrequencies({ headSize, rope: { theta, scaling } }: DecoderConfig): readonly number[] {
  const frequencies = Array.from({ length: headSize / 2 }, (_, pair) => theta ** ((-2 * pair) / headSize));
  switch (scaling.kind) {
    case "none":
      return frequencies;
    case "linear":
      return frequencies.map((frequency) => frequency / scaling.factor);
    case "llama3": {
      // Llama 3.1's own rule: a ramp over the number of turns in the original context.
      const { low, high, factor, originalContextLength } = scaling;
      const turns = (frequency: number): number => (originalContextLength * frequency) / (2 * Math.PI);
      return frequencies.map((frequency) => blend(frequency, factor, (turns(frequency) - low) / (high - low)));
    }
    case "yarn": {
      const [start, end] = yarnRamp(headSize, theta, scaling);
      return frequencies.map((frequency, pair) => blend(frequency, scaling.factor, 1 - (pair - start) / (end - start)));
    }
    default:
      return scaling satisfies never;
  }
}

/** As it is where `kept` is 1 or more, divided by the factor where it is 0 or less, mixed between. */
function blend(frequency: number, factor: number, kept: number): number {
  const share = Math.min(1, Math.max(0, kept));
  return share * frequency + ((1 - share) * frequency) / factor;
}

/** The pairs that turn betaFast and betaSlow times in the original context      (YaRN, section 3.2) */
function yarnRamp(
  headSize: number,
  theta: number,
  { betaFast, betaSlow, originalContextLength, truncate }: Extract<RopeScaling, { kind: "yarn" }>,
): [start: number, end: number] {
  const pairTurning = (turns: number): number =>
    (headSize * Math.log(originalContextLength / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [fast, slow] = [pairTurning(betaFast), pairTurning(betaSlow)];
  const start = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const end = Math.min(truncate ? Math.ceil(slow) : slow, headSize - 1);
  // A ramp of no length would divide by zero.
  return [start, start === end ? end + 0.001 : end];
}
