// Which groups of rollouts a report holds: of each task those whose rewards differ most, as many as there is room for.
// They are what the step learnt from; a group of equal rewards teaches nothing.

export interface Candidate {
  readonly step: number;
  readonly group: number;
  readonly task: "code" | "alignment";
  /** Without those that the judge failed on. */
  readonly rewards: readonly number[];
}

/**
 * In turn a group of each step and task, so that none crowds out the others.
 *
 * @returns  in the order in which they should be taken until the report is full
 */
export function inTurn<C extends Candidate>(candidates: readonly C[]): C[] {
  const kinds = new Map<string, C[]>();
  for (const candidate of [...candidates].sort(byTelling)) {
    const kind = `${candidate.step} ${candidate.task}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), candidate]);
  }
  // Where no rewards differ at all, one group shows what there was.
  const queues = [...kinds.values()]
    .sort(([a], [b]) => byKind(a, b))
    .map((queue) => {
      const telling = queue.filter((candidate) => rangeOf(candidate) > 0);
      return telling.length > 0 ? telling : queue.slice(0, 1);
    });
  const turns = Math.max(0, ...queues.map((queue) => queue.length));
  return Array.from({ length: turns }, (_, turn) => queues.flatMap((queue) => queue[turn] ?? [])).flat();
}

/** The newest step first, code before alignment. */
function byKind(a: Candidate, b: Candidate): number {
  return b.step - a.step || (a.task === b.task ? 0 : a.task === "code" ? -1 : 1);
}

/** The widest first; of equals that with the most even split, then the first. */
function byTelling(a: Candidate, b: Candidate): number {
  return rangeOf(b) - rangeOf(a) || unevenness(a) - unevenness(b) || a.group - b.group;
}

function rangeOf({ rewards }: Candidate): number {
  return rewards.length === 0 ? 0 : Math.max(...rewards) - Math.min(...rewards);
}

/** Distance of the mean from the middle between best and worst. */
function unevenness({ rewards }: Candidate): number {
  const [low, high] = [Math.min(...rewards), Math.max(...rewards)];
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  return Math.abs(mean - (low + high) / 2);
}
