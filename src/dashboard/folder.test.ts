import { execFileSync } from "node:child_process";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { testInfo, testSamples, writeTestEvaluation } from "../eval/report/test-samples.js";
import { openFolder } from "./folder.js";
import { removeTestRuns, testFolder, writeTestRun } from "./test-runs.js";

afterEach(removeTestRuns);

describe("the served folder", () => {
  it("finds runs and evaluations at any depth, and nothing inside a run", () => {
    const root = testFolder();
    writeTestRun(root, "b");
    writeTestRun(root, "studies/one/seed-0");
    writeTestRun(root, "b/nested");
    writeTestRun(root, ".hidden/run");
    writeTestEvaluation(join(root, "evaluations/base"), testInfo(), testSamples({ a: "r" }));
    expect(openFolder(root).places()).toEqual({
      runs: ["b", "studies/one/seed-0"],
      evaluations: ["evaluations/base"],
      truncated: false,
    });
  });

  it("may be a run itself, empty, or not be there yet", () => {
    const root = testFolder();
    expect(openFolder(root).places().runs).toEqual([]);
    expect(openFolder(join(root, "later")).places().runs).toEqual([]);
    writeTestRun(root, "run");
    const run = openFolder(join(root, "run"));
    expect(run.places().runs).toEqual(["."]);
    expect(run.runPath(".")).toBe(join(root, "run"));
  });

  it("says that there is more where it gives up the search", () => {
    const root = testFolder();
    for (const name of ["a", "b", "c"]) writeTestRun(root, name, { steps: 0 });
    const { runs, truncated } = openFolder(root, 2).places();
    expect([runs, truncated]).toEqual([["a", "b"], true]);
  });

  it("follows links to what is inside, once, and none that leads out or round in a circle", () => {
    const [root, elsewhere] = [testFolder(), testFolder()];
    writeTestRun(elsewhere, "secret");
    writeTestRun(root, "real/run");
    symlinkSync(elsewhere, join(root, "out"));
    symlinkSync(join(elsewhere, "secret"), join(root, "outside-run"));
    symlinkSync(root, join(root, "round"));
    symlinkSync(join(root, "real/run"), join(root, "a-link"));
    const folder = openFolder(root);
    expect(folder.places().runs).toEqual(["a-link"]);
    expect(folder.runPath("a-link")).toBe(join(root, "a-link"));
    for (const place of ["out/secret", "outside-run"]) expect(() => folder.runPath(place)).toThrow("no run there");
  });

  it("knows no place outside, however it is written", () => {
    const outer = testFolder();
    writeTestRun(outer, "secret");
    writeTestRun(outer, "served/run");
    const folder = openFolder(join(outer, "served"));
    const absolute = join(outer, "secret");
    const places = [
      "../secret",
      "run/../../secret",
      absolute,
      `/${absolute}`,
      "..\\secret",
      "run/",
      "",
      "run//",
      "./run",
      "run\0",
      "C:run",
    ];
    for (const place of places) expect(() => folder.runPath(place), JSON.stringify(place)).toThrow("no run there");
    expect(folder.runPath("run")).toBe(join(outer, "served/run"));
  });

  it("refuses a run whose files lead out, also where the link comes later, and one with a pipe in it", () => {
    const [root, elsewhere] = [testFolder(), testFolder()];
    writeFileSync(join(elsewhere, "passwords"), "root:x");
    const folder = openFolder(root);
    for (const name of ["config.yaml", "rollouts/step-000002.jsonl", "eval"]) {
      const run = writeTestRun(root, name.replace(/\W/g, "-"));
      const place = name.replace(/\W/g, "-");
      expect(folder.runPath(place)).toBe(run.path);
      rmSync(join(run.path, name), { recursive: true, force: true });
      symlinkSync(name === "eval" ? elsewhere : join(elsewhere, "passwords"), join(run.path, name));
      expect(() => folder.runPath(place)).toThrow(/a symbolic link out of the served folder, which is not followed/);
    }
    const piped = writeTestRun(root, "piped");
    rmSync(join(piped.path, "metrics.jsonl"));
    execFileSync("mkfifo", [join(piped.path, "metrics.jsonl")]);
    expect(() => folder.runPath("piped")).toThrow(/metrics\.jsonl: neither a file nor a folder/);
  });
});
