"""The filter of system calls that a program runs under, as the kernel's seccomp reads it: an allow-list.

What is not named is refused. The file system looks empty: paths do not exist, and writing is forbidden.
"""

import errno
import struct

# x86_64, aarch64; None where the architecture has no such call. Once a program is closed in, only these get an answer
# other than EPERM.
NUMBERS = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "close": (3, 57), "lseek": (8, 62),
    "fstat": (5, 80), "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214),
    "mremap": (25, 216), "madvise": (28, 233), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136), "sigaltstack": (131, 132), "futex": (202, 98),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169), "time": (201, None),
    "clock_nanosleep": (230, 115), "nanosleep": (35, 101), "restart_syscall": (219, 128), "sched_yield": (24, 124),
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72), "dup": (32, 23),
    "dup2": (33, None), "dup3": (292, 24), "fcntl": (72, 25), "ioctl": (16, 29), "getcwd": (79, 17),
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getrusage": (98, 165), "times": (100, 153), "umask": (95, 166),
    "getrandom": (318, 278), "prlimit64": (302, 261), "tgkill": (234, 131), "exit": (60, 93), "exit_group": (231, 94),
    "setitimer": (38, 103), "alarm": (37, None), "clone3": (435, 435), "statx": (332, 291), "open": (2, None),
    "openat": (257, 56), "stat": (4, None), "lstat": (6, None), "newfstatat": (262, 79), "access": (21, None),
    "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78),
}  # fmt: skip

ALLOWED = """read write munmap brk close fstat lseek madvise mremap futex rt_sigaction rt_sigprocmask rt_sigreturn
  rt_sigpending sigaltstack clock_gettime clock_getres gettimeofday time clock_nanosleep nanosleep restart_syscall
  sched_yield poll ppoll select pselect6 readv writev dup dup2 dup3 getcwd getpid gettid getppid getuid geteuid getgid
  getegid getrusage times umask getrandom exit exit_group""".split()
# Answered without being done; 0 is success.
ANSWERED = {
    "setitimer": 0, "alarm": 0, "ioctl": errno.ENOTTY, "clone3": errno.ENOSYS, "statx": errno.ENOENT,
    "stat": errno.ENOENT, "lstat": errno.ENOENT, "newfstatat": errno.ENOENT, "access": errno.ENOENT,
    "faccessat": errno.ENOENT, "faccessat2": errno.ENOENT, "readlink": errno.ENOENT, "readlinkat": errno.ENOENT,
}  # fmt: skip

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
FOREIGN_ABI = 0x40000000
LOAD, EQUAL, GREATER_EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ANSWER, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER_AT, ARCHITECTURE_AT = 0, 4
PROT_EXEC, WRITE_FLAGS = 4, 1 | 2 | 0o100 | 0o1000 | 0o2000
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC: nothing that reaches the other end of a pipe.
DESCRIPTOR_COMMANDS = (0, 1, 2, 3, 1030)


def _do(code, value, yes=0, no=0):
    return struct.pack("=HBBI", code, yes, no, value)


def _argument(index, upper=False):
    return _do(LOAD, 16 + 8 * index + (4 if upper else 0))


_allow, _refuse = _do(RETURN, ALLOW), _do(RETURN, ANSWER | errno.EPERM)


class Filter:
    """The filter for one architecture; only the process number differs from program to program."""

    def __init__(self, machine):
        """@raises OSError for an architecture whose calls are not known here"""
        if machine not in MACHINES:
            raise OSError(errno.ENOSYS, f"no table of system calls for {machine}")
        self.column, architecture = MACHINES[machine]
        head = [
            _do(LOAD, ARCHITECTURE_AT),
            _do(EQUAL, architecture, 1, 0),
            _do(RETURN, KILL),
            _do(LOAD, NUMBER_AT),
            _do(GREATER_EQUAL, FOREIGN_ABI, 0, 1),
            _do(RETURN, KILL),
        ]
        self.head = b"".join(head + [self._when(name, _allow) for name in ALLOWED])
        self.tail = b"".join(
            [self._when(name, _do(RETURN, ANSWER | number)) for name, number in ANSWERED.items()]
            + [self._when(name, body) for name, body in self._conditions()]
            + [_refuse]
        )

    def for_process(self, pid):
        """Signals to itself are all a process may send: `abort` is one."""
        own = _argument(0) + _do(EQUAL, pid, 0, 1) + _allow + _refuse
        return self.head + self._when("tgkill", own) + self.tail

    def _when(self, name, body):
        number = NUMBERS[name][self.column]
        return b"" if number is None else _do(EQUAL, number, 0, len(body) // 8) + body

    @staticmethod
    def _conditions():
        absent, forbidden = _do(RETURN, ANSWER | errno.ENOENT), _do(RETURN, ANSWER | errno.EACCES)
        not_executable = _argument(2) + _do(ANY_BIT, PROT_EXEC, 1, 0) + _allow + _refuse
        yield "mmap", not_executable
        yield "mprotect", not_executable
        for name, flags in (("openat", 2), ("open", 1)):
            yield name, _argument(flags) + _do(ANY_BIT, WRITE_FLAGS, 1, 0) + absent + forbidden
        yield "fcntl", _argument(1) + b"".join(_do(EQUAL, c, 0, 1) + _allow for c in DESCRIPTOR_COMMANDS) + _refuse
        # Reading limits of its own, not setting them.
        zero = _do(EQUAL, 0, 1, 0) + _refuse
        only_read = _argument(0) + zero + _argument(2) + zero + _argument(2, upper=True) + zero
        yield "prlimit64", only_read + _allow
