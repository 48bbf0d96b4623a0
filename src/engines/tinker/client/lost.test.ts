// What servers say when something is gone, word for word, and what they say of something else.

import { expect, test } from "vitest";
import { saysLost } from "./lost.js";

test.each([
  [404, "Model not found"],
  [404, "Session not found"],
  [404, "Sampling session not found"],
  [404, "Future not found"],
  [404, "Model 'model_1a2b' not found"],
  [400, "Model model_1a2b not loaded (likely stale request from previous server)"],
  [404, "Unknown model: model-1"],
  [404, "Session 1234 not found."],
  [404, "Future with request ID 17 not found."],
  [410, ""],
  [200, "unknown request_id: 1f"],
  [200, "ValueError: unknown sampling_session_id: 1f"],
  [404, "model a:train:0: not known here: this server was started after it was made, or it was unloaded"],
  [404, "model a:train:0: its session has ended: no heartbeat for 300 s"],
  [200, "the server is stopping"],
])("%d %s: lost", (status, says) => {
  expect(saysLost(status, says, false)).toBe(true);
});

test.each([
  [404, "Not Found"],
  [404, "Checkpoint not found: model_1/weights/a"],
  [404, "Checkpoint a not found."],
  [404, "Loss function dro not found."],
  [400, "Sampling requested for unknown model_id(s): ['']"],
  [400, "LoadWeights is not permitted with seq_id 3"],
  [422, "body.model_id: field required"],
  [500, "CUDA out of memory"],
  [404, "base model tiny not found"],
])("%d %s: something else", (status, says) => {
  expect(saysLost(status, says, false)).toBe(false);
});

test("a model that is made can lose its session only", () => {
  expect(saysLost(404, "Unknown model: Qwen/Qwen9", true)).toBe(false);
  expect(saysLost(404, "Session not found", true)).toBe(true);
});
