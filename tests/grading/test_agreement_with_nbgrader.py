"""The same score from `nbgrader autograde`, from our batch and from running the test directly, cell by cell.

Of the small course and the first lesson, and on request of every lesson: a simulated class, and every right and wrong
answer of the bank, packed into as few notebooks as can be. Files are undamaged, since nbgrader stops at a damaged
one. nbgrader takes all points from a test that writes to stderr; where only that parts it from us, it is set aside.
"""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from symtable import symtable

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder import bank
from autograder.bank import Answer
from autograder.build import CONFIG, generate, release, write_sources
from autograder.course import Course
from autograder.gate.workbench import Workbench
from autograder.grading import batch, damage, record, simulate
from autograder.grading.simulate import Choice
from autograder.grading.store import Graded
from autograder.grading.submissions import submissions
from autograder.judge.sandbox import Limits
from autograder.lesson import Lesson, defined, parse, read
from autograder.notebook import test_id as id_of
from autograder.notebook import without_markers
from tests.conftest import NAME, write_course

COURSE = Course.here(Path(__file__).parent)
LESSONS = [name for name in COURSE.lessons() if (COURSE.answers / f"{name}.py").exists()]
PATIENT = pytest.mark.skipif(
    "FASTTRACK_NBGRADER" not in os.environ,
    reason="stock nbgrader takes minutes for a lesson's answers: `make agreement` asks it for every lesson",
)
LEARNERS = 6
SECONDS = 120  # for a cell, on both sides: what ends in a second may take many on a busy machine
PATIENCE = 900  # seconds for nbgrader, many times what it takes

Scores = dict[tuple[str, str], float]  # by learner and exercise


@dataclass
class Pack:
    """One notebook: answers that do not get in each other's way; every other exercise has the reference's."""

    answers: list[Answer] = field(default_factory=list)


@cache
def binds(source: str) -> frozenset[str]:
    return frozenset(defined(parse(source)))


@cache
def needed(source: str) -> frozenset[str]:
    """The names that a cell takes from others: neither local to a function, nor bound by the cell itself."""
    tree = parse(source)
    found = set()
    tables = [symtable(ast.unparse(tree), "cell", "exec")]
    for table in tables:
        tables += table.get_children()
        found |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module")
        }
    return frozenset(found - binds(source))


class Packer:
    """Puts each answer into the first notebook that has room for it."""

    def __init__(self, lesson: Lesson) -> None:
        self.exercises = lesson.exercises()
        self.tests = lesson.tests()
        self.bound: dict[
            str, dict[str, frozenset[str]]
        ] = {}  # at each test: names, and what they need in turn
        bound: dict[str, frozenset[str]] = {}
        for cell in lesson.cells:
            if cell.kind == "test":
                self.bound[cell.name] = dict(bound)
            elif cell.code and not cell.demo:
                bound |= dict.fromkeys(binds(cell.source), needed(cell.source))

    def leans_on(self, answer: Answer) -> set[str]:
        """The other exercises that an answer and its test need, by way of other cells, too."""
        todo = {*needed(answer.source), *needed(self.tests[answer.name].source)} - {answer.name}
        found: set[str] = set()
        while todo:
            name = todo.pop()
            found.add(name)
            todo |= self.bound[answer.name].get(name, frozenset()) - found - {answer.name}
        return found & self.exercises.keys()

    def apart(self, one: Answer, other: Answer) -> bool:
        """Whether two answers cannot share a notebook: one leans on the other's exercise, or rebinds what it uses."""
        return any(
            a.name == b.name or b.name in self.leans_on(a) or binds(a.source) & (needed(b.source) | {b.name})
            for a, b in ((one, other), (other, one))
        )

    def packs(self, answers: list[Answer]) -> list[Pack]:
        found: list[Pack] = []
        for answer in answers:
            for pack in found:
                if not any(self.apart(answer, other) for other in pack.answers):
                    pack.answers.append(answer)
                    break
            else:
                found.append(Pack([answer]))
        return found

    def choice(self, pack: Pack) -> dict[str, Choice]:
        sources = {name: without_markers(cell.source) for name, cell in self.exercises.items()}
        sources |= {answer.name: answer.source for answer in pack.answers}
        return {name: Choice(source, right=True) for name, source in sources.items()}


@dataclass
class Agreement:
    """One class as both have graded it."""

    course: Course
    lesson: Lesson
    packs: dict[str, Pack]  # by learner
    truth: Mapping[tuple[str, str], int]
    done: batch.Batch
    graded: dict[str, Graded]
    ours: Scores
    theirs: Scores
    on_stderr: set[tuple[str, str]]  # where nbgrader found nothing but words on stderr

    def differ(self, learners: list[str]) -> list[str]:
        assert learners
        places = [(who, name) for who in learners for name in self.lesson.tests()]
        return [
            f"{who} {name}: ours {self.ours[who, name]:g}, nbgrader's {self.theirs[who, name]:g}"
            for who, name in places
            if self.ours[who, name] != self.theirs[who, name] and (who, name) not in self.on_stderr
        ]


def copied(course: Course, name: str, root: Path) -> Course:
    """A course of one lesson of another."""
    copy = Course(root)
    for old, new in (
        (course.root / "pyproject.toml", copy.root / "pyproject.toml"),
        (course.source(name), copy.source(name)),
        (course.answers / f"{name}.py", copy.answers / f"{name}.py"),
        (CONFIG, copy.grading / CONFIG.name),
    ):
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(old, new)
    return copy


def hand_in(course: Course, lesson: Lesson) -> tuple[dict[str, Pack], Mapping[tuple[str, str], int]]:
    """A simulated class, and the packs beside it."""
    truth = simulate.simulate(course, [lesson.name], LEARNERS, seed=8, harms=(damage.none,))
    answers = bank.read(course.answers / f"{lesson.name}.py", lesson).answers
    packer = Packer(lesson)
    packs = packer.packs([answer for answer in answers if answer.kind != "equivalent"])
    released = nbformat.reads(release(course, [lesson])[lesson.name], as_version=4)
    named = {f"packed-{number:02}": pack for number, pack in enumerate(packs)}
    for who, pack in named.items():
        path = simulate.folder(course) / who / f"{lesson.name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(simulate.filled_in(released, packer.choice(pack)), path)
    return named, truth


@contextmanager
def autograde(course: Course, lesson: Lesson) -> Iterator[subprocess.Popen[str]]:
    """`nbgrader autograde`, under way in a process group of its own; its gradebook is made beforehand."""
    write_sources(course, [lesson], course.grading)
    generate(course.grading, lesson.unit, db_url=url(course))
    beside = Path(sys.executable).parent  # where nbgrader looks for alembic
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "nbgrader", "autograde", lesson.unit),
            *(f"--Execute.timeout={SECONDS}", f"--Execute.iopub_timeout={SECONDS}"),
        ],
        cwd=course.grading,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}"},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def url(course: Course) -> str:
    return f"sqlite:///{course.grading / 'gradebook.db'}"


def scores(course: Course, lesson: Lesson) -> Scores:
    """Of every test in a gradebook."""
    with Gradebook(url(course)) as gradebook:
        submitted = gradebook.notebook_submissions(lesson.name.split("/")[1], lesson.unit)
        return {
            (one.student.id, grade.name.removeprefix(id_of(""))): float(grade.score)
            for one in submitted
            for grade in one.grades
        }


def words_on_stderr(course: Course, lesson: Lesson) -> set[tuple[str, str]]:
    """Tests that raised nothing in nbgrader's kernel, but wrote to stderr."""
    found = set()
    for path in (course.grading / "autograded").glob(f"*/{lesson.name}.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            mark, outputs = cell.metadata.get("nbgrader", {}), cell.get("outputs", [])
            raised = any(output.output_type == "error" for output in outputs)
            if mark.get("grade") and not raised and any(out.get("name") == "stderr" for out in outputs):
                found.add((path.parts[-3], mark["grade_id"].removeprefix(id_of(""))))
    return found


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            name,
            marks=[pytest.mark.xdist_group(f"agreement {name}"), *([PATIENT] if name in LESSONS[1:] else [])],
        )
        for name in ("small", *LESSONS)
    ],
)
def agreement(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Agreement:
    """nbgrader in a process of its own, and meanwhile our batch, on two copies of one class."""
    root = tmp_path_factory.mktemp("agreement")
    small = request.param == "small"
    whole, name = (write_course(root / "whole"), NAME) if small else (COURSE, request.param)
    theirs = copied(whole, name, root / "nbgrader")
    lesson = read(theirs.source(name), name)
    packs, truth = hand_in(theirs, lesson)
    ours = Course(root / "ours")
    shutil.copytree(theirs.root, ours.root)
    limits = Limits(cell_seconds=SECONDS, test_seconds=SECONDS)
    options = batch.Options(workers=1, limits=limits, feedback=False)
    with autograde(theirs, lesson) as process:
        done = batch.grade(ours, submissions(ours, [name]), options)
        said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, said
    with record.opened(ours) as gradebook:
        graded = {one.who: one for one in gradebook.store.load()}
    found = scores(ours, lesson), scores(theirs, lesson), words_on_stderr(theirs, lesson)
    return Agreement(ours, lesson, packs, truth, done, graded, *found)


def test_nothing_is_left_out(agreement: Agreement) -> None:
    answers = bank.read(agreement.course.answers / f"{agreement.lesson.name}.py", agreement.lesson).answers
    packed = [answer for pack in agreement.packs.values() for answer in pack.answers]
    assert sorted(packed, key=lambda answer: answer.line) == [a for a in answers if a.kind != "equivalent"]
    assert agreement.done == batch.Batch(graded=LEARNERS + len(agreement.packs))
    assert agreement.ours.keys() == agreement.theirs.keys()
    assert len(agreement.ours) == agreement.done.graded * len(agreement.lesson.tests())


def test_a_simulated_class_scores_the_same_under_nbgrader(agreement: Agreement) -> None:
    learners = [who for who, _ in agreement.truth]
    totals = {who: sum(agreement.ours[who, name] for name in agreement.lesson.tests()) for who in learners}
    assert not agreement.differ(learners)
    assert totals == {who: points for (who, _), points in agreement.truth.items()}


def test_every_answer_of_the_bank_scores_the_same_under_nbgrader(agreement: Agreement) -> None:
    assert not agreement.differ(list(agreement.packs))


def test_every_answer_of_the_bank_scores_the_same_directly(agreement: Agreement) -> None:
    differ = []
    with Workbench(agreement.lesson) as workbench:
        for who, pack in agreement.packs.items():
            for answer in pack.answers:
                here = workbench.run(answer.name, answer.source)
                points = agreement.lesson.tests()[answer.name].points
                if agreement.ours[who, answer.name] != points * here.passed:
                    differ.append(f"{answer.name} — {answer.about}, in {who}\nhere: {here.message}")
                if here.passed != (answer.kind == "right"):
                    differ.append(f"{answer.name} — {answer.about}: is said to be {answer.kind}")
    assert not differ, "\n\n".join(differ)


def test_every_result_is_typed(agreement: Agreement) -> None:
    """What the gradebook has is what the outcomes say."""
    differ = [
        (who, result.name)
        for who, one in agreement.graded.items()
        for result in one.results
        if agreement.ours[who, result.name] != result.points
    ]
    assert not differ


def test_a_warning_costs_nothing_where_nbgrader_takes_all(agreement: Agreement) -> None:
    kept = {place for place in agreement.on_stderr if agreement.ours[place] > agreement.theirs[place]}
    assert all(agreement.theirs[place] == 0 for place in kept)
