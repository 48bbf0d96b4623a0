// What of a run's config and run.json decides how its rollouts are shown. Not the config's schema, which is the
// trainer's: a folder of an older version, or a damaged one, is shown by the defaults.

import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { type RewardMode, rewardModes } from "../../alignment/reward.js";
import { readText } from "../../core/files.js";
import { bundled } from "../../problems/bundled.js";

export interface RunFacts {
  readonly mode: RewardMode;
  /** The prompts say to write tuples and deques as JSON arrays. */
  readonly sequencesAsArrays: boolean;
  /** What was learnt from and what was evaluated on: problems of both may go by one name. Null where there is none. */
  readonly data: Readonly<Record<"train" | "evaluation", DataFile | null>>;
}

export interface DataFile {
  readonly path: string;
  /** When the run began; null where that is not known. */
  readonly sha256: string | null;
}

export function runFacts(runPath: string): RunFacts {
  const config = read(join(runPath, "config.yaml"), parseYaml);
  const hashes = at(read(join(runPath, "run.json"), JSON.parse), "dataHashes");
  const mode = rewardModes.find((name) => name === at(config, "reward", "alignment")) ?? "withOutput";
  const file = (name: "train" | "evaluation", shipped: "train" | "held-out"): DataFile | null => {
    const [path, sha256] = [at(config, "data", name), at(hashes, name)];
    if (typeof path !== "string") return null;
    return { path: bundled(path, shipped), sha256: typeof sha256 === "string" ? sha256 : null };
  };
  // A supervised run learns from demonstrations, which are no problems.
  const isSupervised = typeof at(config, "supervised", "data") === "string";
  return {
    mode,
    sequencesAsArrays: at(config, "prompts", "dialect") === "chat",
    data: { train: isSupervised ? null : file("train", "train"), evaluation: file("evaluation", "held-out") },
  };
}

function read(path: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(readText(path));
  } catch {
    return null;
  }
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  );
}
