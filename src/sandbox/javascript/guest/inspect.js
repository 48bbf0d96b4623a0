// Values as Node's console writes them, as far as programs for judges print them: primitives, arrays, objects, Map, Set,
// class instances, errors, with Node's line breaks and columns. Not a debugger's view: getters are named, not called.

import { inColumns, MAX_ITEMS, WIDTH } from "./columns.js";
import {
  Boolean,
  charCodeAt,
  dateText,
  dateTime,
  Error,
  functionText,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  indexOf,
  isArray,
  isProxy,
  JSON,
  join,
  mapEach,
  mapSize,
  Number,
  ownKeys,
  Promise,
  parseInt,
  RegExp,
  regExpText,
  repeat,
  Set,
  String,
  setEach,
  setSize,
  slice,
  symbolText,
  toHex,
  typedArrayLength,
  typedArrayName,
} from "./primordials.js";

/** The level of the object that was last begun: Node puts an object on one line where this is less than 3 below it. */
let deepest = 0;
const ErrorPrototype = Error.prototype;
const RegExpPrototype = RegExp.prototype;

/** One value; texts inside others are quoted. */
export function inspect(value, depth = 2) {
  return show(value, { depth, indent: 0, level: 0, seen: [], circular: new Set() });
}

/** `console.log`'s arguments as one line: a first text may hold `%s`, `%d`, `%i`, `%f`, `%j`, `%o`, `%O`. */
export function format(parts) {
  let next = 0;
  let text = "";
  if (typeof parts[0] === "string") {
    next = 1;
    text =
      parts.length === 1 ? parts[0] : filled(parts[0], () => (next < parts.length ? { value: parts[next++] } : null));
  } else if (parts.length > 0) text = inspect(parts[next++]);
  for (; next < parts.length; next++)
    text += ` ${typeof parts[next] === "string" ? parts[next] : inspect(parts[next])}`;
  return text;
}

function filled(pattern, take) {
  let text = "";
  for (let at = 0; at < pattern.length; at++) {
    const kind = pattern[at] === "%" ? pattern[at + 1] : undefined;
    if (kind === "%") text += "%";
    const argument = kind !== undefined && kind !== "%" && indexOf("sdifjoOc", kind) >= 0 ? take() : null;
    if (argument !== null) text += placed(kind, argument.value);
    if (argument !== null || kind === "%") at++;
    else text += pattern[at];
  }
  return text;
}

function placed(kind, value) {
  switch (kind) {
    case "s":
      if (typeof value === "bigint") return `${value}n`;
      return typeof value === "object" && value !== null
        ? inspect(value, 0)
        : typeof value === "number"
          ? numberText(value)
          : String(value);
    case "d":
      if (typeof value === "bigint") return `${value}n`;
      return typeof value === "object" ? "NaN" : numberText(+value);
    case "i":
      return typeof value === "object" ? "NaN" : numberText(parseInt(value));
    case "f":
      return typeof value === "symbol" ? "NaN" : numberText(+value);
    case "j":
      return JSON.stringify(value);
    case "c":
      return "";
    default:
      return inspect(value, 4);
  }
}

function numberText(value) {
  return value === 0 && 1 / value < 0 ? "-0" : `${value}`;
}

function show(value, state) {
  switch (typeof value) {
    case "string":
      return quoted(value, state);
    case "number":
      return numberText(value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return symbolText(value);
    case "object":
      return value === null ? "null" : showObject(value, state);
    case "function":
      return showObject(value, state);
    default:
      return `${value}`;
  }
}

function quoted(value, state) {
  if (value.length > 16 && value.length > WIDTH - state.indent - 4 && indexOf(value, "\n") >= 0 && state.level > 0) {
    const lines = [];
    let rest = value;
    for (let at = indexOf(rest, "\n"); at >= 0 && at < rest.length - 1; at = indexOf(rest, "\n")) {
      lines[lines.length] = withQuotes(slice(rest, 0, at + 1));
      rest = slice(rest, at + 1);
    }
    lines[lines.length] = withQuotes(rest);
    return join(lines, ` +\n${repeat(" ", state.indent + 2)}`);
  }
  return withQuotes(value);
}

function withQuotes(value) {
  let mark = "'";
  if (indexOf(value, "'") >= 0) {
    if (indexOf(value, '"') < 0) mark = '"';
    else if (indexOf(value, "`") < 0 && indexOf(value, "${") < 0) mark = "`";
  }
  let text = "";
  for (let at = 0; at < value.length; at++) text += escaped(value, at, mark);
  return mark + text + mark;
}

const ESCAPES = {
  __proto__: null,
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
  "\\": "\\\\",
};

function escaped(value, at, mark) {
  const char = value[at];
  if (char === mark) return `\\${char}`;
  const code = charCodeAt(value, at);
  if (ESCAPES[char] !== undefined) return ESCAPES[char];
  if (code < 32 || (code > 126 && code < 160)) return `\\x${code < 16 ? "0" : ""}${upper(toHex(code, 16))}`;
  return char;
}

function upper(text) {
  let result = "";
  for (let at = 0; at < text.length; at++) result += text[at] > "9" ? "ABCDEF"[indexOf("abcdef", text[at])] : text[at];
  return result;
}

function showObject(value, state) {
  if (isProxy(value)) return "[object Proxy]";
  for (let at = 0; at < state.seen.length; at++) {
    if (state.seen[at] === value) {
      state.circular.add(value);
      return "[Circular *1]";
    }
  }
  const shape = shapeOf(value);
  if (shape.whole !== undefined && shape.keys.length === 0) return shape.whole;
  if (state.level > state.depth)
    return `[${shape.list && shape.name === "Array" ? "Array" : shape.name || "Object: null prototype"}]`;
  state.seen[state.seen.length] = value;
  deepest = state.level;
  const parts = entriesOf(value, shape, state);
  state.seen.length -= 1;
  const text = laidOut(parts, shape, value, state);
  return state.circular.delete(value) ? `<ref *1> ${text}` : text;
}

/** What a value looks like from outside: its name, its brackets, its own keys, or the text that stands for all of it. */
function shapeOf(value) {
  const name = nameOf(value);
  const keys = visibleKeys(value);
  if (typeof value === "function")
    return { whole: functionLabel(value), name, prefix: functionLabel(value), keys, open: "{" };
  if (isArray(value)) {
    const prefix = name === "Array" ? "" : `${name}(${value.length})`;
    return { name, prefix, keys, open: "[", list: true, length: value.length };
  }
  if (isBranded(mapSize, value)) return { name, prefix: `${name}(${mapSize(value)})`, keys, open: "{", map: true };
  if (isBranded(setSize, value)) return { name, prefix: `${name}(${setSize(value)})`, keys, open: "{", set: true };
  if (typedArrayName(value) !== undefined) {
    const length = typedArrayLength(value);
    return { name, prefix: `${name}(${length})`, keys: [], open: "[", list: true, length };
  }
  return plainShape(value, name, keys);
}

function plainShape(value, name, keys) {
  if (isBranded(dateTime, value)) {
    const time = dateTime(value);
    return { whole: time === time ? dateText(value) : "Invalid Date", name, prefix: name, keys, open: "{" };
  }
  if (inherits(value, ErrorPrototype)) {
    const text = errorText(value);
    return { whole: keys.length === 0 ? text : undefined, name, prefix: text, keys, open: "{" };
  }
  if (inherits(value, RegExpPrototype)) return { whole: regExpText(value), name, prefix: name, keys, open: "{" };
  const boxed = boxedText(value);
  if (boxed) return { whole: boxed, name, prefix: boxed, keys: [], open: "{" };
  if (inherits(value, Promise.prototype))
    return { name, prefix: "Promise", keys, open: "{", whole: "Promise { <pending> }" };
  const prefix = name === "Object" ? "" : name === "" ? "[Object: null prototype]" : name;
  return {
    whole: keys.length === 0 ? `${prefix === "" ? "" : `${prefix} `}{}` : undefined,
    name,
    prefix,
    keys,
    open: "{",
  };
}

function boxedText(value) {
  if (inherits(value, Number.prototype)) return `[Number: ${numberText(+value)}]`;
  if (inherits(value, String.prototype)) return `[String: ${withQuotes(`${value}`)}]`;
  if (inherits(value, Boolean.prototype)) return `[Boolean: ${value}]`;
  return "";
}

function inherits(value, prototype) {
  for (let line = getPrototypeOf(value); line !== null; line = getPrototypeOf(line)) {
    if (isProxy(line)) return false;
    if (line === prototype) return true;
  }
  return false;
}

function isBranded(brand, value) {
  try {
    brand(value);
    return true;
  } catch {
    return false;
  }
}

function nameOf(value) {
  for (let line = value; line !== null; line = getPrototypeOf(line)) {
    if (isProxy(line)) return "Object";
    const maker = getOwnPropertyDescriptor(line, "constructor");
    if (maker && typeof maker.value === "function" && typeof maker.value.name === "string" && maker.value.name !== "") {
      return maker.value.name;
    }
  }
  return "";
}

function functionLabel(value) {
  const name = getOwnPropertyDescriptor(value, "name");
  const isClass = slice(functionText(value), 0, 5) === "class";
  const text = name && typeof name.value === "string" && name.value !== "" ? name.value : "(anonymous)";
  if (isClass) {
    const parent = getPrototypeOf(value);
    return `[class ${text}${typeof parent === "function" && parent.name ? ` extends ${parent.name}` : ""}]`;
  }
  return `[${nameOf(value) || "Function"}${text === "(anonymous)" ? " " : ": "}${text}]`;
}

/** As in Node, with the stack that this engine writes below it. */
function errorText(value) {
  const name = `${value.name}`;
  const message = `${value.message}`;
  const head = message === "" ? name : `${name}: ${message}`;
  const stack = typeof value.stack === "string" ? value.stack : "";
  const text = stack === "" ? head : `${head}\n${stack}`;
  const lines = text[text.length - 1] === "\n" ? slice(text, 0, -1) : text;
  return stack === "" ? `[${head}]` : lines;
}

function visibleKeys(value) {
  const keys = [];
  const all = ownKeys(value);
  const indexed = isArray(value) || typedArrayName(value) !== undefined;
  for (let at = 0; at < all.length; at++) {
    const key = all[at];
    if (indexed && typeof key === "string" && `${key >>> 0}` === key) continue;
    const descriptor = getOwnPropertyDescriptor(value, key);
    if (descriptor !== undefined && descriptor.enumerable) keys[keys.length] = key;
  }
  return keys;
}

function entriesOf(value, shape, state) {
  const parts = [];
  const inner = (item) => show(item, { ...state, indent: state.indent + 2, level: state.level + 1 });
  if (shape.list) listItems(value, shape.length, parts, inner);
  if (shape.map) {
    mapEach(value, (item, key) => {
      parts[parts.length] = `${inner(key)} => ${inner(item)}`;
    });
  }
  if (shape.set) {
    setEach(value, (item) => {
      parts[parts.length] = inner(item);
    });
  }
  for (let at = 0; at < shape.keys.length; at++) {
    const key = shape.keys[at];
    parts[parts.length] = `${keyText(key)}: ${propertyText(getOwnPropertyDescriptor(value, key), state)}`;
  }
  return parts;
}

function listItems(value, length, parts, inner) {
  let at = 0;
  for (; at < length && parts.length < MAX_ITEMS; at++) {
    if (hasOwn(value, at)) {
      parts[parts.length] = inner(value[at]);
      continue;
    }
    const from = at;
    while (at + 1 < length && !hasOwn(value, at + 1)) at++;
    const holes = at - from + 1;
    parts[parts.length] = `<${holes} empty item${holes > 1 ? "s" : ""}>`;
  }
  const rest = length - at;
  if (rest > 0) parts[parts.length] = `... ${rest} more item${rest > 1 ? "s" : ""}`;
}

function keyText(key) {
  if (typeof key === "symbol") return `[${symbolText(key)}]`;
  for (let at = 0; at < key.length; at++) {
    const char = key[at];
    const letter = (char >= "a" && char <= "z") || (char >= "A" && char <= "Z") || char === "_" || char === "$";
    if (!letter && !(at > 0 && char >= "0" && char <= "9")) return withQuotes(key);
  }
  return key === "" ? "''" : key;
}

function propertyText(descriptor, state) {
  if (hasOwn(descriptor, "value")) {
    return show(descriptor.value, { ...state, indent: state.indent + 2, level: state.level + 1 });
  }
  if (descriptor.get === undefined) return "[Setter]";
  return descriptor.set === undefined ? "[Getter]" : "[Getter/Setter]";
}

/** On one line where it fits and nothing in it is too deep, else one entry a line; long lists of short items in columns. */
function laidOut(parts, shape, value, state) {
  const close = shape.open === "[" ? "]" : "}";
  const prefix = shape.prefix === "" ? "" : `${shape.prefix} `;
  if (parts.length === 0) return `${prefix}${shape.open}${close}`;
  const rows = shape.list && parts.length > 6 ? inColumns(parts, value, shape.length, state.indent) : parts;
  if (rows === parts && deepest - state.level < 3) {
    let size = rows.length + rows.length + state.indent + 1 + shape.prefix.length + 10;
    let oneLine = indexOf(prefix, "\n") < 0;
    for (let at = 0; at < rows.length; at++) {
      size += rows[at].length;
      oneLine &&= indexOf(rows[at], "\n") < 0;
    }
    if (oneLine && size <= WIDTH) return `${prefix}${shape.open} ${join(rows, ", ")} ${close}`;
  }
  const line = `\n${repeat(" ", state.indent)}`;
  return `${prefix}${shape.open}${line}  ${join(rows, `,${line}  `)}${line}${close}`;
}
