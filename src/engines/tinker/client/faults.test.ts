// What the client does about each answer that is no success, over real sockets: the table of the protocol, one by one.

import { expect, test } from "vitest";
import { TinkerError, TinkerLostError } from "./errors.js";
import { adam, connected, crossEntropy, datum, testKey, training } from "./test-client.js";
import type { Script } from "./test-server.js";

type Faults = ReadonlyArray<Awaited<ReturnType<NonNullable<Script["fault"]>>>>;

/** The first requests to a path meet these, one each. */
function at(path: string, faults: Faults): Script {
  return { fault: (received) => (received.path === path ? faults[received.nth] : undefined) };
}

const detail = (status: number, words: string): { status: number; body: object } => ({
  status,
  body: { detail: words },
});

test.each([
  ["408", detail(408, "busy")],
  ["409 that may pass", detail(409, "locked")],
  ["425", detail(425, "still being created")],
  ["429", { ...detail(429, "slow down"), headers: { "retry-after": "1" } }],
  ["500", detail(500, "oops")],
  ["502 of a proxy", { status: 502, body: "<html>bad gateway</html>", headers: { "content-type": "text/html" } }],
  ["503 with retry-after-ms", { ...detail(503, "starting"), headers: { "retry-after-ms": "5" } }],
  ["402 for a moment", detail(402, "pay")],
  ["400 of a proxy, empty", { status: 400, body: "" }],
  ["418 that says to try again", { ...detail(418, "tea"), headers: { "x-should-retry": "true" } }],
  ["a broken connection", "cut"],
  ["a broken connection after it was taken", "cut after taking"],
] as const)("a submission is sent again after %s, under the same key, and counts once", async (_, fault) => {
  const { model, server } = await training(at("optim_step", [fault, fault]));
  expect((await model.optimStep(adam)).metrics["grad_norm"]).toBe(1.5);
  const sent = server.to("optim_step");
  expect(sent.length).toBeGreaterThanOrEqual(3);
  expect(new Set(sent.map(({ headers }) => headers["x-idempotency-key"])).size).toBe(1);
  expect(new Set(sent.map(({ body }) => body.toString())).size).toBe(1);
  expect(server.taken).toHaveLength(1);
});

test.each([
  ["400 that says why", detail(400, "learning rate below zero"), "refused", /learning rate below zero/],
  [
    "422 of FastAPI",
    { status: 422, body: { detail: [{ loc: ["body", "adam_params"], msg: "field required", type: "missing" }] } },
    "refused",
    /body\.adam_params: field required/,
  ],
  ["401", detail(401, "who are you"), "key", /who are you.*TINKER_API_KEY/],
  ["403", detail(403, "not yours"), "key", /not yours.*TINKER_API_KEY/],
  ["404 of another server", detail(404, "Not Found"), "missing", /Not Found/],
  ["409 that lasts", detail(409, "Training request sequence number was reused"), "conflict", /reused/],
  [
    "500 that says not to",
    { ...detail(500, "broken for good"), headers: { "x-should-retry": "false" } },
    "failed",
    /for good/,
  ],
  ["302", { status: 302, body: "", headers: { location: "http://elsewhere/" } }, "malformed", /status 302/],
] as const)("a submission fails at once after %s", async (_, fault, kind, message) => {
  const { model, server } = await training(at("optim_step", [fault, fault]));
  const error = await model.optimStep(adam).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TinkerError);
  expect(error).toMatchObject({ kind, message: expect.stringMatching(message) as string, status: fault.status });
  expect(server.to("optim_step")).toHaveLength(1);
});

test("a bare 400 is tried three times more, each on a new connection", async () => {
  const bare = { status: 400, body: "" };
  const { model, server } = await training(at("optim_step", [bare, bare, bare, bare, bare]));
  await expect(model.optimStep(adam)).rejects.toMatchObject({ kind: "refused", status: 400 });
  expect(server.to("optim_step")).toHaveLength(4);
});

test.each([
  ["408", { status: 408, body: { type: "try_again", queue_state: "paused_capacity", queue_state_reason: "full" } }],
  ["408 of SkyRL", detail(408, "Timeout waiting for result")],
  ["try_again", { body: { type: "try_again", queue_state: "active" } }],
  ["500", detail(500, "oops")],
  ["429", detail(429, "slow down")],
  ["402", detail(402, "pay")],
  ["a bare 400", { status: 400, body: "proxy" }],
  ["a broken connection", "cut"],
] as const)("a result is asked for again after %s", async (_, fault) => {
  const { model, server } = await training(at("retrieve_future", [undefined, fault, fault, fault]));
  expect((await model.optimStep(adam)).metrics["grad_norm"]).toBe(1.5);
  const iterations = server.to("retrieve_future").map(({ headers }) => headers["x-tinker-request-iteration"]);
  expect(iterations.length).toBeGreaterThanOrEqual(5);
  expect([...iterations].sort((a, b) => Number(a) - Number(b))).toEqual(iterations);
  expect(server.taken).toHaveLength(1);
});

test.each([
  [
    "400 with a detail, as SkyRL reports a failure",
    detail(400, "loss is unknown to me"),
    "refused",
    /loss is unknown to me/,
  ],
  ["422, as TuFT does", detail(422, "ran out of memory"), "refused", /ran out of memory/],
  ["an error and its category", { body: { error: "shapes differ", category: "user" } }, "failed", /shapes differ/],
  ["403", detail(403, "not yours"), "key", /not yours/],
  ["something that is no result", { body: { metrics: "many" } }, "malformed", /metrics.*expected/],
  ["something that is no JSON", { body: "hello" }, "malformed", /not JSON/],
] as const)("a result fails at once with %s", async (_, fault, kind, message) => {
  const { model, server } = await training(at("retrieve_future", [undefined, fault]));
  const error = await model.optimStep(adam).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind, message: expect.stringMatching(message) as string });
  expect(server.to("retrieve_future")).toHaveLength(2);
});

test("a result that a bare 400 hides four times is given up", async () => {
  const bare = { status: 400, body: "proxy" };
  const { model } = await training(at("retrieve_future", [undefined, bare, bare, bare, bare]));
  await expect(model.optimStep(adam)).rejects.toMatchObject({ kind: "refused", status: 400 });
});

test.each([
  ["the result", "retrieve_future", detail(404, "Future not found")],
  ["the result, for it expired", "retrieve_future", { status: 410, body: "" }],
  ["the model", "optim_step", detail(404, "Model not found")],
  ["the model, for it was started again", "retrieve_future", detail(400, "Model m not loaded (likely stale request)")],
  ["the model, as a failure", "retrieve_future", { body: { error: "model m: its session has ended: no heartbeat" } }],
] as const)("a server that no longer has %s is told apart, also by the calls that follow", async (_, path, fault) => {
  const first = path === "retrieve_future" ? 1 : 0;
  const { model } = await training({
    fault: (received) => (received.path === path && received.nth >= first ? fault : undefined),
  });
  const stepped = model.optimStep(adam);
  const next = model.optimStep(adam);
  await expect(stepped).rejects.toBeInstanceOf(TinkerLostError);
  await expect(stepped).rejects.toMatchObject({ name: "EngineLostError" });
  await expect(next).rejects.toBeInstanceOf(TinkerLostError);
});

test("a server that is away is waited for, with one notice, and then an error that says so", async () => {
  const { model, notices, server } = await training({}, { patienceMs: 50_000, timeScale: 0.01 });
  await server.close();
  const both = await Promise.allSettled([
    model.optimStep(adam),
    model.forwardBackward([datum(2)], crossEntropy),
    model.info(),
  ]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  const [error] = both.map((one) => (one as PromiseRejectedResult).reason as TinkerError);
  expect(error).toMatchObject({ kind: "away", status: null });
  expect(error.message).toMatch(/optim_step: .*ECONNREFUSED.*no answer for \d+ seconds: is the server running/);
  expect(notices.filter((notice) => /trying again for up to 50 seconds/.test(notice))).toHaveLength(1);
});

test("a server that comes back is said to be back", async () => {
  const { model, notices } = await training(
    at(
      "optim_step",
      Array.from({ length: 4 }, () => detail(503, "starting")),
    ),
  );
  await model.optimStep(adam);
  expect(notices.map((notice) => notice.replace(/^\S+ /, ""))).toEqual([
    expect.stringMatching(/^optim_step: status 503 \(starting\); trying again for up to 15 minutes$/),
    "the server answers again",
  ]);
});

test("an account that stays unpaid is waited for an hour, then named", async () => {
  const { model, notices } = await training({
    fault: ({ path }) => (path === "optim_step" ? detail(402, "please pay") : undefined),
    config: { billing_exception_max_pause_duration_sec: 30 },
  });
  await expect(model.optimStep(adam)).rejects.toMatchObject({ kind: "billing", status: 402, says: "please pay" });
  expect(notices[0]).toMatch(/please pay.*paused until the account is paid, trying again for up to 30 seconds/);
});

test("a poll that a server holds for longer than the client waits is made again, while the server lives", async () => {
  const { model, server } = await training(at("retrieve_future", [undefined, "silence"]), { patienceMs: 60_000 });
  expect((await model.optimStep(adam)).metrics["grad_norm"]).toBe(1.5);
  expect(server.to("retrieve_future")).toHaveLength(3);
});

test("what a server says is cut short, in one line, and never holds the key", async () => {
  const words = `your key ${testKey} \u001b[31mis\nwrong ${"x".repeat(5000)}`;
  const { model } = await training(at("optim_step", [{ ...detail(403, words), headers: { "x-request-id": "req-7" } }]));
  const error = (await model.optimStep(adam).catch((thrown: unknown) => thrown)) as TinkerError;
  expect(error.message).toContain("your key (the key) [31mis wrong xxx");
  expect(error.message).toContain("[request req-7]");
  expect(error.requestId).toBe("req-7");
  expect(error.message.length).toBeLessThan(600);
  expect(error.message).not.toContain(testKey);
});

test("an answer that is not of the protocol says where it came from", async () => {
  await expect(connected(at("create_session", [{ body: { id: 1 } }]))).rejects.toThrow(
    /^http:\/\/127.*create_session: .*session_id.*expected.*is this its server/,
  );
});
