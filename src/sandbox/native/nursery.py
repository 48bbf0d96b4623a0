"""Where programs are born: a Python with everything loaded that forks a child for each, and sees to its end.

It is told limits and descriptors, and tells numbers. See server.py for the whole.
"""

import _signal
import _socket
import array
import os
import select
import struct
import sys
import time

import library
import lockdown
import world

# Time, silence and wall limits in ms, bytes of memory.
JOB = struct.Struct("=dddQ")
# How it was stopped, wait status, processor ms.
REPORT = struct.Struct("=Bid")
READY, STOP = b"ready", b"stop"
NOT_STOPPED, TIME_LIMIT, SILENCE, ON_REQUEST, NOT_CLOSED_IN = 0, 1, 2, 3, 6
STDIN_TO_REPLY = (0, 1, 2, 100, 101)
GATE = 102
PAGE = os.sysconf("SC_PAGE_SIZE")
LOOK_MS = 250

_processor_clock, _wall_clock = time.clock_gettime, time.monotonic


def main(socket, hello, namespaces):
    lockdown.die_with_parent(os.getppid())
    # Streams are opened once, here, and must find what a program will have: pipes.
    for fd, end in enumerate(os.pipe()):
        os.dup2(end, fd)
    entry = _load(hello)
    statistics = os.open("/proc/self/statm", os.O_RDONLY)
    if namespaces:
        _try_empty_root()
    lockdown.drop_privileges()
    walls = lockdown.Walls()
    socket.send(READY)
    while True:
        message, rights, _, _ = socket.recvmsg(JOB.size, 64)
        if not message:
            os._exit(0)
        if message == STOP:
            # The program had ended by itself in the meantime.
            continue
        own_bytes = int(os.pread(statistics, 64, 0).split()[0]) * PAGE
        fds = array.array("i", rights[0][2])
        socket.send(REPORT.pack(*_give_birth(socket, walls, fds, JOB.unpack(message), own_bytes, entry)))


def _try_empty_root():
    """Some systems grant the namespaces and no power in them: then the other walls stand alone."""
    try:
        lockdown.empty_root()
    except OSError:
        pass


def _give_birth(socket, walls, fds, limits, own_bytes, entry):
    time_ms, silence_ms, wall_ms, memory_bytes = limits
    gate, childs_gate = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_program(parent, walls, [*fds, childs_gate], time_ms, own_bytes + memory_bytes, entry)
    for fd in (*fds, childs_gate):
        os.close(fd)
    closed_in = os.read(gate, 1)
    os.close(gate)
    if not closed_in:
        return NOT_CLOSED_IN, os.wait4(pid, 0)[1], 0
    return _see_to_its_end(socket, Watch(pid, time_ms, silence_ms, wall_ms))


def _load(hello):
    """The standard library, the guest, and the world they live in. @returns the guest's entry"""
    world.install()
    library.Library().take_over(os.path.dirname(os.path.abspath(__file__)))
    for name in ("_ctypes", "mmap"):
        sys.modules.pop(name, None)
    import json

    settings = json.loads(hello)
    scope = {"standard_library": settings["standardLibrary"], "guest": settings["guest"], "__name__": "install"}
    exec(compile(settings["install"], "install.py", "exec"), scope)
    entry = sys._coderlplus_main
    del sys._coderlplus_main
    world.finish()
    import gc

    gc.collect()
    gc.freeze()
    return entry


def _become_program(parent, walls, fds, time_ms, memory_bytes, entry):
    try:
        lockdown.die_with_parent(parent)
        os.setsid()
        for fd, target in zip(fds, (*STDIN_TO_REPLY, GATE)):
            os.dup2(fd, target)
        os.closerange(3, walls.rules)
        os.closerange(walls.rules + 1, STDIN_TO_REPLY[3])
        os.closerange(GATE + 1, 1 << 20)
        # `wait4` imports it, so the nursery keeps it.
        del sys.modules["resource"]
        world.begin(time_ms)
        walls.close(memory_bytes, int(time_ms / 1000) + 2)
        os.write(GATE, b"1")
        os.close(GATE)
    except BaseException:
        os._exit(1)
    try:
        entry()
    except MemoryError:
        _end_as("SIGUSR2")
    except BaseException:
        _end_as("SIGABRT")
    os._exit(0)


def _end_as(name):
    """Ends by a signal, so that it is told apart from an exit of the program's own."""
    number = getattr(_signal, name)
    _signal.signal(number, _signal.SIG_DFL)
    _signal.raise_signal(number)
    os._exit(1)


def _see_to_its_end(socket, watch):
    handle = os.pidfd_open(watch.pid)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(socket, select.POLLIN)
    stopped = NOT_STOPPED
    while stopped == NOT_STOPPED:
        events = [fd for fd, _ in poll.poll(watch.patience_ms())]
        if handle in events:
            break
        if not events:
            stopped = watch.verdict()
        elif socket.recv(JOB.size):
            stopped = ON_REQUEST
        else:
            # The keeper has gone: with this process ends its child.
            os._exit(0)
    if stopped != NOT_STOPPED:
        os.kill(watch.pid, _signal.SIGKILL)
    os.close(handle)
    _, status, usage = os.wait4(watch.pid, 0)
    return stopped, status, (usage.ru_utime + usage.ru_stime) * 1000


class Watch:
    """A child's processor time, against its limit; where that stands still too long, the child waits for nothing."""

    def __init__(self, pid, time_ms, silence_ms, wall_ms):
        self.pid = pid
        # The kernel's name for the processor clock of a process.
        self.clock = (~pid << 3) | 2
        self.used = _processor_clock(self.clock) * 1000
        self.time_ms, self.silence_ms, self.wall_ms = self.used + time_ms, silence_ms, wall_ms
        self.started = self.heard = _wall_clock() * 1000

    def patience_ms(self):
        """One thread uses no more processor time than passes on the wall."""
        return min(max(self.time_ms - self.used, 1), LOOK_MS)

    def verdict(self):
        used, now = _processor_clock(self.clock) * 1000, _wall_clock() * 1000
        if used > self.used:
            self.heard = now
        self.used = used
        if used > self.time_ms:
            return TIME_LIMIT
        return SILENCE if now - self.heard > self.silence_ms or now - self.started > self.wall_ms else NOT_STOPPED
