"""A class, graded: workers judge, one writer records, and a batch that is cut short goes on where it stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dask
from distributed import Client, LocalCluster, as_completed
from sqlalchemy.exc import OperationalError

from autograder.course import Course, CourseError
from autograder.grading import record
from autograder.grading.store import Graded
from autograder.grading.submissions import Submission, environment, key
from autograder.grading.work import Task, work
from autograder.judge import walls
from autograder.judge.sandbox import Limits
from autograder.lesson import Lesson, read
from autograder.notebook import source_notebook, text_of
from autograder.outcome import Verdict

PATIENCE = 10  # seconds for a scheduler to answer
DASK = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # a submission of many MB is no mistake to be warned of
    "distributed.admin.low-level-log-length": 10,  # else the last 1,000 messages are kept, submissions and all
    "distributed.worker.profile.enabled": False,
    # Each of its processes looks at disks and network twice a second and at its own loop 50 times: 5 % of a core.
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
}
AHEAD = 3  # tasks for each worker that are under way or waiting: enough to keep it busy, few enough to hold


@dataclass(frozen=True)
class Options:
    """How a class is graded. `scheduler` is a running dask scheduler's address; else `workers` are started here."""

    url: str = ""  # of the gradebook; by default autograder/gradebook.db
    scheduler: str = ""
    workers: int = 2
    limits: Limits = field(default_factory=Limits)
    sandbox: bool = True
    warm: bool = True  # a worker forks the learners' processes from one that has torch loaded
    regrade: bool = False
    feedback: bool = True


@dataclass
class Batch:
    """What came of it. `problems` are submissions that could not be graded, by a fault that is not theirs."""

    graded: int = 0
    skipped: int = 0  # already graded under the same key
    problems: list[str] = field(default_factory=list)
    interrupted: bool = False
    cold: dict[str, int] = field(default_factory=dict)  # how many were not judged warm, by the reason


def grade(
    course: Course,
    wanted: list[Submission],
    options: Options,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Batch:
    """Grade submissions; `progress` is called with how many are done, and of how many.

    Ctrl-C ends it in good order: what is recorded stays, the rest is graded by the next call. Raises CourseError
    before anything is graded if there is no sandbox, no gradebook or no scheduler.
    """
    if options.sandbox:
        walls.bubblewrap()
    lessons = {name: read(course.source(name), name) for name in sorted({one.lesson for one in wanted})}
    sources = {
        name: text_of(source_notebook(lesson, course.repository)).encode() for name, lesson in lessons.items()
    }
    batch = Batch()
    with record.opened(course, options.url) as gradebook, ThreadPoolExecutor(1) as meanwhile:
        # Registering takes a second or two; the workers start meanwhile.
        register = meanwhile.submit(gradebook.register, registered(course, lessons))
        done = {} if options.regrade else gradebook.store.graded()
        todo = []
        for one in wanted:
            found = task(one, sources, options)
            if isinstance(found, str):
                batch.problems.append(found)
            elif done.get((one.who, one.lesson)) == found.key:
                batch.skipped += 1
            else:
                todo.append(one)
        progress(0, len(todo))
        tasks = (found for one in todo if isinstance(found := task(one, sources, options), Task))
        try:
            for number, (one_task, verdict) in enumerate(judged(tasks, len(todo), options), 1):
                register.result()
                if problem := recorded(gradebook, one_task, verdict, options):
                    batch.problems.append(problem)
                else:
                    batch.graded += 1
                    if isinstance(verdict, Verdict) and (why := verdict.cold_because):
                        batch.cold[why] = batch.cold.get(why, 0) + 1
                progress(number, len(todo))
        except KeyboardInterrupt:
            batch.interrupted = True
        register.result()
    return batch


def recorded(gradebook: record.Record, one: Task, verdict: Verdict | BaseException, options: Options) -> str:
    """Put a verdict into the gradebook; what kept it out, a line, or "".

    What one submission brings about stops no other; a database that is gone does.
    """
    error = verdict
    if isinstance(verdict, Verdict):
        graded = Graded(one.who, one.lesson, one.key, verdict.results, verdict.seconds, verdict.notes)
        try:
            gradebook.save(graded, verdict, feedback=options.feedback)
            return ""
        except OperationalError:
            raise
        except Exception as failed:
            error = failed
    return not_graded(one, repr(error))


def not_graded(one: Submission | Task, why: str) -> str:
    """A problem in one line, whatever the learner's folder is called."""
    line = f"{one.who} {one.lesson}: not graded: {why}"
    return " ".join(line.encode(errors="backslashreplace").decode().split())


def task(one: Submission, sources: dict[str, bytes], options: Options) -> Task | str:
    """A submission as a worker needs it, or what is wrong with its file."""
    try:
        source, submission = sources[one.lesson], one.content()
    except OSError as error:
        return not_graded(one, error.strerror or str(error))
    its_key = key(submission, source, options.limits, sandbox=options.sandbox)
    return Task(
        one.who,
        one.lesson,
        its_key,
        source,
        submission,
        options.limits,
        options.sandbox,
        options.warm,
        environment(),
    )


def registered(course: Course, lessons: dict[str, Lesson]) -> list[Lesson]:
    """The lessons of every unit that is graded: an nbgrader assignment is a whole unit."""
    units = sorted({lesson.unit for lesson in lessons.values()})
    return [lessons.get(name) or read(course.source(name), name) for name in course.lessons(units)]


def judged(
    tasks: Iterator[Task], count: int, options: Options
) -> Iterator[tuple[Task, Verdict | BaseException]]:
    """Each task with its verdict, or with the error that kept it from one, in the order they are done.

    Only a few tasks are under way at a time, so that memory does not grow with the class.
    """
    if not count:
        return
    with pool(options) as client:
        waiting: dict[Any, Task] = {}
        done = as_completed()

        def send() -> None:
            if one := next(tasks, None):
                future = client.submit(work, one, pure=False, retries=1)
                waiting[future.key] = one
                done.add(future)

        for _ in range(AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))):
            send()
        for future in done:
            one = waiting.pop(future.key)
            yield one, future.exception() or future.result()
            future.release()
            send()


@contextmanager
def pool(options: Options) -> Iterator[Client]:
    """A dask client: of a running scheduler, or of workers that are started here and stopped at the end."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    dask.config.set(DASK)
    if options.scheduler:
        try:
            client = Client(options.scheduler, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise CourseError(f"{options.scheduler}: no dask scheduler answers there ({error})") from error
        with client:
            yield client
        return
    cluster = LocalCluster(
        n_workers=options.workers,
        threads_per_worker=1,  # a judge owns its process's standard output
        dashboard_address="127.0.0.1:0",  # any free port: another batch may be under way
        scheduler_kwargs={"dashboard": False},
        memory_limit=0,  # the learner's memory is limited by the sandbox, and is not the worker's
        silence_logs=logging.CRITICAL,
    )
    with cluster, Client(cluster) as client:
        yield client
