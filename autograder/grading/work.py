"""One submission, from its bytes to its verdict: what a worker does. Nothing here knows the class or a database."""

from __future__ import annotations

import functools
import json
import threading
from dataclasses import dataclass, replace

import nbformat

from autograder.grading.submissions import environment
from autograder.judge.sandbox import Limits
from autograder.notebook import text_of
from autograder.outcome import Outcome, TestResult, Verdict
from autograder.sanitize.sanitize import released, sanitize

ALONE = threading.Lock()  # a judge owns its process's standard output


@dataclass(frozen=True)
class Task:
    """Everything a verdict depends on. `source` is nbgrader's source notebook, hidden tests and all."""

    who: str
    lesson: str
    key: str
    source: bytes
    submission: bytes
    limits: Limits
    sandbox: bool
    warm: bool = True
    environment: str = ""  # of the one who asks; a worker with another gives other verdicts


def work(task: Task) -> Verdict:
    """Sanitize and judge. What the submission is or does is an outcome; only a fault of ours is raised.

    Raises RuntimeError on a worker whose versions or code differ from those of the one who asks.
    """
    if task.environment and task.environment != environment():
        raise RuntimeError(
            "this worker has another version of the course, Python or packages: update it, start it again"
        )
    with ALONE:
        return verdict_on(task)


def verdict_on(task: Task) -> Verdict:
    """As `work`, without a look at who else works here."""
    # Not above: one who only sends tasks needs neither, nor their second and their 100 MB.
    import torch

    from autograder.judge.judge import judge

    torch.set_num_threads(1)  # a check's tensors are small, and every core has a worker
    source = source_notebook(task.source)
    found = sanitize(source, task.submission, release(task.source))
    notes = tuple(str(note) for note in found.notes)
    if found.notebook is None:
        return unreadable(source, task.lesson, found.malformed, notes)
    cleaned = json.dumps(found.notebook).encode()
    verdict = judge(task.source, cleaned, task.limits, sandbox=task.sandbox, warm=task.warm)
    return replace(
        verdict, lesson=task.lesson, notes=(*notes, *verdict.notes), results=missing(verdict, found.missing)
    )


@functools.lru_cache(maxsize=16)
def source_notebook(source: bytes) -> nbformat.NotebookNode:
    """nbgrader's source notebook, read once in a worker. Nobody changes it."""
    return nbformat.reads(source.decode(), as_version=4)


@functools.lru_cache(maxsize=16)
def release(source: bytes) -> nbformat.NotebookNode:
    """What learners got of it, made once in a worker. Nobody changes it."""
    return released(source_notebook(source))


def missing(verdict: Verdict, exercises: tuple[str, ...]) -> tuple[TestResult, ...]:
    """The results with MISSING, not NOT_ATTEMPTED, for exercises whose cell was gone and only put back."""
    return tuple(
        replace(result, outcome=Outcome.MISSING, message="the cell of this exercise is not in the notebook")
        if result.name in exercises and result.outcome is Outcome.NOT_ATTEMPTED
        else result
        for result in verdict.results
    )


def unreadable(source: nbformat.NotebookNode, lesson: str, why: str, notes: tuple[str, ...] = ()) -> Verdict:
    """The verdict on what is no notebook of this lesson: every test MALFORMED, in a notebook that says why."""
    notebook = released(source)
    results = []
    for cell in notebook.cells:
        graded = cell.metadata.get("nbgrader", {})
        if graded.get("grade"):
            cell.outputs = [nbformat.v4.new_output("error", ename="Malformed", evalue=why, traceback=[why])]
            name = graded["grade_id"].removeprefix("test_")
            results.append(TestResult(name, Outcome.MALFORMED, int(graded["points"]), why))
    return Verdict(lesson, tuple(results), text_of(notebook).encode(), notes=notes)
