// Runs fuzz programs through the judge, each followed by a canary that looks at the whole interpreter, and says what
// went wrong: a pass, a verdict of no known kind, a failure of the judge's own, a canary that saw a difference.

import { createHash } from "node:crypto";
import { judge } from "../../src/judge/judge.js";
import { type Problem, problemSchema, type Test } from "../../src/problems/problem.js";
import type { Execution } from "../../src/sandbox/job.js";
import { openSandbox, type Room, type Sandbox } from "../../src/sandbox/sandbox.js";
import { fuzzProgram } from "./programs.js";

const LIMITS = { timeMs: 50, memoryBytes: 64 << 20, outputBytes: 1 << 18 };
/** What a hostile program's test may end with. */
const KINDS: ReadonlySet<string> = new Set(
  "wrong-answer raised exited timed-out out-of-memory output-limit denied crashed".split(" "),
);

/** Looks at every module, type and shared object, and at what the next object will be made of. */
const CANARY = `import sys, gc, os, time
seen = count = 0
plain = (int, str, float, bytes, bool)
for name, module in sys.modules.items():
    for key, value in vars(module).items():
        kind = type(value)
        seen = hash((seen, name, key, id(value), kind.__name__, value if kind in plain else 0))
        if kind is type: seen = hash((seen, *map(id, vars(value).values())))
        count += 1
print(seen, count, [n + 0 for n in range(-5, 257)], [chr(n) for n in range(256)])
print(sys.getrecursionlimit(), sys.flags, sys.path, sys.getswitchinterval(), gc.get_threshold(), gc.get_count(), gc.isenabled())
print(os.listdir('/'), os.listdir('/tmp'), os.environ, os.getcwd(), time.time(), id(object()), os.urandom(8), dir(__builtins__))
`;

export interface FuzzReport {
  readonly programs: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Empty where all is well; each names the program by its number. */
  readonly defects: readonly string[];
}

export interface FuzzOptions {
  readonly programs: number;
  readonly seed: number;
  readonly workers: number;
  readonly onProgress?: (done: number) => void;
}

export async function fuzz({ programs, seed, workers, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const sandbox = await openSandbox({ workers });
  const outcomes: Record<string, number> = {};
  const defects: string[] = [];
  try {
    const healthy = await sandbox.lease(look);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < programs; index = next++) {
        const { kind, wrong } = await one(sandbox, seed, index, healthy);
        outcomes[kind] = (outcomes[kind] ?? 0) + 1;
        defects.push(...wrong.map((defect) => `program ${index} of seed ${seed}: ${defect}`));
        onProgress?.(index + 1);
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    await sandbox.close();
  }
  return { programs, outcomes, defects };
}

async function one(
  sandbox: Sandbox,
  seed: number,
  index: number,
  healthy: string,
): Promise<{ kind: string; wrong: string[] }> {
  const { origin, source } = fuzzProgram(seed, index);
  const wrong: string[] = [];
  const { verdict, tests } = await judge(sandbox, problemOf(seed, index), source);
  const kind = verdict.kind === "failed" ? verdict.reason : verdict.kind;
  if (verdict.kind === "failed" ? !KINDS.has(verdict.reason) : verdict.kind !== "unparsable") {
    wrong.push(`verdict ${JSON.stringify(verdict)} ${JSON.stringify(tests)}`);
  }
  // One lease at a time a worker: the room that comes is not always the one that ran it, but each is looked at in turn.
  const seen = await sandbox.lease(look);
  if (seen !== healthy) wrong.push(`the canary saw ${difference(seen, healthy)}`);
  return { kind: `${origin} ${kind}`, wrong };
}

/** What is asked for cannot be guessed, and is nowhere in the interpreter. */
function problemOf(seed: number, index: number): Problem {
  const secret = createHash("sha256").update(`${seed} ${index} answer`).digest("hex");
  const tests: readonly Test[] = [
    { kind: "stdio", stdin: "1\n", stdout: `${secret}\n` },
    { kind: "call", function: "solve", arguments: [1, "x"], expected: secret },
    { kind: "check", code: `def check(candidate):\n    assert candidate(1) == "${secret}"\n`, entryPoint: "solve" },
  ];
  const test = tests[index % 8 === 0 ? 2 : index % 2];
  return problemSchema.parse({ id: "fuzz", language: "python", prompt: "", tests: [test], limits: LIMITS });
}

async function look(room: Room): Promise<string> {
  const limits = { ...LIMITS, timeMs: 2000 };
  const request = { op: "run", name: "__main__", source: CANARY, preamble: "" };
  const execution: Execution = await room.run({ request, stdin: "", limits });
  return `${execution.ending.kind} ${execution.work}\n${execution.stdout}`;
}

function difference(seen: string, healthy: string): string {
  const expected = healthy.split("\n");
  const line = seen.split("\n").find((text, at) => text !== expected[at]) ?? "less";
  return JSON.stringify(line.slice(0, 300));
}
