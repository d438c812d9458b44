"""Colab, there and back: the badge, the bootstrap cell in an empty environment, what comes home, its grade."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from autograder.course import Course
from autograder.grading import damage, simulate
from autograder.lesson import read
from autograder.notebook import without_markers
from tests.environments import bare, declared, environment

COURSE = Course.here(Path(__file__).parent)
LESSONS = COURSE.lessons()
NAME = "01_tensors/01_tensors"
SHIPPED = {  # what Colab had installed, by normal name
    canonicalize_name(line.partition("==")[0]): line.partition("==")[2]
    for line in (COURSE.root / "tests" / "colab-freeze.txt").read_text().splitlines()
    if not line.startswith("#")
}
PACKAGED = ["LICENSE", "README.md", "autograder", "notebooks", "pyproject.toml", "utils"]
LINK = r"https://colab\.research\.google\.com/github/([^\s)\"]+)"

needs_bwrap = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed: apt-get install bubblewrap"
)


def released(name: str) -> NotebookNode:
    return nbformat.read(COURSE.notebooks / f"{name}.ipynb", as_version=4)


def addressed(name: str) -> str:
    """What follows Colab's own address in the link to a lesson."""
    repository = COURSE.repository.removeprefix("https://github.com/")
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", repository)
    return f"{repository}/blob/main/notebooks/{name}.ipynb"


@pytest.mark.parametrize("name", LESSONS)
def test_the_badge_of_a_lesson_opens_that_lesson(name: str) -> None:
    first, *others = released(name).cells
    assert re.findall(LINK, first.source) == [addressed(name)]
    assert first.source.startswith(
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    )
    assert not [cell.id for cell in others if re.search(LINK, cell.source)]


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{path.name}" for path in COURSE.root.glob("docs/*.md"))]
)
def test_every_link_to_colab_on_a_page_opens_a_lesson(page: str) -> None:
    links = re.findall(LINK, (COURSE.root / page).read_text(encoding="utf-8"))
    assert set(links) <= {addressed(name) for name in LESSONS}


@pytest.mark.parametrize("name", LESSONS)
def test_the_bootstrap_cell_stands_before_all_other_code_and_does_nothing_elsewhere(name: str) -> None:
    code = [cell for cell in released(name).cells if cell.cell_type == "code"]
    assert code[0].id == "colab-bootstrap"
    assert f'"llm-fasttrack @ git+{COURSE.repository}"' in code[0].source
    assert "google.colab" not in sys.modules
    exec(code[0].source.replace("%pip", "raise AssertionError #"), {})


@pytest.mark.parametrize("requirement", [Requirement(text) for text in declared()], ids=str)
def test_a_range_admits_what_colab_has(requirement: Requirement) -> None:
    """Or Colab would install another version, in the worst case of torch: 2 GB, and a restart."""
    assert not [one for one in requirement.specifier if one.operator in ("<", "<=", "==", "~=", "===")]
    version = SHIPPED.get(canonicalize_name(requirement.name))
    assert version is None or requirement.specifier.contains(version)


def test_python_3_11_and_all_that_follow_are_welcome() -> None:
    project = tomllib.loads((COURSE.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = SpecifierSet(project["requires-python"])
    assert [minor for minor in range(8, 20) if f"3.{minor}" in wanted] == [*range(11, 20)]


def seeming(folder: Path, versions: dict[str, str]) -> Path:
    """The Python of a virtual environment in which pip finds these versions installed."""
    python = environment(folder, ["pip"])
    [site] = folder.glob("lib/python*/site-packages")
    for name, version in versions.items():
        metadata = site / f"{name.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (metadata / "RECORD").touch()
    return python


def test_pip_changes_nothing_of_what_colab_ships(tmp_path: Path) -> None:
    """Asks the package index, as Colab would; without a network there is nothing to ask."""
    python = seeming(tmp_path / "colab", SHIPPED)
    plan = tmp_path / "plan.json"
    dry = ["install", "--quiet", "--dry-run", "--only-binary=:all:", "--report", plan]
    run = subprocess.run(
        [python, "-m", "pip", *dry, *declared()], capture_output=True, text=True, env=bare(PIP_RETRIES="1")
    )
    if run.returncode and re.search("NewConnectionError|NameResolutionError|ConnectTimeout", run.stderr):
        pytest.skip("no package index can be reached")
    assert run.returncode == 0, run.stderr
    installs = {canonicalize_name(one["metadata"]["name"]) for one in json.loads(plan.read_text())["install"]}
    assert "faiss-cpu" in installs  # Colab has none
    assert not installs & SHIPPED.keys()


def pushed(folder: Path) -> str:
    """The address of a git repository that holds this one's files as they are now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PACKAGED]
    listed = subprocess.run(command, cwd=COURSE.root, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\0"):
        if name and (COURSE.root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(COURSE.root / name, folder / name)
    who = ["-c", "user.name=author", "-c", "user.email=author@localhost", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "--message", "all"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return folder.as_uri()


def answered(notebook: NotebookNode, name: str) -> None:
    """Write the reference answers into a released notebook."""
    exercises = read(COURSE.source(name), name).exercises()
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = without_markers(exercises[cell.metadata.nbgrader.grade_id].source)


def colab(folder: Path, python: Path, address: str) -> dict[str, str]:
    """Variables under which the kernel `colab` is Colab's: `google.colab` is loaded, GitHub is at `address`."""
    startup = folder / "ipython" / "profile_default" / "startup" / "colab.py"
    kernel = folder / "jupyter" / "kernels" / "colab" / "kernel.json"
    for path in (startup, kernel):
        path.parent.mkdir(parents=True)
    startup.write_text("import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n")
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": argv, "display_name": "Colab", "language": "python"}))
    git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{address}.insteadOf"}
    git["GIT_CONFIG_VALUE_0"] = COURSE.repository
    pip = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}  # 0: pip reads it as --no-build-isolation
    paths = {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_PATH": str(folder / "jupyter")}
    return bare(**git, **pip, **paths)


def distributions(python: Path) -> dict[str, Path]:
    """What is installed, and where each has its files: here only by a link."""
    found = python.parents[1].glob("lib/python*/site-packages/*.dist-info")
    return {path.name: (path / "METADATA").resolve() for path in found}


def printed(cell: NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.get("outputs", []))


def graded(folder: Path, submission: bytes) -> dict[str, Any]:
    """The row of grades.csv, and the outcomes, of a class of one."""
    course = Course(folder)
    path = simulate.folder(course) / "ada" / f"{NAME}.ipynb"
    for target in (course.source(NAME), path):
        target.parent.mkdir(parents=True, exist_ok=True)
    for file in (COURSE.root / "pyproject.toml", COURSE.source(NAME)):
        shutil.copyfile(file, folder / file.relative_to(COURSE.root))
    path.write_bytes(submission)
    command = [sys.executable, "-m", "autograder.cli", "grade", "--workers", "1", "--no-feedback"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    rows = {}
    for name in ("grades", "outcomes"):
        with (course.grading / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows[name] = list(csv.DictReader(file))
    [grades] = rows["grades"]
    return {**grades, "outcomes": [row["outcome"] for row in rows["outcomes"]]}


@needs_bwrap
@pytest.mark.xdist_group("slow install")
def test_a_lesson_goes_to_colab_and_comes_back_with_full_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bootstrapped from git without the course or an index, answered, saved as Colab does, graded.

    What Colab ships is here at this environment's versions; of the rest only what we declare.
    """
    address = pushed(tmp_path / "repository")
    python = environment(tmp_path / "colab", [*declared(), "ipykernel", "pip", "hatchling"])
    before = distributions(python)
    missing = subprocess.run(
        [python, "-c", "import fasttrack"], cwd=tmp_path, env=bare(), capture_output=True
    )
    assert b"No module named 'fasttrack'" in missing.stderr

    notebook = released(NAME)
    answered(notebook, NAME)
    notebook.cells.append(nbformat.v4.new_code_cell("import fasttrack, torch\nprint(fasttrack.__file__)"))
    variables = colab(tmp_path, python, address)
    for key in os.environ.keys() - variables.keys():
        monkeypatch.delenv(key)
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    (tmp_path / "content").mkdir()
    place = {"metadata": {"path": str(tmp_path / "content")}}
    NotebookClient(notebook, timeout=600, startup_timeout=600, kernel_name="colab", resources=place).execute()
    monkeypatch.undo()

    assert Path(printed(notebook.cells.pop()).strip()).is_relative_to(tmp_path / "colab")
    after = distributions(python)
    [added] = after.keys() - before.keys()
    assert after == {**before, added: after[added]}  # torch and all others as they were
    assert added.startswith("llm_fasttrack-")
    origin = next((tmp_path / "colab").glob(f"lib/python*/site-packages/{added}/direct_url.json"))
    assert json.loads(origin.read_text())["url"] == COURSE.repository
    tests = read(COURSE.source(NAME), NAME).tests()
    shown = {cell.id: printed(cell) for cell in notebook.cells}
    assert [name for name in tests if not shown[f"test_{name}"].startswith(f"{name}: correct")] == []

    link = nbformat.v4.new_markdown_cell(
        "its own badge", metadata={"id": "view-in-github", "colab_type": "text"}
    )
    notebook.cells.insert(0, link)
    home = graded(tmp_path / "course", damage.saved_by_colab(notebook, random.Random(0)))
    assert home["outcomes"] == ["passed"] * len(tests)
    assert float(home["score"]) == float(home["max_score"]) == sum(test.points for test in tests.values())
