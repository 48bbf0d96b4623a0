// Whether an answer says that a server no longer has what was addressed. Servers say so differently:
//
// | server | what is gone | what it says |
// |---|---|---|
// | SkyRL | model, session, sampler, result | 404 "Model not found", "Session not found", "Sampling session not found", "Future not found" |
// | SkyRL, started again | model | 400 "Model model_1a2b not loaded (likely stale request from previous server)" |
// | TuFT | model, session, result | 404 "Unknown model: …", "Session … not found.", "Future with request ID … not found." |
// | hosted | session, result | 410 |
// | OpenTinker | result, sampler | "unknown request_id: …", "unknown sampling_session_id: …" as a failed result |
// | coderlplus serve-engine | session, sampler, result | 404 "session …: not known here", 410 |
// | coderlplus serve-engine | model | 404 "model …: its session has ended", also as a failed result |

const THINGS = /\b(model|session|sampler|future|promise|result|request)\b/i;
const GONE =
  /\b(not (found|loaded|known)|unknown|no such|does not exist|no longer|expired|has ended|unloaded|is stopping)\b/i;
/** Names in a request that were never there: another fault. */
const OTHERS = /\b(checkpoint|weights|base[ _]model|loss|supported|path)\b/i;
/** Of a request that was taken, and failed: of a model that a server is free to know, it may say much. */
const FAILED =
  /\bmodel\b.*\b(not (loaded|found|known)|no longer|has ended)\b|\bunknown (request|sampling_session)_id\b|\bserver is stopping\b/i;

/** @param creates  whether the request makes a model or a sampler: then only its session can be gone */
export function saysLost(status: number | null, says: string, creates: boolean): boolean {
  if (status === 410) return true;
  if (OTHERS.test(says)) return false;
  if (creates) return status === 404 && /\bsession\b/i.test(says) && GONE.test(says);
  return status === 404 ? THINGS.test(says) && GONE.test(says) : FAILED.test(says);
}
