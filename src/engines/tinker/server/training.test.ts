import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmbedded } from "../../embedded/embedded.js";
import type { Datum, Loss, LossOutput } from "../../engine.js";
import { encodeForwardBackward } from "../protocol/forward-backward.js";
import { ADAM, datumOf, gradientOf, type Json, startTestServer, type TestServer } from "./test-server.js";

const TOKENS = [259, 270, 264, 31, 265, 262, 12, 40];
const PROMPT = 3;
/** [7] as on the wire: nothing counts before the completion. */
const padded = (values: readonly number[]): number[] => [...Array<number>(PROMPT - 1).fill(0), ...values];
const WEIGHTS = [1, 0.5, 1, 2, 1];
const ADVANTAGES = [1, -2, 0.5, -0.25, 1.5];
const OLD = [-4, -6, -3, -7, -5];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const logprobsOf = (output: Json, at = 0): number[] => {
  const outputs = output["loss_fn_outputs"] as ReadonlyArray<Record<string, { data: number[] }>>;
  return outputs[at]["logprobs"].data;
};
const lossOf = (output: Json): number => (output["metrics"] as Record<string, number>)["loss:sum"];
const step = (model: string, seq_id: number, adam: Json = ADAM): Promise<Json> =>
  server.call("/optim_step", { model_id: model, seq_id, adam_params: adam });
const normOf = (stepped: Json): number => (stepped["metrics"] as Record<string, number>)["grad_norm"];

describe("a loss over the wire", () => {
  const inputs = { weights: padded(WEIGHTS), advantages: padded(ADVANTAGES), logprobs: padded(OLD) };
  const ratio = { kind: "policy", klCoefficient: 0, klEstimator: "k3", dualClip: null } as const;
  const cases: ReadonlyArray<readonly [string, Json, Loss]> = [
    ["cross_entropy", {}, { kind: "cross-entropy" }],
    ["importance_sampling", {}, { ...ratio, objective: "token-ratio", clipLow: 1, clipHigh: 1e9 }],
    ["ppo", {}, { ...ratio, objective: "token-ratio", clipLow: 0.2, clipHigh: 0.2 }],
    [
      "ppo",
      { clip_low_threshold: 0.5, clip_high_threshold: 1.5 },
      { ...ratio, objective: "token-ratio", clipLow: 0.5, clipHigh: 0.5 },
    ],
    ["cispo", {}, { ...ratio, objective: "clipped-weight", clipLow: 1, clipHigh: 3 }],
    ["gspo", {}, { ...ratio, objective: "sequence-ratio", clipLow: 0.2, clipHigh: 0.2 }],
  ];
  const datum: Datum = {
    prompt: TOKENS.slice(0, PROMPT),
    completion: TOKENS.slice(PROMPT),
    weights: Float32Array.from(WEIGHTS),
    advantages: Float32Array.from(ADVANTAGES),
    oldLogprobs: Float32Array.from(OLD),
  };

  it("has the value, the gradient and the logprobs that the engine has of the same datum", async () => {
    const { model } = await server.train();
    const seed = 7;
    const targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
    const engine = await openEmbedded({ model: server.model, threads: 1, lora: { rank: 2, alpha: 32, targets, seed } });
    const still = { learningRate: 0, beta1: 0.9, beta2: 0.9, epsilon: 1, weightDecay: 0, gradientClip: 1 };
    let seq = 0;
    for (const [name, config, loss] of cases) {
      const data = [datumOf(TOKENS, name === "cross_entropy" ? { weights: inputs.weights } : inputs)];
      const request = { loss_fn: name, loss_fn_config: config };
      const output = await server.call("/forward_backward", gradientOf(model, ++seq, data, request));
      const expected: LossOutput = await engine.forwardBackward([datum], loss);
      expect(lossOf(output), name).toBe(expected.loss);
      expect(logprobsOf(output).slice(PROMPT - 1), name).toEqual(Array.from(expected.logprobs[0]));
      const { gradientNorm } = await engine.optimStep(still);
      expect(normOf(await step(model, ++seq, { learning_rate: 0 })), name).toBe(gradientNorm);
      const forward = await server.call("/forward", gradientOf(model, ++seq, data, request, "forward_input"));
      expect(lossOf(forward), name).toBeCloseTo(expected.loss, 3);
      expect(logprobsOf(forward), name).toEqual(logprobsOf(output));
    }
    // The prompt's own logprobs, which no gradient needs.
    const [scores] = await engine.logprobs([{ prompt: TOKENS.slice(0, 1), completion: TOKENS.slice(1, PROMPT) }]);
    const last = await server.call(
      "/forward",
      gradientOf(model, ++seq, [datumOf(TOKENS, inputs)], {}, "forward_input"),
    );
    expect(logprobsOf(last).slice(0, PROMPT - 1)).toEqual(Array.from(scores));
    await engine.close();
  });

  it("that is dro has the gradient of its formula", async () => {
    const { model } = await server.train();
    const request = { loss_fn: "dro", loss_fn_config: { beta: 0.3 } };
    const output = await server.call("/forward_backward", gradientOf(model, 1, [datumOf(TOKENS, inputs)], request));
    const own = logprobsOf(output).slice(PROMPT - 1);
    const terms = own.map((p, t) => -WEIGHTS[t] * (ADVANTAGES[t] * p - 0.15 * (p - OLD[t]) ** 2));
    expect(lossOf(output)).toBeCloseTo(
      terms.reduce((a, b) => a + b),
      4,
    );
    const norm = normOf(await step(model, 2, { learning_rate: 0 }));
    // -dL/dp = w (A - beta (p - q)): cross-entropy with these weights has the same gradient.
    const slopes = own.map((p, t) => WEIGHTS[t] * (ADVANTAGES[t] - 0.3 * (p - OLD[t])));
    await server.call("/forward_backward", gradientOf(model, 3, [datumOf(TOKENS, { weights: padded(slopes) })]));
    expect(normOf(await step(model, 4, { learning_rate: 0 }))).toBeCloseTo(norm, 3);
  });

  it("is the same in protobuf as in JSON, and takes entropies along", async () => {
    const { model } = await server.train();
    const json = await server.call(
      "/forward_backward",
      gradientOf(model, 1, [datumOf(TOKENS, inputs)], { loss_fn: "ppo" }),
    );
    const { body, contentType } = encodeForwardBackward(
      {
        modelId: model,
        sequenceId: 2,
        datums: [
          {
            modelInput: TOKENS.slice(0, -1),
            lossInputs: {
              target_tokens: { dtype: "int64", data: TOKENS.slice(1) },
              ...Object.fromEntries(
                Object.entries(inputs).map(([name, data]) => [
                  name,
                  { dtype: "float32", data: Float32Array.from(data) },
                ]),
              ),
            },
          },
        ],
        loss: "ppo",
        lossConfig: {},
        forwardOnly: false,
      },
      "protobuf",
    );
    const response = await fetch(`${server.url}/api/v1/forward_backward`, {
      method: "POST",
      body: body as Uint8Array<ArrayBuffer>,
      headers: { "content-type": contentType },
    });
    const binary = await server.result({
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Json,
    });
    expect(binary).toEqual(json);
    const [{ entropies }] = json["loss_fn_outputs"] as ReadonlyArray<Record<string, { data: number[] }>>;
    expect(entropies.data.length).toBe(TOKENS.length - 1);
    expect(Math.min(...entropies.data.slice(PROMPT - 1))).toBeGreaterThan(0);
  });
});

describe("requests of a model", () => {
  it("take effect in the order of their numbers, not of their arrival", async () => {
    const { model } = await server.train();
    const data = [datumOf(TOKENS, { weights: padded(WEIGHTS) })];
    const forward = (seq: number): Json => gradientOf(model, seq, data, {}, "forward_input");
    const late = await server.send("/forward", forward(4));
    const stepped = await server.send("/optim_step", { model_id: model, seq_id: 3, adam_params: ADAM });
    const gradient = await server.send("/forward_backward", gradientOf(model, 2, data));
    const { status } = await server.send("/retrieve_future", { request_id: gradient.body["request_id"] }, {});
    expect(status).toBe(408);
    const early = await server.call("/forward", forward(1));
    const after = await server.result(late);
    expect(lossOf(after)).toBeLessThan(lossOf(early));
    expect(lossOf(await server.result(gradient))).toBeCloseTo(lossOf(early), 3);
    expect(normOf(await server.result(stepped))).toBeGreaterThan(0);
  });

  it("that are sent again are answered as before, once; another body is a conflict", async () => {
    const { model } = await server.train();
    const adam = { model_id: model, seq_id: 1, adam_params: ADAM };
    const [first, again] = [await server.send("/optim_step", adam), await server.send("/optim_step", adam)];
    expect(again.body).toEqual(first.body);
    const other = await server.send("/optim_step", { ...adam, adam_params: { learning_rate: 1 } });
    expect([other.status, other.body["detail"]]).toEqual([
      409,
      expect.stringContaining("seq_id 1 of this model was used"),
    ]);
  });

  it("fail alone: the model goes on", async () => {
    const { model } = await server.train();
    const data = [datumOf(TOKENS, { weights: padded([1e38, 1e38, 1e38, 1e38, 1e38]) })];
    await server.call("/forward_backward", gradientOf(model, 1, data));
    const failed = await step(model, 2);
    expect(failed).toMatchObject({ category: "user", name: "DivergenceError", error: expect.stringContaining("norm") });
    expect(normOf(await step(model, 3))).toBe(0);
  });

  it("wait for a missing one only so long", async () => {
    const impatient = await startTestServer({ model: server.model, gapTimeoutMs: 50 });
    const { model } = await impatient.train();
    const adam = { model_id: model, seq_id: 2, adam_params: ADAM };
    const failed = await impatient.call("/optim_step", adam);
    expect(failed["error"]).toContain("seq_id 1 of this model has not come");
    expect(await impatient.call("/optim_step", { ...adam, seq_id: 1 })).toHaveProperty("metrics");
    expect(await impatient.call("/optim_step", adam)).toHaveProperty("metrics");
    await impatient.close();
  });
});

describe("models", () => {
  it("beyond the server's number wait until another goes", async () => {
    const small = await startTestServer({ model: server.model, models: 1, pollMs: 100 });
    const first = await small.train();
    const session_id = await small.session();
    const request = { session_id, model_seq_id: 0, base_model: "tiny", lora_config: { rank: 1 } };
    const second = await small.send("/create_model", request);
    const { status, body } = await small.send("/retrieve_future", { request_id: second.body["request_id"] });
    expect([status, body["queue_state"]]).toEqual([408, "paused_capacity"]);
    await small.call("/unload_model", { model_id: first.model });
    expect(await small.result(second)).toMatchObject({ model_id: `${session_id}:train:0` });
    const gone = await small.send("/optim_step", { model_id: first.model, seq_id: 1, adam_params: ADAM });
    expect(gone.status).toBe(404);
    await small.close();
  });

  it("go with a session that is not heard of any more", async () => {
    const strict = await startTestServer({ model: server.model, sessionTimeoutMs: 3000 });
    const session_id = await strict.session();
    const beat = (): Promise<{ readonly status: number }> => strict.send("/session_heartbeat", { session_id });
    const heart = setInterval(() => void beat(), 500);
    const request = { session_id, model_seq_id: 0, base_model: "tiny" };
    const { model_id: model } = await strict.call("/create_model", request);
    expect((await beat()).status).toBe(200);
    clearInterval(heart);
    const runs = async (): Promise<unknown[]> =>
      (await strict.send("/training_runs")).body["training_runs"] as unknown[];
    while ((await runs()).length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await beat()).status).toBe(410);
    const { status, body } = await strict.send("/optim_step", { model_id: model, seq_id: 1, adam_params: ADAM });
    expect([status, body["detail"]]).toEqual([404, expect.stringContaining("no heartbeat for 3 s")]);
    await strict.close();
  });

  it("train all weights at rank 0, and say what they are", async () => {
    const { model } = await server.train(0);
    const info = await server.send("/get_info", { model_id: model });
    expect(info.body).toMatchObject({ is_lora: false, lora_rank: null, model_data: { tokenizer_id: server.model } });
    const data = [datumOf(TOKENS, { weights: padded(WEIGHTS) })];
    const before = await server.call("/forward_backward", gradientOf(model, 1, data));
    await step(model, 2);
    const after = await server.call("/forward", gradientOf(model, 3, data, {}, "forward_input"));
    expect(lossOf(after)).toBeLessThan(lossOf(before));
  });
});
