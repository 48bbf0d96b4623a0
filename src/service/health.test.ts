import { describe, expect, test } from "vitest";
import { Health, type HealthOptions } from "./health.js";

const idle = (): ReturnType<HealthOptions["progress"]> => ({ ended: 0, running: 0 });
const hangs = (): Promise<void> => new Promise(() => {});

describe("health", () => {
  test("is good where the probe runs, and the probe is not run for each who asks", async () => {
    let probes = 0;
    const health = new Health({ probe: async () => void probes++, progress: idle });
    expect(await Promise.all([health.condition(), health.condition()])).toEqual([{ kind: "works" }, { kind: "works" }]);
    await health.condition();
    expect(probes).toBe(1);
  });

  test("is broken where the probe fails, and good again when it runs", async () => {
    let nowMs = 0;
    let fails = true;
    const probe = async (): Promise<void> => {
      if (fails) throw new Error("no interpreter starts");
    };
    const health = new Health({ probe, progress: idle, nowMs: () => nowMs });
    expect(await health.condition()).toEqual({ kind: "broken", message: "no interpreter starts" });
    fails = false;
    nowMs = 5000;
    expect(await health.condition()).toEqual({ kind: "works" });
  });

  test("is broken where the probe hangs and nothing else runs", async () => {
    expect(await new Health({ probe: hangs, progress: idle }).condition(1)).toMatchObject({ kind: "broken" });
  });

  test("is occupied where the probe waits behind work, until none of that comes to an end either", async () => {
    let nowMs = 0;
    let ended = 1;
    const health = new Health({ probe: hangs, progress: () => ({ ended, running: 2 }), nowMs: () => nowMs });
    expect(await health.condition(1)).toEqual({ kind: "occupied" });
    nowMs = 119_000;
    ended = 2;
    expect(await health.condition(1)).toEqual({ kind: "occupied" });
    nowMs = 239_001;
    expect(await health.condition(1)).toEqual({ kind: "broken", message: "no program comes to an end" });
  });
});
