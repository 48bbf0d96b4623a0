// Speed of the embedded engine on a graphics processor: `npm run bench:webgpu [-- --models 30m,135m,0.5b --rounds 3
// --size 2048 --json]`. Training and sampling in tokens a second, as shares of the matrix product and of the memory
// speed that the device reaches through the same provider: the nearer a share is to 1, the more that is what limits.
// On a software driver only `--models tiny --rounds 1 --size 128` ends soon, and its numbers say nothing of any card.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { quantile } from "../src/core/maths.js";
import { openEmbedded } from "../src/engines/embedded/embedded.js";
import { type DeviceCeilings, deviceCeilings } from "./engine/device.js";
import { DEVICE_MODELS, MODELS, samplingFlops, trainingFlops, writeModel } from "./engine/models.js";
import { SAMPLED_ROWS, sampling, training } from "./engine/work.js";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "30m,135m,0.5b" },
    rounds: { type: "string", default: "3" },
    size: { type: "string", default: "2048" },
    json: { type: "boolean", default: false },
  },
});

interface ModelSpeed {
  readonly model: string;
  readonly parameters: number;
  readonly device: string;
  readonly trainingTokensPerSecond: number;
  /** Of the matrix product's speed. */
  readonly trainingGemmShare: number;
  readonly samplingTokensPerSecond: number;
  readonly samplingGemmShare: number;
  /** Every step of all rows reads every weight once. */
  readonly samplingMemoryShare: number;
}

async function measureModel(folder: string, name: string, ceilings: DeviceCeilings): Promise<ModelSpeed> {
  const model = { ...MODELS, ...DEVICE_MODELS }[name];
  if (!model)
    throw new Error(`no model "${name}"; there are ${Object.keys({ ...MODELS, ...DEVICE_MODELS }).join(", ")}`);
  const { config, trainingRows, trainingLength, sampledLength } = model;
  writeModel(join(folder, name), config);
  const engine = await openEmbedded({ model: join(folder, name), device: "webgpu" });
  const [trainingTimes, samplingTimes]: [number[], number[]] = [[], []];
  try {
    for (let round = 0; round <= Number(values.rounds); round++) {
      process.stderr.write(`${name}, round ${round} of ${values.rounds}\n`);
      const times = [
        (await training(engine, model, round)).seconds,
        (await sampling(engine, "equal", model, round)).cost.seconds,
      ];
      if (round === 0) continue;
      trainingTimes.push(times[0]);
      samplingTimes.push(times[1]);
    }
  } finally {
    await engine.close();
  }
  const trained = (trainingRows * trainingLength) / quantile(trainingTimes, 0.5);
  const steps = sampledLength / quantile(samplingTimes, 0.5);
  const { parameters } = engine.model;
  return {
    model: name,
    parameters,
    device: engine.device,
    trainingTokensPerSecond: trained,
    trainingGemmShare: (trained * trainingFlops(config, trainingLength)) / 1e9 / ceilings.gemmGflops,
    samplingTokensPerSecond: SAMPLED_ROWS * steps,
    samplingGemmShare:
      (SAMPLED_ROWS * steps * samplingFlops(config, (sampledLength + 1) / 2)) / 1e9 / ceilings.gemmGflops,
    samplingMemoryShare: (steps * parameters * 4) / 1e9 / ceilings.memoryGigabytesPerSecond,
  };
}

const folder = mkdtempSync(join(tmpdir(), "coderlplus-bench-"));
try {
  const ceilings = await deviceCeilings(Number(values.size));
  const models: ModelSpeed[] = [];
  for (const name of values.models.split(",")) models.push(await measureModel(folder, name, ceilings));
  const lines = (record: object): string =>
    Object.entries(record)
      .map(
        ([name, value]) => `${name.padEnd(28)} ${typeof value === "number" ? Number(value.toPrecision(4)) : value}\n`,
      )
      .join("");
  const text = [ceilings, ...models].map(lines).join("\n");
  process.stdout.write(values.json ? `${JSON.stringify({ ceilings, models })}\n` : text);
} finally {
  rmSync(folder, { recursive: true });
}
