// What `require` gives, and the globals that Node adds to the language. Everything else that Node has is absent: a program
// that asks for it gets the error that Node gives for a module that is not installed.

import { assert } from "./assert.js";
import { EventEmitter } from "./events.js";
import { findFile, requireFile } from "./files.js";
import { leave, writeError, writeOut } from "./host.js";
import { format, inspect } from "./inspect.js";
import {
  Array,
  ArrayBuffer,
  BigInt,
  Date,
  defineProperty,
  Error,
  field,
  hasOwn,
  InternalErrorPrototype,
  join,
  Map,
  Math,
  mapEach,
  Number,
  Object,
  Promise,
  RangeError,
  RegExp,
  repeat,
  Set,
  String,
  setEach,
  setPrototypeOf,
  TypeError,
  Uint8Array,
} from "./primordials.js";
import { Bytes, createInterface, readAll, stdin, textOf } from "./stdin.js";
import { defer } from "./timers.js";

const { now } = Date;
let indent = "";

function print(write, parts) {
  const text = format(parts);
  write(`${indent === "" ? text : indent + indented(text)}\n`);
}

function indented(text) {
  return text.replaceAll("\n", `\n${indent}`);
}

const log = (...parts) => print(writeOut, parts);
const warn = (...parts) => print(writeError, parts);
const counts = new Map();
globalThis.console = {
  log,
  info: log,
  debug: log,
  table: log,
  dir: (value) => log(typeof value === "string" ? inspect(value) : value),
  error: warn,
  warn,
  trace: warn,
  assert: (value, ...parts) => {
    if (value) return;
    const [first, ...rest] = parts;
    if (typeof first === "string") warn(`Assertion failed: ${first}`, ...rest);
    else if (parts.length > 0) warn("Assertion failed", ...parts);
    else warn("Assertion failed");
  },
  count: (label = "default") => {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    log(`${label}: ${counts.get(label)}`);
  },
  group: (...parts) => {
    if (parts.length > 0) log(...parts);
    indent += "  ";
  },
  groupEnd: () => {
    indent = repeat(" ", indent.length > 2 ? indent.length - 2 : 0);
  },
  time: () => {},
  timeEnd: () => {},
  timeLog: () => {},
};

/** What a text or bytes to be written are as text. */
function written(data) {
  if (typeof data === "string") return data;
  if (data instanceof Uint8Array) return textOf(data);
  throw new TypeError('The "chunk" argument must be of type string or an instance of Buffer or Uint8Array');
}

function output(write, fd) {
  const stream = new EventEmitter();
  const put = (data, encoding, done) => {
    write(written(data));
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") defer(callback);
    return true;
  };
  const end = (data) => {
    if (data !== undefined) put(data);
  };
  return Object.assign(stream, { fd, write: put, end, isTTY: undefined, columns: undefined });
}

/** Set by a traced run: values must be recorded before the program goes. */
const ending = { exit: null };

export function onExit(handler) {
  ending.exit = handler;
}

/** The program ends itself. */
function exit(code = process.exitCode) {
  const number = code === undefined || code === null ? 0 : Number(code);
  if (code !== undefined && code !== null && !Number.isInteger(number)) {
    throw new TypeError('The "code" argument must be of type number');
  }
  leaveWith(number);
}

export function leaveWith(number) {
  sayGoodbye(number & 255);
  if (ending.exit) ending.exit(number & 255);
  leave(`{"end": "exited", "exitCode": ${number & 255}}`);
}

/** The program's own exit handlers, once. What they throw is thrown. */
export function sayGoodbye(code) {
  if (started.left) return;
  started.left = true;
  process.emit("exit", code);
}

const started = { at: now(), left: false };
export const process = Object.assign(new EventEmitter(), {
  argv: ["node", "program.js"],
  env: {},
  exitCode: undefined,
  exit,
  pid: 1,
  platform: "linux",
  arch: "x64",
  version: "v20.0.0",
  versions: { node: "20.0.0" },
  stdin,
  stdout: output(writeOut, 1),
  stderr: output(writeError, 2),
  cwd: () => "/",
  uptime: () => (now() - started.at) / 1000,
  nextTick: (task, ...parts) => {
    Promise.resolve().then(() => task(...parts));
  },
  hrtime: Object.assign(
    (since) => {
      const ms = now() - started.at - (since ? since[0] * 1000 + since[1] / 1e6 : 0);
      return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
    },
    { bigint: () => BigInt(now() - started.at) * 1000000n },
  ),
  memoryUsage: () => ({ rss: 33554432, heapTotal: 8388608, heapUsed: 4194304, external: 0, arrayBuffers: 0 }),
  cpuUsage: () => ({ user: (now() - started.at) * 1000, system: 0 }),
  abort: () => leaveWith(134),
});

const INPUTS = [0, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
const OUTPUTS = { __proto__: null, 1: writeOut, 2: writeError, "/dev/stdout": writeOut, "/dev/stderr": writeError };

function missing(call, path) {
  const error = new Error(`ENOENT: no such file or directory, ${call} '${String(path)}'`);
  return Object.assign(error, { errno: -2, code: "ENOENT", syscall: call, path });
}

function readFileSync(path, options) {
  const file = findFile(path);
  if (!file && !INPUTS.includes(path)) throw missing("open", path);
  const text = file ? file.text : readAll();
  const encoding = typeof options === "object" && options !== null ? options.encoding : options;
  return encoding === undefined || encoding === null ? Bytes.of(text) : text;
}

function writeFileSync(path, data) {
  const write = OUTPUTS[path];
  if (!write) throw missing("open", path);
  write(written(data));
}

const promised = {
  readFile: async (path, options) => readFileSync(path, options),
  writeFile: async (path, data) => writeFileSync(path, data),
};
const fs = {
  readFileSync,
  writeFileSync,
  appendFileSync: writeFileSync,
  writeSync: (fd, data) => {
    writeFileSync(fd, data);
    return data.length;
  },
  readFile: (path, options, done = options) => {
    defer(() => {
      let data;
      try {
        data = readFileSync(path, typeof options === "function" ? undefined : options);
      } catch (error) {
        return done(error);
      }
      return done(null, data);
    });
  },
  existsSync: (path) => INPUTS.includes(path) || findFile(path) !== undefined,
  openSync: (path) => {
    if (path === "/dev/stdin") return 0;
    throw missing("open", path);
  },
  closeSync: () => {},
  fstatSync: () => ({ size: 0, isFile: () => false }),
  promises: promised,
  constants: {},
};

const readline = { createInterface: () => createInterface(writeOut) };
readline.promises = {
  createInterface: () => {
    const lines = createInterface(writeOut);
    const ask = lines.question.bind(lines);
    lines.question = (text) => new Promise((resolve) => ask(text, resolve));
    return lines;
  },
};

const util = {
  inspect: (value, options) => inspect(value, options && hasOwn(options, "depth") ? (options.depth ?? Infinity) : 2),
  format: (...parts) => format(parts),
  isDeepStrictEqual: (a, b) => {
    try {
      assert.deepStrictEqual(a, b);
      return true;
    } catch {
      return false;
    }
  },
  promisify:
    (action) =>
    (...parts) =>
      new Promise((resolve, reject) => action(...parts, (error, value) => (error ? reject(error) : resolve(value)))),
  inherits: (type, parent) => {
    setPrototypeOf(type.prototype, parent.prototype);
  },
  types: {},
};

const performance = { now: () => now() - started.at, timeOrigin: started.at, mark: () => {}, measure: () => {} };
const MODULES = {
  __proto__: null,
  assert,
  "assert/strict": assert,
  events: EventEmitter,
  fs,
  "fs/promises": promised,
  os: { EOL: "\n", platform: () => "linux", cpus: () => [] },
  perf_hooks: { performance },
  process,
  readline,
  "readline/promises": readline.promises,
  "timers/promises": {
    setTimeout: (ms, value) => new Promise((resolve) => globalThis.setTimeout(resolve, ms, value)),
  },
  util,
};

export function require(name) {
  return requireFrom("", name);
}

/** @param folder  where the file that asks for it lies */
function requireFrom(folder, name) {
  const module = MODULES[typeof name === "string" && name.startsWith("node:") ? name.slice(5) : name];
  if (module !== undefined) return module;
  const file = requireFile(name, folder, requireFrom);
  if (file) return file.exports;
  const error = new Error(`Cannot find module '${String(name)}'`);
  error.code = "MODULE_NOT_FOUND";
  throw error;
}

/** `import()`: the same modules, later. */
export async function importLater(name) {
  const module = require(`${name}`);
  return { default: module, ...module };
}

/** A deep copy of plain values, as `structuredClone` makes. */
function copy(value, made = new Map()) {
  if (typeof value === "function" || typeof value === "symbol") {
    const error = new Error(`${String(value)} could not be cloned.`);
    error.name = "DataCloneError";
    throw error;
  }
  if (typeof value !== "object" || value === null) return value;
  if (made.has(value)) return made.get(value);
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (ArrayBuffer.isView(value)) return value.slice();
  const result = value instanceof Map ? new Map() : value instanceof Set ? new Set() : Array.isArray(value) ? [] : {};
  made.set(value, result);
  if (value instanceof Map) mapEach(value, (item, key) => result.set(copy(key, made), copy(item, made)));
  else if (value instanceof Set) setEach(value, (item) => result.add(copy(item, made)));
  else for (const key of Object.keys(value)) defineProperty(result, key, field(copy(value[key], made)));
  return result;
}

class TextDecoder {
  decode(bytes = new Uint8Array(0)) {
    return textOf(new Uint8Array(bytes.buffer ?? bytes));
  }
}

class TextEncoder {
  encode(text = "") {
    return new Uint8Array(Bytes.of(text));
  }
}

const Buffer = {
  from: (data) => (typeof data === "string" ? Bytes.of(data) : new Bytes(data)),
  isBuffer: (value) => value instanceof Bytes,
  byteLength: (text) => Bytes.of(text).length,
  concat: (list) =>
    Bytes.of(
      join(
        list.map((part) => textOf(part)),
        "",
      ),
    ),
};

for (const [name, value] of Object.entries({
  process,
  performance,
  structuredClone: (value) => copy(value),
  TextDecoder,
  TextEncoder,
  Buffer,
  global: globalThis,
})) {
  defineProperty(globalThis, name, { ...field(value), enumerable: false });
}
for (const name of [
  "console",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
  "queueMicrotask",
]) {
  defineProperty(globalThis, name, { ...field(globalThis[name]), enumerable: false });
}
// Everywhere else a stack that is full is a RangeError.
setPrototypeOf(InternalErrorPrototype, RangeError.prototype);
defineProperty(InternalErrorPrototype, "name", { ...field("RangeError"), enumerable: false });
defineProperty(InternalErrorPrototype, "constructor", { ...field(RangeError), enumerable: false });
delete globalThis.InternalError;
Error.captureStackTrace = (target) => {
  defineProperty(target, "stack", { ...field(new Error().stack), enumerable: false });
};
