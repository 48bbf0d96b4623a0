import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MOST_BODY_BYTES } from "./request-body.js";
import { serveEngine } from "./serve.js";
import { datumOf, gradientOf, type Json, startTestServer, type TestServer } from "./test-server.js";

const TOKENS = [259, 270, 264, 31];
const KEY = "tml-right";

let server: TestServer;
let model: string;
beforeAll(async () => {
  server = await startTestServer();
  ({ model } = await server.train());
});
afterAll(() => server.close());

/** The status of a request whose Host header is this. */
function statusFor(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}/api/v1/healthz`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject).end();
  });
}

describe("whoever asks", () => {
  it("needs the key where there is one, and the right one", async () => {
    const guarded = await startTestServer({ model: server.model, apiKey: KEY });
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await guarded.send("/healthz", undefined, headers)).status;
    expect(await status({})).toBe(401);
    expect(await status({ "x-api-key": "tml-wrong" })).toBe(403);
    expect(await status({ "x-api-key": KEY })).toBe(200);
    expect(await status({ authorization: `Bearer ${KEY}` })).toBe(200);
    const refused = await guarded.send("/healthz", undefined, { "x-api-key": "tml-wrong" });
    expect(JSON.stringify(refused.body)).not.toContain(KEY);
    await guarded.close();
  });

  it("must be on this machine where there is none, whatever name a page found for it", async () => {
    expect(await statusFor(server.url, "localhost")).toBe(200);
    expect(await statusFor(server.url, "attacker.example:8090")).toBe(403);
    const open = { model: server.model, folder: server.folder, port: 0, host: "0.0.0.0" };
    await expect(serveEngine(open)).rejects.toThrow("set CODERLPLUS_ENGINE_KEY");
  });

  it("is told where a port is taken", async () => {
    const port = Number(new URL(server.url).port);
    const taken = serveEngine({ model: server.model, folder: server.folder, port });
    await expect(taken).rejects.toThrow(`127.0.0.1:${port}: another program listens there`);
  });
});

describe("a body that cannot be used", () => {
  const cases: ReadonlyArray<readonly [string, string, unknown, number, RegExp]> = [
    ["no JSON", "/create_session", "{", 422, /not JSON/],
    ["another type", "/create_session", { tags: 5 }, 422, /tags/],
    ["too deep", "/create_session", `{"user_metadata":${"[".repeat(99)}${"]".repeat(99)}}`, 400, /nested deeper/],
    ["an unknown session", "/create_model", { session_id: "x", model_seq_id: 0, base_model: "tiny" }, 404, /session x/],
    ["an unknown endpoint", "/nowhere", {}, 404, /no such endpoint/],
    ["an unknown future", "/retrieve_future", { request_id: "x" }, 410, /not known/],
  ];

  it.each(cases)("because of %s is refused in words", async (_, path, body, status, why) => {
    const reply = await server.send(path, body);
    expect(reply.status).toBe(status);
    expect(reply.body["detail"]).toMatch(why);
  });

  it("because of its length or its form is not read", async () => {
    const long = await server
      .send("/telemetry", "x", { "content-length": String(MOST_BODY_BYTES + 1) })
      .catch(() => null);
    expect(long?.status ?? 413).toBe(413);
    expect((await server.send("/create_session", "{}", { "content-type": "text/plain" })).status).toBe(415);
    expect((await server.send("/create_session", "{}", { "content-encoding": "zstd" })).status).toBe(415);
  });

  const adapters: ReadonlyArray<readonly [string, Json, RegExp]> = [
    ["a rank beyond all", { lora_config: { rank: 5000 } }, /rank: 5000/],
    ["nothing to train", { lora_config: { rank: 1, train_mlp: false, train_attn: false } }, /both false/],
    ["another optimizer", { optimizer_config: { type: "dimuon", version: 1 } }, /dimuon/],
    ["another model", { base_model: "other" }, /this server has tiny/],
  ];
  it.each(adapters)("because of %s makes no model", async (_, wrong, why) => {
    const session_id = await server.session();
    const { status, body } = await server.send("/create_model", {
      session_id,
      model_seq_id: 0,
      base_model: "tiny",
      ...wrong,
    });
    expect([status, body["detail"]]).toEqual([400, expect.stringMatching(why)]);
  });

  const good = datumOf(TOKENS, { logprobs: [0, -1, -1], advantages: [0, 1, 1] });
  const inputs = (others: Json): Json => ({
    ...good,
    loss_fn_inputs: { ...(good["loss_fn_inputs"] as Json), ...others },
  });
  const floats = (data: readonly number[]): Json => ({ data, dtype: "float32", shape: [data.length] });
  const datums: ReadonlyArray<readonly [string, Json, Json, RegExp]> = [
    ["a loss of no name", good, { loss_fn: "mse" }, /loss_fn: "mse" is none of cross_entropy/],
    ["a setting of another loss", good, { loss_fn: "ppo", loss_fn_config: { beta: 1 } }, /ppo knows clip_low/],
    ["bounds the wrong way", good, { loss_fn: "ppo", loss_fn_config: { clip_low_threshold: 2 } }, /above/],
    ["a setting that is missing", good, { loss_fn: "dro" }, /dro needs beta/],
    ["an input that is missing", datumOf(TOKENS, {}), { loss_fn: "ppo" }, /data\[0\].*advantages is missing/],
    [
      "an input of another length",
      inputs({ advantages: floats([1]) }),
      { loss_fn: "ppo" },
      /advantages: 1 numbers for 3/,
    ],
    ["a number that is none", inputs({ weights: floats([1, 1e39, 1]) }), {}, /weights/],
    ["a token of no vocabulary", datumOf([259, 999, 264], {}), {}, /model_input\[1\]: token id 999/],
    [
      "more tokens than the context",
      datumOf(Array<number>(130).fill(5), {}),
      {},
      /130 tokens, the model's context is 128/,
    ],
    [
      "targets of another sequence",
      inputs({ target_tokens: { data: [270, 5, 31], dtype: "int64", shape: [3] } }),
      {},
      /target_tokens\[1\]: 5, but the token that follows there is 264/,
    ],
  ];
  it.each(datums)("because of %s takes no turn of the model's", async (_, datum, loss, why) => {
    const { status, body } = await server.send("/forward_backward", gradientOf(model, 1, [datum], loss));
    expect([status, body["detail"]]).toEqual([
      expect.toSatisfy((code) => code === 400 || code === 422),
      expect.stringMatching(why),
    ]);
  });
});
