"""The limits a learner process puts on itself before the learner's code runs. None of them can be raised again."""

from __future__ import annotations

import resource

SOFT = 5  # seconds between the signal that says "out of cpu time" and the one that ends the process


def apply(cpu: int, memory: int, file_size: int, open_files: int, processes: int) -> None:
    """Limit cpu seconds, bytes of private memory, bytes of a file, open files, processes and threads.

    Memory is RLIMIT_DATA, not RLIMIT_AS: torch maps far more address space than it uses.
    """
    limit(resource.RLIMIT_CPU, cpu, cpu + SOFT)
    limit(resource.RLIMIT_DATA, memory, memory)
    limit(resource.RLIMIT_FSIZE, file_size, file_size)
    limit(resource.RLIMIT_NOFILE, open_files, open_files)
    limit(resource.RLIMIT_CORE, 0, 0)
    if processes:
        limit(resource.RLIMIT_NPROC, processes, processes)


def limit(which: int, soft: int, hard: int) -> None:
    """Lower a limit; one that is lower already stays."""
    _, most = resource.getrlimit(which)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(which, (soft, hard))
