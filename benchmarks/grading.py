"""Submissions a minute: `autograder grade`, sandbox on, beside stock `nbgrader autograde`, in one run.

    python benchmarks/grading.py [--learners 48] [--lesson 01_tensors/01_tensors] [--workers 2]

Both grade the same simulated class (undamaged files, since nbgrader stops at a damaged one) from the command
line, start-up included, feedback left out; the scores must be equal. Ratios are to be trusted, not the rates:
they go with the machine and what else it does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from nbgrader.api import Gradebook
from rich.console import Console
from rich.table import Table

from autograder.build import generate, write_sources
from autograder.course import Course
from autograder.grading import damage, simulate
from autograder.lesson import read

ROOT = Path(__file__).parents[1]
COPIED = ("pyproject.toml", "solutions", "autograder/answers", "autograder/nbgrader_config.py")


def classroom(folder: Path, lesson: str, learners: int) -> Course:
    """A copy of the course with a simulated class in it, ready for both graders."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, folder / name)
    course = Course(folder)
    simulate.simulate(course, [lesson], learners, seed=0, harms=(damage.none,))
    return course


def nbgrader(course: Course, lesson: str) -> tuple[float, dict[str, float]]:
    """Seconds and scores of `nbgrader autograde UNIT`, the gradebook made beforehand."""
    unit, name = lesson.split("/")
    url = f"sqlite:///{course.grading / 'gradebook.db'}"
    write_sources(course, [read(course.source(lesson), lesson)], course.grading)
    generate(course.grading, unit, notebook=name, db_url=url)
    seconds = run(course.grading, sys.executable, "-m", "nbgrader", "autograde", unit)
    with Gradebook(url) as gradebook:
        found = gradebook.notebook_submissions(name, unit)
        return seconds, {one.student.id: float(one.score) for one in found}


def ours(course: Course, lesson: str, workers: int) -> tuple[float, dict[str, float]]:
    """Seconds and scores of `autograder grade`."""
    command = ("-m", "autograder.cli", "grade", lesson, "--no-feedback", "--workers", str(workers))
    seconds = run(course.root, sys.executable, *command)
    with Gradebook(f"sqlite:///{course.grading / 'gradebook.db'}") as gradebook:
        unit, name = lesson.split("/")
        return seconds, {
            one.student.id: float(one.score) for one in gradebook.notebook_submissions(name, unit)
        }


def run(folder: Path, *command: str) -> float:
    """Seconds a command takes; its output is shown if it fails."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - began


def main(
    learners: Annotated[int, typer.Option(min=1)] = 48,
    lesson: str = "01_tensors/01_tensors",
    workers: Annotated[int, typer.Option(min=1)] = os.cpu_count() or 1,
) -> None:
    """Grade one simulated class with both, and print the table."""
    times, scores = {}, {}
    for grader in ("nbgrader", "autograder"):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            course = classroom(Path(folder), lesson, learners)
            times[grader], scores[grader] = (
                nbgrader(course, lesson) if grader == "nbgrader" else ours(course, lesson, workers)
            )
    table = Table(
        "grader", "seconds", "submissions a minute", "ratio", title=f"{learners} submissions of {lesson}"
    )
    for grader, seconds in times.items():
        rate, ratio = 60 * learners / seconds, times["nbgrader"] / seconds
        table.add_row(grader, f"{seconds:.1f}", f"{rate:.1f}", f"{ratio:.2f}")
    Console().print(table)
    if scores["nbgrader"] != scores["autograder"]:
        sys.exit(f"the scores differ: {scores}")
    print(f"the same {len(scores['nbgrader'])} scores; {workers} workers, sandbox on")


if __name__ == "__main__":
    typer.run(main)
