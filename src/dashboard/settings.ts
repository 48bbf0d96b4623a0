// A run's config as the dashboard reads it: flat, and by a short name where seeds of one setting have the same.

import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { DataError, messageOf } from "../core/errors.js";
import { sha256 } from "../core/files.js";
import { flatConfig, settingOf } from "../runs/compare.js";
import { readWhole } from "./files.js";

/** Far more than runs of a study differ by. */
const MAXIMUM_KEPT = 1000;

/** @throws DataError, UsageError */
export function readSettings(path: string): Record<string, string> {
  const config = join(path, "config.yaml");
  return settingsIn(readWhole(config), config);
}

function settingsIn(text: string, config: string): Record<string, string> {
  try {
    return flatConfig(parseYaml(text) ?? {});
  } catch (error) {
    const [reason] = messageOf(error).split("\n");
    throw new DataError(`${config}: not YAML: ${reason}`, { cause: error });
  }
}

/** Names settings so that seeds of one are grouped. The seed has no part in it, so that one reading does for all of them. */
export function openSettingNames(): (path: string) => string {
  const kept = new Map<string, string>();
  return (path) => {
    const config = join(path, "config.yaml");
    const text = readWhole(config).replace(/^seed: \d+$/m, "");
    const before = kept.get(text);
    if (before !== undefined) return before;
    const name = sha256(JSON.stringify(settingOf(settingsIn(text, config)))).slice(0, 16);
    if (kept.size >= MAXIMUM_KEPT) kept.clear();
    kept.set(text, name);
    return name;
  };
}
