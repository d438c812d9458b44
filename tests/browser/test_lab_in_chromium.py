"""JupyterLab as a learner meets it: `fasttrack lab`, which `make lab` runs, in headless Chromium."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from autograder.course import Course
from autograder.lesson import read
from tests.browser.conftest import PATIENCE, WIDTH, Picture, opened, served
from tests.conftest import ROOT, in_chromium

NAME = "01_tensors/01_tensors"
RIGHT = "return storage_offset + sum(i * step for i, step in zip(index, stride, strict=True))"
WRONG = "return storage_offset + sum(i * step for i, step in zip(index, stride))"

# JupyterLab moves cells about while it lays them out: in place means in place for twenty frames.
STAYS_ON_TOP = """cell => {
    const top = cell.closest(".jp-WindowedPanel-outer").getBoundingClientRect().top;
    const there = Math.abs(cell.getBoundingClientRect().top - top) < 20;
    cell.calm = there ? (cell.calm ?? 0) + 1 : 0;
    if (!there) cell.scrollIntoView();
    return cell.calm > 20;
}"""

pytestmark = in_chromium


@pytest.fixture
def lesson(page: Page, tmp_path: Path) -> Iterator[Page]:
    """A learner's first lesson, open on a fresh copy."""
    with served([sys.executable, "-m", "fasttrack.cli", "lab", "--no-browser"], tmp_path) as url:
        opened(page, url)
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.get_by_text(re.compile("Python 3.*Idle")).wait_for()
        yield page


def cell(page: Page, code: str) -> Locator:
    """The code cell that holds `code`, scrolled to: JupyterLab keeps only what is near in the page."""
    wanted = page.locator(".jp-Notebook .jp-CodeCell", has=page.locator(".jp-InputArea", has_text=code))
    panel = page.locator(".jp-WindowedPanel-outer").first
    panel.evaluate("panel => panel.scrollTo(0, 0)")
    painted = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    while not wanted.count():
        page.evaluate(painted)
        before = panel.evaluate("panel => panel.scrollTop")
        after = panel.evaluate("panel => (panel.scrollBy(0, panel.clientHeight / 2), panel.scrollTop)")
        assert after > before or wanted.count(), f"no cell holds {code!r}"
    wanted.first.scroll_into_view_if_needed()
    return wanted.first


def write(page: Page, exercise: str, answer: str) -> None:
    """Type an answer of one line in place of the stub's."""
    line = cell(page, f"def {exercise}(").locator(".cm-line").last
    line.click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+Control+End")
    page.keyboard.type(answer)
    assert line.inner_text().strip() == answer


def run(page: Page, code: str) -> Locator:
    """Run the cell that holds `code` with Shift-Enter; its output, once there is some."""
    one = cell(page, code)
    one.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    output = one.locator(".jp-OutputArea-output")
    output.first.wait_for()
    return output


def choose(page: Page, menu: str, entry: str) -> None:
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=entry).click()


def try_out(page: Page, answer: str) -> Locator:
    """Write an answer to the first exercise, run everything down to it, then its check; what the check says."""
    write(page, "element_offset", answer)
    choose(page, "Run", "Run All Above Selected Cell")
    cell(page, "def element_offset(").locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    run(page, "element_offset((1, 2), x.stride())")
    return run(page, "check.element_offset(element_offset)")


def exercise_in_view(page: Page) -> None:
    """The exercise at the top of the window and nothing beside it, for a picture."""
    page.set_viewport_size({"width": WIDTH, "height": 784})
    page.keyboard.press("Control+b")
    page.locator(".jp-FileBrowser").wait_for(state="hidden")
    heading = page.locator(".jp-Notebook .jp-MarkdownCell", has_text="Exercise 1: element offset")
    page.wait_for_function(STAYS_ON_TOP, arg=heading.element_handle())


def test_the_lesson_opens_without_a_question(lesson: Page, picture: Picture) -> None:
    picture(lesson, "lesson")
    assert lesson.get_by_role("heading", name="Tensors", exact=True).is_visible()
    assert lesson.locator(".jp-Dialog").count() == 0
    assert "Jupyter news" not in lesson.content()


def test_a_right_answer_gets_its_success_line(lesson: Page, readme_picture: Picture) -> None:
    said = try_out(lesson, RIGHT)
    assert re.fullmatch(r"element_offset: correct.*", said.inner_text().strip())
    exercise_in_view(lesson)
    readme_picture(lesson, "right-answer")


def test_a_wrong_answer_gets_its_hint(lesson: Page, readme_picture: Picture) -> None:
    said = try_out(lesson, WRONG)
    assert "zip stops silently" in said.inner_text()
    assert "correct" not in said.inner_text()
    exercise_in_view(lesson)
    readme_picture(lesson, "wrong-answer")


def test_validate_lists_every_exercise_of_the_untouched_copy(lesson: Page, picture: Picture) -> None:
    lesson.get_by_role("button", name="Validate").click()
    lesson.wait_for_selector(".jp-Dialog:has-text('Validation Results')", timeout=2 * PATIENCE)
    picture(lesson, "validate")
    told = re.findall(r"not written yet: (\w+)", lesson.inner_text(".jp-Dialog"))
    course = Course.here(ROOT)
    assert told == list(read(course.source(NAME), NAME).exercises())
