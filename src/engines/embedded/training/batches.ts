// How sequences are cut into batches that run at once. Depends only on the sequences and the budgets, never on the
// number of threads or workers, so that sums of gradients have one order.

export interface Sequence {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
}

/** Sequences of several prompts; those of one prompt are a group and share its computation. */
export interface Batch<Item> {
  readonly groups: ReadonlyArray<readonly Item[]>;
  /** S: every prompt of the batch is padded to it, or every whole sequence where `ownLength` is 0. */
  readonly promptLength: number;
  /** U: every completion, without its last token, is padded to it; 0 where no two sequences share a prompt. */
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

/** The fewest tokens of a block of queries: smaller ones cost more than the keys they leave out. */
const BLOCK_STEP = 64;

/** How many blocks attention is cut into: a power of 2, so that few programs serve all lengths. */
export function promptBlocks({ promptLength, ownLength }: Pick<Batch<unknown>, "promptLength" | "ownLength">): number {
  return ownLength === 0 ? blocksOf(promptLength) : 1;
}

function blocksOf(length: number): number {
  return Math.max(1, 2 ** Math.floor(Math.log2(length / BLOCK_STEP)));
}

/** Of a sequence that shares nothing: a whole number of blocks. */
function wholeBucket(length: number): number {
  return padded(length, LENGTH_STEP * blocksOf(length));
}

/** A completion's last token is only predicted, never read. At least one step: no kernel has to cope with nothing. */
function ownBucket(completionLength: number): number {
  return padded(Math.max(1, completionLength - 1), LENGTH_STEP);
}

/** R; 0 where whole sequences stand in for prompts. */
export function seatsOf({ groups, ownLength }: Batch<unknown>): number {
  return ownLength === 0 ? 0 : Math.max(...groups.map((group) => group.length));
}

interface Shape {
  promptLength: number;
  seats: number;
  ownLength: number;
  prompts: number;
  /** Tokens to score. */
  picked: number;
}

/** Cuts the sequences at these indices; neighbours in shape come together, the largest first. */
export function cutBatches(
  sequences: readonly Sequence[],
  wanted: readonly number[],
  limits: BatchLimits,
  costs: BatchCosts,
): Array<Batch<number>> {
  const groups = cutGroups(sequences, wanted, limits).map((group) => ({ group, shape: shapeOf(sequences, group) }));
  groups.sort(
    ({ group: [first], shape: a }, { group: [second], shape: b }) =>
      b.promptLength - a.promptLength || b.seats - a.seats || b.ownLength - a.ownLength || first - second,
  );
  const batches: Array<{ groups: number[][]; shape: Shape }> = [];
  for (const { group, shape } of groups) {
    const last = batches.at(-1);
    const together = last && join(last.shape, shape);
    if (last && together && fits(together, limits, costs)) {
      last.groups.push(group);
      last.shape = together;
    } else {
      batches.push({ groups: [group], shape });
    }
  }
  return batches.map(({ groups, shape: { promptLength, ownLength } }) => ({ groups, promptLength, ownLength }));
}

function shapeOf(sequences: readonly Sequence[], group: readonly number[]): Shape {
  const { prompt, completion } = sequences[group[0]];
  if (group.length === 1) {
    const promptLength = wholeBucket(prompt.length + completion.length - 1);
    return { promptLength, seats: 0, ownLength: 0, prompts: 1, picked: completion.length };
  }
  return {
    promptLength: promptBucket(prompt.length),
    seats: group.length,
    ownLength: ownBucket(completion.length),
    prompts: 1,
    picked: group.reduce((sum, index) => sum + sequences[index].completion.length, 0),
  };
}

/** Undefined for prompts of different padded lengths, which never share a batch; whole sequences do. */
function join(a: Shape, b: Shape): Shape | undefined {
  const whole = a.ownLength === 0 && b.ownLength === 0;
  if (a.promptLength !== b.promptLength && !whole) return undefined;
  if ((a.ownLength === 0) !== (b.ownLength === 0)) return undefined;
  return {
    promptLength: Math.max(a.promptLength, b.promptLength),
    seats: Math.max(a.seats, b.seats),
    ownLength: Math.max(a.ownLength, b.ownLength),
    prompts: a.prompts + b.prompts,
    picked: a.picked + b.picked,
  };
}

function fits(
  { promptLength, seats, ownLength, prompts, picked }: Shape,
  limits: BatchLimits,
  costs: BatchCosts,
): boolean {
  const own = prompts * (seats === 0 ? promptLength : seats * ownLength);
  const shared = seats === 0 ? 0 : prompts * promptLength;
  return (
    shared + own <= limits.tokens &&
    own * (promptLength + ownLength) * costs.heads <= limits.floats &&
    picked * costs.vocabularySize <= limits.floats
  );
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
