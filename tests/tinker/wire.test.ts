// Whole runs of CodeRL+ across the wire, to our own server: the same run as in-process.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveEngine } from "../../src/engines/tinker/server/serve.js";
import { bundled } from "../../src/problems/bundled.js";
import { embedded, expectSame, remote, run } from "./runs.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-wire-"));
let server: Awaited<ReturnType<typeof serveEngine>>;

beforeAll(async () => {
  server = await serveEngine({ model: bundled("bundled", "model"), folder: join(root, "served"), port: 0, threads: 1 });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

// Two steps are enough for a way of its own; a learnt token would show in the second one's samples.
const short = ["train.steps=2", "train.checkpointEvery=2"];
const behind = [...short, "rollouts.stepsBehind=1", "algorithm=gspo"];
/** Where there is nothing to learn the gradient is rounding alone, of which Adam would make steps of full size. */
const divergence = [...short, "policy.klCoefficient=0.05", "policy.klPlacement=loss", "optimizer.epsilon=1e-4"];

/** A name; the settings of both runs, of the one there and of the one here. */
type Pair = readonly [name: string, both: string[], there: string[], here: string[]];
const pairs: readonly Pair[] = [["as it comes", [], [], []]];
const nightly: readonly Pair[] = [
  [
    "adapters, in JSON",
    short,
    ["engine.lora.rank=4", "engine.wire=json"],
    ["engine.lora.rank=4", "engine.lora.alpha=32"],
  ],
  ["a step behind, with a sequence's ratio", behind, [], []],
  ["with a divergence in its loss", divergence, [], []],
];

describe("a run across the wire has the tokens, rollouts and metrics of one in-process", () => {
  it.each(process.env["CODERLPLUS_NIGHTLY"] === "1" ? [...pairs, ...nightly] : pairs)(
    "%s",
    async (name, both, there, here) => {
      const [found, expected] = [
        await run(join(root, `${name}, there`), ...remote(server.url, ...both, ...there)),
        await run(join(root, `${name}, here`), ...embedded, ...both, ...here),
      ];
      expect(found.readInfo().status).toBe("finished");
      expectSame(found, expected);
    },
  );
});
