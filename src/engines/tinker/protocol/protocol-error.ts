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
