// What tracing costs: the CPU time of a traced run beside an untraced one, for programs that loop and programs that call.
// Both are run in turn in one interpreter; medians. Without the second world, which takes the same time again.
// `npm run bench:trace [-- --json]`

import { defaultLimits } from "../src/problems/problem.js";
import { openSandbox, type Sandbox } from "../src/sandbox/sandbox.js";
import { trace } from "../src/tracer/tracer.js";

const ROUNDS = 9;

const PROGRAMS: Readonly<Record<string, { readonly goal: number; readonly source: string }>> = {
  "loop: sieve": {
    goal: 1.5,
    source: `n = 300000
sieve = bytearray([1]) * (n + 1)
for i in range(2, int(n ** 0.5) + 1):
    if sieve[i]:
        for j in range(i * i, n + 1, i):
            sieve[j] = 0
count = sum(sieve)
`,
  },
  "loop: nested sums": {
    goal: 1.5,
    source: `def total(n):
    s = 0
    for i in range(n):
        for j in range(n):
            s += i * j % 7
    return s
x = total(600)
`,
  },
  "calls: fib(18)": {
    goal: 8,
    source: "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nx = fib(18)\n",
  },
  "calls: fib(23)": {
    goal: 8,
    source: "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nx = fib(23)\n",
  },
  "calls: memo recursion": {
    goal: 8,
    source: `import sys
sys.setrecursionlimit(10000)
def ways(n, memo):
    if n < 2:
        return 1
    if n not in memo:
        memo[n] = (ways(n - 1, memo) + ways(n - 2, memo)) % 1000007
    return memo[n]
for _ in range(60):
    x = ways(900, {})
`,
  },
  "calls: small helpers": {
    goal: 8,
    source: `def clip(a, low, high):
    if a < low:
        return low
    return high if a > high else a
def step(a, b):
    c = a * 3 + b
    return clip(c % 101, 5, 90)
a = 1
for i in range(40000):
    a = step(a, i)
`,
  },
  "calls: methods": {
    goal: 8,
    source: `class Stack:
    def __init__(self):
        self.items = []
    def push(self, item):
        self.items.append(item)
    def pop(self):
        return self.items.pop()
s = Stack()
t = 0
for i in range(40000):
    s.push(i)
    t += s.pop()
`,
  },
  "calls: generators": {
    goal: 8,
    source: `def numbers(n):
    for i in range(n):
        yield i
def even(items):
    for item in items:
        if item % 2 == 0:
            yield item
t = 0
for x in even(numbers(80000)):
    t += x
`,
  },
};

/** The floor of any tracer in Python: an empty callback at every return, and nothing else. */
const FLOOR = `import sys
def _callback(code, offset, value): pass
sys.monitoring.use_tool_id(3, "floor")
sys.monitoring.register_callback(3, sys.monitoring.events.PY_RETURN, _callback)
sys.monitoring.register_callback(3, sys.monitoring.events.PY_YIELD, _callback)
sys.monitoring.set_events(3, sys.monitoring.events.PY_RETURN | sys.monitoring.events.PY_YIELD)
`;

interface Row {
  readonly program: string;
  readonly untracedMs: number;
  readonly tracedMs: number;
  readonly overhead: number;
  readonly emptyCallback: number;
  readonly goal: number;
}

async function measure(sandbox: Sandbox, program: string): Promise<Row> {
  const { source, goal } = PROGRAMS[program] as { goal: number; source: string };
  const limits = { ...defaultLimits, timeMs: 60_000 };
  const untraced = (text: string): Promise<number> =>
    sandbox.lease(async (room) => {
      const request = { op: "run", name: "__main__", source: text, preamble: "" };
      return (await room.run({ request, stdin: "", limits })).cpuMs;
    });
  const traced = async (): Promise<number> =>
    (await trace(sandbox, source, { kind: "stdio", stdin: "" }, { limits, determinismCheck: false })).cpuMs;
  const times: [number[], number[], number[]] = [[], [], []];
  for (let round = -1; round < ROUNDS; round++) {
    const row = [await untraced(source), await traced(), await untraced(FLOOR + source)];
    if (round >= 0) row.forEach((ms, i) => times[i]?.push(ms));
  }
  const [base, full, floor] = times.map(median) as [number, number, number];
  return {
    program,
    untracedMs: round2(base),
    tracedMs: round2(full),
    overhead: round2(full / base),
    emptyCallback: round2(floor / base),
    goal,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

const sandbox = await openSandbox({ workers: 1 });
const rows: Row[] = [];
try {
  for (const name of Object.keys(PROGRAMS)) rows.push(await measure(sandbox, name));
} finally {
  await sandbox.close();
}
if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify(rows)}\n`);
else {
  process.stdout.write("program                  untraced ms  traced ms  overhead  empty callback  goal\n");
  for (const row of rows) {
    const cells = [
      row.untracedMs.toFixed(1),
      row.tracedMs.toFixed(1),
      row.overhead.toFixed(2),
      row.emptyCallback.toFixed(2),
    ];
    const [base, full, overhead, floor] = cells as [string, string, string, string];
    process.stdout.write(
      `${row.program.padEnd(23)}${base.padStart(13)}${full.padStart(11)}${overhead.padStart(10)}${floor.padStart(16)}${`<= ${row.goal}`.padStart(8)}\n`,
    );
  }
}
