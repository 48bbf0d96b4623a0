// A model in training for the tests of this room: the protocol's losses and reductions, written down from their
// definitions, over an embedded engine that is only asked for logprobs and for the gradient of a weighted cross-entropy.

import type { Datum, Engine } from "../../engine.js";
import type { TrainingClient } from "../client/client.js";
import type { ForwardBackwardOutput, WireDatum } from "../protocol/records.js";

interface Row extends Pick<Datum, "prompt" | "completion"> {
  /** [N] by name. */
  readonly inputs: Readonly<Record<string, Float32Array>>;
}

function rowOf({ modelInput, lossInputs }: WireDatum): Row {
  const { target_tokens: targets, ...rest } = lossInputs;
  const completion = targets.data as readonly number[];
  if (String(modelInput.slice(1)) !== String(completion.slice(0, -1)))
    throw new Error("targets are not shifted by one");
  const inputs = Object.fromEntries(Object.entries(rest).map(([name, { data }]) => [name, data as Float32Array]));
  return { prompt: modelInput.slice(0, 1), completion, inputs };
}

/** d loss_t / d p, p being the logprob now. */
function slope(name: string, config: Readonly<Record<string, number>>, [p, q, a]: [number, number, number]): number {
  const { clip_low_threshold: low, clip_high_threshold: high } = config;
  const ratio = Math.exp(p - q);
  const clipped = Math.min(Math.max(ratio, low), high);
  switch (name) {
    case "cross_entropy":
      return -1;
    case "ppo":
      return ratio * a <= clipped * a ? -ratio * a : 0;
    case "cispo":
      return -clipped * a;
    default:
      throw new Error(`no loss ${name}`);
  }
}

/** [N] what each logprob's slope counts in the gradient of a step with `datums` datums. */
function shares(name: string, weights: Float32Array | undefined, length: number, reduction: Reduction, datums: number) {
  const given = weights ?? new Float32Array(length).fill(1);
  if (reduction === "sum") return name === "cross_entropy" ? given : new Float32Array(length).fill(1);
  if (given.some((weight) => weight < 0)) throw new Error("a weight is negative where they are normalised");
  const total = Math.max(
    given.reduce((sum, weight) => sum + weight, 0),
    1e-9,
  );
  return given.map((weight) => weight / total / datums);
}

export type Reduction = "sum" | "sequence-mean";

/** @param norm  what the gradient's norm is called; null: it is not told */
export function trainingOver(
  engine: Engine,
  reduction: Reduction,
  norm: string | null = "skyrl.ai/grad_norm",
): TrainingClient {
  const logprobsOf = async (rows: readonly Row[]): Promise<ForwardBackwardOutput> => ({
    outputs: (await engine.logprobs(rows)).map((logprobs) => ({ logprobs })),
    metrics: {},
  });
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = <Result>(run: () => Promise<Result>): Promise<Result> => {
    const result = last.then(run);
    last = result.catch(() => {});
    return result;
  };
  const unasked = (): never => {
    throw new Error("not asked in these tests");
  };
  return {
    modelId: "test",
    info: unasked,
    forward: (datums) => inOrder(() => logprobsOf(datums.map(rowOf))),
    forwardBackward: (datums, loss) =>
      inOrder(async () => {
        const rows = datums.map(rowOf);
        const output = await logprobsOf(rows);
        const weighted = rows.map(({ inputs, ...row }, i) => {
          const { length } = row.completion;
          const share = shares(loss.name, inputs.weights, length, reduction, rows.length);
          const zeros = new Float32Array(length);
          const { logprobs: q = zeros, advantages: a = zeros } = inputs;
          const weights = Float32Array.from(output.outputs[i].logprobs, (p, t) =>
            share[t] === 0 ? 0 : -share[t] * slope(loss.name, loss.config ?? {}, [p, q[t], a[t]]),
          );
          return { ...row, weights };
        });
        await engine.forwardBackward(weighted, { kind: "cross-entropy" });
        return output;
      }),
    optimStep: (parameters) =>
      inOrder(async () => {
        const { gradientNorm } = await engine.optimStep(parameters);
        return { metrics: norm === null ? {} : { [norm]: gradientNorm ?? Number.NaN } };
      }),
    saveWeights: unasked,
    loadWeights: unasked,
    saveWeightsForSampler: unasked,
    sampler: unasked,
    unload: async () => {},
  };
}
