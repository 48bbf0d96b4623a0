// Every run and evaluation of the folder, in one list. A run is read again when one of its files has changed, by time and
// size; whether a running one still has a process is asked each time.

import { statSync } from "node:fs";
import { join } from "node:path";
import { DataError, UsageError } from "../core/errors.js";
import type { EvaluationFolder, RunList, RunSummary } from "./api/runs.js";
import { evaluationFolderOf } from "./evaluation-files.js";
import type { ServedFolder } from "./folder.js";
import { RefusedRequest } from "./refusal.js";
import { openSettingNames } from "./settings.js";
import { damaged, statusOf, summarise } from "./summary.js";

/** What a summary is made from. */
const FILES = ["run.json", "config.yaml", "metrics.jsonl", "eval"];

interface Kept {
  readonly state: string;
  readonly summary: RunSummary;
}

export interface RunLister {
  list(): RunList;
  /** @throws RefusedRequest where no run is there */
  summary(place: string): RunSummary;
}

export function openRunLister(folder: ServedFolder): RunLister {
  const kept = new Map<string, Kept>();
  const nameSetting = openSettingNames();
  const summary = (place: string): RunSummary => {
    const path = folder.runPath(place);
    const state = stateOf(path);
    const before = kept.get(place);
    if (before?.state === state) return asItIsNow(path, before.summary);
    const read = summarise(path, place, nameSetting);
    kept.set(place, { state, summary: read });
    return read;
  };
  return {
    summary,
    list: () => {
      const places = folder.places();
      const runs = places.runs.flatMap((place) => listed(folder, place, summary));
      const there = new Set(places.runs);
      for (const place of kept.keys()) if (!there.has(place)) kept.delete(place);
      return {
        folder: folder.name,
        runs: runs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0)),
        evaluations: places.evaluations.flatMap((place) => evaluationIn(folder, place)),
        truncated: places.truncated,
      };
    },
  };
}

/** One that cannot be opened is listed as damaged; one that is gone in this moment is not. */
function listed(folder: ServedFolder, place: string, summary: (place: string) => RunSummary): RunSummary[] {
  try {
    return [summary(place)];
  } catch (error) {
    if (error instanceof RefusedRequest) return [];
    if (error instanceof DataError) return [damaged(folder.pathOf(place), place, error.message)];
    throw error;
  }
}

function evaluationIn(folder: ServedFolder, place: string): EvaluationFolder[] {
  try {
    return [evaluationFolderOf(folder.placePath(place), place)];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}

function stateOf(path: string): string {
  return FILES.map((name) => {
    const stat = statSync(join(path, name), { throwIfNoEntry: false });
    return stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : "";
  }).join(", ");
}

/** A process may have begun or ended without a word. */
function asItIsNow(path: string, summary: RunSummary): RunSummary {
  if (summary.status !== "running" && summary.status !== "interrupted") return summary;
  const status = statusOf(path, "running");
  if (status === summary.status) return summary;
  const { stepSeconds, steps, stepsDone } = summary;
  const left = status === "running" && stepSeconds !== null ? stepSeconds * Math.max(0, steps - stepsDone) : null;
  return { ...summary, status, secondsLeft: left };
}
