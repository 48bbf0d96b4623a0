// Before each test file: properties draw the same cases every time, so that what passes here passes elsewhere. Another
// seed: FC_SEED=7 npm test.

import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["FC_SEED"] ?? 1) });
