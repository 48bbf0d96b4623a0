import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunDirectory } from "../../runs/run-directory.js";
import { openRollouts } from "./answers.js";
import { RolloutIndex } from "./rollout-index.js";
import { freshRun, places, record } from "./test-run.js";

const runOf = (steps: number): RunDirectory => {
  const run = freshRun();
  for (let step = 1; step <= steps; step++) {
    run.writeRollouts(
      step,
      [0, 1].map((sample) => record(step, 0, sample, { problem: `p/${step}` })),
    );
  }
  return run;
};

const segments = (run: RunDirectory): string[] => {
  const folder = join(run.path, "rollouts", "index");
  return readdirSync(folder).filter((name) => name.endsWith(".bin"));
};

async function answer(run: RunDirectory, rowsInFile = 4) {
  const rollouts = openRollouts(run.path, rowsInFile);
  await rollouts.complete();
  const page = await rollouts.page({});
  await rollouts.close();
  return { places: places(page.rows), problems: page.rows.map(({ problem }) => problem), index: page.index };
}

const file = (run: RunDirectory, step: number): string => join(run.path, "rollouts", `step-00000${step}.jsonl`);

/** Changes the content of a file and nothing that tells. */
function changeUnseen(path: string, change: (text: string) => string): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, change(readFileSync(path, "utf8")));
  utimesSync(path, atime, mtime);
}

/** Times that survive {@link changeUnseen}, which sets them to the millisecond. */
function wholeTimes(run: RunDirectory): void {
  for (const step of run.rolloutSteps()) utimesSync(file(run, step), 1_700_000_000, 1_700_000_000 + step);
}

describe("the index on the disk", () => {
  it("is what a second opening reads in the place of the rollouts", async () => {
    const run = runOf(4);
    wholeTimes(run);
    const first = await answer(run);
    expect(segments(run)).toHaveLength(2);
    for (const step of run.rolloutSteps()) changeUnseen(file(run, step), (text) => text.replaceAll("p/", "q/"));
    expect(await answer(run)).toEqual(first);
    rmSync(join(run.path, "rollouts", "index"), { recursive: true });
    expect((await answer(run)).problems[0]).toBe("q/4");
  });

  it("gives way where a step's file is another by time or size, and is cleared of what nothing is left of", async () => {
    const run = runOf(4);
    await answer(run);
    const [before] = [segments(run)];
    // As long as before.
    const rewritten = (step: number) => [0, 1].map((sample) => record(step, 9, sample, { problem: `p/${step}` }));
    for (const step of run.rolloutSteps()) run.writeRollouts(step, rewritten(step));
    expect((await answer(run)).places.slice(0, 4)).toEqual(["4.9.0", "4.9.1", "3.9.0", "3.9.1"]);
    expect(segments(run).some((name) => before.includes(name))).toBe(false);
  });

  it("is read around where a file of it is damaged, cut off or of no known form", async () => {
    const run = runOf(6);
    const first = await answer(run);
    const [one, two] = segments(run).map((name) => join(run.path, "rollouts", "index", name));
    const bytes = readFileSync(one);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(one, bytes);
    writeFileSync(two, readFileSync(two).subarray(0, 100));
    writeFileSync(join(run.path, "rollouts", "index", `segment-${"0".repeat(64)}.bin`), "");
    writeFileSync(join(run.path, "rollouts", "index", "notes.txt"), "");
    expect(await answer(run)).toEqual(first);
  });

  it("is written by two at once, and both answer", async () => {
    const run = runOf(8);
    const [one, two] = await Promise.all([answer(run), answer(run)]);
    expect(one).toEqual(two);
    expect(await answer(run)).toEqual(one);
  });

  it("stays in memory where the folder takes none, and says so", async () => {
    const run = runOf(4);
    writeFileSync(join(run.path, "rollouts", "index"), "");
    const { places: found, index } = await answer(run);
    expect(found).toHaveLength(8);
    expect(index.note).toContain(`${join(run.path, "rollouts", "index")}: cannot write it (`);
    expect(index.note).toContain("the index is kept in memory alone");
  });

  it("is not written through a link, and what a kill left of a file is cleared away", async () => {
    const [run, elsewhere] = [runOf(4), mkdtempSync(join(tmpdir(), "coderlplus-rows-"))];
    const folder = join(run.path, "rollouts", "index");
    symlinkSync(elsewhere, folder);
    expect((await answer(run)).index.note).toContain("it is a link");
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(folder);
    mkdirSync(folder);
    const left = join(folder, `segment-${"0".repeat(64)}.bin.tmp-1f`);
    writeFileSync(left, "");
    utimesSync(left, 1_700_000_000, 1_700_000_000);
    expect((await answer(run)).index.note).toBeNull();
    expect(existsSync(left)).toBe(false);
  });

  it("is nothing to a run that is cut back and resumed", async () => {
    const [run, other] = [runOf(4), runOf(4)];
    await answer(run);
    for (const one of [run, other]) {
      one.cutBackTo(2);
      one.writeRollouts(3, [record(3, 1, 1)]);
    }
    expect(run.rolloutSteps()).toEqual(other.rolloutSteps());
    for (const step of run.rolloutSteps()) expect(run.readRollouts(step)).toEqual(other.readRollouts(step));
    expect((await answer(run)).places.slice(0, 2)).toEqual(["3.1.1", "2.0.0"]);
  });

  it("is not written for a run of few rollouts", async () => {
    const run = runOf(2);
    await answer(run, 100);
    expect(readdirSync(join(run.path, "rollouts"))).toEqual(["step-000001.jsonl", "step-000002.jsonl"]);
  });
});

describe("the index in memory", () => {
  it("answers from the newest step while the rest is still read", async () => {
    const run = runOf(6);
    const index = new RolloutIndex(run.path);
    await index.follow();
    expect(index.indexed.has(6)).toBe(true);
    expect(index.progress()).toMatchObject({ of: 6 });
    await index.complete();
    expect(index.progress()).toMatchObject({ steps: 6, of: 6, rollouts: 12 });
    await index.close();
  });

  it("looks again while a folder's time may stay the same for a change", async () => {
    const run = runOf(1);
    const folder = join(run.path, "rollouts");
    const index = new RolloutIndex(run.path);
    for (const step of [1, 2]) {
      run.writeRollouts(step, [record(step, 0, 0)]);
      utimesSync(folder, 4_000_000_000, 4_000_000_000);
      await index.complete();
      expect(index.progress()).toMatchObject({ steps: step, of: step });
    }
    await index.close();
  });

  it("reads one step before its turn, and ends early when closed", async () => {
    const run = runOf(6);
    const index = new RolloutIndex(run.path);
    const begun = index.follow();
    expect((await index.step(1))?.count).toBe(2);
    await begun;
    await index.close();
    expect(await index.step(99)).toBeNull();
  });

  it("loses what is deleted, and counts a file that cannot be read as a fault", async () => {
    const run = runOf(3);
    const index = new RolloutIndex(run.path);
    await index.complete();
    rmSync(file(run, 2));
    await index.complete();
    expect(index.indexed.has(2)).toBe(false);
    expect(index.indexed.size).toBe(2);
    rmSync(join(run.path, "rollouts"), { recursive: true });
    await index.complete();
    expect(index.progress()).toMatchObject({ steps: 0, of: 0 });
    mkdirSync(join(run.path, "rollouts"));
    run.writeRollouts(1, [record(1, 0, 0)]);
    await index.complete();
    expect(index.progress()).toMatchObject({ steps: 1, of: 1, rollouts: 1 });
    await index.close();
  });
});
