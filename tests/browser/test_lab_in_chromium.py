"""JupyterLab as a learner meets it: `fasttrack lab` in headless Chromium."""

import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from autograder.course import Course
from autograder.lesson import read

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "test-artifacts"
CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab on fresh copies of the lessons."""
    folder = tmp_path_factory.mktemp("learner")
    command = [sys.executable, "-m", "fasttrack.cli", "lab", "--no-browser"]
    server = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert server.stdout
        for line in server.stdout:
            if found := re.search(r"http://\S+token=\w+", line):
                break
        else:
            pytest.fail("no address was printed")
        wait_for(found[0])
        yield found[0]
    finally:
        server.terminate()
        server.communicate(timeout=20)


def wait_for(url: str, tries: int = 120) -> None:
    """Until the server answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for attempt in range(tries):
        try:
            with opener.open(url, timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            if attempt == tries - 1:
                raise
            time.sleep(0.5)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[Page]:
    """The first lesson, open."""
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(url)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.get_by_text(re.compile("Python 3.*Idle")).wait_for()
    yield page
    page.close()


def test_the_lesson_opens_without_a_question(page: Page) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "lesson.png")
    assert page.get_by_role("heading", name="Tensors", exact=True).is_visible()
    assert page.locator(".jp-Dialog").count() == 0
    assert "Jupyter news" not in page.content()


def test_validate_lists_every_exercise_of_the_untouched_copy(page: Page) -> None:
    page.get_by_role("button", name="Validate").click()
    page.wait_for_selector(".jp-Dialog:has-text('Validation Results')")
    page.screenshot(path=ARTEFACTS / "validate.png")
    told = re.findall(r"not written yet: (\w+)", page.inner_text(".jp-Dialog"))
    course = Course.here(ROOT)
    assert told == list(read(course.source("01_tensors/01_tensors"), "01_tensors/01_tensors").exercises())
