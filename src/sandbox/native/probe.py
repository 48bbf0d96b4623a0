"""Attacks each wall of lockdown.py on its own: a wall holds where all that it must refuse is refused, and some of it
was possible without it. Prints a list of {name, status, detail}.
"""

import _socket
import ctypes
import errno
import json
import os
import resource
import select
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import lockdown
import syscalls

MEMORY_BYTES = 64 << 20
PATIENCE_SECONDS = 10
COLUMN = 0 if os.uname().machine == "x86_64" else 1
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
# Calls that programs have no business with, by number; arguments that do no harm where nothing refuses them.
CALLS = {
    "socket inet": ((41, 198), (2, 1, 0)), "socket unix": ((41, 198), (1, 1, 0)), "socket raw": ((41, 198), (2, 3, 1)),
    "socket netlink": ((41, 198), (16, 3, 0)), "socketpair": ((53, 199), (1, 1, 0, bytes(8))),
    "clone": ((56, 220), (17, 0, 0, 0, 0)), "execve": ((59, 221), (b"/nothing", 0, 0)),
    "execveat": ((322, 281), (-1, b"", 0, 0, 0)), "kill": ((62, 129), None), "tgkill": ((234, 131), None),
    "tkill": ((200, 130), None), "pidfd_open": ((434, 434), None), "ptrace": ((101, 117), None),
    "process_vm_readv": ((310, 270), None), "unshare": ((272, 97), (0x10000000,)), "setns": ((308, 268), (-1, 0)),
    "mount": ((165, 40), (b"x", b"/nothing", b"x", 0, 0)), "chroot": ((161, 51), (b"/nothing",)),
    "bpf": ((321, 280), (-1, 0, 0)), "io_uring_setup": ((425, 425), (0, 0)), "keyctl": ((250, 219), (0, -3, 0)),
    "add_key": ((248, 217), (b"user", b"x", 0, 0, -3)), "userfaultfd": ((323, 282), (1,)),
    "perf_event_open": ((298, 241), (0, 0, 0, 0, 0)), "memfd_create": ((319, 279), (b"x", 0)),
    "prctl": ((157, 167), (15, b"x")), "seccomp": ((317, 277), (2, 0, bytes(8))), "setrlimit": ((160, 164), (7, bytes(16))),
    "prlimit64": ((302, 261), (0, 7, bytes(16), 0)), "shmget": ((29, 194), (0, 4096, 0o1600)),
    "mkdirat": ((258, 34), (-100, b"/nothing/x", 0o700)), "unlinkat": ((263, 35), (-100, b"/nothing/x", 0)),
    "inotify_init1": ((294, 26), (0,)), "sched_setaffinity": ((203, 122), (0, 8, bytes(8))), "sysinfo": ((99, 179), (bytes(256),)),
    "uname": ((63, 160), (bytes(512),)), "open_by_handle_at": ((304, 265), (-1, 0, 0)), "getdents64": ((217, 61), (0, 0, 0)),
}  # fmt: skip


def call(name):
    numbers, arguments = CALLS[name]
    if arguments is None:
        arguments = TARGETED[name]()
    lockdown.syscall(numbers[COLUMN], *[ctypes.c_char_p(a) if type(a) is bytes else a for a in arguments])


TARGETED = {
    "kill": lambda: (os.getppid(), 0),
    "tkill": lambda: (os.getppid(), 0),
    "tgkill": lambda: (os.getppid(), os.getppid(), 0),
    "pidfd_open": lambda: (os.getppid(), 0),
    # Seizing does not stop it.
    "ptrace": lambda: (0x4206, os.getppid(), 0, 0),
    "process_vm_readv": lambda: (os.getppid(), 0, 0, 0, 0, 0),
}


def read_file(path):
    os.close(os.open(path, os.O_RDONLY))


def create_file():
    path = f"/tmp/coderlplus-probe-{os.getpid()}"
    os.close(os.open(path, WRITE, 0o600))
    os.unlink(path)


def connect_tcp():
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        connection.connect(("127.0.0.1", 1))
    except ConnectionRefusedError:
        pass


def executable_memory():
    lockdown.syscall((9, 222)[COLUMN], 0, 4096, 7, 0x22, -1, 0)


def foreign_call():
    lockdown.syscall(0x40000000 + 39)


def allocate():
    bytearray(4 * MEMORY_BYTES)


def write_file():
    # In memory, so that only the limit on file sizes is in the way.
    os.write(os.memfd_create("probe"), b"x")


def open_many():
    for _ in range(200):
        os.dup(2)


def fork():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def spin():
    while True:
        pass


def see_processes():
    os.kill(int(os.environ["PARENT"]), 0)


def see_files():
    if not os.listdir("/"):
        raise FileNotFoundError(errno.ENOENT, "empty")


class Wall:
    """How a wall is put up, and what it must refuse, each with the error numbers that count as its refusal."""

    def __init__(self, name, build, attacks, before=None, needed=True):
        """@param before  what stands with and without it, so that its refusals are its own"""
        self.name, self.build, self.attacks, self.before, self.needed = name, build, attacks, before, needed

    def judge(self):
        held, proved = [], 0
        for name, attack, refusals in self.attacks:
            result = attempt(attack, self.before, self.build)
            if result not in refusals:
                return self.report("failed", f"{name} was not refused ({result})")
            held.append(name)
            proved += attempt(attack, self.before) not in refusals
        if proved == 0:
            return self.report("failed", "whatever it refuses was impossible without it: it proves nothing")
        return self.report("ok", f"{len(held)} attacks refused, {proved} of them possible without it")

    def report(self, status, detail):
        return {"name": self.name, "status": status if self.needed or status == "ok" else "off", "detail": detail}


def attempt(attack, *builders):
    """Tries an attack in a child. @returns its error number, 0 where it went well, the name of what else ended it"""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.environ["PARENT"] = str(os.getppid())
        result = b"0"
        try:
            for build in filter(None, builders):
                build()
            try:
                attack()
            except OSError as error:
                result = str(error.errno).encode()
            except BaseException as error:
                result = type(error).__name__.encode()
        except BaseException as error:
            result = f"cannot be built: {error!r}".encode()
        os.write(writer, result)
        os._exit(0)
    os.close(writer)
    if not select.select([reader], [], [], PATIENCE_SECONDS)[0]:
        os.kill(pid, 9)
    text = os.read(reader, 200).decode()
    os.close(reader)
    status = os.waitpid(pid, 0)[1]
    if not text:
        return f"signal {status & 127}"
    return int(text) if text.isdigit() else text


def build_limits():
    own = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    lockdown.limit_resources(own + MEMORY_BYTES, 1)


def build_filter():
    lockdown.filter_calls(syscalls.Filter(os.uname().machine).for_process(os.getpid()))


def build_landlock():
    lockdown.restrict_files(lockdown.landlock_rules())


def build_namespaces():
    lockdown.enter_namespaces()
    pid = os.fork()
    if pid == 0:
        lockdown.empty_root()
        return
    status = os.waitpid(pid, 0)[1]
    os._exit(status >> 8)


EPERM, EACCES, ENOENT = errno.EPERM, errno.EACCES, errno.ENOENT
VERSION = 0
try:
    VERSION = lockdown.landlock_version()
except OSError:
    pass


def walls():
    limits = [
        ("memory beyond the limit", allocate, ["MemoryError"]),
        ("a file of any size", write_file, [errno.EFBIG]),
        ("200 descriptors", open_many, [errno.EMFILE]),
        ("processor time beyond the limit", spin_or_nothing, ["signal 24", "signal 9"]),
    ]
    if os.geteuid() != 0:
        limits.append(("a process", fork, [errno.EAGAIN]))
    yield Wall("limits", build_limits, limits)
    if os.geteuid() == 0:
        powers = [
            ("another root folder", lambda: os.chroot("/"), [EPERM]),
            ("another user", lambda: os.setuid(65534), [EPERM]),
            ("raised priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -1), [EACCES]),
        ]
        yield Wall("privileges", lockdown.drop_privileges, powers)
    files = [
        ("reading /etc/passwd", lambda: read_file("/etc/passwd"), [ENOENT]),
        ("reading its own environment", lambda: read_file("/proc/self/environ"), [ENOENT]),
        ("reading the environment of others", lambda: read_file("/proc/1/environ"), [ENOENT]),
        ("writing in /tmp", create_file, [EACCES]),
        ("looking at a file", lambda: os.stat("/etc/passwd"), [ENOENT]),
        ("listing a folder", lambda: os.listdir("/etc"), [ENOENT]),
        ("executable memory", executable_memory, [EPERM]),
        ("making a process", fork, [EPERM]),
    ]
    if COLUMN == 0:
        files.append(("calls of another architecture", foreign_call, ["signal 31"]))
    calls = [(name, lambda name=name: call(name), [EPERM]) for name in CALLS]
    yield Wall("seccomp", build_filter, files + calls, before=lockdown.drop_privileges)
    landlock = [
        ("reading /etc/passwd", lambda: read_file("/etc/passwd"), [EACCES]),
        ("reading its own environment", lambda: read_file("/proc/self/environ"), [EACCES]),
        ("writing in /tmp", create_file, [EACCES]),
        ("listing /", lambda: os.listdir("/"), [EACCES]),
        ("executing a program", lambda: os.execv(sys.executable, [sys.executable, "-c", ""]), [EACCES]),
        ("tracing its parent", lambda: call("ptrace"), [EPERM]),
    ]
    if VERSION >= 4:
        landlock.append(("connecting over TCP", connect_tcp, [EACCES]))
    if VERSION >= 6:
        landlock.append(("signalling its parent", lambda: call("kill"), [EPERM]))
    yield Wall("landlock", build_landlock, landlock, before=lockdown.drop_privileges)
    yield Wall(
        "namespaces",
        build_namespaces,
        [
            ("seeing files", see_files, [ENOENT]),
            ("seeing processes", see_processes, [errno.ESRCH]),
            ("connecting over TCP", connect_tcp, [errno.ENETUNREACH]),
        ],
        needed=False,
    )


def spin_or_nothing():
    """Without a limit it would not end."""
    if resource.getrlimit(resource.RLIMIT_CPU)[0] != resource.RLIM_INFINITY:
        spin()


def main():
    print(json.dumps([wall.judge() for wall in walls()]))


main()
