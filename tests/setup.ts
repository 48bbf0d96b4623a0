// Before each test file: properties draw the same cases every time, so that what passes here passes elsewhere (another
// seed: FC_SEED=7 npm test), and threads and processes start from the compiled sources.

import fc from "fast-check";
import { inject } from "vitest";

fc.configureGlobal({ seed: Number(process.env["FC_SEED"] ?? 1) });
process.env["CODERLPLUS_COMPILED"] = inject("compiled");
