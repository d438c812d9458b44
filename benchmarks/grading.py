"""Submissions a minute: `autograder grade`, sandbox on, cold and warm, beside stock `nbgrader autograde`, in one run.

    python benchmarks/grading.py [--learners 48] [--lesson 01_tensors/01_tensors] [--workers 2]

All grade the same simulated class (undamaged files, since nbgrader stops at a damaged one) from the command
line, start-up included, feedback left out; the scores must be equal. Ratios are to be trusted, not the rates:
they go with the machine and what else it does. Then comes where the cpu time of one warm submission goes, and the
limit: the cpu time of the learner's own cells and functions, which no grader can save.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import typer
from nbgrader.api import Gradebook
from rich.console import Console
from rich.table import Table

from autograder.build import generate, write_sources
from autograder.course import Course, CourseError
from autograder.grading import damage, record, simulate
from autograder.grading.store import Graded
from autograder.grading.submissions import submissions
from autograder.grading.work import Task, verdict_on
from autograder.judge.processes import descendants
from autograder.judge.sandbox import Limits, Sandbox
from autograder.lesson import read
from autograder.notebook import source_notebook, text_of

ROOT = Path(__file__).parents[1]
LEARNERS = "learner's cells and functions"
COPIED = ("pyproject.toml", "solutions", "autograder/answers", "autograder/nbgrader_config.py")


def classroom(folder: Path, lesson: str, learners: int) -> Course:
    """A copy of the course with a simulated class in it, ready for both graders."""
    try:
        found = Course(ROOT).lessons([lesson])
    except CourseError as error:
        sys.exit(str(error))
    if found != [lesson]:
        sys.exit(f"{lesson}: name one lesson: {', '.join(found)}")
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


def ours(course: Course, lesson: str, workers: int, mode: str) -> tuple[float, dict[str, float]]:
    """Seconds and scores of `autograder grade --cold` or `--warm`."""
    command = (
        "-m",
        "autograder.cli",
        "grade",
        lesson,
        f"--{mode}",
        "--no-feedback",
        "--workers",
        str(workers),
    )
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


def shares(course: Course, lesson: str, count: int = 8) -> dict[str, float]:
    """Where the cpu seconds of one warm submission go: means over `count` of the class, judged in this process."""
    read_lesson = read(course.source(lesson), lesson)
    source = text_of(source_notebook(read_lesson, course.repository)).encode()
    found = submissions(course, [lesson])[:count]
    spent: Counter[str] = Counter()
    with record.opened(course) as gradebook:
        gradebook.register([read_lesson])
        for number, one in enumerate((found[0], *found)):  # the first fills caches and is not counted
            task = Task(one.who, lesson, "", source, one.content(), Limits(), True)
            began = time.process_time()
            with measured() as learner:
                verdict = verdict_on(task)
            judged = time.process_time()
            gradebook.save(Graded(one.who, lesson, "", verdict.results), verdict, feedback=False)
            if number:
                spent["fork"] += learner["fork"]
                spent[LEARNERS] += learner["run"] - learner["fork"]
                spent["sanitize, tests, oracles"] += judged - began
                spent["record"] += time.process_time() - judged
    return {name: seconds / len(found) for name, seconds in spent.items()}


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Cpu seconds of the learners' processes in a block: `fork` until the first request is answered, `run` in all."""
    spent = {"fork": 0.0, "run": 0.0}
    greet, end = Sandbox.greet, Sandbox.end

    def greeted(self: Sandbox, *args: Any) -> Any:
        answer = greet(self, *args)
        spent["fork"] += below(self)
        return answer

    def ended(self: Sandbox) -> None:
        spent["run"] += 0 if self.ended else below(self)
        end(self)

    with patch.object(Sandbox, "greet", greeted), patch.object(Sandbox, "end", ended):
        yield spent


def below(sandbox: Sandbox) -> float:
    """Cpu seconds of a sandbox so far, by the scheduler's own count."""
    every = descendants(sandbox.process.pid)
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in every) / 1e9


def main(
    learners: Annotated[int, typer.Option(min=1)] = 48,
    lesson: str = "01_tensors/01_tensors",
    workers: Annotated[int, typer.Option(min=1)] = os.cpu_count() or 1,
) -> None:
    """Grade one simulated class with all three, and print the tables."""
    times, scores, parts = {}, {}, {}
    for grader in ("nbgrader", "cold", "warm"):
        with tempfile.TemporaryDirectory(prefix="bench-", dir="/var/tmp") as folder:
            course = classroom(Path(folder), lesson, learners)
            times[grader], scores[grader] = (
                nbgrader(course, lesson) if grader == "nbgrader" else ours(course, lesson, workers, grader)
            )
            if grader == "warm":
                parts = shares(course, lesson, min(8, learners))
    table = Table("grader", "seconds", "submissions a minute", "ratio", title=f"{learners} of {lesson}")
    for grader, seconds in times.items():
        rate, ratio = 60 * learners / seconds, times["nbgrader"] / seconds
        table.add_row(grader, f"{seconds:.1f}", f"{rate:.1f}", f"{ratio:.2f}")
    Console().print(table)
    if not scores["nbgrader"] == scores["cold"] == scores["warm"]:
        sys.exit(f"the scores differ: {scores}")
    print(f"the same {len(scores['nbgrader'])} scores; {workers} workers, sandbox on")
    whole = sum(parts.values())
    for name, seconds in parts.items():
        print(f"{name:30} {seconds:6.3f} s of cpu, {100 * seconds / whole:3.0f} %")
    print(f"the limit is {whole / parts[LEARNERS]:.1f} times as fast as this")


if __name__ == "__main__":
    typer.run(main)
