"""Where CPython in WebAssembly differs from a usual CPython in ways that correct programs notice: made alike here.

Installed once, before the state that every program starts from is saved. Not a sandbox: nothing here protects.
"""

import asyncio
import sys
import threading


def install():
    # Programs use it as infinity; list sizes beyond 2^31 fail anyway.
    sys.maxsize = 2**63 - 1
    threading.Thread.start = _run_at_once
    threading.Thread.join = _join
    threading.Thread.is_alive = lambda self: False
    asyncio.set_event_loop_policy = lambda policy: None
    asyncio.new_event_loop = _Loop
    asyncio.events.new_event_loop = _Loop
    asyncio.runners.events.new_event_loop = _Loop
    asyncio.get_event_loop = asyncio.events.get_event_loop = _current_loop
    asyncio.run = _run


def _run_at_once(self):
    if self._started.is_set():
        raise RuntimeError("threads can only be started once")
    self._started.set()
    try:
        self.run()
    except SystemExit:
        pass
    except BaseException as error:
        threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, self)))


def _join(self, timeout=None):
    if not self._started.is_set():
        raise RuntimeError("cannot join thread before it is started")


class _NoSelector:
    """What an event loop polls: nothing, so that waiting for a timer only lets time pass."""

    def select(self, timeout=None):
        import time

        if timeout is None:
            raise RuntimeError("deadlock: every task waits and nothing will wake one")
        if timeout > 0:
            time.sleep(timeout)
        return []

    def register(self, *arguments):
        raise NotImplementedError("no files or sockets here")

    unregister = modify = register

    def get_map(self):
        return {}

    def close(self):
        pass


class _Loop(asyncio.BaseEventLoop):
    """asyncio's own loop without the pipe to itself that it wakes up by."""

    current = None

    def __init__(self):
        super().__init__()
        self._selector = _NoSelector()

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass

    def run_in_executor(self, executor, function, *arguments):
        future = self.create_future()
        try:
            future.set_result(function(*arguments))
        except BaseException as error:
            future.set_exception(error)
        return future


def _current_loop():
    """The running loop, else the one set, else a new one, as before Python 3.14: pyodide's own needs its host."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    if _Loop.current is None:
        _Loop.current = _Loop()
    return _Loop.current


def _run(main, *, debug=None, loop_factory=None):
    with asyncio.Runner(debug=debug, loop_factory=_Loop) as runner:
        return runner.run(main)
