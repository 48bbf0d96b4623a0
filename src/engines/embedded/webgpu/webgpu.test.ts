// What can be known of the device's programs without a device: they run on the processor here. device.test.ts has the
// rest.

import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { objectives } from "../../../algorithms/policy-loss.js";
import { Rng } from "../../../core/rng.js";
import type { Loss } from "../../engine.js";
import { lossGraph } from "../decoder/graphs.js";
import { layoutOf } from "../decoder/layout.js";
import { traitsOf } from "../families/families.js";
import { type GraphSpec, modelBytes, type NodeSpec } from "../graph/onnx.js";
import { compile, type Feeds, type OpenSession, type Runtime, UNGUARDED } from "../graph/program.js";
import { drawToken } from "../sampling/draw.js";
import { type Drawn, Sampler } from "../sampling/sampler.js";
import { oneBatch, TINY_LOSS, tinyBatch, tinyModel, tinySequences } from "../self-test/tiny-model.js";
import { TEST_CONFIG } from "../test-model.js";
import { Trainer } from "../training/trainer.js";
import { loadedWeights } from "../weights.js";
import { forWebgpu } from "./dialect.js";
import { observe, placementText } from "./placement.js";
import { ResidentSampler } from "./resident-sampler.js";
import { drawGraph } from "./sampling-graphs.js";
import { testWebgpu } from "./self-test.js";

const { guard } = UNGUARDED;

/** The device's graphs on the processor, changed on the way. */
function onProcessor(change: (graph: GraphSpec) => GraphSpec = (graph) => graph): OpenSession {
  return (graph, options) =>
    InferenceSession.create(modelBytes(change(forWebgpu(graph))), { ...options, executionProviders: ["cpu"] });
}

const runtime: Runtime = { ...UNGUARDED, open: onProcessor() };

function changeNodes(operator: string, change: (node: NodeSpec) => NodeSpec): (graph: GraphSpec) => GraphSpec {
  return (graph) => ({
    ...graph,
    nodes: graph.nodes.map((node) => (node.operator === operator ? change(node) : node)),
  });
}

describe("the dialect", () => {
  it("leaves no node that the provider computes wrong or not at all", () => {
    const { graph } = lossGraph({ config: TEST_CONFIG, layout: layoutOf(TEST_CONFIG) }, TINY_LOSS, {
      promptBlocks: 1,
      ownBlocks: 1,
    });
    const before = new Set(graph.spec.nodes.map(({ operator }) => operator));
    const after = new Set(forWebgpu(graph.spec).nodes.map(({ operator }) => operator));
    for (const operator of ["FusedMatMul", "LogSoftmax", "SimplifiedLayerNormalization", "ConstantOfShape"]) {
      expect(before, operator).toContain(operator);
      expect(after, operator).not.toContain(operator);
    }
  });
});

describe("the dialect's order", () => {
  /** ONNX's number for the type. */
  const INT64 = 7;
  const summed = ({ nodes }: GraphSpec): boolean =>
    nodes.some(({ operator, attributes }) => operator === "Cast" && attributes.to === INT64);

  const losses = objectives.map((objective): [string, Loss] => [
    objective,
    { ...TINY_LOSS, objective, klEstimator: "k1" },
  ]);
  it.each(losses)(
    "needs no sums of dimensions, and layers computed again give the same gradient: %s",
    async (_, loss) => {
      const model = tinyModel(TEST_CONFIG);
      const weights = loadedWeights(model, model.weights);
      const processor = new Trainer(model, UNGUARDED);
      const scores = await processor.logprobs(weights, oneBatch(tinySequences(model)));
      const batch = tinyBatch(
        model,
        scores.map(({ logprobs }) => logprobs),
      );
      let before = false;
      let after = false;
      const open: OpenSession = (graph, ...rest) => {
        before ||= summed(graph);
        after ||= summed(forWebgpu(graph));
        return onProcessor()(graph, ...rest);
      };
      const device = new Trainer(model, { ...UNGUARDED, open });
      const gradientOf = async (trainer: Trainer, recompute: boolean): Promise<Float32Array> => {
        const gradient = new Float32Array(model.layout.length);
        await trainer.gradient(weights, { ...batch, recompute }, loss, (offset, piece) => {
          for (let i = 0; i < piece.length; i++) gradient[offset + i] += piece[i];
        });
        return gradient;
      };
      const expected = await gradientOf(processor, false);
      const found = await gradientOf(device, true);
      expect([before, after]).toEqual([true, false]);
      for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, 3);
    },
  );
});

describe("the device's self-test", () => {
  for (const [name, tied] of [
    ["qwen2", true],
    ["llama", false],
    ["qwen3", true],
  ] as const) {
    it(`passes where the arithmetic is right: ${name}, ${tied ? "tied" : "untied"} head`, async () => {
      const placement = await testWebgpu({ ...TEST_CONFIG, ...traitsOf(name), tied }, guard, onProcessor());
      expect(placement.nodes).toBeGreaterThan(500);
    });
  }

  it("names the tensor whose gradient a wrong operator spoils", async () => {
    // The inverse standard deviation of the norms, which only a backward pass reads.
    const wrong = changeNodes("Sqrt", (node) => ({ ...node, operator: "Abs" }));
    await expect(testWebgpu(TEST_CONFIG, guard, onProcessor(wrong))).rejects.toThrow(
      /self-test failed on engine.device: webgpu: the gradient of ".*" differs from the processor's by .* use engine.device: cpu/,
    );
  });

  it("says by how much logprobs are off where the forward pass is wrong", async () => {
    const wrong = changeNodes("Sigmoid", (node) => ({ ...node, operator: "Tanh" }));
    await expect(testWebgpu(TEST_CONFIG, guard, onProcessor(wrong))).rejects.toThrow(
      /logprobs differ from the processor's by up to .* nats, where 0.0001 is allowed/,
    );
  });

  it("names the weights that a wrong optimizer step gives", async () => {
    const wrong = (graph: GraphSpec): GraphSpec =>
      graph.inputs.some(({ name }) => name === "settings")
        ? changeNodes("Div", (node) => ({ ...node, operator: "Mul" }))(graph)
        : graph;
    await expect(testWebgpu(TEST_CONFIG, guard, onProcessor(wrong))).rejects.toThrow(
      /after one optimizer step "embedding" differs from the processor's by .* of its size, where 0.0001 is allowed/,
    );
  });
});

describe("where nodes run", () => {
  it("is read from the profile of a run and counted once a node", async () => {
    const observer = observe(onProcessor());
    const placement = await testWebgpu(TEST_CONFIG, guard, onProcessor());
    expect(placement.fallbacks.reduce((sum, { count }) => sum + count, 0)).toBe(placement.nodes);
    const draw = await compile(drawGraph(8), { ...UNGUARDED, open: observer.open });
    for (let run = 0; run < 3; run++) await draw.run(drawFeeds([new Float32Array(8)], [0.5], [1]));
    const { fallbacks } = await observer.finish();
    expect(fallbacks).toContainEqual({ operator: "GatherElements", count: 1 });
  });

  it("is said in one line", () => {
    expect(placementText({ nodes: 310, fallbacks: [] })).toBe("0 of 310 nodes run on the CPU");
    const fallbacks = [
      { operator: "FusedMatMul", count: 3 },
      { operator: "Range", count: 1 },
    ];
    expect(placementText({ nodes: 310, fallbacks })).toBe("4 of 310 nodes run on the CPU: FusedMatMul x 3, Range x 1");
  });
});

function drawFeeds(rows: readonly Float32Array[], uniforms: readonly number[], inverses: readonly number[]): Feeds {
  const column = (values: readonly number[]): Tensor =>
    new Tensor("float32", Float32Array.from(values), [rows.length, 1]);
  const logprobs = Float32Array.from(rows.flatMap((row) => [...row]));
  return {
    logprobs: new Tensor("float32", logprobs, [rows.length, rows[0].length]),
    lines: new Tensor("int32", Int32Array.from(rows.keys()), [rows.length]),
    uniform: column(uniforms),
    inverse: column(inverses),
  };
}

describe("drawing on the device", () => {
  for (const size of [5, 256, 700]) {
    it(`draws by the rule of the processor's sampler from ${size} tokens, and none without mass`, async () => {
      const program = await compile(drawGraph(size), runtime);
      const rng = Rng.of("draw", size);
      const rows = Array.from({ length: 40 }, () => {
        const logits = Float32Array.from({ length: size }, () => (rng.uniform() < 0.3 ? -1e9 : 2 * rng.normal()));
        const log = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
        return logits.map((logit) => logit - log);
      });
      const uniforms = rows.map(() => Math.fround(rng.uniform()));
      const temperatures = rows.map((_, index) => [1, 0.7, 2][index % 3]);
      const feeds = drawFeeds(
        rows,
        uniforms,
        temperatures.map((temperature) => 1 / temperature),
      );
      const { tokens, drawn } = await program.runTensors(feeds);
      const expected = rows.map((row, index) => drawToken(row.map(Math.exp), temperatures[index], uniforms[index]));
      expect([...(tokens.data as Int32Array)]).toEqual(expected);
      expect([...(drawn.data as Float32Array)]).toEqual(rows.map((row, index) => row[expected[index]]));
    });
  }

  it("gives the same completions as the processor's sampler, greedy ones among them", async () => {
    const model = tinyModel(TEST_CONFIG);
    const weights = loadedWeights(model, model.weights);
    const prompts = [0, 1, 0.8].map((temperature, index) => ({
      tokens: [3, 9, 27, 5].slice(0, index + 2),
      maxTokens: 6 + index,
      temperature,
      seeds: ["a", "b", "c"],
      stopIds: [7, 11],
    }));
    let counted = 0;
    const ended: Array<Drawn["finished"][number]> = [];
    const samples = await new ResidentSampler(model, runtime).sample(weights, prompts, ({ count, finished }) => {
      counted += count;
      ended.push(...finished);
    });
    const expected = await new Sampler(model, UNGUARDED, () => expect.unreachable()).sample(weights, prompts, () => {});
    const flat = samples.flat();
    expect(flat.map(({ tokens, stopReason }) => ({ tokens, stopReason }))).toEqual(
      expected.flat().map(({ tokens, stopReason }) => ({ tokens, stopReason })),
    );
    expect(counted).toBe(flat.reduce((sum, { tokens }) => sum + tokens.length, 0));
    expect(ended).toHaveLength(flat.length);
    for (const { prompt, row, sample } of ended) expect(samples[prompt][row]).toEqual(sample);
    for (const [index, { logprobs }] of expected.flat().entries()) {
      for (const [at, logprob] of logprobs.entries()) expect(flat[index].logprobs[at]).toBeCloseTo(logprob, 4);
    }
  });
});
