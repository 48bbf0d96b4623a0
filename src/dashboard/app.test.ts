import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type EndpointName, endpoints } from "./api/endpoints.js";
import { keyOf } from "./api/question.js";
import { createDashboard } from "./app.js";
import { ask, type Reply } from "./test-request.js";
import { fullTestFolder, removeTestRuns, testFolder, testServer } from "./test-runs.js";

afterEach(removeTestRuns);

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

describe("the endpoints", () => {
  it("answer over a socket, each by its schema", async () => {
    const { url } = await testServer(fullTestFolder());
    for (const [name, path] of questions) {
      const reply = await ask(url, path);
      expect(reply.status, `${path}: ${reply.body.slice(0, 300)}`).toBe(200);
      const { error } = endpoints[name].answer.safeParse(JSON.parse(Buffer.from(reply.body, "latin1").toString()));
      expect(error?.message, path).toBeUndefined();
    }
  });

  it("refuse a question that does not fit in one sentence: the field, what was found, what was expected", async () => {
    const { url } = await testServer(fullTestFolder());
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
    const { url } = await testServer(fullTestFolder());
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
    const root = fullTestFolder();
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
    const root = fullTestFolder();
    const { url } = await testServer(root);
    for (const [, path] of questions) await ask(url, path);
    rmSync(join(root, "run"), { recursive: true });
    for (const [, path] of questions.filter(([, question]) => question.includes("run=run"))) {
      expect((await ask(url, path)).status, path).toBe(404);
    }
  });

  it("keep their own faults' whereabouts for the server's terminal", async () => {
    const reported: unknown[] = [];
    const root = fullTestFolder();
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
    const { url } = await testServer(fullTestFolder());
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
    const { url } = await testServer(fullTestFolder());
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
