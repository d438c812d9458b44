"""The situations that nbgrader tests itself with, rebuilt on the small course: each with its outcomes and its score.

nbgrader's own files are notebooks left alone, answered, tampered with, looping, recursing, printing without end,
or with metadata lost or of another version. Here each is a submission of one class, graded in one batch.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course import Course
from autograder.grading import batch, record, simulate
from autograder.grading.store import Graded
from autograder.grading.submissions import submissions
from autograder.judge.sandbox import Limits
from autograder.outcome import Outcome

pytestmark = pytest.mark.xdist_group("nbgrader situations")

NAME = "01_unit/01_doubling"
LIMITS = Limits(cell_seconds=6, test_seconds=4, lesson_seconds=60, grace_seconds=1)
POINTS = {"double": 2, "quadruple": 1}
RIGHT = {"double": "def double(x):\n    return 2 * x", "quadruple": "def quadruple(x):\n    return 4 * x"}
WRONG = {"double": "def double(x):\n    return x * x", "quadruple": "def quadruple(x):\n    return x**4"}

PASSED, NOT_RIGHT, ERROR = Outcome.PASSED, Outcome.WRONG, Outcome.ERROR
TIMEOUT, MISSING, BLANK = Outcome.TIMEOUT, Outcome.MISSING, Outcome.NOT_ATTEMPTED

Notebook = dict[str, Any]
Change = Callable[[Notebook], None]


@dataclass(frozen=True)
class Situation:
    """What was done to the released notebook, what its two tests say, and what is noted ("" for nothing at all)."""

    change: Change
    double: Outcome
    quadruple: Outcome
    note: str = ""

    @property
    def score(self) -> int:
        return POINTS["double"] * (self.double is PASSED) + POINTS["quadruple"] * (self.quadruple is PASSED)


def cell(notebook: Notebook, identity: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell["id"] == identity)


def answered(answers: dict[str, str], **others: str) -> Change:
    """Exercises answered; `others` are more texts by cell id, with `_` for `-`."""

    def change(notebook: Notebook) -> None:
        for name, source in (answers | others).items():
            key = name.replace("_", "-") if name.startswith("cell_") else name
            cell(notebook, key)["source"] = source

    return change


def then(*changes: Change) -> Change:
    """Several changes, one after the other."""

    def change(notebook: Notebook) -> None:
        for one in changes:
            one(notebook)

    return change


def added(source: str, before: str) -> Change:
    """A new cell."""

    def change(notebook: Notebook) -> None:
        place = notebook["cells"].index(cell(notebook, before))
        new = {"cell_type": "code", "id": "new", "metadata": {}, "source": source}
        notebook["cells"].insert(place, {**new, "outputs": [], "execution_count": None})

    return change


def deleted(identity: str) -> Change:
    return lambda notebook: notebook["cells"].remove(cell(notebook, identity))


def turned_into_markdown(identity: str) -> Change:
    def change(notebook: Notebook) -> None:
        found = cell(notebook, identity)
        found["cell_type"] = "markdown"
        del found["outputs"], found["execution_count"]

    return change


def without_metadata(*identities: str) -> Change:
    """Cells without metadata; without their ids as well, where none is named."""

    def change(notebook: Notebook) -> None:
        for found in notebook["cells"]:
            if not identities:
                del found["id"]
            if found.get("id") in (*identities, None):
                found["metadata"] = {}

    return change


def graded_cells(**fields: Any) -> Change:
    """Other words in nbgrader's metadata; a field of None is taken out."""

    def change(notebook: Notebook) -> None:
        for found in notebook["cells"]:
            if mark := found["metadata"].get("nbgrader"):
                mark.update(fields)
                for key in [key for key, value in fields.items() if value is None]:
                    mark.pop(key)

    return change


def mark(identity: str, **fields: Any) -> Change:
    return lambda notebook: cell(notebook, identity)["metadata"]["nbgrader"].update(fields)


def of_schema_zero(notebook: Notebook) -> None:
    """Version 0 has no version, no checksums, and points as text."""
    for found in notebook["cells"]:
        if old := found["metadata"].get("nbgrader"):
            for key in ("schema_version", "checksum", "cell_type", "task", "locked"):
                del old[key]
            if "points" in old:
                old["points"] = str(old["points"])


def copied_to_the_end(identity: str) -> Change:
    def change(notebook: Notebook) -> None:
        notebook["cells"].append(copy.deepcopy(cell(notebook, identity)))

    return change


def with_kernel(name: str) -> Change:
    def change(notebook: Notebook) -> None:
        notebook["metadata"]["kernelspec"] = {"name": name, "display_name": name, "language": "julia"}

    return change


def without_cell_type(identity: str) -> Change:
    return lambda notebook: cell(notebook, identity).pop("cell_type")


SILENCE = "import IPython.core.interactiveshell as shell\nshell.InteractiveShell.showtraceback = "
LOOP = "def double(x):\n    while True:\n        pass"
SLEEP = "import time\ndef double(x):\n    time.sleep(60)\n    return 2 * x"
MANY = "kept = []\nwhile True:\n    kept.append(1)\n    if len(kept) > 1_000_000:\n        kept.clear()"
WARNS = "import sys, warnings\nwarnings.warn('old')\nprint('error!', file=sys.stderr)\n"
BESIDE = "with open('data.txt') as file:\n    data = file.read()"
FAKE_CHECK = (
    "class Anything:\n    def __call__(self, *args, **kwargs): return self\n"
    "    def __getattr__(self, name): return self\n"
    "expect = Anything()\n"
)
RIGHT_IS_RIGHT = (PASSED, PASSED)
WRONG_IS_WRONG = (NOT_RIGHT, NOT_RIGHT)

SITUATIONS: dict[str, Situation] = {
    "unchanged": Situation(lambda notebook: None, BLANK, BLANK),
    "changed-and-right": Situation(answered(RIGHT), *RIGHT_IS_RIGHT),
    "changed-and-wrong": Situation(answered(WRONG), *WRONG_IS_WRONG),
    "half-done": Situation(answered({"double": RIGHT["double"]}), PASSED, BLANK),
    # Cheat attempts: none is worth more than the wrong answer that comes with it.
    "tracebacks-silenced": Situation(
        answered(WRONG | {"double": f"{SILENCE}lambda *args, **kwargs: None\n{WRONG['double']}"}),
        *WRONG_IS_WRONG,
    ),
    "tracebacks-broken": Situation(answered(WRONG | {"double": f"{SILENCE}None"}), ERROR, NOT_RIGHT),
    "check-redefined": Situation(answered(WRONG | {"double": FAKE_CHECK + WRONG["double"]}), *WRONG_IS_WRONG),
    "check-redefined-in-a-given-cell": Situation(answered(WRONG, cell_001=FAKE_CHECK), *WRONG_IS_WRONG),
    "check-redefined-just-before-the-test": Situation(
        then(answered(WRONG), added(FAKE_CHECK, before="test_double")), *WRONG_IS_WRONG
    ),
    "test-overwritten": Situation(
        answered(WRONG, test_double="assert True"),
        *WRONG_IS_WRONG,
        note="double: suspicious: the test was edited: restored",
    ),
    "success-printed": Situation(
        answered({name: f"{source}\nprint('Success! 2/2')" for name, source in WRONG.items()}),
        *WRONG_IS_WRONG,
    ),
    "partial-credit-as-the-cells-value": Situation(
        answered({name: f"{source}\n2" for name, source in WRONG.items()}), *WRONG_IS_WRONG
    ),
    "partial-credit-as-the-tests-value": Situation(
        answered(WRONG, test_double="2"),
        *WRONG_IS_WRONG,
        note="double: suspicious: the test was edited: restored",
    ),
    "points-raised": Situation(
        then(answered(RIGHT | {"double": WRONG["double"]}), mark("test_quadruple", points=99)),
        NOT_RIGHT,
        PASSED,
        note="quadruple: suspicious: the test's metadata was edited (points: 99): restored",
    ),
    "answers-only-what-is-shown": Situation(
        answered(WRONG | {"double": "def double(x):\n    return {3: 6, 5: 10}[x]"}), ERROR, NOT_RIGHT
    ),
    "looks-whether-it-is-graded": Situation(
        answered(
            WRONG
            | {"double": "import os\ndef double(x):\n    return x * ('NBGRADER_EXECUTION' in os.environ) * 2"}
        ),
        *WRONG_IS_WRONG,
    ),
    # Locked and graded cells changed, deleted, retyped, copied.
    "locked-cell-commented-out": Situation(
        answered(WRONG, test_double="# for x in (3, 5):\n#     expect(double, x).equals(2 * x)"),
        *WRONG_IS_WRONG,
        note="double: suspicious: the test was edited: restored",
    ),
    "locked-cell-changed-answers-right": Situation(
        answered(RIGHT, test_double="assert double(1) == 2"),
        *RIGHT_IS_RIGHT,
        note="double: suspicious: the test was edited: restored",
    ),
    "given-cell-changed": Situation(answered(RIGHT, cell_003="print(double(5))"), *RIGHT_IS_RIGHT),
    "test-turned-into-markdown": Situation(
        then(answered(WRONG), turned_into_markdown("test_double")),
        *WRONG_IS_WRONG,
        note="double: the test was turned into a markdown cell: restored",
    ),
    "answer-turned-into-markdown": Situation(
        then(answered(RIGHT), turned_into_markdown("double")),
        *RIGHT_IS_RIGHT,
        note="double: its cell was turned into markdown: turned back into code",
    ),
    "test-deleted": Situation(
        then(answered(RIGHT), deleted("test_double")),
        *RIGHT_IS_RIGHT,
        note="double: the test was deleted: put back",
    ),
    "test-deleted-answer-wrong": Situation(
        then(answered(WRONG), deleted("test_double")),
        *WRONG_IS_WRONG,
        note="double: the test was deleted: put back",
    ),
    "exercise-deleted": Situation(
        then(answered(RIGHT), deleted("double")),
        MISSING,
        PASSED,
        note="double: its cell is missing: the untouched stub was put back",
    ),
    "exercise-copied": Situation(
        then(answered(RIGHT), copied_to_the_end("double")),
        *RIGHT_IS_RIGHT,
        note="double: 2 cells could be it",
    ),
    "same-grade-id-twice": Situation(
        then(answered(RIGHT), mark("quadruple", grade_id="double")),
        *RIGHT_IS_RIGHT,
        note="quadruple: its cell carried the id of double: matched by what it defines (likely)",
    ),
    "blank-grade-id": Situation(
        then(answered(RIGHT), mark("double", grade_id="")),
        *RIGHT_IS_RIGHT,
        note="double: its cell had lost nbgrader's metadata: matched by cell id",
    ),
    "no-cell-type": Situation(
        then(answered(RIGHT), without_cell_type("double")),
        *RIGHT_IS_RIGHT,
        note="double: its cell was turned into raw: turned back into code",
    ),
    # Metadata lost, or of another version.
    "all-metadata-lost": Situation(
        then(answered(RIGHT), without_metadata()), *RIGHT_IS_RIGHT, note="10 cells without a valid id"
    ),
    "some-metadata-lost": Situation(
        then(answered(RIGHT), without_metadata("double", "test_quadruple")),
        *RIGHT_IS_RIGHT,
        note="quadruple: the test had lost nbgrader's metadata: restored",
    ),
    "schema-0": Situation(then(answered(RIGHT), of_schema_zero), *RIGHT_IS_RIGHT, note="metadata of schema"),
    **{
        f"schema-{version}": Situation(
            then(answered(RIGHT), graded_cells(schema_version=version)),
            *RIGHT_IS_RIGHT,
            note="nbgrader's metadata of schema",
        )
        for version in (1, 2, 10, 99, "three")
    },
    "blank-points": Situation(
        then(answered(RIGHT), mark("test_double", points="")),
        *RIGHT_IS_RIGHT,
        note="double: suspicious: the test's metadata was edited (points: ): restored",
    ),
    "unknown-kernel": Situation(
        then(answered(RIGHT), with_kernel("julia-1.9")),
        *RIGHT_IS_RIGHT,
        note="kernel 'julia-1.9': set to python3",
    ),
    # Code that does not end, fails, or says too much.
    "infinite-loop-in-the-answer": Situation(
        answered(RIGHT | {"double": LOOP}, cell_003="print('not called')"), TIMEOUT, PASSED
    ),
    "infinite-loop-in-a-cell": Situation(
        then(answered(RIGHT), added("while True:\n    pass", before="test_double")), *RIGHT_IS_RIGHT
    ),
    "infinite-loop-that-fills-a-list": Situation(
        then(answered(RIGHT), added(MANY, before="quadruple")), *RIGHT_IS_RIGHT
    ),
    "sleeps-too-long": Situation(
        answered(RIGHT | {"double": SLEEP}, cell_003="print('not called')"), TIMEOUT, PASSED
    ),
    "infinite-recursion-in-a-cell": Situation(
        then(answered(RIGHT), added("def foo():\n    foo()\nfoo()", before="quadruple")), *RIGHT_IS_RIGHT
    ),
    "infinite-recursion-in-the-answer": Situation(
        answered(RIGHT | {"double": "def double(x):\n    return double(x)"}), ERROR, PASSED
    ),
    "long-output": Situation(
        then(answered(RIGHT), added("for i in range(300_000):\n    print(i)", before="double")),
        *RIGHT_IS_RIGHT,
    ),
    "warnings-and-stderr": Situation(
        answered(RIGHT | {"double": WARNS + "def double(x):\n    warnings.warn('old')\n    return 2 * x"}),
        *RIGHT_IS_RIGHT,
    ),
    "syntax-error": Situation(answered(RIGHT | {"double": "def double(x)\n    return 2 * x"}), ERROR, PASSED),
    "exception-in-a-given-cell": Situation(answered(RIGHT, cell_003="print(double(1 / 0))"), *RIGHT_IS_RIGHT),
    "first-given-cell-broken": Situation(
        answered(RIGHT, cell_001="from fasttrack.check import nothing_of_that_name"), *RIGHT_IS_RIGHT
    ),
    "side-effects": Situation(
        answered(RIGHT | {"double": f"open('side-effect.txt', 'w').write('x')\n{RIGHT['double']}"}),
        *RIGHT_IS_RIGHT,
    ),
    "reads-a-file-beside-it": Situation(
        answered(RIGHT | {"double": f"{BESIDE}\n{RIGHT['double']}"}), ERROR, PASSED
    ),
}


@dataclass(frozen=True)
class Class:
    """All situations graded, by name."""

    course: Course
    done: batch.Batch
    graded: dict[str, Graded]
    scores: dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def class_(built_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Class:
    root = tmp_path_factory.mktemp("situations")
    shutil.copytree(built_once, root, dirs_exist_ok=True)
    course = Course(root)
    released = json.loads((course.notebooks / f"{NAME}.ipynb").read_text())
    for who, situation in SITUATIONS.items():
        notebook = copy.deepcopy(released)
        situation.change(notebook)
        path = simulate.folder(course) / who / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook))
    options = batch.Options(workers=2, limits=LIMITS, feedback=False)
    done = batch.grade(course, submissions(course, [NAME]), options)
    with record.opened(course) as gradebook:
        graded = {one.who: one for one in gradebook.store.load()}
        return Class(course, done, graded, gradebook.scores())


def cells(class_: Class, who: str) -> dict[str, Any]:
    """The cells of an autograded notebook, by id."""
    path = class_.course.grading / "autograded" / who / f"{NAME}.ipynb"
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def shown(cell: Any) -> str:
    return "".join(str(output.get("text", output.get("evalue", ""))) for output in cell.outputs)


def test_every_situation_is_graded(class_: Class) -> None:
    assert class_.done == batch.Batch(graded=len(SITUATIONS))


@pytest.mark.parametrize("who", SITUATIONS)
def test_each_test_has_its_outcome(class_: Class, who: str) -> None:
    found = {result.name: result.outcome for result in class_.graded[who].results}
    assert found == {"double": SITUATIONS[who].double, "quadruple": SITUATIONS[who].quadruple}


@pytest.mark.parametrize("who", SITUATIONS)
def test_the_gradebook_has_the_score(class_: Class, who: str) -> None:
    assert class_.scores[who, NAME] == SITUATIONS[who].score


@pytest.mark.parametrize("who", SITUATIONS)
def test_what_was_repaired_is_said_and_nothing_else(class_: Class, who: str) -> None:
    notes, wanted = class_.graded[who].notes, SITUATIONS[who].note
    assert any(wanted in note for note in notes) if wanted else not notes


@pytest.mark.parametrize("who", SITUATIONS)
def test_every_message_names_its_exercise(class_: Class, who: str) -> None:
    failed = [result for result in class_.graded[who].results if result.outcome is not PASSED]
    assert all(result.name in result.message or "this exercise" in result.message for result in failed)


def test_long_output_is_cut_and_says_so(class_: Class) -> None:
    text = shown(cells(class_, "long-output")["new"])
    assert text.startswith("0\n1\n2\n")
    assert "more output" in text
    assert len(text) < 2 * LIMITS.cell_output


def test_warnings_stay_in_sight(class_: Class) -> None:
    assert "error!" in shown(cells(class_, "warnings-and-stderr")["double"])


def test_a_file_that_an_answer_writes_is_not_kept(class_: Class) -> None:
    assert not list(class_.course.root.rglob("side-effect.txt"))


def test_a_syntax_error_is_shown_where_it_is(class_: Class) -> None:
    (double, _) = class_.graded["syntax-error"].results
    assert "expected ':'" in double.message


def test_the_autograded_notebook_has_the_instructors_test(class_: Class) -> None:
    original = cells(class_, "unchanged")["test_double"].source
    assert cells(class_, "test-overwritten")["test_double"].source == original
