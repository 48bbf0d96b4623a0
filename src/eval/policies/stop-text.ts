// Ending a text before the first of its stop texts: engines and endpoints may give more than was asked for.

/** The text up to the stop text that begins first, and whether there was one. */
export function untilStop(text: string, stop: readonly string[]): { readonly text: string; readonly stopped: boolean } {
  const places = stop.map((end) => text.indexOf(end)).filter((place) => place >= 0);
  return places.length === 0 ? { text, stopped: false } : { text: text.slice(0, Math.min(...places)), stopped: true };
}
