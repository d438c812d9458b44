"""What a process and all it started use, read from /proc: the watch on a sandbox from outside."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
KB = 1024


def descendants(pid: int) -> list[int]:
    """The process and everything below it, those in other pid namespaces included."""
    below = started if (PROC / "self/task" / str(os.getpid()) / "children").exists() else all_children()
    found = [pid]
    for one in found:
        found += below(one)
    return found


def started(pid: int) -> list[int]:
    """The children of a process, by the kernel's own list. One that is made meanwhile may be missing from it."""
    found: list[int] = []
    with suppress(OSError):  # it has gone meanwhile
        for thread in (PROC / str(pid) / "task").iterdir():
            found += map(int, (thread / "children").read_bytes().split())
    return found


def all_children() -> Callable[[int], list[int]]:
    """As `started`, from a look at every process: for kernels without that list."""
    children = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            children[parent(entry)].append(int(entry.name))
    return lambda pid: children[pid]


def parent(entry: Path) -> int:
    """The parent of a process, -1 if it has gone meanwhile."""
    try:
        text = (entry / "stat").read_bytes()
    except OSError:
        return -1
    return int(text[text.rindex(b")") :].split()[2])


def uses_more(pid: int, limit: int) -> bool:
    """Whether a process and all below it hold more than `limit` bytes, libraries' files left out.

    Pages that forked processes share are counted once, which takes the kernel longer: so only when it matters.
    """
    every = descendants(pid)
    if sum(resident(one) for one in every) <= limit:
        return False
    return sum(own_share(one) for one in every) > limit


def resident(pid: int) -> int:
    """Bytes of a process's memory, private and shared."""
    return sized(pid, "status", (b"RssAnon:", b"RssShmem:"))


def own_share(pid: int) -> int:
    """As `resident`, with what it shares divided among those who share it."""
    return sized(pid, "smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:")) or resident(pid)


def sized(pid: int, file: str, fields: tuple[bytes, ...]) -> int:
    """The sum of some fields of a file of /proc, in bytes; 0 if the process has gone or keeps it to itself."""
    try:
        lines = (PROC / str(pid) / file).read_bytes().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * KB for line in lines if line.startswith(fields))
