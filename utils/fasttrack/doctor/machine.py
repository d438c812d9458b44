"""Memory, disk and cores, held against what lessons take: 2 GB of memory and two cores."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from fasttrack.doctor.finding import GB, Finding, fine, note, size, wrong

LESSON = 2 * GB  # memory that the hungriest lesson may take
NOTEBOOKS, DOWNLOADS = 0.1 * GB, 1 * GB  # disk: to save one's work, and for the public data and models
CONTROL_GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_limit(files: tuple[Path, ...] = CONTROL_GROUPS) -> int | None:
    """Bytes that the container may use, None if there is no limit."""
    for file in files:
        try:
            text = file.read_text("ascii").strip()
        except OSError:
            continue
        return int(text) if text.isdigit() and int(text) < 1 << 60 else None
    return None


def measured_memory() -> tuple[int, int]:
    """Bytes of memory in all, and available."""
    import psutil

    found = psutil.virtual_memory()
    limit = memory_limit() or found.total
    return min(found.total, limit), min(found.available, limit)


def memory(total: int, available: int) -> Finding:
    found = f"{size(available)} of {size(total)} are free"
    if total < 0.95 * LESSON:
        return wrong(
            "memory", f"{size(total)}, some lessons take {size(LESSON)}", "work on Colab, by the badges"
        )
    if available < LESSON:
        do = "close other programs before a long cell"
        return note("memory", f"{found}, some lessons take {size(LESSON)}", do)
    return fine("memory", found)


def free_disk(folder: Path) -> int:
    """Bytes that can be written in a folder, or where it would be made."""
    return shutil.disk_usage(existing(folder)).free


def disk(folder: Path, free: int) -> Finding:
    if free < NOTEBOOKS:
        return wrong(
            "disk", f"{size(free)} are free at {folder}: too little to save work", "delete something there"
        )
    if free < DOWNLOADS:
        do = "nothing has to be done: no lesson needs a download"
        return note("disk", f"{size(free)} are free at {folder}: little for public data and models", do)
    return fine("disk", f"{size(free)} are free at {folder}")


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cores(count: int) -> Finding:
    if count < 2:
        return note("cores", "1; the lessons' minutes are measured on two", "allow about twice the time")
    return fine("cores", f"{count}")


def existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
