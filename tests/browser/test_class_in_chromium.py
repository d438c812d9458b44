"""A graded class as an instructor meets it in headless Chromium: nbgrader's formgrader, and the class report."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page

from autograder.course import Course
from autograder.grading import record, report
from tests.browser.conftest import WIDTH, Picture, opened, served
from tests.conftest import NAME, ROOT, in_chromium, write_course
from tests.grading.conftest import free_port
from tests.grading.test_report import LESSONS, simulated

LEARNERS = 6

pytestmark = [
    *in_chromium,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class, graded by the commands that an instructor types."""
    course = write_course(tmp_path_factory.mktemp("classroom"))
    shutil.copyfile(ROOT / "autograder" / "nbgrader_config.py", course.grading / "nbgrader_config.py")
    for command in (["build"], ["simulate", f"--learners={LEARNERS}"], ["grade", "--workers=1"]):
        done = subprocess.run(
            [sys.executable, "-m", "autograder.cli", *command],
            cwd=course.root,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return course


@pytest.fixture
def formgrader(page: Page, classroom: Course) -> Iterator[FrameLocator]:
    """The formgrader, opened from JupyterLab's menu as docs/instructors.md says."""
    lab = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.port={free_port()}"]
    lab += ["--allow-root"] * (os.geteuid() == 0)
    with served(lab, classroom.grading) as url:
        opened(page, url)
        page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
        page.get_by_role("menuitem", name="Formgrader", exact=True).click()
        yield page.frame_locator("iframe[src*=formgrader]")


def test_the_formgrader_lists_the_graded_class(
    page: Page, formgrader: FrameLocator, classroom: Course, picture: Picture
) -> None:
    unit, lesson = NAME.split("/")
    formgrader.get_by_role("link", name="Manual Grading").click()
    formgrader.get_by_role("link", name=unit, exact=True).click()
    formgrader.get_by_role("link", name=lesson, exact=True).click()
    rows = formgrader.locator("tbody tr")
    rows.nth(LEARNERS - 1).wait_for()
    picture(page, "formgrader")
    with record.opened(classroom) as gradebook:
        scores = sorted(gradebook.scores().values())
    shown = [re.search(r"([\d.]+) / 3", row) for row in rows.all_inner_texts()]
    assert sorted(float(found[1]) for found in shown if found) == scores
    assert len(scores) == LEARNERS


def names(page: Page) -> list[str]:
    return page.locator("#class > tbody:visible bdi").all_inner_texts()


def test_the_class_report_sorts_and_filters(page: Page, classroom: Course, picture: Picture) -> None:
    page.goto((classroom.grading / "report" / "index.html").as_uri())
    everyone = [f"simulated-{number}" for number in range(1, LEARNERS + 1)]
    assert names(page) == everyone
    page.get_by_role("button", name="Learner").click()
    assert names(page) == everyone
    page.get_by_role("button", name="Learner").click()
    assert names(page) == everyone[::-1]
    page.get_by_label("Text to look for").press_sequentially("lated-3")
    page.get_by_text(f"1 of {LEARNERS} notebooks").wait_for()
    assert names(page) == ["simulated-3"]
    picture(page, "class-report-filtered")
    page.get_by_label("Text to look for").clear()
    page.get_by_text(f"{LEARNERS} of {LEARNERS} notebooks").wait_for()
    assert sorted(names(page)) == everyone


def test_the_report_of_a_larger_class(page: Page, readme_picture: Picture, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(report.render(simulated(24), LESSONS, sandbox=True), encoding="utf-8")
    page.set_viewport_size({"width": WIDTH, "height": 736})
    page.goto(path.as_uri())
    assert page.get_by_role("heading", name="Class report").is_visible()
    readme_picture(page, "class-report")
    assert len(set(names(page))) == 24
