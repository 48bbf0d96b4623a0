import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { EngineError, EngineLostError } from "../core/errors.js";
import { TinkerError, type TinkerFailure } from "../engines/tinker/client/errors.js";
import { RunDirectory } from "../runs/run-directory.js";
import { resolveConfig } from "./config/resolve.js";
import { failureOf } from "./failure.js";
import { throughLosses } from "./lost.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-lost-"));
const config = resolveConfig({ engine: { kind: "tinker", model: "m" } }, "test");
let run: RunDirectory;
let notices: string[];

let runs = 0;
beforeEach(() => {
  notices = [];
  run = RunDirectory.create(join(root, String(runs++)), { status: "running" } as never, "");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const checkpoint = (step: number): void => void mkdirSync(run.checkpointPath(step), { recursive: true });
const lost = (): never => {
  throw new EngineLostError("the server was started again");
};
const going = (attempt: (again: boolean) => Promise<string>): Promise<string> =>
  throughLosses(run, (text) => notices.push(text), attempt);

describe("a run that loses its engine", () => {
  it("goes on from the newest checkpoint or the start, as often as there is a new checkpoint between", async () => {
    const asked: boolean[] = [];
    const result = await going(async (again) => {
      asked.push(again);
      if (asked.length === 6) return "done";
      if (asked.length > 1) checkpoint(asked.length);
      return lost();
    });
    expect(result).toBe("done");
    expect(asked).toEqual([false, true, true, true, true, true]);
    expect(notices).toEqual([
      "the server was started again; going on from the start",
      ...[2, 3, 4, 5].map((step) => `the server was started again; going on from step ${step}`),
    ]);
  });

  it("gives up the third time at the same place, and says how to go on", async () => {
    checkpoint(2);
    const error = await going(async () => lost()).catch((thrown: unknown) => thrown);
    expect(notices).toHaveLength(2);
    expect(error).toBeInstanceOf(EngineLostError);
    expect(String(failureOf(error, run, config))).toMatch(
      /the server was started again; it was lost 3 times without a new checkpoint between\n.*step-000002\n.*train --run .* --resume$/,
    );
  });

  it("lets every other failure through at once", async () => {
    await expect(going(async () => Promise.reject(new EngineError("no")))).rejects.toThrow(/^no$/);
    expect(notices).toEqual([]);
  });
});

it.each<[TinkerFailure, string]>([
  ["key", "with a key in TINKER_API_KEY that the server takes: coderlplus train --run"],
  ["billing", "once the account is paid: coderlplus"],
  ["away", "once the server answers: coderlplus"],
  ["failed", "once the server can again: coderlplus"],
  ["refused", "once that is put right: coderlplus"],
])("a failure of kind %s names its way out", (kind, way) => {
  const error = new TinkerError(kind, "x: no", { status: 401, says: "no", requestId: null });
  for (const thrown of [error, new EngineError("cannot be loaded", { cause: error })]) {
    expect(String(failureOf(thrown, run, config))).toContain(way);
  }
});
