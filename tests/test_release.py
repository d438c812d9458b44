"""What learners get: the released notebooks hold no answer, and the wheel runs them anywhere, offline."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder import bank
from autograder.course import Course
from autograder.lesson import HIDDEN, SOLUTION, Cell, Lesson, defined, parse, read, used
from tests.environments import bare, declared, environment

COURSE = Course.here(Path(__file__).parent)
LESSONS = COURSE.lessons()

lessons = pytest.mark.parametrize("name", LESSONS)


def lesson(name: str) -> Lesson:
    return read(COURSE.source(name), name)


def released(name: str) -> nbformat.NotebookNode:
    return nbformat.read(COURSE.notebooks / f"{name}.ipynb", as_version=4)


def between(cell: Cell, begin: str, end: str) -> list[str]:
    """The lines of a cell inside of a pair of markers, long enough to be told apart."""
    lines, inside = [], False
    for line in map(str.strip, cell.source.splitlines()):
        inside = line == begin or (inside and line != end)
        if inside and line != begin and len(line) > 12:
            lines.append(line)
    return lines


@lessons
def test_no_solution_and_no_hidden_test_is_released(name: str) -> None:
    source = lesson(name)
    secrets = {
        line for cell in source.cells for markers in (SOLUTION, HIDDEN) for line in between(cell, *markers)
    }
    shown = "\n".join(cell.source for cell in source.cells if cell.kind in ("markdown", "given"))
    text = "\n".join(cell.source for cell in released(name).cells)
    assert secrets, "nothing was searched for"
    assert not [secret for secret in secrets if secret in text and secret not in shown]
    for marker in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS"):
        assert marker not in text


@lessons
def test_no_answer_of_the_bank_is_released(name: str) -> None:
    answers = bank.read(COURSE.answers / f"{name}.py", lesson(name)).answers
    text = "\n".join(cell.source for cell in released(name).cells)
    assert answers
    assert not [answer.about for answer in answers if answer.source in text]


@lessons
def test_a_release_has_no_output_and_is_small(name: str) -> None:
    assert not [
        cell.id for cell in released(name).cells if cell.get("outputs") or cell.get("execution_count")
    ]
    assert (COURSE.notebooks / f"{name}.ipynb").stat().st_size <= 300_000


@lessons
def test_the_points_promised_in_the_title_are_those_of_the_tests(name: str) -> None:
    source = lesson(name)
    promise = f"{len(source.tests())} exercises, {source.points} points"
    assert promise in source.cells[0].source


@lessons
def test_the_reference_scores_full_marks(name: str) -> None:
    executed = nbformat.read(COURSE.solutions / f"{name}.ipynb", as_version=4)
    printed = "".join(
        output.get("text", "")
        for cell in executed.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    for exercise in lesson(name).exercises():
        assert f"{exercise}: correct" in printed


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(COURSE.root),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_notebooks_and_no_answer(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
    assert {f"fasttrack/notebooks/{name}.ipynb" for name in LESSONS} <= set(files)
    assert {f"fasttrack/data/bundled/course/{name}.json" for name in LESSONS} <= set(files)
    assert "fasttrack/data/bundled/names.txt" in files
    assert "autograder/cli.py" in files
    folders = "gate|grading|inside|judge|sanitize"
    code = [file for file in files if re.fullmatch(rf"autograder/(({folders})/)?\w+(\.html)?\.(py|j2)", file)]
    others = [file for file in files if not file.startswith(("fasttrack/", "llm_fasttrack-"))]
    assert sorted(code) == sorted(others)
    assert not [file for file in files if re.search(r"(^|/)(answers|solutions|submitted)/", file)]


def waiting(name: str) -> set[str]:
    """Ids of the cells that need an exercise, or a name that such a cell defines."""
    needed: set[str] = set()
    found = set()
    for position, cell in enumerate(lesson(name).cells):
        tree = parse(cell.source) if cell.code else None
        if cell.kind == "exercise":
            needed.add(cell.name)
        elif tree and used(tree) & needed:
            needed |= defined(tree)
            found.add(f"cell-{position:03}")
    return found


PROGRAM = """
import contextlib, json, os
from pathlib import Path

os.environ["MPLBACKEND"] = "agg"
import fasttrack.check, fasttrack.plot, nbformat, torch  # once for all lessons
from fasttrack.learner.update import update
from IPython.core.interactiveshell import InteractiveShell

torch.set_num_threads(1)  # no thread before the fork
update(Path("work"))

def errors(path):
    shell, found = InteractiveShell.instance(), {}
    shell.showtraceback = lambda *_, **__: None
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            result = shell.run_cell(cell.source)
            if error := result.error_before_exec or result.error_in_exec:
                found[cell.id] = (type(error).__name__, str(error))
    return found

def in_a_process_of_its_own(path):
    receive, send = os.pipe()
    if not os.fork():
        with open(os.devnull, "w") as quiet, contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            told = json.dumps(errors(path))
        with open(send, "w") as pipe:
            pipe.write(told)
        os._exit(0)
    os.close(send)
    with open(receive) as pipe:
        return json.load(pipe)

print(json.dumps({str(path): in_a_process_of_its_own(path) for path in sorted(Path("work").glob("*/*.ipynb"))}))
"""


@pytest.mark.xdist_group("slow install")
@pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed: apt-get install bubblewrap"
)
def test_untouched_lessons_run_offline_from_the_wheel_in_a_fresh_environment(
    wheel: Path, tmp_path: Path
) -> None:
    """As a learner without the repository: every test says "not written yet", nothing else fails.

    The environment has what the wheel declares and no more: pip refuses to install it where something is missing.
    Of an exercise that builds on an earlier one, the test may name that one.
    """
    python = environment(tmp_path / "venv", [*declared("lab"), "pip"])
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", f"{wheel}[lab]"]
    subprocess.run(install, check=True, capture_output=True, env=bare())
    offline = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
    run = subprocess.run(
        [*offline, python, "-W", "ignore", "-c", PROGRAM],
        cwd=tmp_path,
        env=bare(),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert set(told) == {f"work/{name}.ipynb" for name in LESSONS}
    for name in LESSONS:
        errors = told[f"work/{name}.ipynb"]
        exercises = lesson(name).exercises()
        tests = {f"test_{exercise}": exercise for exercise in exercises}
        assert errors.keys() >= tests.keys()
        for cell, exercise in tests.items():
            kind, message = errors[cell]
            assert kind == "NotWritten", (cell, kind, message)
            first = message.removeprefix("not written yet: ").removesuffix(f", which {exercise} builds on")
            assert first in exercises, (cell, message)
            assert first == exercise or message.endswith(" builds on"), (cell, message)
        others = {cell: error for cell, error in errors.items() if cell not in tests}
        assert others.keys() <= waiting(name), others
