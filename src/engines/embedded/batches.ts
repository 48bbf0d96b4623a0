// How sequences are cut into batches that run at once. Depends only on the sequences and the budgets, never on the
// number of threads or workers, so that sums of gradients have one order.

export interface Sequence {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
}

/** Sequences of several prompts; those of one prompt are a group and share its computation. */
export interface Batch<Item> {
  readonly groups: ReadonlyArray<readonly Item[]>;
  /** S: every prompt of the batch is padded to it. */
  readonly promptLength: number;
  /** U: every completion, without its last token, is padded to it. */
  readonly ownLength: number;
}

export interface BatchLimits {
  /** Tokens of a batch, its padding included. */
  readonly tokens: number;
  /** Floats of one [K, vocabulary] or of one layer's attention: each is held several times over. */
  readonly floats: number;
}

export interface BatchCosts {
  readonly vocabularySize: number;
  readonly heads: number;
}

/** Prompts that are computed together, and sampled from together, are padded to the same multiple of this. */
const PROMPT_STEP = 32;
const LENGTH_STEP = 8;

export function promptBucket(length: number): number {
  return length <= PROMPT_STEP / 2 ? padded(length, LENGTH_STEP) : padded(length, PROMPT_STEP);
}

function padded(length: number, step: number): number {
  return Math.ceil(length / step) * step;
}

/** A completion's last token is only predicted, never read. At least one step: no kernel has to cope with nothing. */
function ownBucket(completionLength: number): number {
  return padded(Math.max(1, completionLength - 1), LENGTH_STEP);
}

export function seatsOf({ groups }: Batch<unknown>): number {
  return Math.max(...groups.map((group) => group.length));
}

/** Cuts the sequences at these indices; neighbours in shape come together, the largest first. */
export function cutBatches(
  sequences: readonly Sequence[],
  wanted: readonly number[],
  limits: BatchLimits,
  costs: BatchCosts,
): Array<Batch<number>> {
  const shape = (group: readonly number[]): [number, number, number] => {
    const { prompt, completion } = sequences[group[0]];
    return [promptBucket(prompt.length), group.length, ownBucket(completion.length)];
  };
  const groups = cutGroups(sequences, wanted, limits).sort((a, b) => {
    const [[promptA, seatsA, ownA], [promptB, seatsB, ownB]] = [shape(a), shape(b)];
    return promptB - promptA || seatsB - seatsA || ownB - ownA || a[0] - b[0];
  });
  const batches: Array<{ groups: number[][]; promptLength: number; ownLength: number }> = [];
  for (const group of groups) {
    const [promptLength, , ownLength] = shape(group);
    const last = batches.at(-1);
    if (last?.promptLength === promptLength && fits([...last.groups, group], last, limits, costs)) {
      last.groups.push(group);
      last.ownLength = Math.max(last.ownLength, ownLength);
    } else {
      batches.push({ groups: [group], promptLength, ownLength });
    }
  }
  return batches;

  function fits(groups: number[][], last: Batch<number>, { tokens, floats }: BatchLimits, costs: BatchCosts): boolean {
    const seats = Math.max(...groups.map((group) => group.length));
    const ownLength = Math.max(last.ownLength, ...groups.map((group) => shape(group)[2]));
    const own = groups.length * seats * ownLength;
    const picked = groups.flat().reduce((sum, index) => sum + sequences[index].completion.length, 0);
    return (
      groups.length * last.promptLength + own <= tokens &&
      own * (last.promptLength + ownLength) * costs.heads <= floats &&
      picked * costs.vocabularySize <= floats
    );
  }
}

/** The sequences of each prompt, longest completion first; a prompt with too many for one batch has several groups. */
function cutGroups(sequences: readonly Sequence[], wanted: readonly number[], limits: BatchLimits): number[][] {
  const byPrompt = new Map<string, number[]>();
  for (const index of wanted) {
    const key = sequences[index].prompt.join();
    const group = byPrompt.get(key);
    if (group) group.push(index);
    else byPrompt.set(key, [index]);
  }
  return [...byPrompt.values()].flatMap((group) => {
    const sorted = group.sort((a, b) => sequences[b].completion.length - sequences[a].completion.length || a - b);
    const { prompt, completion } = sequences[sorted[0]];
    const room = limits.tokens - promptBucket(prompt.length);
    const seats = Math.max(1, Math.floor(room / ownBucket(completion.length)));
    return Array.from({ length: Math.ceil(sorted.length / seats) }, (_, part) =>
      sorted.slice(part * seats, (part + 1) * seats),
    );
  });
}
