"""Gives up what the sandbox's process has no use for, then becomes that process.

Each layer is tried on its own and none is trusted here: what holds is found out afterwards, from inside (attempts.ts).
Namespaces take the network away, landlock the files, seccomp the system calls. Linux on x86-64 and arm64.

Called with one argument, JSON: `read`, `execute` and `write` (paths), `command` (what to become), `environment`.
"""

import ctypes
import json
import os
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 1, 38, 22, 2
SIGKILL, EPERM, ENOSYS = 9, 1, 38

# By name: the number on x86-64 and on arm64; None where there is no such call.
REFUSED = {
    # Network. Pairs of sockets remain: they lead nowhere.
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "bind": (49, 200), "listen": (50, 201),
    "accept4": (288, 242),
    # Other processes, and the kernel's wider interfaces.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180), "personality": (135, 92),
    # Namespaces and mounts.
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # The machine.
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "init_module": (175, 105),
    "delete_module": (176, 106), "finit_module": (313, 273), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "quotactl": (179, 60), "acct": (163, 89), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162), "syslog": (103, 116), "iopl": (172, None), "ioperm": (173, None),
    # Files: what landlock leaves open. Programs in memory would slip past its right to execute.
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "mknod": (133, None), "mknodat": (259, 33), "memfd_create": (319, 279), "execveat": (322, 281),
}  # fmt: skip
CLONE, CLONE3 = (56, 220), (435, 435)
KILL, TGKILL, PRLIMIT = (62, 129), (234, 131), (302, 261)
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
CLONE_NEWUSER, CLONE_NEWIPC, CLONE_NEWNET = 0x10000000, 0x08000000, 0x40000000
# Those three, and mounts, cgroups, names and processes.
NEW_NAMESPACES = CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWNET | 0x00020000 | 0x02000000 | 0x04000000 | 0x20000000


def leave_the_network():
    """A network with nothing in it; in a user namespace of our own, so that no privilege is needed."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) != 0:
        return
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def close_the_files(read, execute, write):
    """Landlock: nothing of the file system but these paths, and no listening or connecting."""
    version = libc.syscall(444, None, 0, 1)
    if version < 1:
        return
    rights = (1 << (13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16)) - 1
    attributes = struct.pack("QQQ", rights, 3, 3)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = libc.syscall(444, attributes, len(attributes), 0)
    executing, writing, reading_file, reading_folder = 1, 2, 4, 8
    for paths, right in ((read, reading_file), (execute, reading_file | executing), (write, reading_file | writing)):
        for path in filter(os.path.exists, paths):
            granted = right | (reading_folder if os.path.isdir(path) else 0)
            file = os.open(path, os.O_PATH | os.O_CLOEXEC)
            libc.syscall(445, ruleset, 1, struct.pack("=Qi", granted, file), 0)
            os.close(file)
    libc.syscall(446, ruleset, 0)


def refuse_system_calls(machine):
    """Seccomp: the calls above are refused; signals and limits are for this process alone."""
    column, architecture = ARCHITECTURES[machine]
    load, equal, above, bits, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, missing, kill = 0x7FFF0000, 0x00050000 | EPERM, 0x00050000 | ENOSYS, 0x80000000
    number_at, architecture_at, argument_at = 0, 4, 16
    program = [(load, 0, 0, architecture_at), (equal, 1, 0, architecture), (answer, 0, 0, kill)]
    program += [(load, 0, 0, number_at)]
    if machine == "x86_64":
        # The same calls under other numbers.
        program += [(above, 0, 1, 0x40000000), (answer, 0, 0, refuse)]
    for numbers in REFUSED.values():
        if numbers[column] is not None:
            program += [(equal, 0, 1, numbers[column]), (answer, 0, 0, refuse)]
    # Its flags lie in memory, where a filter cannot look; without it the C library takes `clone`.
    program += [(equal, 0, 1, CLONE3[column]), (answer, 0, 0, missing)]
    program += [(equal, 0, 4, CLONE[column]), (load, 0, 0, argument_at), (bits, 0, 1, NEW_NAMESPACES)]
    program += [(answer, 0, 0, refuse), (answer, 0, 0, allow)]
    for numbers, other in ((KILL, os.getpid()), (TGKILL, os.getpid()), (PRLIMIT, 0)):
        program += [(equal, 0, 5, numbers[column]), (load, 0, 0, argument_at), (equal, 2, 0, os.getpid())]
        program += [(equal, 1, 0, other), (answer, 0, 0, refuse), (answer, 0, 0, allow)]
    program += [(answer, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)


def main():
    task = json.loads(sys.argv[1])
    libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    machine = os.uname().machine
    layers = (
        leave_the_network,
        lambda: close_the_files(task["read"], task["execute"], task["write"]),
        lambda: refuse_system_calls(machine),
    )
    for layer in layers:
        try:
            layer()
        except (OSError, KeyError) as error:
            print(f"confine: {error}", file=sys.stderr)
    os.execve(task["command"][0], task["command"], task["environment"])


main()
