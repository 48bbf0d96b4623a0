// The two encodings of the protocol, and how a message says which it is.

import { ProtocolError } from "./protocol-error.js";

export type Wire = "json" | "protobuf";

export interface Encoded {
  readonly body: Buffer;
  readonly contentType: string;
}

export const contentTypes: Readonly<Record<Wire, string>> = {
  json: "application/json",
  protobuf: "application/x-protobuf",
};

/** Of a Content-Type header, whatever parameters it has. @throws ProtocolError */
export function encodingOf(contentType: string): Wire {
  const type = contentType.split(";")[0].trim().toLowerCase();
  if (type === contentTypes.json) return "json";
  if (type === contentTypes.protobuf) return "protobuf";
  const known = Object.values(contentTypes).join(" or ");
  throw new ProtocolError("content-type", `"${type.slice(0, 60)}": expected ${known}`);
}
