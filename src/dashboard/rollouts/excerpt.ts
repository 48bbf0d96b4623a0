// A text in what a rollout says, upper and lower case alike: where it is, with some characters around it; and what the
// bytes of a line hold if it can be there at all.

const AROUND = 60;

/** Characters that JSON writes as they are, whoever writes it, and that have no other form in the other case. */
const PLAIN = /[\w !#$%()*+,\-.:;=?@[\]^{|}~]+/g;

/** The longest part of the text that stands in a line's bytes as it is, in lower case; empty where there is none. */
export function needleOf(text: string): string {
  const parts = text.toLowerCase().match(PLAIN) ?? [];
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), "");
}

/** @param text  in lower case @returns null where neither prompt nor completion nor program holds it */
export function excerptOf(line: string, text: string): string | null {
  for (const said of textsOf(line)) {
    const at = said.toLowerCase().indexOf(text);
    if (at >= 0) return around(said, at, text.length);
  }
  return null;
}

function textsOf(line: string): string[] {
  try {
    const { completion, program, prompt, alignment } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const asked = (alignment as Readonly<Record<string, unknown>> | null | undefined)?.["program"];
    return [completion, program, asked, prompt].filter((text) => typeof text === "string");
  } catch {
    // The file is not what it was when it was indexed.
    return [];
  }
}

/** Halves of a surrogate pair are left out. */
function around(text: string, at: number, length: number): string {
  const from = Math.max(0, at - AROUND);
  const to = Math.min(text.length, at + length + AROUND);
  const cut = text.slice(from, to).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, "");
  return `${from > 0 ? "…" : ""}${cut}${to < text.length ? "…" : ""}`;
}
