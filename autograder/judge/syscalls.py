"""System calls that no lesson needs and that a sandbox does not allow: a seccomp filter for bubblewrap.

They lead to other processes' memory, to new namespaces, to memory that no limit counts, or to little-tried parts
of the kernel. All else is allowed: this is a second wall, not the first.
"""

from __future__ import annotations

import platform
import struct

# Numbers on x86_64 and on aarch64.
DENIED = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "shmat": (30, 196),
    "shmget": (29, 194),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
MACHINES = {"x86_64": (0, 0xC000003E, 56), "aarch64": (1, 0xC00000B7, 220)}  # column, audit number, clone
CLONE3 = 435
X32 = 0x40000000  # a second table of calls, by which x86_64 would get round the numbers above
NEW_USER = 0x10000000  # clone's flag

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16  # offsets in what the filter sees
ALLOW, KILL, NOT_PERMITTED, NO_SUCH_CALL = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026


def seccomp_filter() -> bytes:
    """The filter as the kernel takes it; empty on a machine whose numbers are not known here."""
    if platform.machine() not in MACHINES:
        return b""
    column, audit, clone = MACHINES[platform.machine()]
    steps = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    steps += unless(AT_LEAST, X32, NOT_PERMITTED)
    for numbers in DENIED.values():
        steps += unless(EQUAL, numbers[column], NOT_PERMITTED)
    steps += unless(EQUAL, CLONE3, NO_SUCH_CALL)  # its flags are out of sight; libraries fall back on clone
    steps += [(EQUAL, 0, 3, clone), (LOAD, 0, 0, FIRST_ARGUMENT), *unless(ANY_BIT, NEW_USER, NOT_PERMITTED)]
    steps += [(RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def unless(test: int, value: int, verdict: int) -> list[tuple[int, int, int, int]]:
    """Go on unless the test is true; then this is the verdict."""
    return [(test, 0, 1, value), (RETURN, 0, 0, verdict)]
