import { afterAll, describe, expect, it } from "vitest";
import { adaptersOf, LORA_TARGETS } from "./adapters/layout.js";
import { trainedLayout } from "./decoder/weight-inputs.js";
import { stampOf, WorkerMemory } from "./memory.js";
import { createTestModel, removeTestModels, TEST_CONFIG } from "./test-model.js";

afterAll(removeTestModels);

function memoryOf(options: { adapted: boolean; workers: number }) {
  const { folder, layout, weights } = createTestModel();
  const adapters = adaptersOf(layout, { rank: 2, alpha: 4, targets: LORA_TARGETS });
  const model = { config: TEST_CONFIG, layout, ...(options.adapted ? { adapters } : {}) };
  const array = (): SharedArrayBuffer => new SharedArrayBuffer(trainedLayout(model).length * 4);
  const shared = { weights: array(), gradient: array(), firstMoment: array(), secondMoment: array() };
  const memory = new WorkerMemory(model, folder, stampOf(folder), options.workers > 1 ? shared : undefined);
  return { memory, weights };
}

describe("a worker's memory", () => {
  it("of a worker alone holds the weights once: training changes what is computed with", () => {
    const { memory } = memoryOf({ adapted: false, workers: 1 });
    expect(memory.policy(0).flat).toBe(memory.state.weights);
  });

  it("of one of several is a copy, taken again when the version is a new one", () => {
    const { memory } = memoryOf({ adapted: false, workers: 2 });
    memory.state.weights[3] = 1;
    expect(memory.policy(0).flat[3]).toBe(1);
    memory.state.weights[3] = 2;
    expect(memory.policy(0).flat[3]).toBe(1);
    expect(memory.policy(1).flat[3]).toBe(2);
    expect(memory.policy(1).flat.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it("with adapters holds the base once, for the policy and the reference, and trains the adapters only", () => {
    for (const workers of [1, 2]) {
      const { memory, weights } = memoryOf({ adapted: true, workers });
      expect(memory.policy(0).flat).toBe(memory.frozen().flat);
      expect(memory.frozen().flat).toEqual(weights);
      expect(memory.state.gradient.length).toBeLessThan(weights.length / 5);
      expect(Object.keys(memory.frozen().feeds).filter((name) => name.endsWith(".A"))).toEqual([]);
    }
  });
});
