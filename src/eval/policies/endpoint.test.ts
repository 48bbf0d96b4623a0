import { afterEach, describe, expect, it } from "vitest";
import { EngineError, UsageError } from "../../core/errors.js";
import { type EndpointOptions, endpointPolicy, modelsOf } from "./endpoint.js";
import { addressFrom } from "./endpoint-address.js";
import type { Completion, CompletionRequest, Decoding } from "./policy.js";
import { type Fault, openTestEndpoint, type TestAnswers, type TestEndpoint } from "./test-endpoint.js";

const KEY = "secret-key-of-mine";
const decoding: Decoding = { samples: 1, temperature: 0.2, topP: 0.95, maximumTokens: 64, stop: ["###"] };
const opened: TestEndpoint[] = [];
/** The newest. */
let endpoint: TestEndpoint;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function open(answers: TestAnswers): Promise<TestEndpoint> {
  endpoint = await openTestEndpoint(answers);
  opened.push(endpoint);
  return endpoint;
}

function chat(task: string, changes: Partial<Decoding> = {}, samples = [0]): CompletionRequest {
  const prompt = { kind: "chat", messages: [{ role: "user", content: `solve ${task}` }] } as const;
  return { task, prompt, decoding: { ...decoding, ...changes }, samples };
}

/** What came of it, by task and sample. */
async function complete(
  answers: TestAnswers,
  requests: readonly CompletionRequest[],
  options: Partial<EndpointOptions> & { readonly timeoutMs?: number; readonly key?: string | null } = {},
): Promise<Map<string, Completion>> {
  await open(answers);
  const { timeoutMs = 60_000, key = KEY, ...rest } = options;
  const policy = endpointPolicy(
    { url: endpoint.url, key, timeoutMs, pauseMs: 1 },
    { model: "tiny", seed: 0, concurrency: 4, samplesPerRequest: 1, ...rest },
  );
  const completions = new Map<string, Completion>();
  await policy.complete(requests, (request, sample, completion) => {
    const place = `${requests[request].task} ${sample}`;
    expect(completions.has(place)).toBe(false);
    completions.set(place, completion);
  });
  return completions;
}

const echo: TestAnswers = { text: ({ body }, choice) => `${body.messages?.[0].content ?? body.prompt} ${choice}` };

describe("an endpoint", () => {
  it("is asked for chat as the decoding says, with the key, and tells text, stop reason and tokens", async () => {
    const completions = await complete(echo, [chat("a")]);
    expect(completions.get("a 0")).toEqual({
      text: "solve a 0",
      stopReason: "stop",
      promptTokens: 7,
      completionTokens: 5,
    });
    const [{ path, authorization, body }] = endpoint.received;
    expect(path).toBe("/v1/chat/completions");
    expect(authorization).toBe(`Bearer ${KEY}`);
    expect(body).toMatchObject({ model: "tiny", temperature: 0.2, top_p: 0.95, max_tokens: 64, stop: ["###"] });
    expect(body.messages).toEqual([{ role: "user", content: "solve a" }]);
    expect(body.n).toBeUndefined();
  });

  it("is asked to go on with a text where the prompt is one, and what is behind a stop text is cut", async () => {
    const request = { ...chat("a"), prompt: { kind: "text", text: "def f():" } } as const;
    const completions = await complete({ text: () => "\n  return 1\n### end" }, [request], { key: null });
    expect(completions.get("a 0")).toMatchObject({ text: "\n  return 1\n", stopReason: "stop" });
    expect(endpoint.received[0]).toMatchObject({ path: "/v1/completions", body: { prompt: "def f():" } });
    expect(endpoint.received[0].authorization).toBeUndefined();
  });

  it("gives each sample a seed of its own, the same whatever else is asked", async () => {
    await complete(echo, [chat("a", {}, [0, 1, 2]), chat("b")]);
    const seeds = endpoint.received.map(({ body }) => body.seed);
    expect(new Set(seeds).size).toBe(4);
    await complete(echo, [chat("a", {}, [2])]);
    expect(seeds).toContain(endpoint.received[0].body.seed);
  });

  it("asks for several samples at once where it may, and again for those a server left out", async () => {
    const completions = await complete(echo, [chat("a", {}, [0, 1, 2, 3, 4])], { samplesPerRequest: 3 });
    expect(endpoint.received.map(({ body }) => body.n)).toEqual([3, 2]);
    const texts = [0, 1, 2, 3, 4].map((sample) => completions.get(`a ${sample}`)?.text);
    expect(texts).toEqual([0, 1, 2, 0, 1].map((choice) => `solve a ${choice}`));
    // Their tokens are counted together, and nobody can say whose they are.
    expect(completions.get("a 0")?.completionTokens).toBeNull();
    const one = await complete({ ...echo, knowsN: false }, [chat("a", {}, [0, 1, 2])], { samplesPerRequest: 3 });
    expect([...one.keys()]).toEqual(["a 0", "a 1", "a 2"]);
    expect(endpoint.received.map(({ body }) => body.n)).toEqual([3, 2, undefined]);
  });

  it("has no more requests under way than it may", async () => {
    const requests = Array.from({ length: 12 }, (_, i) => chat(`t${i}`));
    await complete({ ...echo, delayMs: 5 }, requests, { concurrency: 3 });
    expect(endpoint.received).toHaveLength(12);
    expect(endpoint.most()).toBe(3);
  });
});

describe("an endpoint that fails", () => {
  const busy: Fault = { kind: "status", status: 429, body: "slow down", headers: { "retry-after": "0.3" } };
  it.each<[string, Fault]>([
    ["is busy", { ...busy, headers: { "retry-after": "0" } }],
    ["has an error of its own", { kind: "status", status: 500, body: "oops" }],
    ["is away behind its gateway", { kind: "status", status: 503, body: "<html>" }],
    ["breaks the connection", { kind: "cut" }],
    ["sends something else than JSON", { kind: "body", body: '{"choices": [' }],
    ["sends JSON of another form", { kind: "body", body: '{"choices": [{"content": "hm"}]}' }],
    ["sends no choice", { kind: "body", body: '{"choices": []}' }],
    ["sends without end", { kind: "endless" }],
    ["says nothing for too long", { kind: "silence" }],
  ])("is asked again where it %s", async (_, fault) => {
    const completions = await complete({ ...echo, fault: (n) => (n < 2 ? fault : undefined) }, [chat("a")], {
      timeoutMs: fault.kind === "silence" ? 200 : 60_000,
    });
    expect(completions.get("a 0")?.text).toBe("solve a 0");
    expect(endpoint.received).toHaveLength(3);
  });

  it("is left alone for as long as it asks", async () => {
    const arrived: number[] = [];
    const fault = (n: number): Fault | undefined => {
      arrived.push(performance.now());
      return n === 0 ? busy : undefined;
    };
    await complete({ ...echo, fault }, [chat("a")]);
    expect(arrived[1] - arrived[0]).toBeGreaterThan(290);
  });

  it("ends the evaluation after some attempts, and what others gave stays", async () => {
    const told: string[] = [];
    await open({
      ...echo,
      fault: (_, { body }) =>
        body.messages?.[0].content === "solve b" ? { kind: "status", status: 500, body: "oops" } : undefined,
    });
    const policy = endpointPolicy(
      { url: endpoint.url, key: KEY, timeoutMs: 60_000, pauseMs: 1 },
      { model: "tiny", seed: 0, concurrency: 2, samplesPerRequest: 1 },
    );
    const requests = ["a", "b", "c"].map((task) => chat(task));
    const all = policy.complete(requests, (request) => void told.push(requests[request].task));
    await expect(all).rejects.toThrow(/chat\/completions: gave up after 6 attempts \(status 500: oops\)/);
    await expect(all).rejects.toThrow(EngineError);
    expect(told).toEqual(["a", "c"]);
  });

  it("says what to do about a key, and never says the key", async () => {
    const refused: Fault = { kind: "status", status: 401, body: `{"error": "wrong key ${KEY}"}` };
    const error = await complete({ ...echo, fault: () => refused }, [chat("a")]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(/status 401 for a .*wrong key \(the key\).*CODERLPLUS_API_KEY/);
    expect((error as Error).message).not.toContain(KEY);
    const without = complete({ ...echo, fault: () => refused }, [chat("a")], { key: null });
    await expect(without).rejects.toThrow("no key was sent: set CODERLPLUS_API_KEY");
  });

  it("is quoted without what a terminal would obey", async () => {
    const hostile: Fault = { kind: "status", status: 400, body: "no\u001b[2J\u0000\r\nway" };
    await expect(complete({ ...echo, fault: () => hostile }, [chat("a")])).rejects.toThrow("(no [2J way)");
  });

  it("names the models there are where it has not the one asked for, and the base URL otherwise", async () => {
    const missing: Fault = { kind: "status", status: 404, body: "no such model" };
    const asked = complete({ ...echo, fault: () => missing, models: ["tiny-2", "large"] }, [chat("a")]);
    await expect(asked).rejects.toThrow('the endpoint has no model "tiny" (did you mean "tiny-2"?)');
    expect(await modelsOf({ url: endpoint.url, key: null, timeoutMs: 1000, pauseMs: 1 })).toEqual(["tiny-2", "large"]);
    await expect(complete({ ...echo, fault: () => missing }, [chat("a")])).rejects.toThrow("often ends in /v1");
  });

  it("is asked no more once the evaluation is stopped", async () => {
    await open({ ...echo, fault: (n) => (n === 0 ? undefined : { kind: "silence" }) });
    const policy = endpointPolicy(
      { url: endpoint.url, key: null, timeoutMs: 60_000, pauseMs: 1 },
      { model: "tiny", seed: 0, concurrency: 2, samplesPerRequest: 1 },
    );
    const controller = new AbortController();
    const requests = ["a", "b", "c", "d"].map((task) => chat(task));
    const all = policy.complete(requests, () => setTimeout(() => controller.abort(), 50), controller.signal);
    await expect(all).rejects.toThrow(/abort/i);
    expect(endpoint.received.length).toBeLessThan(4);
  });
});

describe("the context of an endpoint", () => {
  it("is kept by counting each prompt once, where the decoding limits prompt and completion together", async () => {
    const request = chat("a", { contextTokens: 40 }, [0, 1, 2]);
    const completions = await complete({ ...echo, promptTokens: 30 }, [request, chat("b")]);
    const limits = endpoint.received.map(({ body }) => body.max_tokens);
    // One for one token, then the three; b has no such limit.
    expect(limits.toSorted((x, y) => Number(x) - Number(y))).toEqual([1, 10, 10, 10, 64]);
    expect(completions.size).toBe(4);
  });

  it("leaves no room where the prompt fills it", async () => {
    const completions = await complete({ ...echo, promptTokens: 40 }, [chat("a", { contextTokens: 40 })]);
    expect(completions.get("a 0")).toEqual({ text: "", stopReason: "no-room", promptTokens: 40, completionTokens: 0 });
  });

  it("is learnt from a refusal, and asked for no more", async () => {
    const says = "This model's maximum context length is 100 tokens. However, you requested 134 tokens";
    const fault = (_: number, { body }: { body: { max_tokens?: number } }): Fault | undefined =>
      Number(body.max_tokens) > 30 ? { kind: "status", status: 400, body: says } : undefined;
    const completions = await complete({ ...echo, fault, promptTokens: 70 }, [chat("a"), chat("b")], {
      concurrency: 1,
    });
    expect(endpoint.received.map(({ body }) => body.max_tokens)).toEqual([64, 1, 30, 1, 30]);
    expect(completions.size).toBe(2);
  });

  it("leaves no room where the server refuses the prompt for a single token", async () => {
    const says = "maximum context length is 100 tokens, your prompt has 180";
    const refused: Fault = { kind: "status", status: 400, body: says };
    const completions = await complete({ ...echo, fault: () => refused }, [chat("a")]);
    expect(completions.get("a 0")?.stopReason).toBe("no-room");
  });

  it("is an error where the server counts no tokens, and another refusal is told as it is", async () => {
    const uncounted = complete({ ...echo, promptTokens: null }, [chat("a", { contextTokens: 40 })]);
    await expect(uncounted).rejects.toThrow("take that limit off with --context-tokens 0");
    const refused: Fault = { kind: "status", status: 400, body: "temperature is not supported" };
    const other = complete({ ...echo, fault: () => refused }, [chat("a")]);
    await expect(other).rejects.toThrow("status 400 for a (temperature is not supported)");
  });
});

describe("the address of an endpoint", () => {
  it("is the flag, else what the environment has, ours before others'", () => {
    const environment = { CODERLPLUS_BASE_URL: "http://ours:1/v1/", OPENAI_BASE_URL: "http://theirs:1/v1" };
    expect(addressFrom("http://flag:1/v1", environment).url).toBe("http://flag:1/v1");
    expect(addressFrom(undefined, environment).url).toBe("http://ours:1/v1");
    expect(addressFrom(undefined, { OPENAI_BASE_URL: "http://theirs:1/v1" }).url).toBe("http://theirs:1/v1");
    expect(() => addressFrom(undefined, {})).toThrow(
      "no endpoint: expected a base URL such as http://localhost:8000/v1",
    );
    expect(() => addressFrom("localhost:8000", {})).toThrow(UsageError);
    expect(() => addressFrom("http://me:secret@host/v1", {})).toThrow(/holds more than a place/);
  });

  it("has the key that is meant for it, and no other party's", () => {
    const keys = { OPENAI_API_KEY: "theirs" };
    const keyOf = (flag: string, environment: NodeJS.ProcessEnv): string | null => addressFrom(flag, environment).key;
    expect(keyOf("http://elsewhere:1/v1", keys)).toBeNull();
    expect(keyOf("http://elsewhere:1/v1", { ...keys, OPENAI_BASE_URL: "http://elsewhere:1/v1/" })).toBe("theirs");
    expect(keyOf("https://api.openai.com/v1", keys)).toBe("theirs");
    expect(keyOf("https://api.openai.com.evil.example/v1", keys)).toBeNull();
    expect(keyOf("http://localhost:8000/v1", keys)).toBe("theirs");
    expect(keyOf("http://elsewhere:1/v1", { ...keys, CODERLPLUS_API_KEY: "ours" })).toBe("ours");
  });
});
