"""How grading grows with the class: simulated classes of 100 and 1,000, through dask with one and two workers.

    python benchmarks/scale.py [--sizes 100,1000] [--workers 1,2] [--lesson 01_tensors/01_tensors]

Each class is graded by `autograder grade` in a process of its own, sandbox on, feedback left out. Meanwhile the
memory of that client and of all below it is looked at: the dask workers, their warm parents, learners' processes.
Flat means that a class ten times as large takes no more of it. Two busy processes beside one tell how much more the
second core of this machine gives at all.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from grading import classroom
from rich.console import Console
from rich.table import Table

from autograder.course import Course
from autograder.judge.processes import descendants, own_share

MB = 1 << 20
LOOK = 5.0  # seconds between two looks at the memory
BUSY = "import time; began = time.perf_counter(); sum(range(10**9)); print(time.perf_counter() - began)"


class Run(NamedTuple):
    """One class graded: seconds, and the most MB that the client held, and all below it together."""

    seconds: float
    client: float
    below: float


def graded(course: Course, lesson: str, workers: int, db: Path) -> Run:
    """`autograder grade` into a new gradebook."""
    words = ("-m", "autograder.cli", "grade", lesson, "--no-feedback", "--workers", str(workers))
    began = time.perf_counter()
    client = subprocess.Popen(
        [sys.executable, *words, "--db", f"sqlite:///{db}"], cwd=course.root, stdout=subprocess.DEVNULL
    )
    most = [0, 0]
    while client.poll() is None:
        held = [own_share(pid) for pid in descendants(client.pid)]
        most = [max(most[0], held[0]), max(most[1], sum(held[1:]))]
        with suppress(subprocess.TimeoutExpired):
            client.wait(LOOK)
    if client.returncode:
        sys.exit(f"grading failed with status {client.returncode}")
    return Run(time.perf_counter() - began, most[0] / MB, most[1] / MB)


def second_core() -> float:
    """How much more two processes get done than one."""

    def seconds(processes: int) -> float:
        words = [sys.executable, "-c", BUSY]
        busy = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
        return max(float(one.communicate()[0]) for one in busy)

    return 2 * seconds(1) / seconds(2)


def main(
    sizes: str = "100,1000",
    workers: str = "1,2",
    lesson: Annotated[str, typer.Option()] = "01_tensors/01_tensors",
) -> None:
    """Grade every size with every number of workers, and print the table."""
    table = Table("submissions", "workers", "seconds", "a minute", "client MB", "workers MB", title=lesson)
    for size in map(int, sizes.split(",")):
        print(f"two busy processes: {second_core():.2f} times as much as one")
        with tempfile.TemporaryDirectory(prefix="scale-", dir="/var/tmp") as folder:
            course = classroom(Path(folder), lesson, size)
            for count in map(int, workers.split(",")):
                run = graded(course, lesson, count, Path(folder, f"{count}.db"))
                rate = 60 * size / run.seconds
                memory = f"{run.client:.0f}", f"{run.below:.0f}"
                table.add_row(str(size), str(count), f"{run.seconds:.0f}", f"{rate:.0f}", *memory)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
