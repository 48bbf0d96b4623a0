// Processor time and memory as the system counts them, of threads and of other processes; nothing where it is no Linux.

import { readdirSync, readFileSync } from "node:fs";

/** Of the kernel's clock, the same on all common systems. */
const TICKS_PER_SECOND = 100;

interface Usage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Of this process's main thread alone; the process's where that cannot be told. */
export function mainThreadSeconds(): number {
  const fields = statOf(`/proc/self/task/${process.pid}/stat`);
  if (fields) return secondsIn(fields);
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Of all processes that this one started, with theirs: those that judge. */
export function childrenUsage(): Usage {
  const ours = familyOf(process.pid).filter(({ pid }) => pid !== process.pid);
  return {
    cpuSeconds: ours.reduce((sum, { fields }) => sum + secondsIn(fields), 0),
    residentBytes: ours.reduce((sum, { fields }) => sum + Number(fields[21]) * 4096, 0),
  };
}

const LOOK_MS = 100;

/** Processor time of a process and of all that it starts, each as it was last seen. */
export class Spent {
  readonly #seconds = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      for (const one of familyOf(pid)) this.#seconds.set(one.pid, secondsIn(one.fields));
    }, LOOK_MS);
  }

  /** @returns seconds */
  end(): number {
    clearInterval(this.#timer);
    return [...this.#seconds.values()].reduce((sum, seconds) => sum + seconds, 0);
  }
}

interface Running {
  readonly pid: number;
  readonly fields: readonly string[];
}

/** A process and all that it started, with theirs. */
function familyOf(pid: number): Running[] {
  if (process.platform !== "linux") return [];
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const fields = statOf(`/proc/${name}/stat`);
      return fields ? [{ pid: Number(name), parent: Number(fields[1]), fields }] : [];
    });
  const family = new Set([pid]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const one of all) if (family.has(one.parent)) family.add(one.pid);
  }
  return all.filter((one) => family.has(one.pid));
}

/** The fields behind the name, which may hold anything; null where there is none. */
function statOf(path: string): string[] | null {
  try {
    const text = readFileSync(path, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

function secondsIn(fields: readonly string[]): number {
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
