import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { testInfo, testSamples, writeTestEvaluation } from "../eval/report/test-samples.js";
import { type EndpointName, endpoints } from "./api/endpoints.js";
import { keyOf } from "./api/question.js";
import { createDashboard } from "./app.js";
import { removeTestRuns, testFolder, testMetrics, testServer, writeTestRun, writeTestScores } from "./test-runs.js";

afterEach(removeTestRuns);

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** As it is: `fetch` would tidy the path, choose the host and undo the compression. */
function ask(url: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(pieces).toString("latin1"),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const errorIn = ({ body }: Reply): string => (JSON.parse(body) as { readonly error: string }).error;

/** Each endpoint once, of a run that has everything. */
const questions: ReadonlyArray<readonly [EndpointName, string]> = [
  ["runs", keyOf("runs", {})],
  ["run", keyOf("run", { run: "run" })],
  ["catalogue", keyOf("catalogue", {})],
  ["metrics", keyOf("metrics", { run: "run", names: ["code/pass_rate"], after: 1 })],
  ["rollouts", keyOf("rollouts", { run: "run", task: "code", order: "-reward", limit: 2 })],
  ["search", keyOf("search", { run: "run", text: "double" })],
  ["problems", keyOf("problems", { run: "run" })],
  ["group", keyOf("group", { run: "run", step: 2, group: 0 })],
  ["links", keyOf("links", { run: "run", step: 2, group: 0, sample: 0 })],
  ["problem", keyOf("problem", { run: "run", problem: "p/0" })],
  ["evaluation", keyOf("evaluation", { run: "run", benchmark: "family" })],
  ["evaluation", keyOf("evaluation", { run: "base", benchmark: "toy" })],
  ["matrix", keyOf("matrix", { runs: ["run", "other"], benchmark: "family" })],
  ["evaluatedProblem", keyOf("evaluatedProblem", { run: "run", benchmark: "family", step: 3, problem: "p/1" })],
  ["evaluatedProblem", keyOf("evaluatedProblem", { run: "base", benchmark: "toy", step: 0, problem: "b" })],
  ["comparison", keyOf("comparison", { runs: ["run", "other"] })],
];

function fullFolder(): string {
  const root = testFolder();
  for (const name of ["run", "other"]) writeTestRun(root, name, { scores: { 0: [0, 0], 3: [1, 0] } });
  writeTestEvaluation(join(root, "base"), testInfo({ tasks: 2 }), testSamples({ a: "r", b: "w" }));
  return root;
}

describe("the endpoints", () => {
  it("answer over a socket, each by its schema", async () => {
    const { url } = await testServer(fullFolder());
    for (const [name, path] of questions) {
      const reply = await ask(url, path);
      expect(reply.status, `${path}: ${reply.body.slice(0, 300)}`).toBe(200);
      const { error } = endpoints[name].answer.safeParse(JSON.parse(Buffer.from(reply.body, "latin1").toString()));
      expect(error?.message, path).toBeUndefined();
    }
  });

  it("refuse a question that does not fit in one sentence: the field, what was found, what was expected", async () => {
    const { url } = await testServer(fullFolder());
    const cases: ReadonlyArray<readonly [string, RegExp]> = [
      ["/api/run", /^\/api\/run: run: expected string; found nothing$/],
      ["/api/run?run=run&run=other", /run: expected string; found \["run", "other"\]/],
      ["/api/run?run=run&stepp=1", /unknown key "stepp"/],
      ["/api/group?run=run&step=one&group=0", /step: expected number; found "one"/],
      ["/api/group?run=run&step=&group=0", /step: expected number; found nothing/],
      ["/api/group?run=run&step=-1&group=0", /step: .*>=0; found "-1"/],
      ["/api/rollouts?run=run&verdict=good", /verdict: .*"passed".*; found "good"/],
      ["/api/metrics?run=run", /names: expected array; found nothing/],
    ];
    for (const [path, message] of cases) {
      const reply = await ask(url, path);
      expect([reply.status, errorIn(reply)], path).toEqual([400, expect.stringMatching(message)]);
    }
  });

  it("say 404 of a run, a benchmark, a problem and an address that is not there", async () => {
    const { url } = await testServer(fullFolder());
    const cases: ReadonlyArray<readonly [string, string]> = [
      ["/api/run?run=none", '"none": no run there'],
      ["/api/metrics?run=base&names=x", '"base": no run there'],
      ["/api/evaluation?run=run&benchmark=humaneval", 'run: no evaluation of "humaneval"; it has none of it'],
      ["/api/evaluated-problem?run=run&benchmark=family&step=2&problem=p/0", "it has steps 0, 3"],
      ["/api/evaluated-problem?run=run&benchmark=family&step=3&problem=q", 'family has no problem "q"'],
      ["/api/nothing", "nothing is there"],
    ];
    for (const [path, message] of cases) {
      const reply = await ask(url, path);
      expect([reply.status, errorIn(reply)], path).toEqual([404, expect.stringContaining(message)]);
    }
  });

  it("never fail on a damaged run: one message names the file, and what is whole is shown", async () => {
    const root = fullFolder();
    const { url } = await testServer(root);
    const run = join(root, "run");
    const wreck: ReadonlyArray<readonly [string, string]> = [
      ["run.json", '{"name": "run", "status": 3}'],
      ["config.yaml", "a: ]["],
      ["metrics.jsonl", '{"step": 1}\nnot json\n{"step": 2, "code/pass_rate": {}}\n{"st'],
      ["best.json", "[]"],
      ["rollouts/step-000002.jsonl", '{"step": 2, "task": "poetry"}\n\u0000\n{"cut'],
      ["eval/family-step-000003.json", '{"metrics": 7}'],
      ["eval/samples/family-step-000003.jsonl", '{"problem": "p/0", "scores": {"code_pass_at_1": "x"}}\n'],
      ["eval/stranger.txt", "?"],
    ];
    for (const [file, text] of wreck) writeFileSync(join(run, file), text);
    for (const [, path] of questions) {
      const reply = await ask(url, path);
      expect(reply.status, `${path}: ${reply.body.slice(0, 300)}`).toBeLessThan(500);
    }
    const detail = JSON.parse((await ask(url, "/api/run?run=run")).body) as {
      readonly summary: { readonly status: string; readonly problem: string };
      readonly metrics: readonly string[];
    };
    expect(detail.summary.status).toBe("damaged");
    for (const file of ["run.json", "config.yaml", "best.json", "metrics.jsonl:2"])
      expect(detail.summary.problem).toContain(file);
    const table = JSON.parse((await ask(url, "/api/evaluation?run=run&benchmark=family")).body) as {
      readonly records: readonly unknown[];
      readonly skipped: readonly string[];
    };
    expect([table.records.length, table.skipped.length]).toEqual([1, 1]);
    const matrix = JSON.parse((await ask(url, "/api/matrix?runs=run&runs=other&benchmark=family")).body) as {
      readonly columns: readonly { readonly run: string }[];
      readonly skipped: readonly string[];
    };
    expect(matrix.columns.map((column) => column.run)).toEqual(["other"]);
    expect(matrix.skipped[0]).toMatch(
      /samples\/family-step-000003\.jsonl:1: scores\.code_pass_at_1: expected number; found "x"/,
    );
  });

  it("say 404 of a run that was deleted while the page was open", async () => {
    const root = fullFolder();
    const { url } = await testServer(root);
    for (const [, path] of questions) await ask(url, path);
    rmSync(join(root, "run"), { recursive: true });
    for (const [, path] of questions.filter(([, question]) => question.includes("run=run"))) {
      expect((await ask(url, path)).status, path).toBe(404);
    }
  });

  it("keep their own faults' whereabouts for the server's terminal", async () => {
    const reported: unknown[] = [];
    const root = fullFolder();
    const dashboard = createDashboard({
      folder: root,
      hostname: "localhost",
      token: null,
      report: (error) => reported.push(error),
    });
    const fault = new TypeError("it broke");
    dashboard.app.get("/api/broken", () => {
      throw fault;
    });
    const reply = await dashboard.app.request("http://localhost/api/broken", { headers: { host: "localhost" } });
    const text = await reply.text();
    expect([reply.status, reported]).toEqual([500, [fault]]);
    expect(text).toContain("The dashboard failed (it broke)");
    expect(text).not.toContain("app.test");
    await dashboard.close();
  });

  it("compress what is long where the asker takes it", async () => {
    const { url } = await testServer(fullFolder());
    const plain = await ask(url, "/api/catalogue");
    const zipped = await ask(url, "/api/catalogue", { "accept-encoding": "br, gzip" });
    expect([plain.headers["content-encoding"], zipped.headers["content-encoding"]]).toEqual([undefined, "gzip"]);
    expect(zipped.body.length).toBeLessThan(plain.body.length / 2);
    expect(
      (await ask(url, "/api/catalogue", { "accept-encoding": "gzip;q=0" })).headers["content-encoding"],
    ).toBeUndefined();
  });
});

describe("the page", () => {
  it("is a shell that names its script and style by their content, which are kept for good", async () => {
    const { url } = await testServer(fullFolder());
    const shell = await ask(url, "/");
    expect(shell.headers["content-type"]).toContain("text/html");
    expect(shell.body).toContain('<div id="app"></div>');
    expect(shell.body).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=/);
    const [script = ""] = /\/page\.[0-9a-f]{16}\.js/.exec(shell.body) ?? [];
    const [style = ""] = /\/style\.[0-9a-f]{16}\.css/.exec(shell.body) ?? [];
    for (const [path, type] of [
      [script, "text/javascript"],
      [style, "text/css"],
    ] as const) {
      const file = await ask(url, path, { "accept-encoding": "gzip" });
      expect(file.headers["content-type"]).toContain(type);
      expect(file.headers["cache-control"]).toContain("immutable");
      expect(file.headers["content-encoding"]).toBe("gzip");
    }
    expect((await ask(url, "/page.0000000000000000.js")).status).toBe(404);
  });

  it("has the folder's name as text", async () => {
    const root = join(testFolder(), "<script>alert(1)");
    mkdirSync(root);
    const { url } = await testServer(root);
    expect((await ask(url, "/")).body).toContain("<title>&lt;script&gt;alert(1) - coderlplus</title>");
  });
});

describe("the walls", () => {
  it("stand in every answer: a browser loads and runs nothing but the dashboard's own", async () => {
    const { url } = await testServer(fullFolder());
    for (const path of ["/", "/api/runs", "/api/run", "/none"]) {
      const { headers } = await ask(url, path);
      expect(headers["content-security-policy"], path).toContain(
        "default-src 'none'; script-src 'self'; style-src 'self'",
      );
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["referrer-policy"]).toBe("no-referrer");
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("let nothing out of the folder, however the way is written", async () => {
    const outer = testFolder();
    writeTestRun(outer, "secret");
    writeTestRun(outer, "served/run");
    symlinkSync(join(outer, "secret"), join(outer, "served/link"));
    const { url } = await testServer(join(outer, "served"));
    const places = [
      "../secret",
      "run/../../secret",
      "..%2Fsecret",
      "%2e%2e/secret",
      "..%5csecret",
      join(outer, "secret"),
      "link",
      "run%00",
      "....//secret",
    ];
    for (const place of places) {
      for (const path of [
        `/api/run?run=${place}`,
        `/api/rollouts?run=${place}`,
        `/api/evaluation?run=${place}&benchmark=family`,
      ]) {
        expect((await ask(url, path)).status, path).toBe(404);
      }
    }
    for (const path of [
      "/../secret/run.json",
      "/%2e%2e/secret/run.json",
      "/run/run.json",
      "//etc/passwd",
      "/page.js/../../x",
    ]) {
      expect((await ask(url, path)).status, path).toBe(404);
    }
    const benchmark = encodeURIComponent("../../../secret/eval/family");
    expect((await ask(url, `/api/evaluation?run=run&benchmark=${benchmark}`)).status).toBe(404);
  });

  it("answer under the server's own names alone: a site's name that leads here is none", async () => {
    const { url } = await testServer(fullFolder());
    const { port } = new URL(url);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "LOCALHOST"]) {
      expect((await ask(url, "/api/runs", { host })).status, host).toBe(200);
    }
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "0.0.0.0",
    ]) {
      expect((await ask(url, "/api/runs", { host })).status, host).toBe(403);
    }
  });

  it("refuse what another site's page asks, and let a link to the page pass", async () => {
    const { url } = await testServer(fullFolder());
    const { host } = new URL(url);
    const own = { "sec-fetch-site": "same-origin", origin: `http://${host}` };
    for (const headers of [own, { origin: `https://${host}` }] as ReadonlyArray<Record<string, string>>) {
      expect((await ask(url, "/api/runs", headers)).status).toBe(200);
    }
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "http://evil.example" },
      { origin: "null" },
    ] as ReadonlyArray<Record<string, string>>) {
      expect((await ask(url, "/api/runs", headers)).status).toBe(403);
      expect((await ask(url, "/api/trace", { ...headers, "content-type": "application/json" }, "{}")).status).toBe(403);
    }
    expect((await ask(url, "/", { "sec-fetch-site": "cross-site" })).status).toBe(200);
  });

  it("take a body that is JSON, and only so much of it", async () => {
    const { url } = await testServer(fullFolder());
    const json = { "content-type": "application/json" };
    const trace = async (headers: Record<string, string>, body: string): Promise<number> =>
      (await ask(url, "/api/trace", headers, body)).status;
    expect(await trace({ "content-type": "text/plain" }, "{}")).toBe(415);
    expect(await trace(json, "{")).toBe(400);
    expect(
      await trace(json, JSON.stringify({ run: "run", step: 1, group: 0, sample: 0, input: { kind: "file" } })),
    ).toBe(400);
    expect(await trace(json, " ".repeat(300_000))).toBe(413);
    expect(await trace({ ...json, "transfer-encoding": "chunked" }, " ".repeat(300_000))).toBe(413);
  });

  it("open to the token alone where there is one: as a header, or once in the address, then as a cookie", async () => {
    const token = "a-token-of-some-length";
    const { url } = await testServer(fullFolder(), { token });
    expect(url).toContain(`?token=${token}`);
    for (const path of ["/", "/api/runs", "/api/events", `/?token=${token}x`, "/?token="]) {
      expect((await ask(url, path)).status, path).toBe(401);
    }
    expect((await ask(url, "/api/runs", { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await ask(url, "/api/runs", { authorization: `Bearer ${token}x` })).status).toBe(401);
    const first = await ask(url, `/?token=${token}`);
    expect([first.status, first.headers.location]).toEqual([303, "/"]);
    const [cookie = ""] = first.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict|; Path=\/; HttpOnly; SameSite=Strict/);
    expect(cookie).not.toContain(token);
    const [pair = ""] = cookie.split(";");
    expect((await ask(url, "/api/runs", { cookie: pair })).status).toBe(200);
    expect((await ask(url, "/api/runs", { cookie: `${pair}0` })).status).toBe(401);
  });

  it("survive what is no HTTP", async () => {
    const { url } = await testServer(fullFolder());
    const { hostname, port } = new URL(url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end("\u0000\u0001 garbage\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.resume();
    });
    expect((await ask(url, "/api/runs")).status).toBe(200);
  });
});

describe("the stream of events", () => {
  interface Listener {
    readonly response: IncomingMessage;
    /** The next event of a kind; what comes before it is left out. */
    readonly next: (kind: string) => Promise<unknown>;
    readonly end: () => void;
  }

  async function listen(url: string): Promise<Listener> {
    const response = await new Promise<IncomingMessage>((resolve) =>
      get(`${url}api/events`, { headers: { "accept-encoding": "gzip" }, agent: false }, resolve),
    );
    let text = "";
    const waiting: Array<() => void> = [];
    response.on("data", (piece: Buffer) => {
      text += piece.toString();
      for (const wake of waiting.splice(0)) wake();
    });
    const next = async (kind: string): Promise<unknown> => {
      for (;;) {
        const found = text
          .split("\n\n")
          .slice(0, -1)
          .map((block) => /^data: (.*)$/m.exec(block)?.[1]);
        for (const data of found) {
          const event = data === undefined ? null : (JSON.parse(data) as { readonly kind: string });
          if (event?.kind !== kind) continue;
          text = text.slice(text.indexOf(data ?? "") + (data ?? "").length);
          return event;
        }
        await new Promise<void>((wake) => waiting.push(wake));
      }
    };
    return { response, next, end: () => response.destroy() };
  }

  it("tells of runs, steps, evaluations, ends and deletions as they happen", async () => {
    const root = testFolder();
    const { url } = await testServer(root);
    const { response, next } = await listen(url);
    expect(response.headers["content-type"]).toContain("text/event-stream");
    expect(response.headers["content-encoding"]).toBeUndefined();
    const run = writeTestRun(root, "run", { running: true });
    expect(await next("new")).toEqual({ run: "run", kind: "new", stepsDone: 3, status: "running" });
    run.appendMetrics(testMetrics(4));
    expect(await next("step")).toEqual({ run: "run", kind: "step", stepsDone: 4, status: "running" });
    writeTestScores(run, 4, [1]);
    expect(await next("evaluation")).toMatchObject({ run: "run" });
    run.release();
    expect(await next("status")).toEqual({ run: "run", kind: "status", stepsDone: 4, status: "interrupted" });
    rmSync(run.path, { recursive: true });
    expect(await next("gone")).toMatchObject({ run: "run" });
  });

  it("does not tell of a line that is still being written", async () => {
    const root = testFolder();
    const run = writeTestRun(root, "run");
    const { url } = await testServer(root);
    const { next } = await listen(url);
    appendFileSync(join(run.path, "metrics.jsonl"), '{"step": 4, "co');
    writeTestRun(root, "later");
    expect(await next("new")).toMatchObject({ run: "later" });
    appendFileSync(join(run.path, "metrics.jsonl"), 'de/pass_rate": 1}\n');
    expect(await next("step")).toMatchObject({ run: "run", stepsDone: 4 });
  });

  it("is for so many pages at once, and free again for others when they leave; ends with the server", async () => {
    const server = await testServer(testFolder());
    const listeners = await Promise.all(Array.from({ length: 64 }, () => listen(server.url)));
    expect((await ask(server.url, "/api/events")).status).toBe(503);
    listeners[0]?.end();
    let status = 503;
    while (status === 503) {
      const { response, end } = await listen(server.url);
      status = response.statusCode ?? 0;
      end();
    }
    expect(status).toBe(200);
    const ends = listeners.slice(1).map(({ response }) => new Promise((resolve) => response.on("close", resolve)));
    await server.close();
    await Promise.all(ends);
  });
});
