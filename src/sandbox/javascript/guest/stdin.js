// Standard input, as programs for judges read it: a stream of text, lines by `readline`, and everything at once by `fs`.

import { EventEmitter } from "./events.js";
import { charCodeAt, Error, indexOf, markBuiltIn, String, Symbol, slice, Uint8Array } from "./primordials.js";
import { defer } from "./timers.js";

/** What is left to read; set when a program begins. */
let left = "";

export function setInput(text) {
  left = text;
}

export function readAll() {
  const text = left;
  left = "";
  return text;
}

/** Bytes that know their text: what `readFileSync` gives without an encoding. */
export class Bytes extends Uint8Array {
  static of(text) {
    return new Bytes(utf8(text));
  }

  toString() {
    return textOf(this);
  }
}
markBuiltIn(Bytes.prototype);

function utf8(text) {
  const bytes = [];
  for (const char of text.toWellFormed()) {
    const code = char.codePointAt(0);
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return bytes;
}

/** The text of UTF-8 bytes; a byte that is out of place becomes the replacement character. */
export function textOf(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at];
    const size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    let code = size === 1 ? first : first & (0x7f >> size);
    let good = size > 0 && at + size <= bytes.length;
    for (let next = 1; good && next < size; next++) {
      good = (bytes[at + next] & 0xc0) === 0x80;
      code = (code << 6) | (bytes[at + next] & 63);
    }
    text += good ? String.fromCodePoint(code) : "\ufffd";
    at += good ? size : 1;
  }
  return text;
}

/** Begins to flow, one task later, as soon as somebody listens. */
class Input extends EventEmitter {
  fd = 0;
  isTTY = undefined;
  #flowing = false;
  #ended = false;

  on(name, listener) {
    super.on(name, listener);
    if (name === "data" || name === "readable" || name === "end") this.resume();
    return this;
  }

  setEncoding() {
    return this;
  }

  pause() {
    return this;
  }

  resume() {
    if (!this.#flowing) {
      this.#flowing = true;
      defer(() => this.#flow());
    }
    return this;
  }

  read() {
    const text = readAll();
    return text === "" ? null : text;
  }

  unref() {
    return this;
  }

  ref() {
    return this;
  }

  pipe(target) {
    return this.on("data", (text) => target.write(text));
  }

  async *[Symbol.asyncIterator]() {
    this.#flowing = true;
    const text = readAll();
    if (text !== "") yield text;
  }

  #flow() {
    if (this.#ended) return;
    this.#ended = true;
    if (this.listenerCount("readable") > 0) {
      this.emit("readable");
      this.emit("readable");
    } else {
      const text = readAll();
      if (text !== "" && this.listenerCount("data") > 0) this.emit("data", text);
    }
    defer(() => {
      this.emit("end");
      this.emit("close");
    });
  }
}
markBuiltIn(Input.prototype);
export const stdin = new Input();

/** The lines of standard input: to listeners, to questions in turn, or to a loop. */
class Interface extends EventEmitter {
  terminal = false;
  line = "";
  #questions = [];
  #begun = false;
  #closed = false;
  #paused = false;
  #prompt = "> ";
  #write;

  constructor(write) {
    super();
    this.#write = write;
  }

  on(name, listener) {
    super.on(name, listener);
    if (name === "line" || name === "close") this.#begin();
    return this;
  }

  question(text, options, answer = options) {
    if (this.#closed) throw new Error("readline was closed");
    this.#write(text);
    this.#questions.push(answer);
    this.#begin();
  }

  setPrompt(text) {
    this.#prompt = text;
  }

  prompt() {
    this.#write(this.#prompt);
    this.#begin();
  }

  pause() {
    this.#paused = true;
    return this;
  }

  resume() {
    this.#paused = false;
    this.#begin();
    return this;
  }

  write() {}

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.emit("close");
  }

  async *[Symbol.asyncIterator]() {
    this.#begun = true;
    for (let line = nextLine(); line !== null && !this.#closed; line = nextLine()) yield line;
    this.close();
  }

  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    defer(() => this.#step());
  }

  #step() {
    if (this.#closed || this.#paused) {
      this.#begun = false;
      return;
    }
    // Questions come one by one: the next may be asked only when this one's answer has been worked on.
    const line = nextLine();
    if (line === null) return this.close();
    const answer = this.#questions.shift();
    defer(() => this.#step());
    if (answer) answer(line);
    else this.emit("line", line);
  }
}
markBuiltIn(Interface.prototype);

export function createInterface(write) {
  return new Interface(write);
}

/** The next line without its end; null at the end of the input. */
function nextLine() {
  if (left === "") return null;
  const at = indexOf(left, "\n");
  const line = at < 0 ? left : slice(left, 0, at);
  left = at < 0 ? "" : slice(left, at + 1);
  return line.length > 0 && charCodeAt(line, line.length - 1) === 13 ? slice(line, 0, -1) : line;
}
