// Sessions on the graphics processor, through ONNX Runtime's WebGPU provider (Dawn: Vulkan, Metal or Direct3D 12, no
// CUDA). What is resident there is only ever read back by a graph with an output on the processor: `getData` of a
// device tensor ends the process in onnxruntime-node 1.30.

import { InferenceSession } from "onnxruntime-node";
import { EngineError, messageOf } from "../../../core/errors.js";
import { modelBytes } from "../graph/onnx.js";
import type { OpenSession } from "../graph/program.js";
import { forWebgpu } from "./dialect.js";

export const openOnWebgpu: OpenSession = async (graph, options, resident) => {
  const locations = graph.outputs.map(({ name }) => [name, resident.has(name) ? "gpu-buffer" : "cpu"] as const);
  try {
    return await InferenceSession.create(modelBytes(forWebgpu(graph)), {
      ...options,
      executionProviders: ["webgpu"],
      preferredOutputLocation: Object.fromEntries(locations),
    });
  } catch (error) {
    throw noAdapter(error) ?? error;
  }
};

/** How the error begins where there is no adapter. */
export const NO_ADAPTER = "no WebGPU adapter was found";

/** What to do where this machine has nothing to run on; undefined for any other error. */
function noAdapter(cause: unknown): EngineError | undefined {
  const message = messageOf(cause);
  if (/adapter|webgpu.*not (available|supported|enabled)/i.test(message)) {
    const system = process.platform === "linux" ? " (libvulkan1 and the card's Vulkan driver)" : "";
    return new EngineError(`${NO_ADAPTER}: install the graphics card's driver${system}, or use engine.device: cpu`, {
      cause,
    });
  }
  return undefined;
}
