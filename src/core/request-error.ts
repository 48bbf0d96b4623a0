// What a request is refused with: a status and words for a person. What goes wrong later, inside a future, is none of
// these (futures.ts).

export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(
    readonly status: 400 | 401 | 403 | 404 | 408 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503 | 504,
    message: string,
    /** When asking again may help. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}

export function badRequest(message: string): RequestError {
  return new RequestError(400, message);
}

export function notFound(message: string): RequestError {
  return new RequestError(404, message);
}
