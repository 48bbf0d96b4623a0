// Whether an answer says that a server no longer has what was addressed. Servers say so differently:
//
// | server | what is gone | what it says |
// |---|---|---|
// | SkyRL | model, session, sampler, result | 404 "Model not found", "Session not found", "Sampling session not found", "Future not found" |
// | SkyRL, started again | model | 400 "Model model_1a2b not loaded (likely stale request from previous server)" |
// | TuFT | model, session, result | 404 "Unknown model: …", "Session … not found.", "Future with request ID … not found." |
// | hosted | session, result | 410 |
// | OpenTinker | result, sampler | "unknown request_id: …", "unknown sampling_session_id: …" as a failed result |
// | coderlplus serve-engine | model, session, sampler, result | 404 "… not found" |

const THINGS = /\b(model|session|sampler|future|promise|result|request)\b/i;
const GONE = /\b(not found|not loaded|unknown|no such|does not exist|no longer|expired|was closed|unloaded)\b/i;
/** Names in a request that were never there: another fault. */
const OTHERS = /\b(checkpoint|weights|base[ _]model|loss|supported|path)\b/i;

/** @param creates  whether the request makes a model or a sampler: then only its session can be gone */
export function saysLost(status: number | null, says: string, creates: boolean): boolean {
  if (status === 410) return true;
  if (OTHERS.test(says)) return false;
  if (creates) return /\bsession\b/i.test(says) && GONE.test(says) && status === 404;
  if (status === 404) return THINGS.test(says) && GONE.test(says);
  return /\bmodel\b.*\b(not (loaded|found)|no longer)\b|\bunknown (request|sampling_session)_id\b/i.test(says);
}
