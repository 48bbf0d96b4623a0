// Tells a server every ten seconds that a session's client is alive; without it the server gives up its models.

import { saysLost } from "./lost.js";
import { durationText } from "./notices.js";
import { isSuccess, type Link } from "./submission.js";

const PERIOD_MS = 10_000;
const WARN_MS = 120_000;

/** Until the client is closed, or the server says that the session is gone. */
export function startHeartbeat(link: Link, sessionId: string): void {
  const { transport, notices } = link;
  const { clock } = transport;
  let lastMs = clock.nowMs();
  const beat = async (): Promise<boolean> => {
    const attempt = transport.prepare({
      method: "POST",
      path: "session_heartbeat",
      body: { session_id: sessionId, type: "session_heartbeat" },
      timeoutMs: PERIOD_MS,
      signal: link.closed,
    });
    const reply = await attempt();
    if (isSuccess(reply)) lastMs = clock.nowMs();
    else if (saysLost(reply.status, reply.says, false)) {
      notices.say(`${transport.url}: the server has given up this session (${reply.says || `status ${reply.status}`})`);
      return false;
    }
    const silentMs = clock.nowMs() - lastMs;
    if (silentMs > WARN_MS) {
      const found = isSuccess(reply) ? "" : ` (${reply.says || `status ${reply.status}`})`;
      notices.repeat(
        "heartbeat",
        `${transport.url}: no heartbeat for ${durationText(silentMs)}${found}; the server may give up this session's models`,
      );
    }
    return true;
  };
  let timer: NodeJS.Timeout;
  const schedule = (afterMs = PERIOD_MS): void => {
    timer = setTimeout(() => {
      // What fails here is the client's end, or a key that is refused: whoever asks for something next is told.
      void beat().then(
        (goesOn) => goesOn && schedule(),
        () => link.closed.aborted || schedule(),
      );
    }, clock.wallMs(afterMs));
    // A program that has nothing else to do is done.
    timer.unref();
  };
  // SkyRL never gives up the models of a session that has not sent one.
  schedule(0);
  link.closed.addEventListener("abort", () => clearTimeout(timer), { once: true });
}
