// What is wrong with a message of the protocol, and where in it. Whose fault that is, its reader knows: a server answers
// 422 with this text, a client says which server sent it.

export class ProtocolError extends Error {
  override readonly name = "ProtocolError";

  /** @param where the field, as the protocol names it: `data[3].loss_fn_inputs.weights` */
  constructor(
    readonly where: string,
    readonly what: string,
  ) {
    super(`${where}: ${what}`);
  }
}

/** What was found, short; never the inside of a list or an object, which may be deeper than the stack. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return JSON.stringify(value)?.slice(0, 60) ?? "nothing";
}
