"""The guides are true: what they name exists, what exists is named, and their recipe runs."""

import ast
import csv
import inspect
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import typer

from autograder.cli import app
from autograder.judge.sandbox import MB, Limits
from autograder.outcome import Outcome
from fasttrack.cli import app as fasttrack

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTRUCTORS = (ROOT / "docs/instructors.md").read_text(encoding="utf-8")
THREATS = (ROOT / "docs/threats.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"(tests/[\w/]+\.py)::(\w+)", THREATS))


def names_of_tests(path: Path) -> set[str]:
    """Names of the tests of a file, those in classes included."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    functions = (node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {name for name in functions if name.startswith("test_")}


def test_every_test_that_the_threats_name_exists() -> None:
    assert len(NAMED) > 40
    missing = [f"{file}::{name}" for file, name in sorted(NAMED) if name not in names_of_tests(ROOT / file)]
    assert not missing


def test_every_attack_is_among_the_threats() -> None:
    for path in sorted((ROOT / "tests/attacks").glob("test_*.py")):
        file = str(path.relative_to(ROOT))
        named = {name for where, name in NAMED if where == file}
        assert not names_of_tests(path) - named, f"docs/threats.md does not mention these tests of {file}"


def test_every_file_in_the_threats_exists() -> None:
    inside = [ROOT / "autograder" / name for name in ("", "judge", "inside", "grading", "sanitize")]
    folders = [ROOT / "utils", *inside]
    for name in re.findall(r"`((?:\w+/)*\w+\.py)`", THREATS):
        assert any((folder / name).is_file() for folder in folders), name


def test_links_between_the_guides_lead_somewhere() -> None:
    for text in (INSTRUCTORS, THREATS):
        for target in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (ROOT / "docs" / target).exists(), target


def test_the_guide_has_every_option_of_grade_and_no_other() -> None:
    table = set(re.findall(r"^\| `(--[\w-]+)", INSTRUCTORS, re.MULTILINE))
    grade = typer.main.get_command(app).commands["grade"]  # type: ignore[attr-defined]
    options = {name for one in grade.params for name in (*one.opts, *one.secondary_opts) if name[:2] == "--"}
    assert table == options - {"--sandbox", "--warm", "--feedback"}  # which are the defaults


def test_the_guide_has_every_outcome() -> None:
    assert set(re.findall(r"^\| `([a-z_]+)` \|", INSTRUCTORS, re.MULTILINE)) == set(Outcome)


def test_the_guide_has_the_limits() -> None:
    limits = Limits()
    rows = (
        f"{limits.cell_seconds} s, {limits.test_seconds} s, {limits.lesson_seconds} s; {limits.cpu_seconds} s",
        f"{limits.memory // MB} MB, {limits.scratch // MB} MB, {limits.file_size // MB} MB",
        f"| {limits.processes}, {limits.restarts} |",
        f"{limits.cell_output // 1024} KB, {limits.lesson_output // MB} MB, {limits.answer // MB} MB",
    )
    assert not [row for row in rows if row not in INSTRUCTORS]


def row(path: Path) -> str:
    """How the README's table has to name a released notebook: number, link, ..., minutes, points, badge."""
    cells = nbformat.read(path, as_version=4).cells
    points = sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in cells)
    text = "\n".join(cell.source for cell in cells[:4])
    [minutes] = re.findall(r"(\d+) min", text)[:1]
    name = path.relative_to(ROOT).as_posix()
    number = re.escape(f"{path.parent.name[:2]}/{path.name[:2]}")
    colab = "https://colab.research.google.com/github/llm-fasttrack/llm-fasttrack/blob/main/"
    badge = re.escape(f"[![Open in Colab][badge]]({colab}{name})")
    return rf"\| {number} \| \[[^]]+\]\({re.escape(name)}\) \| [^|]+ \| {minutes} \| {points} \| {badge} \|"


def test_the_readme_has_every_lesson_and_no_other() -> None:
    lessons = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
    lines = re.findall(r"^\| \d\d/\d\d \|.*$", README, re.MULTILINE)
    assert len(lines) == len(lessons)
    for line, path in zip(lines, lessons, strict=True):
        assert re.fullmatch(row(path), line), f"{path.name}: {line}"


def test_the_readme_counts_right() -> None:
    notebooks = [nbformat.read(path, as_version=4) for path in sorted((ROOT / "notebooks").glob("*/*.ipynb"))]
    exercises = sum(
        bool(cell.metadata.get("nbgrader", {}).get("solution")) for one in notebooks for cell in one.cells
    )
    hours = round(sum(map(int, re.findall(r"\| (\d+) \| \d+ \| \[!", README))) / 60)
    assert f"{len(notebooks)} lessons, {exercises}\nexercises, about {hours} hours" in README


def test_links_and_pictures_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_every_command_of_the_readme_is_one() -> None:
    commands = typer.main.get_command(fasttrack).commands  # type: ignore[attr-defined]
    named = set(re.findall(r"fasttrack (\w+)", README)) - {"course"}
    assert named == set(commands)
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)", README)) <= targets


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """The guide's lms.py beside a table of grades and a gradebook as Canvas exports it."""
    [code] = re.findall(r"```python\n(.*?)```", INSTRUCTORS, re.DOTALL)
    (tmp_path / "autograder").mkdir()
    (tmp_path / "autograder/grades.csv").write_text(
        inspect.cleandoc("""
            learner,lesson,score,max_score
            ada,01_tensors/01_tensors,19.5,22
            ada,02_nets/01_mlp,3,8
            bob,01_tensors/01_tensors,0,22
        """)
    )
    canvas = """
        Student,ID,SIS User ID,SIS Login ID,Section,Homework (77),Current Score
        ,,,,,Manual Posting,
            Points Possible,,,,,10,(read only)
        "Lovelace, Ada",11,s1,ada,A,9,90
        "Student, Test",13,,x9,A,,
    """
    (tmp_path / "canvas.csv").write_text(inspect.cleandoc(canvas), encoding="utf-8-sig")
    (tmp_path / "lms.py").write_text(code)
    return tmp_path


def written(recipe: Path, *arguments: str) -> list[list[str]]:
    command = [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "lms.py", *arguments]
    done = subprocess.run(command, cwd=recipe, capture_output=True, text=True, check=True)
    return list(csv.reader(done.stdout.splitlines()))


def test_the_recipe_for_moodle_runs(recipe: Path) -> None:
    assert written(recipe) == [
        ["username", "01_tensors/01_tensors", "02_nets/01_mlp"],
        ["ada", "19.5", "3"],
        ["bob", "0", ""],
    ]


def test_the_recipe_for_canvas_runs(recipe: Path) -> None:
    head, _, points, ada, nobody = written(recipe, "canvas.csv")
    assert head[3:] == ["SIS Login ID", "Section", "01_tensors/01_tensors", "02_nets/01_mlp"]
    assert points[5:] == ["22", "8"]
    assert ada == ["Lovelace, Ada", "11", "s1", "ada", "A", "19.5", "3"]
    assert nobody[5:] == ["", ""]
