// `coderlplus rollouts RUN`: read what the model wrote and why it was rewarded.

import { type Command, Option } from "commander";
import { UsageError } from "../core/errors.js";
import { stringifyJson } from "../core/json.js";
import type { RolloutRecord } from "../runs/records.js";
import { RunDirectory } from "../runs/run-directory.js";
import { positive } from "./numbers.js";

interface Flags {
  readonly step?: number;
  readonly task?: string;
  readonly limit: number;
  readonly json?: boolean;
}

export function registerRollouts(program: Command): void {
  program
    .command("rollouts")
    .description("print rollouts of a run: prompt, completion, verdict, reward, advantage")
    .argument("<run>", "a run folder")
    .option("--step <n>", "which step (default: the last)", positive)
    .addOption(new Option("--task <task>", "only this task").choices(["code", "alignment"]))
    .option("--limit <n>", "at most this many", positive, 8)
    .option("--json", "print them as JSON lines")
    .addHelpText("after", "\nExample:\n  coderlplus rollouts runs/coderlplus-1 --task alignment --limit 3")
    .action((path: string, flags: Flags) => {
      const run = RunDirectory.open(path);
      const steps = run.rolloutSteps();
      const step = flags.step ?? steps.at(-1);
      if (step === undefined || !steps.includes(step)) {
        throw new UsageError(
          `${path}: has no rollouts of step ${flags.step ?? "1"}; it has ${steps.length === 0 ? "none" : `steps ${steps[0]} to ${steps.at(-1)}`}`,
        );
      }
      const chosen = run.readRollouts(step).filter(({ task }) => flags.task === undefined || task === flags.task);
      for (const rollout of chosen.slice(0, flags.limit)) {
        process.stdout.write(flags.json ? `${stringifyJson(rollout)}\n` : `${render(rollout)}\n`);
      }
    });
}

function render(rollout: RolloutRecord): string {
  const { verdict, alignment, reward, advantage } = rollout;
  const facts = [
    `step ${rollout.step}, ${rollout.task}, ${rollout.problem}, group ${rollout.group}, sample ${rollout.sample}`,
    `reward ${reward ?? "none"}, advantage ${advantage?.toFixed(3) ?? "none"}, ${rollout.tokens} tokens, ${rollout.stopReason}`,
    ...(verdict
      ? [
          `verdict ${verdict.kind}${verdict.kind === "failed" ? ` (${verdict.reason}, ${verdict.passed} of ${verdict.total})` : ""}`,
        ]
      : []),
    ...(alignment ? [`true  ${stringifyJson(alignment.truth)}`] : []),
  ];
  return `${printable(rollout.prompt)}>>>${printable(rollout.completion)}\n${facts.map((fact) => `  | ${printable(fact)}`).join("\n")}\n`;
}

/** Model output must not steer the terminal: control characters are shown, not sent. */
function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
