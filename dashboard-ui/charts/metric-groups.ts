// Which metrics stand together in a chart, in the order a reader asks: does it learn, at what price, how fast. What each
// means is the catalogue's; metrics of no chart here can be added by name.

import type { MetricName } from "../../src/runs/metrics.js";

interface ChartPlan {
  readonly id: string;
  readonly title: string;
  readonly metrics: readonly MetricName[];
  /** Parts of a whole, one on another; only where one run is shown. */
  readonly stacked?: true;
  /** What the values are: how they are written. */
  readonly unit?: "share" | "seconds" | "bytes";
}

export interface ChartSection {
  readonly title: string;
  readonly charts: readonly ChartPlan[];
}

export const chartSections: readonly ChartSection[] = [
  {
    title: "Is it learning",
    charts: [
      { id: "reward", title: "Reward of both tasks", metrics: ["code/reward_mean", "alignment/reward_mean"] },
      { id: "pass", title: "Code: programs that pass", metrics: ["code/pass_rate"], unit: "share" },
      {
        id: "alignment",
        title: "Alignment: right",
        metrics: ["alignment/variables_right", "alignment/all_right_rate", "alignment/output_right_rate"],
        unit: "share",
      },
      {
        id: "types",
        title: "Alignment: right by type of value",
        metrics: [
          "alignment/right_int",
          "alignment/right_float",
          "alignment/right_bool",
          "alignment/right_str",
          "alignment/right_none",
          "alignment/right_list",
          "alignment/right_tuple",
          "alignment/right_set",
          "alignment/right_dict",
          "alignment/right_other",
        ],
        unit: "share",
      },
      { id: "supervised", title: "Loss on the demonstrations", metrics: ["supervised/loss"] },
    ],
  },
  {
    title: "The policy",
    charts: [
      { id: "entropy", title: "Entropy", metrics: ["policy/entropy"] },
      { id: "kl", title: "KL", metrics: ["policy/kl", "policy/old_kl", "policy/reward_kl"] },
      { id: "clip", title: "Clip fraction", metrics: ["policy/clip_fraction"], unit: "share" },
      { id: "gradient", title: "Gradient norm", metrics: ["policy/gradient_norm"] },
      { id: "loss", title: "Loss", metrics: ["policy/loss"] },
      { id: "rate", title: "Learning rate", metrics: ["policy/learning_rate"] },
    ],
  },
  {
    title: "Rollouts",
    charts: [
      { id: "lengths", title: "Completion tokens", metrics: ["code/completion_tokens", "alignment/completion_tokens"] },
      {
        id: "spread",
        title: "Groups that teach nothing",
        metrics: ["code/zero_spread_groups", "alignment/zero_spread_groups"],
        unit: "share",
      },
      { id: "share", title: "Share of alignment groups", metrics: ["alignment/share"], unit: "share" },
      {
        id: "funnel",
        title: "Recycling: what became of the candidates",
        stacked: true,
        metrics: [
          "alignment/kept",
          "alignment/dropped_passed",
          "alignment/dropped_over-limit",
          "alignment/dropped_duplicate",
          "alignment/dropped_unparsable",
          "alignment/dropped_raised",
          "alignment/dropped_timed-out",
          "alignment/dropped_complexity",
          "alignment/dropped_no-input",
          "alignment/dropped_no-variables",
          "alignment/dropped_too-big",
          "alignment/dropped_nondeterministic",
          "alignment/dropped_tampered",
          "alignment/dropped_prompt-too-long",
          "alignment/dropped_infrastructure",
        ],
      },
      { id: "pool", title: "Pool: examples", metrics: ["alignment/pool_size"] },
      { id: "age", title: "Pool: age in steps", metrics: ["alignment/pool_age"] },
    ],
  },
  {
    title: "Speed",
    charts: [
      {
        id: "time",
        title: "Time by phase",
        metrics: ["time/sample_seconds", "time/update_seconds", "time/judge_seconds", "time/recycle_seconds"],
        stacked: true,
        unit: "seconds",
      },
      {
        id: "judge",
        title: "Judge latency",
        metrics: ["time/judge_latency_p50_seconds", "time/judge_latency_p99_seconds"],
        unit: "seconds",
      },
      { id: "step", title: "Seconds of a step", metrics: ["time/step_seconds", "time/model_seconds"], unit: "seconds" },
      { id: "outside", title: "Time outside the model", metrics: ["time/outside_model_share"], unit: "share" },
      { id: "tokens", title: "Tokens per second", metrics: ["time/tokens_per_second"] },
      { id: "memory", title: "Resident memory", metrics: ["memory/rss_bytes"], unit: "bytes" },
    ],
  },
];
