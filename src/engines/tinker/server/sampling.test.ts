import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmbedded } from "../../embedded/embedded.js";
import { DEFAULT_FUTURE_LIMITS, Futures } from "./futures.js";
import { type Draw, type Lend, Sampling } from "./sampling.js";
import { ADAM, datumOf, gradientOf, type Json, startTestServer, type TestServer } from "./test-server.js";

const PROMPT = [259, 270, 264, 31];
const TOKENS = [...PROMPT, 265, 262];

let server: TestServer;
let session: string;
let model: string;
let steps = 0;
beforeAll(async () => {
  server = await startTestServer({ copies: 1 });
  ({ session, model } = await server.train(0));
});
afterAll(() => server.close());

const text = (tokens: readonly number[]): Json => ({ chunks: [{ type: "encoded_text", tokens }] });
const ask = (source: Json, parameters: Json, others: Json = {}): Json => ({
  ...source,
  prompt: text(PROMPT),
  num_samples: 2,
  sampling_params: { max_tokens: 6, ...parameters },
  ...others,
});
const sample = (source: Json, parameters: Json = { seed: 1 }, others: Json = {}): Promise<Json> =>
  server.call("/asample", ask(source, parameters, others));
const tokensOf = (response: Json): number[][] =>
  (response["sequences"] as ReadonlyArray<{ tokens: number[] }>).map(({ tokens }) => tokens);
/** Moves the weights far enough to be seen. */
const train = async (): Promise<void> => {
  await server.call("/forward_backward", gradientOf(model, ++steps, [datumOf(TOKENS, {})]));
  await server.call("/optim_step", { model_id: model, seq_id: ++steps, adam_params: ADAM });
};
let samplers = 0;
const snapshot = async (): Promise<Json> => {
  const request = { model_id: model, seq_id: ++steps, sampling_session_seq_id: samplers++ };
  const { sampling_session_id } = await server.call("/save_weights_for_sampler", request);
  return { sampling_session_id, seq_id: 0 };
};

describe("sampling over the wire", () => {
  it("draws the engine's own tokens for the seeds of this project's client", async () => {
    const seeds = ["a/1", "a/2"];
    const engine = await openEmbedded({ model: server.model, threads: 1 });
    const request = { prompt: PROMPT, count: 2, maxTokens: 6, temperature: 0.9, topP: 0.8, seeds };
    const [expected] = await engine.sample([request]);
    const drawn = await sample({ base_model: "tiny" }, { seeds, temperature: 0.9, top_p: 0.8 });
    expect(drawn["sequences"]).toEqual(
      expected.map(({ tokens, logprobs, stopReason }) => ({
        tokens,
        logprobs: Array.from(logprobs),
        stop_reason: stopReason,
      })),
    );
    const [greedy] = await engine.sample([{ ...request, temperature: 0, topP: 1 }]);
    const likeliest = await sample({ base_model: "tiny" }, { top_k: 1 });
    expect(tokensOf(likeliest)).toEqual(greedy.map(({ tokens }) => tokens));
    await engine.close();
  });

  it("gives sequence i of a seed whatever else is drawn with it, and others without a seed", async () => {
    const source = { base_model: "tiny" };
    const together = await Promise.all([
      sample(source),
      sample(source, { seed: 1 }, { num_samples: 3 }),
      sample(source, {}),
      sample(source, {}),
    ]);
    const [two, three, first, second] = together.map(tokensOf);
    expect(three.slice(0, 2)).toEqual(two);
    expect(first).not.toEqual(second);
  });

  it("ends at stop ids and stop texts", async () => {
    const source = { base_model: "tiny" };
    const [[, , third, ...rest]] = tokensOf(await sample(source, { seed: 5, max_tokens: 8 }, { num_samples: 1 }));
    expect(rest.length).toBeGreaterThan(0);
    const stopped = await sample(source, { seed: 5, max_tokens: 8, stop: [third] }, { num_samples: 1 });
    const [{ tokens, stop_reason }] = stopped["sequences"] as ReadonlyArray<{ tokens: number[]; stop_reason: string }>;
    expect([tokens.at(-1), stop_reason]).toEqual([third, "stop"]);
  });

  it("scores a prompt, or its last tokens, with the sampler's weights", async () => {
    const scored = await sample({ base_model: "tiny" }, { max_tokens: 1 }, { prompt_logprobs: true, num_samples: 1 });
    const all = scored["prompt_logprobs"] as readonly (number | null)[];
    const engine = await openEmbedded({ model: server.model, threads: 1 });
    const [expected] = await engine.logprobs([{ prompt: PROMPT.slice(0, 1), completion: PROMPT.slice(1) }]);
    await engine.close();
    expect(all).toEqual([null, ...expected]);
    const last = await sample(
      { base_model: "tiny" },
      { max_tokens: 1 },
      { prompt_logprobs: true, prompt_logprobs_last_n: 1 },
    );
    const [missing, , , one] = last["prompt_logprobs"] as readonly (number | null)[];
    expect(missing).toBeNull();
    expect(one).toBeCloseTo(expected[2], 5);
    const single = await sample({ base_model: "tiny" }, {}, { prompt: text([5]), prompt_logprobs: true });
    expect(single["prompt_logprobs"]).toEqual([null]);
  });

  it("is answered once for a number, however often it is sent", async () => {
    const source = await snapshot();
    const [first, again] = [
      await server.send("/asample", ask(source, {})),
      await server.send("/asample", ask(source, {})),
    ];
    expect(again.body).toEqual(first.body);
    expect(first.body["sample_sequence_ids"]).toHaveLength(2);
    const other = await server.send("/asample", ask(source, { temperature: 0.5 }));
    expect(other.status).toBe(409);
    await server.result(first);
  });
});

describe("a sampling session", () => {
  it("keeps its weights while training goes on, until newer ones take their place", async () => {
    const source = await snapshot();
    const before = tokensOf(await sample(source));
    await train();
    const after = tokensOf(await sample({ ...source, seq_id: 1 }));
    expect(after).toEqual(before);
    const newer = await snapshot();
    expect(tokensOf(await sample(newer))).not.toEqual(before);
    await train();
    const { status, body } = await server.send("/asample", ask({ ...source, seq_id: 2 }, {}));
    expect([status, body["detail"]]).toEqual([410, expect.stringContaining("the weights of the last 1 samplers")]);
    expect(await sample({ ...newer, seq_id: 1 })).toHaveProperty("sequences");
  });

  it("of a saved sampler has those weights, and the base model's stay as they were", async () => {
    const { path } = await server.call("/save_weights_for_sampler", { model_id: model, seq_id: ++steps, path: "kept" });
    const now = tokensOf(await sample(await snapshot()));
    await train();
    const made = await server.send("/create_sampling_session", {
      session_id: session,
      sampling_session_seq_id: 1000,
      model_path: path,
    });
    const source = { sampling_session_id: made.body["sampling_session_id"], seq_id: 0 };
    expect(tokensOf(await sample(source))).toEqual(now);
    const { body } = await server.send(`/samplers/${String(made.body["sampling_session_id"])}`);
    expect(body).toMatchObject({ base_model: "tiny", model_path: path });
    expect(tokensOf(await sample({ base_model: "tiny" }))).not.toEqual(now);
    expect(tokensOf(await sample({ model_path: path }))).toEqual(now);
  });
});

describe("a sampling request that cannot be served", () => {
  const cases: ReadonlyArray<readonly [string, Json, RegExp]> = [
    ["a token of no vocabulary", { prompt: text([5, 4000]) }, /prompt\[1\]: token id 4000/],
    ["a prompt as long as the context", { prompt: text(Array<number>(128).fill(5)) }, /leave no room/],
    ["a top_k between one and all", { sampling_params: { max_tokens: 2, top_k: 5 } }, /top_k: 5/],
    ["seeds for another number of sequences", { sampling_params: { max_tokens: 2, seeds: ["a"] } }, /seeds: 1 for/],
    ["the likeliest tokens of a prompt", { topk_prompt_logprobs: 3 }, /topk_prompt_logprobs/],
    ["more of a prompt than it has", { prompt_logprobs: true, prompt_logprobs_last_n: 4 }, /prompt_logprobs_last_n/],
    ["another model", { base_model: "other" }, /"other" is not served here; this server has tiny/],
    ["a path that leads elsewhere", { base_model: null, model_path: "tinker://../weights/x" }, /no training run/],
  ];

  it.each(cases)("for %s is told why", async (_, wrong, why) => {
    const { status, body } = await server.send("/asample", { ...ask({ base_model: "tiny" }, {}), ...wrong });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body["detail"]).toMatch(why);
  });
});

describe("requests that wait", () => {
  const futures = new Futures(DEFAULT_FUTURE_LIMITS);
  const drawOf = (count: number): Draw => ({
    request: { prompt: PROMPT, count, maxTokens: 1, temperature: 1, seeds: [] },
    prompt: PROMPT,
    scored: null,
  });
  /** Weights that nobody lends. */
  const never: Lend = () => new Promise(() => {});
  const refusal = { status: 429, retryAfterSeconds: 1 };

  it("are 4096 at most, and of 32,768 sequences; one that is larger is taken where none waits", () => {
    const many = new Sampling();
    const submit = (sampling: Sampling, count: number) =>
      sampling.submit("weights", never, drawOf(count), () => futures.create());
    for (let n = 0; n < 4096; n++) submit(many, 1);
    expect(() => submit(many, 1)).toThrow(expect.objectContaining(refusal) as Error);
    const large = new Sampling();
    submit(large, 40_000);
    expect(() => submit(large, 1)).toThrow(expect.objectContaining(refusal) as Error);
  });

  it("for what has not come yet are refused with a pause", async () => {
    const far = await server.send("/optim_step", { model_id: model, seq_id: steps + 5000, adam_params: ADAM });
    expect([far.status, far.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(far.body["detail"]).toMatch(/far ahead: this model waits for \d+/);
  });
});
