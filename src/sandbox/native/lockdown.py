"""The walls around a process on Linux, each on its own: privileges, namespaces, resource limits, landlock, and the
filter of system calls (syscalls.py). Reached through ctypes, because Python itself offers only the limits.

Not a policy: which walls go up, and when, is decided in server.py; that each one holds is proved in probe.py.
"""

import ctypes
import os
import resource
import struct

import syscalls

_libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SIGKILL = 9
# CLONE_NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
NEW_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
MS_RDONLY_NOSUID_NODEV_NOEXEC, MS_REC_PRIVATE = 1 | 2 | 4 | 8, 0x4000 | 0x40000
LANDLOCK_CREATE, LANDLOCK_RESTRICT = 444, 446
# By version of landlock: rights on files; on TCP from 4 on; signals and abstract sockets from 6 on.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
# The stack that the main thread may grow to: the kernel keeps at least this gap below it.
STACK_BYTES = 120 << 20


def syscall(number, *arguments):
    """A raw system call. @raises OSError"""
    result = _libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if type(a) is int else a for a in arguments])
    return result if result != -1 else _fail()


def _fail():
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


def _check(result):
    if result != 0:
        _fail()


def drop_privileges():
    """No capabilities, no way to gain any by executing a file, and no other process may look inside."""
    _check(_libc.capset(struct.pack("=Ii", 0x20080522, 0), bytes(24)))
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(_libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))


def enter_namespaces():
    """Users, processes, network, mounts, messages and host name of its own; processes: for children to come."""
    user, group = os.geteuid(), os.getegid()
    _check(_libc.unshare(NEW_NAMESPACES))
    for name, text in (("setgroups", "deny"), ("uid_map", f"65534 {user} 1"), ("gid_map", f"65534 {group} 1")):
        with open(f"/proc/self/{name}", "wb", 0) as file:
            file.write(text.encode())


def empty_root():
    """An empty, read-only file system in place of all others. Needs the namespaces."""
    _check(_libc.mount(None, b"/", None, MS_REC_PRIVATE, None))
    _check(_libc.mount(b"none", b"/proc", b"tmpfs", MS_RDONLY_NOSUID_NODEV_NOEXEC, b"size=4k,mode=555"))
    os.chdir("/proc")
    os.chroot(".")


def die_with_parent(parent):
    _check(_libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
    if os.getppid() != parent:
        os._exit(1)


def limit_resources(memory_bytes, cpu_seconds):
    """@param memory_bytes  of address space, with what the process has already"""
    for kind, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_STACK, STACK_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 16),
    ):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def landlock_version():
    """@raises OSError where the kernel has none"""
    return syscall(LANDLOCK_CREATE, 0, 0, 1)


def landlock_rules():
    """A descriptor of rules that grant nothing: no file, no TCP port, no signal to the outside."""
    version = landlock_version()
    handled = struct.pack("=Q", (1 << FILE_RIGHTS.get(version, 16)) - 1)
    if version >= 4:
        handled += struct.pack("=Q", 3)
    if version >= 6:
        handled += struct.pack("=Q", 3)
    return syscall(LANDLOCK_CREATE, ctypes.c_char_p(handled), len(handled), 0)


def restrict_files(rules):
    syscall(LANDLOCK_RESTRICT, rules, 0)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def filter_calls(code):
    """Installs a filter made by syscalls.py; it holds for whatever runs in the process from here on."""
    program = _Program(len(code) // 8, code)
    _check(_libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0))


class Walls:
    """All that a program is closed in by, prepared once; `close` is called in the child that becomes the program."""

    def __init__(self):
        self.rules = landlock_rules()
        self.filter = syscalls.Filter(os.uname().machine)

    def close(self, memory_bytes, cpu_seconds):
        limit_resources(memory_bytes, cpu_seconds)
        restrict_files(self.rules)
        os.close(self.rules)
        filter_calls(self.filter.for_process(os.getpid()))
