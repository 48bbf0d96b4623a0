// The protocol's JSON messages that have no other form, by topic. Each is a schema of what is on the wire; readers pass
// over what they do not know.

export * from "./checkpoint-messages.js";
export * from "./future-messages.js";
export * from "./model-messages.js";
export * from "./session-messages.js";
