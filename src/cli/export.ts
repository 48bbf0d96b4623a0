// `coderlplus export`: a model folder for other tools, out of a run's checkpoint or of a model and its adapters.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { UsageError } from "../core/errors.js";
import { writeFolderAtomic } from "../core/folders.js";
import { sum } from "../core/maths.js";
import { sizeText } from "../core/sizes.js";
import { type ExportSource, exportModel } from "../engines/embedded/adapters/export.js";
import { ADAPTER_FOLDER } from "../engines/embedded/checkpoints.js";
import type { StoredType } from "../engines/embedded/model/number-formats.js";
import { remoteCheckpointIn } from "../engines/tinker/engine/checkpoint.js";
import type { BestCheckpoint } from "../runs/records.js";
import { RunDirectory } from "../runs/run-directory.js";
import { checkpointStep } from "./checkpoint-step.js";
import { exportArchive } from "./export-archive.js";
import { positive } from "./numbers.js";

export interface ExportFlags {
  readonly run?: string;
  readonly step?: number;
  readonly best?: boolean;
  readonly model?: string;
  readonly adapter?: string;
  readonly out: string;
  readonly type: string;
  readonly json?: boolean;
}

const TYPES: Readonly<Record<string, StoredType>> = { f32: "F32", bf16: "BF16", f16: "F16" };

/** @param write  where the result goes */
export function registerExport(
  program: Command,
  write: (text: string) => void = (text) => void process.stdout.write(text),
): void {
  program
    .command("export")
    .description("write a plain model folder, adapters merged, for transformers, vLLM and others")
    .option("--run <folder>", "a run: its newest checkpoint")
    .option("--step <n>", "another checkpoint of the run", positive)
    .addOption(new Option("--best", "its best checkpoint, by train.keepBest").conflicts("step"))
    .addOption(new Option("--model <folder>", "a model folder instead of a run").conflicts(["run", "step", "best"]))
    .addOption(new Option("--adapter <folder>", "adapters in PEFT's layout, of --model").conflicts("run"))
    .requiredOption("--out <folder>", "where the model is written; must not exist. Of weights on a server: a .tar.gz")
    .addOption(new Option("--type <type>", "how numbers are stored").choices(Object.keys(TYPES)).default("f32"))
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  coderlplus export --run runs/coderlplus-1 --out my-model --type bf16\n  coderlplus export --model base --adapter my-adapter --out my-model" +
        "\n  coderlplus export --run runs/qwen3-4b-1 --out my-adapter.tar.gz   (as the server packs it; unpacked, --adapter takes it)",
    )
    .action(async (flags: ExportFlags) => {
      const { source, checkpoint } = sourceOf(flags);
      const { out, type } = flags;
      if (existsSync(out)) throw new UsageError(`${out}: is there already; choose another name with --out`);
      const remote = remoteCheckpointIn(source.model);
      if (remote) return write(await exportArchive(remote, flags, checkpoint ? `; ${checkpointText(checkpoint)}` : ""));
      let parameters = 0;
      await writeFolderAtomic(out, (folder) => {
        parameters = exportModel(folder, source, TYPES[type]);
      });
      const bytes = sum(readdirSync(out).map((name) => statSync(join(out, name)).size));
      const result = { out, ...source, ...checkpoint, type, parameters, bytes };
      write(
        flags.json
          ? `${JSON.stringify(result)}\n`
          : `${out}: ${parameters.toLocaleString("en")} parameters as ${type}, ${sizeText(bytes)}${checkpoint ? `; ${checkpointText(checkpoint)}` : ""}\n`,
      );
    });
}

/** Which of a run's checkpoints it is, and by what it is the best. */
interface Checkpoint {
  readonly step: number;
  readonly best?: BestCheckpoint | undefined;
}

function checkpointText({ step, best }: Checkpoint): string {
  return `step ${step}${best ? `, the best by ${best.measure} (${(100 * best.value).toFixed(1)} %)` : ""}`;
}

/** @throws UsageError where the flags name nothing, or adapters that are in the weights already */
function sourceOf({ run, step, best, model, adapter }: ExportFlags): {
  readonly source: ExportSource;
  readonly checkpoint: Checkpoint | null;
} {
  if (model === undefined) {
    if (run === undefined) throw new UsageError("nothing to export: name a run with --run or a model with --model");
    const directory = RunDirectory.open(run);
    const chosen = checkpointStep(directory, best ? "best" : step);
    const isBest = best ? { best: directory.readBest() ?? undefined } : {};
    return {
      source: { model: directory.checkpointPath(chosen), adapter: undefined },
      checkpoint: { step: chosen, ...isBest },
    };
  }
  if (adapter !== undefined && existsSync(join(model, ADAPTER_FOLDER))) {
    throw new UsageError(`${model}: its adapters are merged into its weights already; leave out --adapter`);
  }
  return { source: { model, adapter }, checkpoint: null };
}
