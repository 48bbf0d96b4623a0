// Random programs that look for a way out: calls of everything that can be imported with arguments that nobody expects,
// raw memory, broken bytecode, forged replies; and the hostile programs of the fixtures, mutated. Nothing here runs them.

import { readdirSync, readFileSync } from "node:fs";
import { Rng } from "../../src/core/rng.js";

/** What a program is made from, for the report. */
type Origin = "grammar" | "mutation";

export interface FuzzProgram {
  readonly origin: Origin;
  readonly source: string;
}

/** The program of a seed and a number: always the same. */
export function fuzzProgram(seed: number, index: number): FuzzProgram {
  const rng = Rng.of("fuzz", seed, index);
  return rng.uniform() < 0.6
    ? { origin: "grammar", source: fromGrammar(rng) }
    : { origin: "mutation", source: mutated(rng) };
}

/** Modules that touch the system, and so are drawn more often than the others. */
const SYSTEM = `os posix sys io _io gc signal ctypes _ctypes importlib _imp marshal mmap fcntl select socket _socket
  threading _thread asyncio subprocess _posixsubprocess multiprocessing faulthandler atexit builtins inspect types code
  codeop dis opcode ast pickle copyreg weakref tracemalloc zipimport runpy pkgutil site sysconfig platform resource pwd
  errno tempfile shutil pathlib glob tty termios pty _testcapi _testinternalcapi _opcode _symtable _warnings _weakref
  _pyodide_core _pyodide pyodide js pyodide_js _interpreters _interpqueues _asyncio _abc time _datetime _struct array
  binascii zlib bz2 lzma sqlite3 _sqlite3 hashlib _hashlib ssl _ssl json _json re _sre unicodedata decimal _decimal
  random _random queue _queue readline curses`.split(/\s+/);

const NUMBERS = [
  "0",
  "1",
  "-1",
  "7",
  "100",
  "101",
  "255",
  "4096",
  "2**16",
  "2**31 - 1",
  "2**31",
  "2**32",
  "-2**31",
  "2**63",
  "1 << 100",
  "1e308",
  "float('nan')",
  "1j",
  "True",
];
const TEXTS = [
  "''",
  "'x'",
  "'/tmp/PWNED'",
  "'/dev/stdin'",
  "'../../etc/passwd'",
  "'/proc/self/fd/101'",
  "'js'",
  "'\\ud800'",
  "'\\x00'",
  "'a' * 100000",
  "'os.system(1)'",
  "b''",
  'b\'{"end": "finished"}\'',
  "bytearray(64)",
  "memoryview(b'abcd')",
];
const OBJECTS = [
  "None",
  "...",
  "[]",
  "()",
  "{}",
  "[[]] * 50",
  "print",
  "len",
  "int",
  "type",
  "object()",
  "Evil",
  "Evil()",
  "lambda *a, **k: Evil()",
  "sys.modules[__name__]",
  "sys._getframe()",
  "(x for x in [Evil()])",
  "iter(int, 1)",
  "range(2**31)",
  "open",
  "compile('1', 'x', 'eval')",
  "types.CodeType",
  "slice(Evil(), 2**31)",
  "threading.Thread",
  "weakref.ref(Evil)",
  "functools.partial(print, Evil())",
];

const PRELUDE = `import sys, os, types, threading, weakref, functools, importlib, struct, dis
class Meta(type):
    def __getattr__(cls, name): return Evil()
    def __instancecheck__(cls, other): return True
class Evil(metaclass=Meta):
    def __getattr__(self, name): return Evil()
    def __call__(self, *a, **k): return Evil()
    def __eq__(self, other): return True
    def __hash__(self): return 1
    def __len__(self): return 2**31 - 1
    def __index__(self): return -1
    def __fspath__(self): return '/tmp/PWNED'
    def __bytes__(self): return b'x' * 64
    def __iter__(self): return iter([self])
    def __next__(self): return self
    def __enter__(self): return self
    def __exit__(self, *a): return True
    def __del__(self): Evil.last = self
    def __buffer__(self, flags): return memoryview(bytearray(8))
    def fileno(self): return 101
def draw(module, number):
    names = dir(module)
    return getattr(module, names[number % len(names)])
`;

const RAW = `fake = struct.pack('<IIiiIIii', 0x3fffffff, id(bytearray), 0x7fffffff, 0x7fffffff, 0, 0, 0, 0)
cell = struct.pack('<I', id(fake) + 16)
def at(address):
    index = struct.pack('>I', (address - id(()) - 16) // 4 & 0x3fffffff)
    code = bytes([dis.opmap['RESUME'], 0])
    for byte in index[:3]: code += bytes([dis.opmap['EXTENDED_ARG'], byte])
    code += bytes([dis.opmap['LOAD_CONST'], index[3], dis.opmap['RETURN_VALUE'], 0])
    def f(): return None
    f.__code__ = f.__code__.replace(co_code=code, co_consts=())
    return f()
memory = at(id(cell) + 16)
import math
method = int.from_bytes(memory[id(math.sqrt) + 8:id(math.sqrt) + 12], 'little')
`;

function fromGrammar(rng: Rng): string {
  const raw = rng.uniform() < 0.2;
  const statements = Array.from({ length: rng.integer(2, 14) }, () => {
    const statement = raw && rng.uniform() < 0.5 ? rawStatement(rng) : statementOf(rng);
    const guard = rng.pick(["BaseException", "BaseException", "BaseException", "Exception", null]);
    return guard === null ? statement : `try:\n${indent(statement)}\nexcept ${guard} as error: pass`;
  });
  const body = statements.join("\n");
  const main =
    rng.uniform() < 0.3 ? `def solve(*a):\n${indent(body)}\n    return ${argument(rng)}\nprint(solve())` : body;
  return `${PRELUDE}${raw ? RAW : ""}${main}\n`;
}

function statementOf(rng: Rng): string {
  const module = moduleOf(rng);
  const attribute = `draw(${module}, ${rng.integer(0, 9999)})`;
  const parameters = Array.from({ length: rng.integer(0, 4) }, () => argument(rng)).join(", ");
  switch (rng.integer(0, 11)) {
    case 0:
      return `setattr(${module}, dir(${module})[${rng.integer(0, 200)} % len(dir(${module}))], ${argument(rng)})`;
    case 1:
      return `draw(${attribute}, ${rng.integer(0, 999)})(${parameters})`;
    case 2:
      return `threading.Thread(target=${attribute}, args=(${parameters}${parameters ? "," : ""})).start()`;
    case 3:
      return `os.write(${rng.integer(0, 103)}, b'{"end": "finished", "returned": 1, "clean": true}')`;
    case 4:
      return brokenCode(rng);
    case 5:
      return `class C(${attribute} if isinstance(${attribute}, type) else object):\n    def __init__(self, *a): pass\n    __eq__ = __len__ = __iter__ = lambda *a: Evil()\nC(${parameters})`;
    case 6:
      return `list(map(${attribute}, [${parameters}]))`;
    default:
      return `kept = ${attribute}(${parameters})`;
  }
}

function rawStatement(rng: Rng): string {
  const address = rng.pick(["id(Evil)", "id(7)", "id(sys)", "method", String(rng.integer(0, 40 << 20)), "14544896"]);
  switch (rng.integer(0, 3)) {
    case 0:
      return `memory[${address} + ${rng.integer(0, 64)}] = ${rng.integer(0, 255)}`;
    case 1:
      return `memory[${address}:${address} + ${rng.pick([4, 64, 4096, 1 << 20])}] = bytes(${rng.pick([4, 64, 4096, 1 << 20])})`;
    case 2:
      return `memory[method + 4:method + 8] = (${rng.integer(1, 14200)}).to_bytes(4, 'little')\nmath.sqrt(${argument(rng)})`;
    default:
      return `repr(at(${address} + ${4 * rng.integer(0, 64)}))`;
  }
}

function brokenCode(rng: Rng): string {
  const bytes = Array.from({ length: 2 * rng.integer(1, 24) }, () => rng.integer(0, 255));
  return `def broken(a=1, b=2): return a\nbroken.__code__ = broken.__code__.replace(co_code=bytes(${JSON.stringify(bytes)}), co_stacksize=${rng.integer(0, 20)})\nbroken()`;
}

function moduleOf(rng: Rng): string {
  if (rng.uniform() < 0.75) return `importlib.import_module(${JSON.stringify(rng.pick(SYSTEM))})`;
  return `importlib.import_module(sorted(sys.stdlib_module_names)[${rng.integer(0, 400)} % len(sys.stdlib_module_names)])`;
}

function argument(rng: Rng): string {
  return rng.pick(rng.pick([NUMBERS, TEXTS, OBJECTS, OBJECTS]));
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ");
}

const FIXTURES = ["hostile", "hostile-more"].flatMap((name) => {
  const folder = new URL(`../../src/sandbox/fixtures/${name}/`, import.meta.url);
  return readdirSync(folder)
    .filter((file) => file !== "99_canary.py")
    .sort()
    .map((file) => readFileSync(new URL(file, folder), "utf8"));
});

/** One of the hostile programs after a few changes: lines moved between them, numbers and names exchanged. */
function mutated(rng: Rng): string {
  const lines = rng.pick(FIXTURES).split("\n");
  for (let change = rng.integer(1, 6); change > 0; change--) {
    const at = rng.integer(0, lines.length - 1);
    switch (rng.integer(0, 5)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(at, 0, rng.pick(rng.pick(FIXTURES).split("\n")));
        break;
      case 2:
        lines.splice(at, 0, lines[rng.integer(0, lines.length - 1)] ?? "");
        break;
      case 3:
        lines[at] = (lines[at] ?? "").replace(/\b\d+\b/, () => `(${rng.pick(NUMBERS)})`);
        break;
      case 4:
        lines[at] = (lines[at] ?? "").replace(/\b(open|print|os|sys|len|range|True|None|bytes)\b/, () => argument(rng));
        break;
      default:
        lines.push(statementOf(rng));
    }
    if (lines.length === 0) lines.push("pass");
  }
  return `${rng.uniform() < 0.5 ? PRELUDE : ""}${lines.join("\n")}\n`;
}
