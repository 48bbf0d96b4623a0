// What a program in the interpreter can reach: every function that WebAssembly imports passes through here.
// An import is open (pure or read-only), replaced (streams, clocks, randomness, exit), refused with an error number,
// or forbidden, which ends the program. What is not named is forbidden.

import { markingWrites } from "./host-writes.js";
import type { Ports } from "./ports.js";

type WasmFunction = (...parameters: never[]) => unknown;
type Imports = Record<string, Record<string, unknown>>;
type Replacement = (original: (...parameters: number[]) => number, ...parameters: number[]) => unknown;

/** Error numbers as emscripten's libc counts them. */
const EACCES = -2;
const EBADF = 8;
const ENOSYS = -52;
const ENOTTY = -59;
const EAI_FAIL = -4;

const OPEN: ReadonlySet<string> = new Set(
  `fd_seek fd_pread __syscall_stat64 __syscall_lstat64 __syscall_fstat64 __syscall_newfstatat
  __syscall_getdents64 __syscall_getcwd __syscall_faccessat __syscall_readlinkat
  __syscall_getuid32_js environ_get environ_sizes_get emscripten_get_heap_max
  _gmtime_js _timegm_js _localtime_js _mktime_js clock_res_get`.split(/\s+/),
);

/** Open too, and as they are: they only call back into the interpreter, or look at its objects. */
const CALLING_BACK: ReadonlySet<string> = new Set(
  "_PyEM_TrampolineCall_JS __call_sighandler JsvError_Check JsvNoValue_Check".split(" "),
);

/** Harmless to pretend: the program goes on, nothing happens. */
const IGNORED: ReadonlySet<string> = new Set(
  `_setitimer_js __syscall_umask_js fd_sync emscripten_debugger emscripten_log_impl_js _emscripten_log_formatted
  emscripten_runtime_keepalive_push emscripten_runtime_keepalive_pop _emscripten_runtime_keepalive_clear
  __syscall_fadvise64 getprotobyname can_run_sync_js _emscripten_get_progname`.split(/\s+/),
);

const REFUSED: Readonly<Record<string, number>> = {
  getaddrinfo: EAI_FAIL,
  getnameinfo: EAI_FAIL,
  fd_pwrite: EBADF,
  _emscripten_system: -1,
  _mmap_js: ENOSYS,
  _munmap_js: ENOSYS,
  _msync_js: ENOSYS,
};

/** By far the most frequent import: taken without detours. */
const POLL = "_Py_CheckEmscriptenSignals_Helper";

const WRITE_FLAGS = 1 | 2 | 64 | 512 | 1024;
/** Asking for a descriptor's flags; making copies or changing what a stream shares with its copies is refused. */
const FCNTL_READS: ReadonlySet<number> = new Set([1, 2, 3]);

/** Thrown through the interpreter: no Python code can catch it. The state it leaves behind must be restored. */
export class Killed extends Error {
  override readonly name = "Killed";
  constructor(
    readonly reason: "exit" | "timed-out" | "output-limit" | "denied" | "crashed",
    message: string,
    readonly exitCode = 0,
  ) {
    super(message);
  }
}

/** Wraps the imports in place. Until `ports.locked` is set, only clocks and randomness differ from the originals. */
export function buildFirewall(imports: Imports, ports: Ports): void {
  const replacements = replacementsFor(ports);
  const wrapped = new Map<unknown, WasmFunction>();
  useUniversalTime(imports, ports);
  for (const [namespace, functions] of Object.entries(imports)) {
    if (namespace.startsWith("GOT")) continue;
    for (const [name, original] of Object.entries(functions)) {
      if (typeof original !== "function" || CALLING_BACK.has(name)) continue;
      if (name === POLL) {
        functions[name] = Object.assign(() => ports.poll(), original);
        continue;
      }
      // Jsv_GetError_import and its like are WebAssembly functions: they cannot leave the instance they belong to.
      let wrapper = wrapped.get(original);
      if (!wrapper) {
        const call = original as WasmFunction;
        wrapper = OPEN.has(name) ? open(name, call, ports) : wrap(name, call, replacements[name], ports);
        wrapped.set(original, wrapper).set(wrapper, wrapper);
      }
      functions[name] = wrapper;
    }
  }
}

/** Local time is universal time: the time zone of this machine must not show. */
function useUniversalTime(imports: Imports, ports: Ports): void {
  for (const functions of Object.values(imports)) {
    const universal = functions._gmtime_js as ((time: bigint, at: number) => void) | undefined;
    if (!universal) continue;
    functions._localtime_js = (time: bigint, at: number) => {
      universal(time, at);
      ports.clear(at + 32, 8);
    };
    functions._mktime_js = functions._timegm_js;
  }
}

function wrap(name: string, original: WasmFunction, replacement: Replacement | undefined, ports: Ports): WasmFunction {
  const call = original as unknown as (...parameters: number[]) => number;
  const marking = markingWrites(name, original as never, ports.marks) as typeof call;
  const wrapper = (...parameters: number[]): unknown => {
    if (replacement && (ports.locked || ALWAYS.has(name))) {
      if (ports.killed) throw ports.killed;
      return replacement(marking, ...parameters);
    }
    if (!ports.locked) return call(...parameters);
    if (ports.killed) throw ports.killed;
    return refuse(name, ports);
  };
  return Object.assign(wrapper, original);
}

function open(name: string, original: WasmFunction, ports: Ports): WasmFunction {
  const call = original as unknown as (...parameters: number[]) => unknown;
  const marking = markingWrites(name, original as never, ports.marks) as typeof call;
  const wrapper = (...parameters: number[]): unknown => (ports.locked ? marking(...parameters) : call(...parameters));
  return Object.assign(wrapper, original);
}

/**
 * What becomes of an import while a program runs; "open" passes untouched.
 *
 * @internal
 */
export function treatmentOf(name: string, ports: Ports): "open" | "replaced" | "ignored" | "refused" | "forbidden" {
  if (OPEN.has(name) || CALLING_BACK.has(name)) return "open";
  if (name in replacementsFor(ports)) return "replaced";
  if (IGNORED.has(name)) return "ignored";
  return name in REFUSED || name.startsWith("__syscall_") ? "refused" : "forbidden";
}

function refuse(name: string, ports: Ports): number {
  if (IGNORED.has(name)) return 0;
  const error = REFUSED[name] ?? (name.startsWith("__syscall_") ? EACCES : null);
  if (error === null) return ports.kill("denied", `the program reached for ${name}`);
  ports.denied.set(Math.abs(error), name);
  return error;
}

/** In force from the first instruction on, so that the saved state holds no trace of this machine. */
const ALWAYS: ReadonlySet<string> = new Set([
  "random_get",
  "clock_time_get",
  "emscripten_get_now",
  "emscripten_date_now",
  "_tzset_js",
  "_Py_emscripten_runtime",
]);

function replacementsFor(ports: Ports): Readonly<Record<string, Replacement>> {
  return {
    fd_write: (_original, fd, vectors, count, result) => ports.write(fd, vectors, count, result),
    fd_read: (original, fd, vectors, count, result) =>
      ports.read(fd, vectors, count, result) ?? original(fd, vectors, count, result),
    fd_close: (original, fd) => (ports.owns(fd) ? 0 : original(fd)),
    fd_fdstat_get: (original, fd, result) => (ports.isPrivate(fd) ? 0 : original(fd, result)),
    __syscall_openat: (original, folder, path, flags, mode) => {
      const device = ports.deviceAt(path);
      if (device !== undefined) return device;
      if ((flags & WRITE_FLAGS) === 0) return original(folder, path, flags, mode);
      ports.denied.set(Math.abs(EACCES), "open for writing");
      return EACCES;
    },
    __syscall_fcntl64: (original, fd, command, argument) =>
      FCNTL_READS.has(command) ? original(fd, command, argument) : EACCES,
    __syscall_ioctl: () => ENOTTY,
    // The name and version of what runs the interpreter: unknown.
    _Py_emscripten_runtime: () => 0,
    random_get: (_original, at, length) => ports.random(at, length),
    clock_time_get: (_original, ...parameters) => ports.clockNanoseconds(parameters.at(-1) as number),
    emscripten_get_now: () => ports.clockMs(),
    emscripten_date_now: () => ports.clockMs(),
    _tzset_js: (_original, ...pointers) => ports.utc(pointers),
    emscripten_resize_heap: (original, size) => (ports.allowsHeap(size >>> 0) ? original(size) : 0),
    proc_exit: (_original, code) => ports.kill("exit", "the program ended its process", code),
    exit: (_original, code) => ports.kill("exit", "the program ended its process", code),
    _abort_js: () => ports.kill("crashed", "the interpreter aborted"),
    __assert_fail: () => ports.kill("crashed", "an assertion of the interpreter failed"),
  };
}
