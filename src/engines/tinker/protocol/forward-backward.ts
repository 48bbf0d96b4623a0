// forward_backward on the wire, both ways and in both encodings. What a request means is the server's, how many of them a
// batch becomes the client's.

import { outputFromJson, outputToJson } from "./output-json.js";
import { outputFromProtobuf, outputToProtobuf } from "./output-protobuf.js";
import type { ForwardBackwardOutput, ForwardBackwardRequest } from "./records.js";
import { requestFromJson, requestToJson } from "./request-json.js";
import { requestFromProtobuf, requestToProtobuf } from "./request-protobuf.js";
import { contentTypes, type Encoded, encodingOf, type Wire } from "./wire.js";

export { combineOutputs } from "./combine.js";

/** In JSON, a request for values alone is the body of POST forward; in protobuf both go to forward_backward. */
export function encodeForwardBackward(request: ForwardBackwardRequest, wire: Wire): Encoded {
  const body = wire === "json" ? requestToJson(request) : requestToProtobuf(request);
  return { body, contentType: contentTypes[wire] };
}

/** @throws ProtocolError for a malformed request, and for what is not supported: images, audio, sparse tensors */
export function decodeForwardBackward(body: Uint8Array, contentType: string): ForwardBackwardRequest {
  return encodingOf(contentType) === "json" ? requestFromJson(body) : requestFromProtobuf(body);
}

export function encodeOutput(output: ForwardBackwardOutput, wire: Wire): Encoded {
  const body = wire === "json" ? outputToJson(output) : outputToProtobuf(output);
  return { body, contentType: contentTypes[wire] };
}

/** @throws ProtocolError */
export function decodeOutput(body: Uint8Array, contentType: string): ForwardBackwardOutput {
  return encodingOf(contentType) === "json" ? outputFromJson(body) : outputFromProtobuf(body);
}
