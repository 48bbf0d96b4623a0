// The service over a real socket: who may ask, what is judged, and what happens when a client goes, comes again or is late.

import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Problem, problemSchema } from "../problems/problem.js";
import { traceSchema, verdictSchema } from "../runs/schemas.js";
import { startService, type TestService } from "./test-service.js";

const doubled: Problem = problemSchema.parse({
  id: "doubled",
  language: "python",
  prompt: "Print twice the number.",
  tests: [
    { kind: "stdio", stdin: "2", stdout: "4" },
    { kind: "stdio", stdin: "5", stdout: "10" },
  ],
});
const RIGHT = "print(2 * int(input()))";
const FENCED = `Here it is:\n\`\`\`python\n${RIGHT}\n\`\`\`\n`;
const LOOP = { language: "python", code: "while True: pass", run_timeout: 60 };

let service: TestService;

beforeAll(async () => {
  service = await startService({ problems: [doubled], maximumWaiting: 2 });
});
afterAll(() => service.close());

/** One sample of what the service says of itself. */
async function metric(name: string): Promise<number> {
  const { text } = await service.get("/metrics");
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1) ?? 0,
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A program that runs until its client goes. */
function startLoop(): AbortController {
  const client = new AbortController();
  service.post("/run_code", LOOP, { signal: client.signal }).catch(() => {});
  return client;
}

describe("judge and trace", () => {
  test("verdicts are the published records, in the items' order", async () => {
    const items = [
      { problem: "doubled", program: RIGHT, metadata: { sample: 2.0 } },
      { problem: "doubled", completion: "```python\nprint(int(input()))\n```" },
      { problem: "given", program: "x = 2.0" },
    ];
    const given = { ...doubled, id: "given" };
    const { status, json } = await service.post("/judge", { items, problems: [given] });
    expect(status).toBe(200);
    const { verdicts } = json as { verdicts: Array<{ verdict: { kind: string } }> };
    for (const record of verdicts) expect(verdictSchema.safeParse(record).success).toBe(true);
    expect(verdicts.map(({ verdict }) => verdict.kind)).toEqual(["passed", "failed", "failed"]);
    expect(verdicts[1]).toMatchObject({ problem: "doubled", index: 1 });
  });

  test("values keep their types: 2.0 is not 2", async () => {
    const { text, json } = await service.post("/trace", { program: "a = 2.0\nb = 2\nc = (a, b)" });
    expect(traceSchema.safeParse(json).success).toBe(true);
    expect(text).toContain('"variables": {"a": 2.0, "b": 2, "c": {"$tuple": [2.0, 2]}}');
  });

  test("a call is evaluated in the program's namespace", async () => {
    const { json } = await service.post("/trace", { program: "def f(x):\n    return x + 1", call: "f(6)" });
    expect(json).toMatchObject({ status: "ok", returned: 7 });
  });

  test("equal programs of one problem are judged once", async () => {
    const before = await metric('coderlplus_verdicts_total{kind="passed"}');
    const items = Array.from({ length: 5 }, () => ({ problem: "doubled", program: `${RIGHT}  # once` }));
    await Promise.all([service.post("/judge", { items }), service.post("/judge", { items })]);
    await service.post("/judge", { items });
    expect(await metric('coderlplus_verdicts_total{kind="passed"}')).toBe(before + 1);
  });

  test("an unknown problem is named, with the one that was meant", async () => {
    const { status, json } = await service.post("/judge", { items: [{ problem: "double", program: "" }] });
    expect([status, json]).toEqual([
      404,
      { detail: 'items[0].problem: there is no task with the id "double" (did you mean "doubled"?)' },
    ]);
  });
});

describe("rewards", () => {
  test("by the task's id, of the program in the response", async () => {
    const { json } = await service.post("/reward", { task_id: "doubled", response: FENCED });
    expect(json).toEqual({
      task_id: "doubled",
      kind: "code",
      score: 1,
      status: "passed",
      parts: { passed: 2, total: 2 },
    });
  });

  test("for slime the body is the number itself", async () => {
    const asked = { prompt: [{ role: "user", content: "?" }], label: "doubled" };
    expect((await service.post("/slime/rm", { ...asked, response: FENCED })).text).toBe("1");
    expect((await service.post("/slime/rm", { ...asked, response: "print(1)" })).text).toBe("0");
  });

  test("for OpenRLHF the query holds prompt and response", async () => {
    const body = { query: [`Q: ${RIGHT}`, "Q: no"], prompts: ["Q: ", "Q: "], labels: ["doubled", "doubled"] };
    expect((await service.post("/openrlhf/get_reward", body)).json).toEqual({
      rewards: [1, 0],
      scores: [1, 0],
      extra_logs: { passed: [2, 0], total: [2, 2] },
    });
    const none = await service.post("/openrlhf/get_reward", { query: [], prompts: [], labels: [] });
    expect(none.json).toEqual({ rewards: [], scores: [], extra_logs: {} });
  });
});

describe("under load", () => {
  test("a client that goes frees its worker", async () => {
    const client = startLoop();
    await until(async () => (await metric("coderlplus_running")) === 1);
    client.abort();
    await until(async () => (await metric("coderlplus_running")) === 0);
    const { json } = await service.post("/run_code", { language: "python", code: "print(1)" });
    expect(json).toMatchObject({ status: "Success" });
  });

  test("past its deadline a request is called off, whoever waits", async () => {
    const { status, json } = await service.post("/run_code", LOOP, { headers: { "x-deadline-ms": "50" } });
    expect([status, json]).toEqual([504, { detail: "not done within 50 ms" }]);
    await until(async () => (await metric("coderlplus_running")) === 0);
    const wrong = await service.post("/run_code", LOOP, { headers: { "x-deadline-ms": "soon" } });
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining("X-Deadline-Ms: expected milliseconds")]);
  });

  test("more than may wait is refused with a time to come back, and the service is busy, not broken", async () => {
    const clients = [startLoop(), startLoop()];
    await until(async () => (await metric("coderlplus_running")) === 2);
    clients.push(startLoop());
    await until(async () => (await metric("coderlplus_waiting")) === 1);
    const refused = [
      await service.post("/trace", { program: "a = 1" }),
      // verl takes anything but this for a program that failed.
      await service.post("/run_code", { language: "python", code: "print(1)" }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([429, 504]);
    for (const { headers } of refused) expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    for (const client of clients) client.abort();
    await until(async () => (await metric("coderlplus_running")) === 0);
    expect((await service.get("/healthz")).json).toMatchObject({ status: "ok", running: 0, waiting: 0 });
  });

  test("a retry under the same key gets the same answer, another request does not", async () => {
    const headers = { "idempotency-key": "rollout-7" };
    const body = { language: "python", code: "print(1)" };
    const [first, again] = [
      await service.post("/run_code", body, { headers }),
      await service.post("/run_code", body, { headers }),
    ];
    // A second run would have taken another time.
    expect(again.text).toBe(first.text);
    const other = await service.post("/run_code", { ...body, code: "print(2)" }, { headers });
    expect([other.status, other.text]).toEqual([422, expect.stringContaining("came with another request before")]);
  });
});

describe("of hostile bodies", () => {
  /** A request whose body does not come to its end. */
  function unfinished(url: string, length: number): () => void {
    const headers = { "content-type": "application/json", "content-length": length };
    const request = httpRequest(`${url}/trace`, { method: "POST", headers }).on("error", () => {});
    request.write("{");
    return () => request.destroy();
  }

  test("all together hold so many bytes and no more", async () => {
    const small = await startService({ bodiesBytes: 1000 });
    const end = unfinished(small.url, 900);
    const body = { program: "#".repeat(200) };
    await until(async () => (await small.post("/trace", body)).status === 429);
    end();
    await until(async () => (await small.post("/trace", body)).status === 200);
    await small.close();
  });

  test("one without an end keeps nobody from stopping the service", async () => {
    const stopping = await startService({ graceMs: 50 });
    const end = unfinished(stopping.url, 900);
    await until(async () => (await stopping.get("/metrics")).status === 200);
    await stopping.close();
    end();
  });

  test("what does not fit is said again in few words, however deep or long it is", async () => {
    const deep = `{"language": "python", "code": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const long = { language: "python", code: "", fetch_files: Array.from({ length: 10_000 }, () => 1) };
    for (const body of [deep, long]) {
      const { status, text } = await service.post("/run_code", body);
      expect(status).toBe(422);
      expect(text.length).toBeLessThan(20_000);
    }
    const numbers = ["1e999", `${"[".repeat(100_000)}${"]".repeat(100_000)}`];
    for (const number of numbers) {
      const { status, text } = await service.post("/tasks/next", `{"n": ${number}}`);
      expect([status, text]).toEqual([422, expect.stringContaining("n: expected")]);
    }
    const values = await service.post("/run_code", `{"fetch_files": [${"1,".repeat(500_000)}1]}`);
    expect(values.status).toBe(413);
    const bytes = await service.post("/run_code", "", { body: Buffer.from([0x22, 0xff, 0x22]) });
    expect([bytes.status, bytes.text]).toEqual([400, expect.stringContaining("not UTF-8")]);
    const many = Array.from({ length: 10_001 }, () => "");
    const { status } = await service.post("/openrlhf/get_reward", { query: many, prompts: many, labels: many });
    expect(status).toBe(422);
  });
});

describe("who may ask", () => {
  test("without a token this machine alone, by its own names and with JSON", async () => {
    const status = await new Promise((resolve) => {
      const url = new URL(service.url);
      httpRequest({ port: url.port, path: "/metrics", headers: { host: "elsewhere.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(403);
    const form = await service.post("/run_code", "{}", { headers: { "content-type": "text/plain" } });
    expect(form.status).toBe(415);
  });

  test("a body beyond the limit is refused", async () => {
    const small = await startService({ bodyBytes: 1024 });
    const { status } = await small.post("/run_code", { language: "python", code: "#".repeat(2000) });
    await small.close();
    expect(status).toBe(413);
  });

  test("with a token whoever has it, also in the address; health is open", async () => {
    const token = "a token that is long enough";
    const lines: string[] = [];
    const guarded = await startService({ token, onRequest: ({ path, status }) => lines.push(`${path} ${status}`) });
    const basic = `Basic ${Buffer.from(`coderlplus:${token}`).toString("base64")}`;
    const ask = async (authorization?: string): Promise<number> =>
      (await guarded.get("/metrics", authorization === undefined ? {} : { headers: { authorization } })).status;
    const statuses = [await ask(), await ask("Bearer wrong"), await ask(`Bearer ${token}`), await ask(basic)];
    const health = await guarded.get("/healthz");
    await guarded.close();
    expect(statuses).toEqual([401, 401, 200, 200]);
    expect(health.json).toMatchObject({ status: "ok", message: "a program was run, and ended well" });
    expect(lines.at(-1)).toBe("/healthz 200");
  });

  test("other machines only with a token that cannot be guessed", async () => {
    await expect(startService({ host: "0.0.0.0" })).rejects.toThrow("it needs a token: set CODERLPLUS_SERVICE_TOKEN");
    await expect(startService({ token: "short" })).rejects.toThrow("the token has 5 characters");
  });
});

test("told to stop, the service finishes what runs and takes nothing new", async () => {
  const stopping = await startService({ workers: 1 });
  const code = "for i in range(3_000_000): pass\nprint('done' * 200_000)";
  const body = { language: "python", code, run_timeout: 60 };
  const running = stopping.post("/run_code", body);
  await until(async () => (await stopping.get("/metrics")).text.includes("coderlplus_running 1"));
  const closed = stopping.close();
  const health = await stopping.get("/healthz");
  const refused = [await stopping.post("/trace", { program: "" }), await stopping.post("/run_code", body)];
  expect([health.status, health.json]).toEqual([503, expect.objectContaining({ status: "draining" })]);
  const told = refused.map(({ status, headers }) => [status, headers.get("retry-after")]);
  expect(told).toEqual([
    [503, "5"],
    [504, "5"],
  ]);
  expect((await running).json).toMatchObject({
    status: "Success",
    run_result: { stdout: `${"done".repeat(200_000)}\n` },
  });
  await closed;
  await expect(stopping.get("/healthz")).rejects.toThrow();
});
