"""Batches: resumed after a kill at any moment, skipped when nothing changed, on any dask scheduler."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import nbformat
import pytest

import autograder
from autograder.course import Course, CourseError
from autograder.grading import batch, record, simulate
from autograder.grading.store import Graded
from autograder.grading.submissions import OURS, submissions, unknown
from autograder.grading.work import Task, work
from autograder.judge.processes import resident
from autograder.judge.sandbox import Limits
from autograder.outcome import Verdict
from tests.grading.conftest import free_port

NAME = "01_unit/01_doubling"
State = tuple[list[Graded], dict[tuple[str, str], float], list[str]]


def state(course: Course, url: str = "") -> State:
    """Everything that lasts of a graded class, but for how long it took."""
    with record.opened(course, url) as gradebook:
        graded = [
            replace(one, seconds=0, results=tuple(replace(result, seconds=0) for result in one.results))
            for one in gradebook.store.load()
        ]
        files = [
            str(path.relative_to(course.grading))
            for folder in ("autograded", "feedback")
            for path in sorted((course.grading / folder).rglob("*.*"))
        ]
        return graded, gradebook.scores(), files


def copied(course: Course, root: Path) -> Course:
    shutil.copytree(course.root, root)
    return Course(root)


@pytest.fixture(scope="module")
def classroom(built_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with ten submissions, not graded."""
    root = tmp_path_factory.mktemp("classroom") / "course"
    shutil.copytree(built_once, root)
    course = Course(root)
    simulate.simulate(course, [NAME], 10, seed=1)
    return course


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    """What the judge found about each learner of `finished`."""
    return {}


@pytest.fixture(scope="module")
def finished(
    classroom: Course, verdicts: dict[str, Verdict], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Course, State]:
    """The same, graded without interruption."""
    course = copied(classroom, tmp_path_factory.mktemp("finished") / "course")
    judged = batch.judged

    def kept(*given: Any) -> Iterator[tuple[Task, Verdict | BaseException]]:
        for one, verdict in judged(*given):
            assert isinstance(verdict, Verdict)
            verdicts[one.who] = verdict
            yield one, verdict

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "judged", kept)
        done = batch.grade(course, submissions(course, [NAME]), batch.Options())
    assert done == batch.Batch(graded=10)
    return course, state(course)


def command(course: Course, *options: str) -> subprocess.Popen[str]:
    """`autograder grade` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "autograder.cli", "grade", *options],
        cwd=course.root,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_scores_are_the_true_ones(finished: tuple[Course, State]) -> None:
    course, (_, scores, _) = finished
    assert scores == simulate.truth(course)


def test_what_is_graded_is_skipped_until_something_changes(
    finished: tuple[Course, State], tmp_path: Path
) -> None:
    course = copied(finished[0], tmp_path / "course")
    assert batch.grade(course, submissions(course, [NAME]), batch.Options()) == batch.Batch(skipped=10)
    one = submissions(course, [NAME])[1].path
    notebook = nbformat.read(one, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "double").source = "def double(x):\n    return x + x"
    nbformat.write(notebook, one)
    assert batch.grade(course, submissions(course, [NAME]), batch.Options()) == batch.Batch(
        graded=1, skipped=9
    )
    again = batch.grade(course, submissions(course, [NAME])[:2], batch.Options(regrade=True))
    assert again == batch.Batch(graded=2)


def test_an_instructors_adjustment_survives_grading_again(
    finished: tuple[Course, State], tmp_path: Path
) -> None:
    from nbgrader.api import Gradebook

    course = copied(finished[0], tmp_path / "course")
    first = submissions(course, [NAME])[0]
    with Gradebook(f"sqlite:///{course.grading / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("test_double", "01_doubling", "01_unit", first.who)
        grade.manual_score = 0.5
        gradebook.db.commit()
    batch.grade(course, [first], batch.Options(regrade=True))
    assert state(course)[1][first.who, NAME] == 1.5


def test_the_command_killed_at_four_random_moments_ends_the_same(
    classroom: Course, finished: tuple[Course, State], tmp_path: Path
) -> None:
    course = copied(classroom, tmp_path / "course")
    rng = random.Random(20)
    for _ in range(4):
        process = command(course)
        try:
            process.communicate(timeout=rng.uniform(0.2, 12))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    last = command(course)
    assert last.communicate()[0]
    assert last.returncode == 0
    assert state(course) == finished[1]


def record_class(root: Path, verdicts: dict[str, Verdict], told: Connection) -> None:
    """In a process of its own: grade a class whose verdicts are known, so that all its time goes into recording."""

    def judged(tasks: Iterator[Task], *_: object) -> Iterator[tuple[Task, Verdict]]:
        for one in tasks:
            yield one, verdicts[one.who]

    course = Course(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "judged", judged)
        batch.grade(course, submissions(course, [NAME]), batch.Options(), lambda done, _: told.send(done))


def test_killed_at_sixteen_moments_while_it_records_it_ends_the_same(
    classroom: Course, finished: tuple[Course, State], verdicts: dict[str, Verdict], tmp_path: Path
) -> None:
    """Wherever in recording a batch stops, the next one goes on; a class that is done begins anew."""
    rng, kills, rounds = random.Random(16), 0, 0
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.grading.test_batch"])
    while kills < 16:
        course = copied(classroom, tmp_path / f"course{(rounds := rounds + 1)}")
        while True:
            heard, told = processes.Pipe(duplex=False)
            process = processes.Process(target=record_class, args=(course.root, verdicts, told))
            process.start()
            told.close()
            try:
                for _ in range(rng.randint(1, 3)):
                    heard.recv()
                process.join(rng.uniform(0, 0.5))
            except EOFError:  # the class is done
                process.join()
            if done := not process.is_alive():
                process.join()
                assert process.exitcode == 0
            else:
                kills += 1
                process.kill()
                process.join()
            heard.close()
            if done:
                break
        assert state(course) == finished[1]


def test_ctrl_c_leaves_a_consistent_gradebook(
    classroom: Course, finished: tuple[Course, State], tmp_path: Path
) -> None:
    course = copied(classroom, tmp_path / "course")
    stop = iter(range(100))

    def interrupt(done: int, of: int) -> None:
        if done == 3 and next(stop) == 0:
            raise KeyboardInterrupt

    done = batch.grade(course, submissions(course, [NAME]), batch.Options(), interrupt)
    assert done == batch.Batch(graded=3, interrupted=True)
    assert len(state(course)[0]) == 3
    assert batch.grade(course, submissions(course, [NAME]), batch.Options()) == batch.Batch(
        graded=7, skipped=3
    )
    assert state(course) == finished[1]


@contextmanager
def scheduler(folder: Path, workers: int) -> Iterator[str]:
    """A dask scheduler and its workers, each a process of its own."""
    address = f"tcp://127.0.0.1:{free_port()}"
    dask = [sys.executable, "-m", "dask"]
    quiet = {
        "cwd": folder,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "start_new_session": True,
    }
    started = [subprocess.Popen([*dask, "scheduler", "--host", address, "--no-dashboard"], **quiet)]  # type: ignore[call-overload]
    try:
        for _ in range(workers):
            worker = [*dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--memory-limit", "0"]
            started.append(subprocess.Popen(worker, **quiet))  # type: ignore[call-overload]
        yield address
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_running_scheduler_with_two_workers_gives_the_same(
    classroom: Course, finished: tuple[Course, State], tmp_path: Path
) -> None:
    course = copied(classroom, tmp_path / "course")
    with scheduler(tmp_path, workers=2) as address:
        done = batch.grade(course, submissions(course, [NAME]), batch.Options(scheduler=address))
    assert done == batch.Batch(graded=10)
    assert state(course) == finished[1]


def test_the_client_keeps_nothing_of_what_it_sent() -> None:
    size, count = 10**5, 200
    with batch.pool(batch.Options(workers=1)) as client:
        before = resident(os.getpid())
        for _ in range(count):
            sent = Task("ada", NAME, "", os.urandom(size), os.urandom(size), Limits(), sandbox=True)
            assert client.submit(replace, sent, pure=False).result() == sent
        assert resident(os.getpid()) - before < count * size


def test_no_scheduler_is_one_clear_line(
    classroom: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = copied(classroom, tmp_path / "course")
    monkeypatch.setattr(batch, "PATIENCE", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(CourseError, match=re.escape(f"{address}: no dask scheduler answers there")):
        batch.grade(course, submissions(course, [NAME]), batch.Options(scheduler=address))


def test_postgresql_gives_the_same(
    classroom: Course, finished: tuple[Course, State], postgresql: str, tmp_path: Path
) -> None:
    course = copied(classroom, tmp_path / "course")
    done = batch.grade(course, submissions(course, [NAME]), batch.Options(url=postgresql))
    assert done == batch.Batch(graded=10)
    assert state(course, postgresql) == finished[1]
    assert not (course.grading / "gradebook.db").exists()


def test_a_database_that_cannot_be_opened_is_one_clear_line(classroom: Course) -> None:
    url = f"postgresql+psycopg2://nobody:secret@127.0.0.1:{free_port()}/none"
    with pytest.raises(CourseError, match="the gradebook cannot be opened: ") as refusal:
        batch.grade(classroom, submissions(classroom, [NAME]), batch.Options(url=url))
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_without_bubblewrap_grading_refuses_to_start(
    classroom: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(CourseError, match="bubblewrap"):
        batch.grade(classroom, submissions(classroom, [NAME]), batch.Options())
    assert not (classroom.grading / "gradebook.db").exists()


def test_a_file_of_a_learners_is_no_code_of_ours() -> None:
    files = {
        path.name
        for pattern in OURS[autograder]
        for path in Path(autograder.__file__ or "").parent.glob(pattern)
    }
    assert {"judge.py", "walls.py", "sanitize.py", "frames.py", "lesson.py"} <= files
    assert not any("*" in pattern.rpartition("/")[0] for pattern in OURS[autograder])


def test_a_worker_with_another_version_refuses(classroom: Course) -> None:
    one = submissions(classroom, [NAME])[0]
    task = batch.task(one, {NAME: b"{}"}, batch.Options())
    assert isinstance(task, Task)
    with pytest.raises(RuntimeError, match="another version"):
        work(replace(task, environment="Python 2.7"))


def test_a_file_that_is_no_lesson_is_told(classroom: Course, tmp_path: Path) -> None:
    course = copied(classroom, tmp_path / "course")
    stray = simulate.folder(course) / "ada" / "01_unit" / "01_doubling (1).ipynb"
    stray.parent.mkdir(parents=True)
    stray.write_text("{}")
    assert unknown(course) == [Path("ada/01_unit/01_doubling (1).ipynb")]
    assert unknown(classroom) == []
