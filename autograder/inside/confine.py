"""What a forked process does to be as walled off as a bubblewrap sandbox of its own: system calls, by ctypes."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

NEW_MOUNTS, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
NOSUID = 2  # devices are out of reach anyway: no file system of a user namespace has any but ptys
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
SECCOMP_MODE_FILTER = 2
CAPABILITIES_3 = 0x20080522  # the version of the kernel's structure
SET_FLAGS, UP_AND_RUNNING = 0x8914, 0x1 | 0x40  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING

CLONE = {"x86_64": 56, "aarch64": 220}  # the number of the system call
HUGE, COLLAPSE = 2 << 20, 25  # bytes of a huge page; MADV_COLLAPSE, Linux 6.1

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    """Raise OSError for a system call that failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def shared(proc: str) -> str:
    """Why this process must not be forked: memory that forks would share, threads that they would lack; or ""."""
    threads = len(list(Path(proc, "self/task").iterdir()))
    if threads != 1:
        return f"the warm parent has {threads} threads, which no fork takes along"
    maps = [line for line in Path(proc, "self/maps").read_text().splitlines() if " rw-s " in line]
    return f"the warm parent has memory that forks would share: {maps[0]}" if maps else ""


def hide() -> None:
    """Keep this process's memory from others of the same user."""
    checked(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl")


def collapse(proc: str) -> None:
    """Put this process's memory on huge pages, as far as the kernel can: each fork copies the table of pages."""
    for line in Path(proc, "self/maps").read_text().splitlines():
        place, rights, _, _, inode, *_ = line.split()
        begin, end = (int(address, 16) for address in place.split("-"))
        for at in range(-(-begin // HUGE) * HUGE, end - HUGE + 1, HUGE):
            if rights == "rw-p" and inode == "0" and libc.madvise(ctypes.c_void_p(at), HUGE, COLLAPSE) < 0:
                break  # an older kernel, or a range that is hardly used


def fork() -> int:
    """As os.fork; the child has namespaces of its own, and is the first of its pid namespace.

    By clone, since unshare would take a fork more for the pid namespace, and forking is what costs here.
    """
    every = NEW_USER | NEW_MOUNTS | NEW_PID | NEW_IPC | NEW_NET | NEW_UTS
    pid: int = libc.syscall(CLONE.get(os.uname().machine, -1), every | signal.SIGCHLD, 0, 0, 0, 0)
    checked(pid, "nested namespaces")
    return pid


def settle(uid: int, proc: str) -> None:
    """Stay who one is, `uid`, in new namespaces, and have a loopback."""
    checked(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")  # else the maps below are root's to write
    for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{uid} {uid} 1")):
        fd = os.open(f"{proc}/self/{file}", os.O_WRONLY)
        os.write(fd, text.encode())  # the kernel takes a map in one piece
        os.close(fd)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as loopback:
        fcntl.ioctl(loopback, SET_FLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))


def mount(mounts: Sequence[tuple[str, str, str]]) -> None:
    """Mount file systems, as (kind, place, options), over what was there."""
    for kind, place, options in mounts:
        done = libc.mount(kind.encode(), place.encode(), kind.encode(), NOSUID, options.encode())
        checked(done, f"mount {place}")


def give_up_rights(seccomp: bytes) -> None:
    """No capability, no way to any, and no system call that the filter denies."""
    capability = 0
    while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    header = struct.pack("=II", CAPABILITIES_3, 0)
    checked(libc.capset(header, bytes(24)), "capset")
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    if seccomp:
        code = ctypes.create_string_buffer(seccomp, len(seccomp))
        program = struct.pack("@HP", len(seccomp) // 8, ctypes.addressof(code))
        checked(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0), "seccomp")
