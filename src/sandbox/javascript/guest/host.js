// The one way out: texts to the host, which counts them, and the ends of the program.

import { quote, toWellFormed } from "./primordials.js";

/** Given by the host; hidden in this function's scope. */
const ask = host;

/** A text goes out as it is where it can, quoted where it holds a zero: those end texts on the way. */
function send(operation, text) {
  ask(operation, text);
}

/** UTF-16 units that were written to standard output. */
export const printed = { __proto__: null, units: 0 };

export function writeOut(text) {
  const whole = toWellFormed(text);
  printed.units += whole.length;
  send("out", quoteZeros(whole));
}

export function writeError(text) {
  send("err", quoteZeros(toWellFormed(text)));
}

function quoteZeros(text) {
  for (let at = 0; at < text.length; at++) if (text[at] === "\0") return `q${quote(text)}`;
  return `p${text}`;
}

/** Lets time pass for a timer. */
export function wait(ms) {
  send("wait", `${ms}`);
}

/** Ends the program here, with a reply: nothing of it runs on. */
export function leave(reply) {
  send("leave", reply);
}

/** Lets the other side of a check answer. */
export function askAcross(question) {
  return ask("across", question);
}

/** No promise goes on from here. */
export function stopPromises() {
  send("stop", "");
}
