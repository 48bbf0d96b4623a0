// JSON messages about work that takes long: what is answered when it is submitted, and when it is asked after.

import { z } from "zod";
import { id } from "./session-messages.js";

/** The answer to everything that is submitted. */
export const submittedResponse = z.object({
  request_id: id,
  model_id: z.string().nullish(),
  /** Of a request to sample: a name for each sequence that will come. */
  sample_sequence_ids: z.array(z.string()).nullish(),
});

export const retrieveFutureRequest = z.object({
  request_id: id,
  /** Whether the answer may be its size alone. */
  allow_metadata_only: z.boolean().nullish(),
});
