"""A small course in a temporary folder, for tests that build, refuse or grade."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from IPython.core.interactiveshell import InteractiveShell

from autograder import build
from autograder.course import Course
from fasttrack import data

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
ARTEFACTS = ROOT / "test-artifacts"  # pictures that browser tests take
CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--font-render-hinting=none"]

in_chromium = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
    pytest.mark.xdist_group("browser"),
]

# Two busy cores: how long an example takes says nothing about the code.
settings.register_profile("two cores", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("two cores")

LESSON = '''\
# %% [markdown]
# # Doubling
#
# Prose with $x$.

# %%
from fasttrack.check import expect

# %% exercise: double
def double(x: float) -> float:
    """Twice `x`."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %%
print(double(4))

# %% test: double points=2
for x in (3, 5):
    expect(double, x).equals(2 * x, {"you squared it": x * x})
### BEGIN HIDDEN TESTS
for x in (-50, 0):
    expect(double, x).equals(2 * x)
### END HIDDEN TESTS

# %% exercise: quadruple
def quadruple(x: float) -> float:
    """Four times `x`, by `double`."""
    ### BEGIN SOLUTION
    return double(double(x))
    ### END SOLUTION

# %% tags=["demo"]
for step in range(3):
    print(step)

# %% test: quadruple points=1
for x in (3, 5):
    expect(quadruple, x).equals(4 * x)
### BEGIN HIDDEN TESTS
for x in (-50, 0):
    expect(quadruple, x).equals(4 * x)
### END HIDDEN TESTS
'''

ANSWERS = """\
# %% right: double — adds
def double(x):
    return x + x

# %% right: double — a lambda
double = lambda x: x * 2

# %% wrong: double — squares  hint="you squared it"
def double(x):
    return x * x

# %% wrong: double — adds two  hint="expected  6"
def double(x):
    return x + 2

# %% wrong: double — returns nothing  hint="got       None"
def double(x):
    2 * x

# %% right: quadruple — multiplies
def quadruple(x):
    return 4 * x

# %% right: quadruple — doubles a sum
def quadruple(x):
    return double(x + x)

# %% wrong: quadruple — doubles once  hint="expected  12"
def quadruple(x):
    return double(x)

# %% wrong: quadruple — the fourth power  hint="expected  12"
def quadruple(x):
    return x**4

# %% wrong: quadruple — shifts  hint="expected  12"
def quadruple(x):
    return x + 4
"""


NAME = "01_unit/01_doubling"


def write_course(root: Path) -> Course:
    """A course of one lesson, with its answer bank."""
    course = Course(root)
    project = '[project]\nurls = { Repository = "https://github.com/some/course" }\n'
    files = {
        root / "pyproject.toml": project,
        course.source(NAME): LESSON,
        course.answers / f"{NAME}.py": ANSWERS,
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return course


@pytest.fixture
def public_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """names.txt from the folder FASTTRACK_PUBLIC_DATA, the cache or the network; skips where none has it."""
    if folder := os.environ.get("FASTTRACK_PUBLIC_DATA"):
        monkeypatch.setenv("FASTTRACK_CACHE", folder)
    try:
        return data.names("karpathy")
    except data.DataUnavailable as error:
        pytest.skip(f"{error} Or name a folder that holds it in FASTTRACK_PUBLIC_DATA.")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Headless Chromium. Open for one module: meanwhile no other test could run an event loop in this process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """An IPython that this process runs in, until the test ends."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course that is not built yet."""
    return write_course(tmp_path)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = write_course(tmp_path_factory.mktemp("built"))
    build.build(course, [NAME], lambda _: None)
    return course.root


@pytest.fixture
def built(built_once: Path, tmp_path: Path) -> Course:
    """A built course of one's own."""
    shutil.copytree(built_once, tmp_path, dirs_exist_ok=True)
    return Course(tmp_path)
