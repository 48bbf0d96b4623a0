// Judge programs without training anything: the tests decide, the comparison happens outside the sandbox.
//   npx tsx examples/judge.ts

import { judge, openSandbox, problemSchema } from "coderlplus";

const problem = problemSchema.parse({
  id: "example/1",
  language: "python",
  prompt: "Return the sum of the squares.",
  tests: [
    { kind: "call", function: "f", arguments: [[1, 2, 3]], expected: 14 },
    { kind: "call", function: "f", arguments: [[]], expected: 0 },
  ],
});

const sandbox = await openSandbox({ workers: 1 });
for (const program of ["def f(x):\n    return sum(v * v for v in x)\n", "def f(x):\n    return x[0] ** 2\n"]) {
  const { verdict, tests } = await judge(sandbox, problem, program);
  console.log(verdict.kind, tests.map(({ kind }) => kind).join(", "));
}
await sandbox.close();
