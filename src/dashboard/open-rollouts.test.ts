import { afterEach, describe, expect, it } from "vitest";
import { OpenRollouts } from "./open-rollouts.js";
import { removeTestRuns, testFolder, writeTestRun } from "./test-runs.js";

afterEach(removeTestRuns);

describe("the runs whose rollouts are open", () => {
  it("are the newest that there is room for, and the one that is asked at least", async () => {
    const root = testFolder();
    const paths = ["a", "b", "c", "d"].map((name) => writeTestRun(root, name).path);
    const room = async (bytes: number): Promise<number[]> => {
      const open = new OpenRollouts(bytes);
      const sizes: number[] = [];
      for (const path of paths) {
        const { total } = await open.use(path, (rollouts) => rollouts.page({}));
        expect(total).toBe(3);
        sizes.push(open.size);
      }
      await open.close();
      return sizes;
    };
    expect(await room(1)).toEqual([1, 1, 1, 1]);
    // Rows that grow have room for 1024, of 48 bytes each.
    expect(await room(120_000)).toEqual([1, 2, 2, 2]);
    expect(await room(1e9)).toEqual([1, 2, 3, 4]);
  });
});
