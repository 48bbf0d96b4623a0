"""The world as a program sees it, made like the wasm engine's: a clock that its own work moves, chance that repeats,
no trace of this machine. Not a wall: what a program may not reach is shut off in lockdown.py.
"""

import _imp
import gc
import posix
import sys
import time

# As in ports.ts: 2026-01-01 in universal time, and the seed of xorshift32.
EPOCH_SECONDS = 1767225600
SEED = 0x9E3779B9
FOLDER = "/lib/python"
DEVICES = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}

_cpu_seconds = time.process_time


class _Clock:
    """All clocks are this one: processor time so far, and what the program has slept."""

    slept = 0.0
    budget = 1.0

    def now(self):
        return EPOCH_SECONDS + _cpu_seconds() + self.slept

    def sleep(self, seconds):
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.slept += float(seconds)
        if _cpu_seconds() + self.slept > self.budget:
            import _signal

            _signal.raise_signal(_signal.SIGXCPU)
            # Where the program ignores the signal, its processor time ends it.
            while True:
                pass


_clock = _Clock()
_state = [SEED]


def begin(time_ms):
    """@param time_ms  after which a sleeping program has used up its time"""
    _clock.budget = time_ms / 1000


def install():
    """Before the standard library is loaded: its modules keep what they find."""
    posix.urandom = _random_bytes
    sys.modules["os"].urandom = _random_bytes
    # `random` would draw a new seed in every child.
    posix.register_at_fork = sys.modules["os"].register_at_fork = lambda **hooks: None
    machine = posix.uname().machine
    posix.uname = sys.modules["os"].uname = lambda: posix.uname_result(("Linux", "localhost", "0", "0", machine))
    posix.cpu_count = sys.modules["os"].cpu_count = lambda: 1
    now = _clock.now
    for name in ("time", "monotonic", "perf_counter"):
        setattr(time, name, now)
        setattr(time, name + "_ns", lambda: round(now() * 1e9))
    time.sleep = _clock.sleep
    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, _with_default(getattr(time, name), now))
    strftime, localtime = time.strftime, time.localtime
    time.strftime = lambda format, when=None: strftime(format, localtime() if when is None else when)


def _with_default(function, now):
    return lambda seconds=None: function(now() if seconds is None else seconds)


def _random_bytes(count):
    word, result = _state[0], bytearray(count)
    for at in range(count):
        word ^= (word << 13) & 0xFFFFFFFF
        word ^= word >> 17
        word ^= (word << 5) & 0xFFFFFFFF
        result[at] = word & 0xFF
    _state[0] = word
    return bytes(result)


def finish():
    """After the standard library is loaded: what C code reads by itself, and what tells of this machine."""
    import datetime
    import random
    import site

    # What `exit`, `quit` and `help` are: left out with the folders that the site module looks for.
    site.setquit()
    site.setcopyright()
    site.sethelper()
    seed = random.Random.seed

    def seeded(self, a=None, version=2):
        seed(self, int.from_bytes(_random_bytes(64), "big") if a is None else a, version)

    random.Random.seed = seeded
    random.seed = random._inst.seed
    random.seed()
    _state[0] = SEED
    # A type made in C refuses new attributes; its dictionary does not.
    methods = gc.get_referents(datetime.datetime.__dict__)[0]
    methods["now"] = classmethod(lambda cls, tz=None: cls.fromtimestamp(_clock.now(), tz))
    methods["utcnow"] = classmethod(lambda cls: cls.fromtimestamp(_clock.now()))
    _open_devices()
    _hide_host(sys.modules["os"].path.dirname(sys.modules["os"].__file__))


def _open_devices():
    """The three streams by their names as files, which there are none of; and their state, as that of a pipe."""
    import builtins
    import fcntl
    import io

    open_file = io.open

    def open_device(file, *arguments, **keywords):
        # Anything but a text is the program's own, and none of its methods is called.
        device = DEVICES.get(file) if type(file) is str else None
        return open_file(file if device is None else posix.dup(device), *arguments, **keywords)

    def fstat(fd):
        fcntl.fcntl(fd, fcntl.F_GETFD)
        return posix.stat_result((0o10600, 0, 0, 1, 0, 0, 0, 0, 0, 0))

    builtins.open = io.open = open_device
    posix.fstat = sys.modules["os"].fstat = fstat


def _hide_host(folder):
    for name in ("prefix", "exec_prefix", "base_prefix", "base_exec_prefix", "_stdlib_dir"):
        setattr(sys, name, "/")
    sys.executable = sys._base_executable = ""
    sys.argv[:] = sys.orig_argv[:] = ["program.py"]
    for module in list(sys.modules.values()):
        spec = getattr(module, "__spec__", None)
        for holder, name in ((module, "__file__"), (module, "__cached__"), (spec, "origin"), (spec, "cached")):
            if isinstance(getattr(holder, name, None), str):
                _rename(holder, name, folder)
        if hasattr(module, "__path__"):
            module.__path__ = []
        for value in list(vars(module).values()):
            _hide_origin(value, folder)


def _rename(holder, name, folder):
    try:
        setattr(holder, name, getattr(holder, name).replace(folder, FOLDER))
    except AttributeError:
        pass


def _hide_origin(value, folder):
    functions = list(vars(value).values()) if isinstance(value, type) else [value]
    for function in functions:
        code = getattr(function, "__code__", None)
        if isinstance(code, type(_hide_origin.__code__)) and code.co_filename.startswith(folder):
            _imp._fix_co_filename(code, FOLDER + code.co_filename[len(folder) :])
