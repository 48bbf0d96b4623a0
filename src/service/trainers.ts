// How slime and OpenRLHF ask for a reward, and what they take for an answer. The rewards are made in work.ts.

import type { z } from "zod";
import { RequestError } from "../core/request-error.js";
import type { openrlhfAnswer, openrlhfRequest, slimeRequest } from "./api/trainers.js";
import type { Call } from "./call.js";
import type { Work } from "./work.js";

export async function slimeReward(
  work: Work,
  { label, response }: z.output<typeof slimeRequest>,
  call: Call,
): Promise<number> {
  return (await work.score({ task_id: label, response }, call)).score;
}

export async function openrlhfRewards(
  work: Work,
  { query, prompts, labels }: z.output<typeof openrlhfRequest>,
  call: Call,
): Promise<z.output<typeof openrlhfAnswer>> {
  if (labels.length !== query.length) {
    throw new RequestError(422, `labels: expected one for each of ${query.length} queries; found ${labels.length}`);
  }
  const answers = await Promise.all(
    query.map((text, at) => work.score({ task_id: labels[at], response: responseIn(text, prompts[at]) }, call)),
  );
  const rewards = answers.map(({ score }) => score);
  const names = [...new Set(answers.flatMap(({ parts }) => Object.keys(parts)))];
  return {
    rewards,
    scores: rewards,
    extra_logs: Object.fromEntries(names.map((name) => [name, answers.map(({ parts }) => parts[name] ?? 0)])),
  };
}

/** The query is prompt and response in one text. */
function responseIn(query: string, prompt: string | undefined): string {
  return prompt !== undefined && query.startsWith(prompt) ? query.slice(prompt.length) : query;
}
