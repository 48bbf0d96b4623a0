// A running service for tests, and how a client speaks to it.

import { type ServeOptions, serveService } from "./serve.js";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Null where the text is none. */
  readonly json: unknown;
}

export interface TestService {
  readonly url: string;
  post(path: string, body: unknown, more?: RequestInit): Promise<Answer>;
  get(path: string, more?: RequestInit): Promise<Answer>;
  close(): Promise<void>;
}

export async function startService(options: ServeOptions = {}): Promise<TestService> {
  const server = await serveService({ port: 0, workers: 1, ...options });
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${server.url}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: jsonIn(text) };
  };
  return {
    url: server.url,
    get: (path, more = {}) => ask(path, more),
    post: (path, body, { headers, ...more } = {}) =>
      ask(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...(headers as Record<string, string>) },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...more,
      }),
    close: () => server.close(),
  };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
