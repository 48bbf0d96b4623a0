// The queue's state on the disk: a snapshot, and a journal of the moves made since. A move is in the journal before it is
// answered; a kill leaves at most the beginning of a line that nobody has been answered for.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type AlignmentExample, dropReasons } from "../../alignment/example.js";
import { AlignmentPool } from "../../alignment/pool.js";
import { DataError, messageOf, StorageError, UsageError } from "../../core/errors.js";
import { appendDurable, dropUnfinishedLine, storing, writeAtomic } from "../../core/files.js";
import { sweepTemporary } from "../../core/folders.js";
import { eachLine, readRecords, toLines } from "../../core/jsonl.js";
import { number } from "../../core/schema.js";
import type { Problems } from "../../problems/problem-set.js";
import { alignmentExampleSchema } from "../../runs/schemas.js";
import { rolloutsAnswer } from "../api/tasks.js";
import type { TaskConfig } from "./config.js";
import {
  type Answered,
  type NextMove,
  newState,
  type ReportMove,
  type TaskState,
  takeNext,
  takeReport,
} from "./state.js";

const count = z.int().nonnegative();
const move = { sequence: count, key: z.string().nullable(), hash: z.string(), step: count };

const moveSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("next"), ...move, n: count, share: number() }),
  z.strictObject({
    kind: z.literal("report"),
    ...move,
    candidates: count,
    dropped: z.partialRecord(z.enum(dropReasons), count),
    examples: z.array(alignmentExampleSchema),
  }),
]);

/** The first line says where the queue is; the others are what it holds. */
const snapshotSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("place"),
    version: z.literal(1),
    /** What the order of tasks follows from. */
    identity: z.record(z.string(), z.string()),
    sequence: count,
    cursor: count,
    turn: z.strictObject({ step: count, calls: count, owed: number(), drawn: z.array(z.string()) }),
    reported: z.strictObject({ step: count, candidates: count, kept: count }),
  }),
  z.strictObject({ kind: z.literal("pooled"), example: alignmentExampleSchema, drawn: z.boolean() }),
  z.strictObject({ kind: z.literal("handed"), example: alignmentExampleSchema }),
  z.strictObject({
    kind: z.literal("answered"),
    key: z.string(),
    answer: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("next"),
        hash: z.string(),
        tasks: z.array(z.string()),
        step: count,
        pool_size: count,
      }),
      z.strictObject({ kind: z.literal("report"), hash: z.string(), answer: rolloutsAnswer }),
    ]),
  }),
]);

type Line = z.output<typeof snapshotSchema>;
type Place = Extract<Line, { kind: "place" }>;

/** Moves between two snapshots: so many are made again at the most when the service starts. */
const MOVES_A_SNAPSHOT = 1000;

export class Journal {
  #moves = 0;
  readonly #snapshot: string;
  readonly #journal: string;

  private constructor(
    folder: string,
    private readonly identity: Readonly<Record<string, string>>,
    readonly state: TaskState,
    private readonly notice: (text: string) => void,
  ) {
    this.#snapshot = join(folder, SNAPSHOT);
    this.#journal = join(folder, JOURNAL);
  }

  /**
   * The state as it was when the last answer was given; a new one in a folder that has none.
   *
   * @param identity  by name, what has to be the same for the state to go on
   * @throws UsageError where something else made it; DataError where a file is damaged
   */
  static open(
    folder: string,
    identity: Readonly<Record<string, string>>,
    problems: Problems,
    config: TaskConfig,
    notice: (text: string) => void,
  ): Journal {
    storing(folder, () => mkdirSync(folder, { recursive: true }));
    sweepTemporary(folder);
    const snapshot = join(folder, SNAPSHOT);
    const state = existsSync(snapshot) ? readSnapshot(snapshot, identity, config) : newState(config);
    const journal = new Journal(folder, identity, state, notice);
    journal.#repeatMoves(problems, config);
    journal.compact();
    return journal;
  }

  /** @throws StorageError: then it is not made */
  write(made: NextMove | ReportMove): void {
    appendDurable(this.#journal, toLines([{ sequence: this.state.sequence + 1, ...made }]));
    this.#moves++;
  }

  /** Once in a while; to be called between two moves. Where it cannot be written the journal grows: it has the moves. */
  compactWhenLong(): void {
    if (this.#moves < MOVES_A_SNAPSHOT) return;
    try {
      this.compact();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#moves = 0;
      this.notice(`${messageOf(error)}; the journal is kept instead`);
    }
  }

  /** A kill between the two writes leaves moves that the snapshot has already: their numbers tell. */
  compact(): void {
    writeAtomic(this.#snapshot, eachLine(linesOf(this.state, this.identity)));
    writeAtomic(this.#journal, "");
    this.#moves = 0;
  }

  #repeatMoves(problems: Problems, config: TaskConfig): void {
    if (!existsSync(this.#journal)) return;
    dropUnfinishedLine(this.#journal);
    for (const { record, line } of readRecords(this.#journal, moveSchema)) {
      if (record.sequence <= this.state.sequence) continue;
      if (record.sequence > this.state.sequence + 1) {
        throw new DataError(`${this.#journal}:${line}: moves before it are missing; ${START_ANEW}`);
      }
      if (record.kind === "next") takeNext(this.state, record, problems, config);
      else takeReport(this.state, record as ReportMove);
    }
  }
}

const SNAPSHOT = "snapshot.jsonl";
const JOURNAL = "journal.jsonl";
const START_ANEW = "name another folder to begin a new pool";

function* linesOf(
  { sequence, cursor, turn, reported, pool, handed, answers }: TaskState,
  identity: Readonly<Record<string, string>>,
): Generator<Line> {
  yield { kind: "place", version: 1, identity, sequence, cursor, turn, reported } as Place;
  for (const { example, drawn } of pool.entries) yield { kind: "pooled", example, drawn } as Line;
  for (const example of handed.values()) yield { kind: "handed", example } as Line;
  for (const [key, answer] of answers) yield { kind: "answered", key, answer } as Line;
}

function readSnapshot(path: string, identity: Readonly<Record<string, string>>, config: TaskConfig): TaskState {
  const lines = readRecords(path, snapshotSchema).map(({ record }) => record);
  const [place] = lines;
  if (place?.kind !== "place") throw new DataError(`${path}:1: expected the queue's place; ${START_ANEW}`);
  for (const [name, value] of Object.entries(identity)) {
    if (place.identity[name] === value) continue;
    throw new UsageError(`${path}: ${name} is not what this pool was made with; set it back, or ${START_ANEW}`);
  }
  const of = <Kind extends Line["kind"]>(kind: Kind): Array<Extract<Line, { kind: Kind }>> =>
    lines.filter((line): line is Extract<Line, { kind: Kind }> => line.kind === kind);
  const { sequence, cursor, turn, reported } = place;
  const entries = of("pooled").map(({ example, drawn }) => ({ example: example as AlignmentExample, drawn }));
  return {
    sequence,
    cursor,
    turn,
    reported,
    pool: new AlignmentPool(config.pool, entries),
    handed: new Map(of("handed").map(({ example }) => [example.id, example as AlignmentExample])),
    answers: new Map(of("answered").map(({ key, answer }) => [key, answer as Answered])),
  };
}
