// A small run in which every text of a model, and every name that a file may give, is hostile.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EvaluationSample, RolloutRecord } from "../../runs/records.js";
import { RunDirectory } from "../../runs/run-directory.js";

/** One line, so that views show it in one piece. */
export const HOSTILE =
  "</script><script>window.ran=1;alert(1)</script><!--<script><img src=//127.0.0.1:9/x onerror=alert(2)>" +
  '"><svg onload=alert(3)><a href="javascript:alert(4)">x</a></pre></noscript></style><style>*{display:none}</style>]]>';

/** Line separators, a change of direction, a terminal's escapes in both forms, NUL, half a character. */
export const INVISIBLE = "a\u2028b\u2029c\u202ed\u001b]0;title\u0007e\u009b31mf\u0000g\ud800h\ufeffi";

const WRITTEN = `${HOSTILE}\n${INVISIBLE}`;

export function hostileRun(): RunDirectory {
  const path = join(mkdtempSync(join(tmpdir(), "coderlplus-hostile-")), "run");
  const info = {
    name: "hostile <b>run</b>",
    status: "finished",
    seed: 0,
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: "2026-01-01T00:01:00.000Z",
    recipe: "</title><script>alert(5)</script>",
    versions: { [HOSTILE]: HOSTILE },
    gitRevision: HOSTILE,
    host: { [HOSTILE]: HOSTILE },
    steps: 2,
    stepsDone: 2,
    dataHashes: {},
  } as const;
  const run = RunDirectory.create(path, info, `recipe: test\nnote: ${JSON.stringify(HOSTILE)}\n`);
  for (const step of [1, 2]) {
    run.appendMetrics({ step, "code/reward_mean": step / 2, "alignment/reward_mean": 1 / step });
    run.writeRollouts(
      step,
      [0, 1].flatMap((sample) => [codeRollout(step, sample), alignmentRollout(step, sample)]),
    );
  }
  for (const step of [0, 2]) {
    const metrics = { code_pass_at_1: { value: step / 2, standardError: 0 } };
    run.writeEvaluation({ benchmark: "family", step, problems: 1, metrics }, [evaluated(step / 2)]);
  }
  run.release();
  return run;
}

function codeRollout(step: number, sample: number): RolloutRecord {
  const isRight = sample === 1;
  return {
    step,
    task: "code",
    problem: HOSTILE,
    group: 0,
    sample,
    prompt: WRITTEN,
    completion: WRITTEN,
    stopReason: "stop",
    program: WRITTEN,
    verdict: isRight
      ? { kind: "passed", passed: 1, total: 1 }
      : { kind: "failed", reason: "wrong-answer", passed: 0, total: 1 },
    tests: isRight
      ? [{ kind: "passed", cpuMs: 1 }]
      : [{ kind: "wrong-answer", expected: HOSTILE, got: WRITTEN, cpuMs: 1 }],
    reward: sample,
    rewardParts: { [HOSTILE]: sample },
    advantage: 2 * sample - 1,
    tokens: 3,
  };
}

function alignmentRollout(step: number, sample: number): RolloutRecord {
  const { verdict: _, tests: __, program: ___, ...rest } = codeRollout(step, sample);
  return {
    ...rest,
    task: "alignment",
    group: 1,
    alignment: {
      program: WRITTEN,
      input: { kind: "stdio", stdin: HOSTILE },
      target: "finalValues",
      asked: [HOSTILE],
      truth: { variables: { [HOSTILE]: HOSTILE } },
      predicted: { variables: { [HOSTILE]: WRITTEN } },
    },
  };
}

function evaluated(score: number): EvaluationSample {
  return { problem: HOSTILE, scores: { code_pass_at_1: score }, completions: { code: WRITTEN, [HOSTILE]: WRITTEN } };
}

/** As a copy of a run may be: an evaluation that is none, a step's file with a line that is no rollout. */
export function damage(run: RunDirectory): void {
  writeFileSync(join(run.path, "eval", "family-step-000002.json"), "{");
  writeFileSync(join(run.path, "rollouts", "step-000002.jsonl"), `{"step": 2}\n${HOSTILE}\n`);
}
