// The final value of every variable of a run, in every scope.
//   npx tsx examples/trace.ts

import { openSandbox, stringifyJson, trace } from "coderlplus";

const program = `def f(x):
    total = 0
    for v in x:
        total += v
    return total
`;

const sandbox = await openSandbox({ workers: 1 });
const traced = await trace(sandbox, program, { kind: "call", function: "f", arguments: [[1, 2, 3]] });
console.log(traced.status, stringifyJson(traced.variables), "returned", stringifyJson(traced.returned));
await sandbox.close();
