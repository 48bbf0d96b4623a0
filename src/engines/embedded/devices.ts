// What the engine can compute on.

/** "webgpu" is the graphics processor, see docs/webgpu.md. */
export const DEVICES = ["cpu", "webgpu"] as const;

export type Device = (typeof DEVICES)[number];
