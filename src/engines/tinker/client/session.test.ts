// What lives as long as a client: its session, heartbeats and tokens; and what must never come out of it.

import { inspect } from "node:util";
import { afterEach, expect, test, vi } from "vitest";
import { TinkerError } from "./errors.js";
import { openTinker } from "./open.js";
import { adam, connected, crossEntropy, datum, prompt, testKey, training } from "./test-client.js";
import { openTestServer } from "./test-server.js";

afterEach(() => void vi.unstubAllEnvs());

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};

test("a session says who it is, and passes on what the server says", async () => {
  const { server, client, notices } = await connected(
    {
      fault: ({ path }) =>
        path === "create_session"
          ? { body: { session_id: "s", info_message: "welcome", warning_message: `new key ${testKey}\nsoon` } }
          : undefined,
    },
    { tags: ["a"], userMetadata: { run: 7 } },
  );
  expect(client.sessionId).toBe("s");
  expect(server.to("create_session")[0].json).toMatchObject({ tags: ["a"], user_metadata: { run: 7 } });
  expect(server.to("create_session")[0].headers["x-api-key"]).toBe(testKey);
  expect(notices).toEqual([`${server.url}: welcome`, `${server.url}: new key (the key) soon`]);
  expect(server.received.some(({ path }) => path === "telemetry")).toBe(false);
});

test("a server without settings has the protocol's; one of this project is known", async () => {
  const old = await connected({
    fault: ({ path }) => (path === "client/config" ? { status: 404, body: "" } : undefined),
  });
  expect(old.client.flags).toEqual({
    chunkDatums: 1024,
    chunkBytes: 5_000_000,
    samplesInFlight: 2000,
    parallelChunks: true,
    compress: false,
    jwt: false,
    coderlplus: null,
  });
  const own = await connected({ config: { coderlplus: { version: "1.2" } } });
  expect(own.client.flags.coderlplus).toEqual({ version: "1.2" });
});

test("heartbeats go on until the client is closed", async () => {
  const { server, client } = await connected();
  await until(() => server.to("session_heartbeat").length > 3);
  expect(server.to("session_heartbeat")[0].json).toEqual({ session_id: "session-1", type: "session_heartbeat" });
  await client.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const before = server.to("session_heartbeat").length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(server.to("session_heartbeat")).toHaveLength(before);
});

test("a session's first heartbeat goes out at once", async () => {
  const { server } = await connected({}, { timeScale: 1 });
  await until(() => server.to("session_heartbeat").length > 0);
  expect(server.to("session_heartbeat")).toHaveLength(1);
});

test("heartbeats that fail for two minutes are told of once a minute, and a session that is gone once", async () => {
  let gone = false;
  const { server, notices } = await connected({
    fault: ({ path }) =>
      path !== "session_heartbeat"
        ? undefined
        : gone
          ? { status: 404, body: { detail: "Session not found" } }
          : { status: 500, body: { detail: "oops" } },
  });
  await until(() => notices.length > 0);
  expect(notices[0]).toMatch(/no heartbeat for \d+ (seconds|minutes) \(oops\); the server may give up/);
  gone = true;
  await until(() => notices.some((notice) => notice.includes("has given up this session (Session not found)")));
  const count = server.to("session_heartbeat").length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(server.to("session_heartbeat")).toHaveLength(count);
});

test("closing ends what is under way with one clear error", async () => {
  const { client, model } = await training({ fault: ({ path }) => (path === "optim_step" ? "silence" : undefined) });
  const stepped = model.optimStep(adam);
  const queued = model.forwardBackward([datum(1)], crossEntropy);
  await client.close();
  await expect(stepped).rejects.toThrow("the Tinker client was closed");
  await expect(queued).rejects.toThrow(/the Tinker client was closed/);
  await expect(client.capabilities()).rejects.toThrow("the Tinker client was closed");
});

test("a promise that its caller drops ends nothing when it fails", async () => {
  const seen: unknown[] = [];
  const listener = (reason: unknown): void => void seen.push(reason);
  process.on("unhandledRejection", listener);
  try {
    const failing = [
      "optim_step",
      "forward_backward",
      "asample",
      "get_info",
      "unload_model",
      "training_runs/r/checkpoints",
    ];
    const { client, model } = await training({
      fault: ({ path }) => (failing.includes(path) ? { status: 422, body: { detail: "no" } } : undefined),
    });
    const sampler = await model.sampler();
    void model.optimStep(adam);
    void model.forwardBackward([datum(1)], crossEntropy);
    void model.saveWeights("a");
    void model.info();
    void model.unload();
    void sampler.sample(prompt(1));
    void client.checkpoints("r");
    void client.deleteCheckpoint("nowhere");
    await expect(client.checkpoints("r")).rejects.toBeInstanceOf(TinkerError);
    await client.close();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seen).toEqual([]);
  } finally {
    process.off("unhandledRejection", listener);
  }
});

const jwt = (lifeSeconds: number, nth: number): string => {
  const claims = { exp: 5_000_000_000 + lifeSeconds, iat: 5_000_000_000, nth };
  return `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
};

test("a token is exchanged for the key, renewed beside the requests, and the key goes nowhere else", async () => {
  const { client, server } = await connected({
    config: { pjwt_auth_enabled: true },
    // By a clock far ahead of this machine's.
    fault: ({ path, nth }) =>
      path === "auth/token" ? { body: { jwt: jwt(nth === 0 ? 60.2 : 7200, nth) } } : undefined,
  });
  await until(() => server.to("auth/token").length > 1);
  await client.capabilities();
  await until(() => server.to("session_heartbeat").at(-1)?.headers["x-api-key"] === jwt(7200, 1));
  const withKey = server.received.filter(({ headers }) => headers["x-api-key"] === testKey).map(({ path }) => path);
  expect(new Set(withKey)).toEqual(new Set(["client/config", "auth/token"]));
  expect(server.to("auth/token").length).toBeLessThan(5);
});

test("a token that is rejected is replaced once, and the request sent again", async () => {
  let valid = 0;
  const { client, server } = await connected({
    config: { pjwt_auth_enabled: true },
    fault: ({ path, nth, headers }) => {
      if (path === "auth/token") return { body: { jwt: jwt(7200, nth) } };
      const token = headers["x-api-key"];
      return path !== "client/config" && token !== jwt(7200, valid)
        ? { status: 401, body: { detail: "invalid_token" }, headers: { "www-authenticate": 'error="invalid_token"' } }
        : undefined;
    },
  });
  valid = 1;
  await Promise.all([client.capabilities(), client.capabilities(), client.capabilities()]);
  expect(server.to("auth/token")).toHaveLength(2);
  valid = 7;
  await expect(client.capabilities()).rejects.toMatchObject({ kind: "key", status: 401 });
});

test("a key that the exchange refuses is said to be refused", async () => {
  const refused = connected({
    config: { pjwt_auth_enabled: true },
    fault: ({ path }) =>
      path === "auth/token" ? { status: 401, body: { detail: `no such key: ${testKey}` } } : undefined,
  });
  await expect(refused).rejects.toThrow(/exchange of the key: status 401 \(no such key: \(the key\)\).*TINKER_API_KEY/);
});

test("the key is in nothing that can be printed", async () => {
  const { client, model, server } = await training({
    config: { pjwt_auth_enabled: true },
    fault: ({ path, nth, headers }) => {
      if (path === "auth/token") return { body: { jwt: jwt(7200, nth) } };
      return path === "optim_step"
        ? { status: 422, body: { detail: `got ${String(headers["x-api-key"])}` } }
        : undefined;
    },
  });
  const sampler = await model.sampler();
  const error = await model.optimStep(adam).catch((thrown: unknown) => thrown);
  const depth = { depth: 20, showHidden: true };
  const printed = [client, model, sampler, error].flatMap((one) => [
    inspect(one, depth),
    String(one),
    JSON.stringify(one),
  ]);
  expect(printed.join("")).not.toContain(testKey);
  expect(printed.join("")).not.toContain(jwt(7200, 0));
  expect(String(error)).toContain("got (the key)");
  expect(server.to("optim_step")).toHaveLength(1);
});

test("address and key come from options, else from the environment; a wrong one is said before anything is sent", async () => {
  const server = await openTestServer();
  vi.stubEnv("TINKER_BASE_URL", `${server.url}/`);
  vi.stubEnv("TINKER_API_KEY", "tml-from-environment");
  const client = await openTinker();
  expect(client.baseUrl).toBe(server.url);
  expect(server.received[0].headers["x-api-key"]).toBe("tml-from-environment");
  await client.close();
  vi.stubEnv("TINKER_API_KEY", "");
  const keyless = await openTinker();
  expect(server.received.at(-1)?.headers["x-api-key"]).toBeUndefined();
  await keyless.close();
  await server.close();
  vi.stubEnv("TINKER_BASE_URL", "");
  await expect(openTinker()).rejects.toThrow(/no key: set TINKER_API_KEY/);
  await expect(openTinker({ baseUrl: "localhost:8000" })).rejects.toThrow(/expected a base URL such as/);
  await expect(openTinker({ baseUrl: "http://u:p@h" })).rejects.toThrow(/pass a key as TINKER_API_KEY/);
  await expect(openTinker({ baseUrl: "http://h", apiKey: "a\nb" })).rejects.toThrow(/characters that no key has/);
});
