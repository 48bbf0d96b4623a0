// Python source text as tokens: as much of Python's lexer as literals and assertions need. By hand and in one pass, for
// the text is often a model's: regular expressions run out of stack on a long string. Not here: what tokens mean.

export type Token = { readonly start: number; readonly end: number } & (
  | { readonly kind: "name" | "number" | "mark"; readonly text: string }
  /** `value` is undefined where only running it tells (f-strings, `\N{...}`), or where it is malformed. */
  | { readonly kind: "string"; readonly value: string | undefined }
  /** One character a byte. */
  | { readonly kind: "bytes"; readonly value: string | undefined }
);

/** One logical line: it ends with a line break outside of brackets, a semicolon, or the text. */
export interface LogicalLine {
  readonly tokens: readonly Token[];
  /** Where it ends, in characters of the text. */
  readonly end: number;
}

const TWO_CHARACTERS = new Set(["==", "!=", "<=", ">=", ":=", "->", "**", "//", "<<", ">>"]);
const PREFIXES = new Set(["r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt"]);

/** The tokens from `start` on; undefined where a string does not end, or a bracket is open at the end. */
export function logicalLine(text: string, start = 0): LogicalLine | undefined {
  const tokens: Token[] = [];
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const char = text[at];
    if (depth === 0 && (char === "\n" || char === "\r" || char === ";")) break;
    if (char === "\\" && (text[at + 1] === "\n" || text[at + 1] === "\r")) {
      at += text.startsWith("\r\n", at + 1) ? 3 : 2;
    } else if (isSpace(char)) at++;
    else if (char === "#") at = lineEnd(text, at);
    else {
      const token = tokenAt(text, at);
      if (!token) return undefined;
      if (token.kind === "mark") depth += "([{".includes(token.text) ? 1 : ")]}".includes(token.text) ? -1 : 0;
      if (depth < 0) return undefined;
      tokens.push(token);
      at = token.end;
    }
  }
  return depth === 0 ? { tokens, end: at } : undefined;
}

function isSpace(char: string): boolean {
  return char === " " || char === "\t" || char === "\n" || char === "\r" || char === "\f";
}

function lineEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "\n" && text[at] !== "\r") at++;
  return at;
}

function tokenAt(text: string, start: number): Token | undefined {
  const char = text[start];
  if (char === '"' || char === "'") return stringAt(text, start, "");
  if (isDigit(char) || (char === "." && isDigit(text[start + 1] ?? ""))) return numberAt(text, start);
  if (isNamePart(char)) {
    let end = start;
    while (end < text.length && isNamePart(text[end])) end++;
    const name = text.slice(start, end);
    const prefix = end - start <= 2 ? name.toLowerCase() : "";
    if ((text[end] === '"' || text[end] === "'") && PREFIXES.has(prefix)) return stringAt(text, start, prefix);
    return { kind: "name", text: name, start, end };
  }
  const two = text.slice(start, start + 2);
  const mark = TWO_CHARACTERS.has(two) ? two : char;
  return { kind: "mark", text: mark, start, end: start + mark.length };
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9" && char.length === 1;
}

function isNamePart(char: string): boolean {
  return (
    isDigit(char) || (char >= "a" && char <= "z") || (char >= "A" && char <= "Z") || char === "_" || char > "\u007f"
  );
}

function numberAt(text: string, start: number): Token {
  const hexadecimal = text[start] === "0" && (text[start + 1] === "x" || text[start + 1] === "X");
  let end = start;
  for (; end < text.length; end++) {
    const char = text[end];
    const signed = (char === "+" || char === "-") && !hexadecimal && (text[end - 1] === "e" || text[end - 1] === "E");
    if (!signed && char !== "." && (!isNamePart(char) || char > "\u007f")) break;
  }
  return { kind: "number", text: text.slice(start, end), start, end };
}

function stringAt(text: string, start: number, prefix: string): Token | undefined {
  const open = start + prefix.length;
  const quote = text[open];
  const mark = text.startsWith(quote.repeat(3), open) ? quote.repeat(3) : quote;
  const from = open + mark.length;
  let at = from;
  while (!text.startsWith(mark, at)) {
    if (at >= text.length) return undefined;
    if (mark.length === 1 && (text[at] === "\n" || text[at] === "\r")) return undefined;
    at += text[at] === "\\" ? 2 : 1;
  }
  const body = text.slice(from, at);
  const kind = prefix.includes("b") ? "bytes" : "string";
  return { kind, value: contentOf(body, prefix), start, end: at + mark.length };
}

function contentOf(body: string, prefix: string): string | undefined {
  if (prefix.includes("f") || prefix.includes("t")) return undefined;
  const bytes = prefix.includes("b");
  if (bytes && !isAscii(body)) return undefined;
  // Python's own reading of line ends.
  const text = body.includes("\r") ? body.replace(/\r\n?/g, "\n") : body;
  return prefix.includes("r") || !text.includes("\\") ? text : unescaped(text, bytes);
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false;
  return true;
}

const SIMPLE: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const HEXADECIMAL: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const MAXIMUM_CODE_POINT = 0x10ffff;

/** Undefined for an escape that Python refuses, and for names of characters. An unknown escape stands for itself. */
function unescaped(body: string, bytes: boolean): string | undefined {
  const parts: string[] = [];
  let from = 0;
  for (let at = body.indexOf("\\"); at >= 0; at = body.indexOf("\\", from)) {
    parts.push(body.slice(from, at));
    const char = body[at + 1];
    const digits = bytes && char !== "x" ? undefined : HEXADECIMAL[char];
    const octal = /^[0-7]{1,3}/.exec(body.slice(at + 1, at + 4))?.[0];
    if (octal !== undefined) {
      const code = Number.parseInt(octal, 8);
      parts.push(String.fromCharCode(bytes ? code & 255 : code));
      from = at + 1 + octal.length;
    } else if (digits !== undefined) {
      const code = body.slice(at + 2, at + 2 + digits);
      if (code.length < digits || !/^[\da-fA-F]+$/.test(code)) return undefined;
      if (Number.parseInt(code, 16) > MAXIMUM_CODE_POINT) return undefined;
      parts.push(String.fromCodePoint(Number.parseInt(code, 16)));
      from = at + 2 + digits;
    } else if (char === "N" && !bytes) return undefined;
    else {
      parts.push(SIMPLE[char] ?? `\\${char}`);
      from = at + 2;
    }
  }
  parts.push(body.slice(from));
  return parts.join("");
}
