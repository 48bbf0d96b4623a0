// A server between a client and ours that changes nothing and writes down what was asked and how it was answered.

import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Recorder {
  readonly url: string;
  /** `POST /api/v1/asample`, with the answer's status. */
  readonly calls: ReadonlyArray<{ readonly call: string; readonly status: number }>;
  close(): Promise<void>;
}

export async function recordBefore(url: string): Promise<Recorder> {
  const calls: Array<{ call: string; status: number }> = [];
  const server: Server = createServer((incoming, answer) => {
    const { method = "", url: path = "", headers } = incoming;
    const onward = request(`${url}${path}`, { method, headers }, (response) => {
      calls.push({ call: `${method} ${path.split("?")[0]}`, status: response.statusCode ?? 0 });
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
