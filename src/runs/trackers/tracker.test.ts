import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { StepMetrics } from "../metrics.js";
import { RunDirectory } from "../run-directory.js";
import { historyOf } from "./history.js";
import { csvFileOf, csvOf, eventFileOf, follow, writeTracker } from "./tracker.js";

const golden = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/events.json"), "utf8")) as { bytes: string };

const steps: readonly StepMetrics[] = [
  { step: 1, "code/reward_mean": 0.25, "policy/loss": -1e-3, "policy/kl": null, "time/step_seconds": 1.5 },
  { step: 300, "code/reward_mean": 1, "alignment/kept": 16777217, "time/step_seconds": 2 },
];

let run: RunDirectory;

beforeEach(() => {
  run = RunDirectory.create(
    join(mkdtempSync(join(tmpdir(), "coderlplus-trackers-")), "run"),
    {
      name: "run",
      status: "running",
      seed: 0,
      startedAt: "2026-01-01T00:00:00.000Z",
      recipe: "test",
      versions: {},
      gitRevision: null,
      host: {},
      steps: 300,
      stepsDone: 0,
      dataHashes: {},
    },
    "",
  );
});

function evaluate(step: number, benchmark: string, values: Readonly<Record<string, number>>): void {
  const metrics = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, standardError: 0 }]),
  );
  run.writeEvaluation({ benchmark, step, problems: 1, metrics }, []);
}

/** What a run does, in order. */
const moments: ReadonlyArray<() => void> = [
  () => evaluate(0, "family", { code_pass_at_1: 0.1 }),
  () => run.appendMetrics(steps[0]),
  () => run.appendMetrics(steps[1]),
  () => evaluate(300, "family", { code_pass_at_1: 0.9, all_right: 0 }),
];

const both = { tensorboard: true, csv: true };
const bytes = (path: string): string => readFileSync(path).toString("hex");

describe("tracker files", () => {
  it("of TensorBoard are byte for byte what TensorBoard writes", () => {
    for (const moment of moments) moment();
    const file = eventFileOf(run);
    expect(file.path).toMatch(/tensorboard\/events\.out\.tfevents\.1767225600\.coderlplus$/);
    writeTracker(file, historyOf(run));
    expect(bytes(file.path)).toBe(golden.bytes);
  });

  it("of a run that is followed are the same as those written afterwards", () => {
    follow(run, both);
    for (const moment of moments) moment();
    expect(bytes(eventFileOf(run).path)).toBe(golden.bytes);
    expect(csvOf([{ name: "run", run }])).toBe(readFileSync(csvFileOf(run).path, "utf8"));
  });

  it("of a run that was killed and cut back are the same as an unbroken run's", () => {
    const files = [eventFileOf(run), csvFileOf(run)];
    follow(run, both);
    for (const moment of moments.slice(0, 2)) moment();
    run.appendMetrics({ step: 2, "code/reward_mean": 0.75, "time/step_seconds": 9 });
    evaluate(300, "family", { code_pass_at_1: 0.9, all_right: 0 });
    for (const { path } of files) appendFileSync(path, "half a rec");
    run.cutBackTo(1);
    follow(run, both);
    for (const moment of moments.slice(2)) moment();
    expect(bytes(files[0].path)).toBe(golden.bytes);
    const csv = readFileSync(files[1].path, "utf8").split("\n");
    expect(csv.map((row) => row.split(",")[0])).toEqual(["step", "1", "300", ""]);
  });

  it("are written anew where something comes in before what is there already", () => {
    follow(run, both);
    for (const moment of moments) moment();
    evaluate(0, "another", { pass_at_1: 0.5 });
    const afterwards = eventFileOf(run, join(run.path, "again"));
    writeTracker(afterwards, historyOf(run));
    expect(bytes(eventFileOf(run).path)).toBe(bytes(afterwards.path));
    expect(bytes(afterwards.path)).not.toBe(golden.bytes);
  });

  it("grow by what has come, without reading again what is there", () => {
    follow(run, both);
    run.readMetrics = () => {
      throw new Error("read again");
    };
    for (const moment of moments) moment();
    expect(bytes(eventFileOf(run).path)).toBe(golden.bytes);
  });

  it("are made only where they are asked for", () => {
    follow(run, { tensorboard: false, csv: false });
    for (const moment of moments) moment();
    expect(readdirSync(run.path).sort()).toEqual(["config.yaml", "eval", "metrics.jsonl", "run.json", "run.lock"]);
  });

  it("of CSV have the catalogue's columns in every run, and nothing where a metric is undefined", () => {
    for (const moment of moments) moment();
    const [head = "", first = ""] = csvOf([{ name: "run", run }]).split("\n");
    const row = Object.fromEntries(head.split(",").map((name, at) => [name, first.split(",")[at]]));
    expect(row).toMatchObject({
      step: "1",
      timestamp: "2026-01-01T00:00:01.500Z",
      "code/reward_mean": "0.25",
      "policy/loss": "-0.001",
      "policy/kl": "",
      "alignment/kept": "",
    });
  });

  it("of several runs in one table name the run in a first column", () => {
    for (const moment of moments) moment();
    const rows = csvOf([
      { name: "one", run },
      { name: 'a, "b"', run },
    ]).split("\n");
    expect(rows.map((row) => row.slice(0, 14))).toEqual([
      "run,step,times",
      "one,1,2026-01-",
      "one,300,2026-0",
      '"a, ""b""",1,2',
      '"a, ""b""",300',
      "",
    ]);
  });

  it("hold their head where a run has no step yet, and nothing of a line that a kill cut off", () => {
    follow(run, both);
    expect(readFileSync(csvFileOf(run).path, "utf8")).toMatch(/^step,timestamp,code\/reward_mean,.*\n$/);
    expect(existsSync(join(run.path, "eval"))).toBe(false);
    writeFileSync(join(run.path, "metrics.jsonl"), '{"step": 1, "code/rew');
    expect(historyOf(run)).toEqual([]);
  });
});
