// The dialects without a model: texts for any trainer to use. A chat prompt is the text of the one message; the model's
// own template is the trainer's to apply.

import { chat } from "../prompts/chat.js";
import { continuation } from "../prompts/continuation.js";
import type { Dialect } from "../prompts/dialect.js";

export const plainDialects = {
  chat: chat((messages) => messages.map(({ content }) => content).join("\n\n")),
  continuation,
} satisfies Record<string, Dialect>;
