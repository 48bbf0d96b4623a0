import { describe, expect, it } from "vitest";
import { EngineError } from "../../core/errors.js";
import { layoutOf } from "./decoder/layout.js";
import { CONTROL_BYTES } from "./jobs.js";
import { TEST_CONFIG } from "./test-model.js";
import { WorkerPool } from "./worker-pool.js";

describe("the worker pool", () => {
  it("turns the death of a worker into an error for whoever waits and for whoever asks later", async () => {
    const memory = () => new SharedArrayBuffer(layoutOf(TEST_CONFIG).length * 4);
    const state = {
      // Memory that no array of f32 can view: the worker dies as it starts.
      weights: new SharedArrayBuffer(3),
      gradient: memory(),
      firstMoment: memory(),
      secondMoment: memory(),
    };
    const control = new SharedArrayBuffer(CONTROL_BYTES);
    const device = "cpu" as const;
    const setup = { config: TEST_CONFIG, device, folder: "nowhere", stamp: "", lora: null, state, control, threads: 1 };
    const pool = new WorkerPool(2, setup);
    const asked = pool.run("load", { folder: "nowhere", optimizer: false });
    await expect(asked).rejects.toThrow(/a compute worker of the engine died: .*multiple of 4/);
    await expect(pool.run("load", { folder: "nowhere", optimizer: false })).rejects.toThrow(EngineError);
    await pool.close();
  });
});
