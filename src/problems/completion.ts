// A completion to be judged: what a model wrote, or a program as it is. One record a line in a JSONL file.

import { z } from "zod";
import { number } from "../core/schema.js";

export const completionSchema = z
  .strictObject({
    problem: z.string(),
    completion: z.string().optional(),
    program: z.string().optional(),
    continuesPrompt: z.boolean().optional(),
    index: number().optional(),
    metadata: z.unknown().optional(),
  })
  .refine((row) => (row.completion === undefined) !== (row.program === undefined), {
    message: 'expected either "completion" or "program"',
  })
  .meta({ oneOf: [{ required: ["completion"] }, { required: ["program"] }] });

export type Completion = z.output<typeof completionSchema>;
