"""What a process and all it started use, read from /proc: the watch on a sandbox from outside."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")
KB = 1024


def descendants(pid: int) -> list[int]:
    """The process and everything below it, those in other pid namespaces included."""
    children = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            children[parent(entry)].append(int(entry.name))
    found = [pid]
    for one in found:
        found += children[one]
    return found


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
