// A recorded run at one of its moments: which calls are open, what their variables hold and what has just become different.
// Found by going through the moments up to there, of which a recording has some thousands at most. Nothing here draws.

import type { TraceDetail, TraceMoment } from "../../src/dashboard/api/rollouts.js";

/** A variable of an open call. */
export interface ShownVariable {
  /** Scope path and name. */
  readonly key: string;
  /** Without the path of its own call. */
  readonly name: string;
  /** Null where it has just lost its value. */
  readonly text: string | null;
  readonly isChanged: boolean;
  /** Before the change; null where it had none. */
  readonly before: string | null;
}

export interface OpenCall {
  readonly activation: number;
  /** Empty for the module. */
  readonly scope: string;
  /** That it has come to. */
  readonly line: number;
  readonly variables: readonly ShownVariable[];
}

export interface CourseState {
  /** The newest first, the module last. */
  readonly calls: readonly OpenCall[];
  readonly changed: readonly ShownVariable[];
}

type Recorded = Pick<TraceDetail, "names"> & { readonly moments: readonly TraceMoment[] };

const MODULE = 0;

/** After the moment's line was executed. */
export function stateAt({ moments, names }: Recorded, at: number): CourseState {
  const values = new Map<number, Map<string, string>>();
  const lines = new Map<number, { scope: string; line: number }>([[MODULE, { scope: "", line: 0 }]]);
  const before = new Map<string, string | null>();
  const open: number[] = [];
  for (let i = 0; i <= at && i < moments.length; i++) {
    const { activation, depth, scope, line, changes } = moments[i];
    if (open.length > depth) open.length = depth;
    open.push(activation);
    lines.set(activation, { scope, line });
    for (const [number, text] of changes) {
      const key = names[number] ?? "";
      const owner = ownerOf(key, activation);
      const held = values.get(owner) ?? new Map<string, string>();
      values.set(owner, held);
      if (i === at && !before.has(idOf(owner, key))) before.set(idOf(owner, key), held.get(key) ?? null);
      if (text === null) held.delete(key);
      else held.set(key, text);
    }
  }
  const shown = [...new Set([...open.reverse(), MODULE])];
  const calls = shown.map((activation): OpenCall => {
    const { scope, line } = lines.get(activation) ?? { scope: "", line: 0 };
    return { activation, scope, line, variables: variablesOf(activation, scope, values.get(activation), before) };
  });
  return { calls, changed: calls.flatMap(({ variables }) => variables.filter(({ isChanged }) => isChanged)) };
}

/** A variable of the module is the module's whoever changes it; what a call gives back is the call's. */
function ownerOf(key: string, activation: number): number {
  return key.includes(".") || key.endsWith("()") ? activation : MODULE;
}

function idOf(activation: number, key: string): string {
  return `${activation} ${key}`;
}

function variablesOf(
  activation: number,
  scope: string,
  held: ReadonlyMap<string, string> | undefined,
  before: ReadonlyMap<string, string | null>,
): ShownVariable[] {
  const prefix = idOf(activation, "");
  const lost = [...before.keys()].flatMap((id) => (id.startsWith(prefix) ? [id.slice(prefix.length)] : []));
  return [...new Set([...(held?.keys() ?? []), ...lost])].map((key) => {
    const id = idOf(activation, key);
    const own = scope !== "" && key.startsWith(`${scope}.`) ? key.slice(scope.length + 1) : key;
    return { key, name: own, text: held?.get(key) ?? null, isChanged: before.has(id), before: before.get(id) ?? null };
  });
}

/** Where each line is executed, by its number. */
export function visitsOf(moments: readonly TraceMoment[]): ReadonlyMap<number, readonly number[]> {
  const visits = new Map<number, number[]>();
  moments.forEach(({ line }, at) => visits.set(line, [...(visits.get(line) ?? []), at]));
  return visits;
}

/** Where a variable changes, in any call. */
export function changesOf({ moments, names }: Recorded, key: string): number[] {
  const number = names.indexOf(key);
  return moments.flatMap(({ changes }, at) => (changes.some(([name]) => name === number) ? [at] : []));
}

/** The next of these places after one, or before it. */
export function nextOf(places: readonly number[], at: number, direction: 1 | -1): number | null {
  const found = direction === 1 ? places.find((place) => place > at) : places.findLast((place) => place < at);
  return found ?? null;
}

/** The next moment that is no deeper: over the calls that a line makes. */
export function overFrom(moments: readonly TraceMoment[], at: number): number {
  return nextWhere(moments, at, (depth) => depth <= (moments[at]?.depth ?? 0));
}

/** The next moment of what has made this call. */
export function outFrom(moments: readonly TraceMoment[], at: number): number {
  return nextWhere(moments, at, (depth) => depth < (moments[at]?.depth ?? 0));
}

function nextWhere(moments: readonly TraceMoment[], at: number, isMeant: (depth: number) => boolean): number {
  const found = moments.findIndex(({ depth }, place) => place > at && isMeant(depth));
  return found === -1 ? moments.length - 1 : found;
}
