"""Building: what is released and what is not, determinism, and nothing half-written."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from autograder import build
from autograder.course import Course, CourseError
from autograder.lesson import LessonError

NAME = "01_unit/01_doubling"


def quiet(_: str) -> None:
    """No progress to show."""


def released(course: Course) -> nbformat.NotebookNode:
    return nbformat.read(course.notebooks / f"{NAME}.ipynb", as_version=4)


def test_a_release_holds_no_answer_no_hidden_test_and_no_output(built: Course) -> None:
    text = (built.notebooks / f"{NAME}.ipynb").read_text()
    for secret in ("return 2 * x", "double(double(x))", "-50", "SOLUTION", "HIDDEN"):
        assert secret not in text
    for cell in released(built).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_a_release_starts_with_badge_and_bootstrap(built: Course) -> None:
    badge, bootstrap, title = released(built).cells[:3]
    assert (
        "colab.research.google.com/github/some/course/blob/main/notebooks/01_unit/01_doubling.ipynb"
        in badge.source
    )
    assert "git+https://github.com/some/course" in bootstrap.source
    assert title.source.startswith("# Doubling")


def test_the_stub_is_valid_python_that_raises(built: Course) -> None:
    (stub,) = [cell for cell in released(built).cells if cell.id == "double"]
    assert stub.source.endswith("    # your code here\n    raise NotImplementedError")
    compile(stub.source, "stub", "exec")


def test_nbgrader_metadata_is_complete(built: Course) -> None:
    cells = {cell.id: cell.metadata.get("nbgrader") for cell in released(built).cells}
    fields = {"schema_version", "grade_id", "grade", "solution", "locked", "task", "checksum", "cell_type"}
    assert set(cells["double"]) == fields
    assert set(cells["test_double"]) == fields | {"points"}
    assert cells["test_double"]["points"] == 2
    assert cells["cell-001"] is None


def test_ids_are_lasting_and_every_notebook_says_where_it_is_from(built: Course) -> None:
    notebook = released(built)
    ids = [cell.id for cell in notebook.cells]
    assert ids[:4] == ["colab-badge", "colab-bootstrap", "cell-000", "cell-001"]
    assert len(set(ids)) == len(ids)
    assert notebook.metadata.fasttrack.lesson == NAME


def test_the_solution_is_executed_and_clean(built: Course) -> None:
    notebook = nbformat.read(built.solutions / f"{NAME}.ipynb", as_version=4)
    text = nbformat.writes(notebook)
    assert "return 2 * x" in text
    for marker in ("### BEGIN", "### END", "-50", "nbgrader"):
        assert marker not in text
    outputs = [output.text for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs == ["8\n", "0\n1\n2\n"]
    assert "version" not in notebook.metadata.language_info


def test_building_twice_changes_no_byte(built: Course) -> None:
    files = sorted([*built.root.rglob("*.ipynb"), *built.text.rglob("*.json")])
    assert len(files) == 3
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
    assert build.build(built, [NAME], quiet) == []
    build.build(built, [NAME], quiet, force=True)
    assert {path: path.read_bytes() for path in files} == {path: text for path, (text, _) in before.items()}
    released_file = built.notebooks / f"{NAME}.ipynb"
    assert released_file.stat().st_mtime_ns == before[released_file][1]


def test_check_is_clean_after_a_build(built: Course) -> None:
    assert list(build.check(built, [NAME])) == []


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_check_names_what_is_missing_edited_or_left_over(built: Course, folder: str) -> None:
    path = built.root / folder / f"{NAME}.ipynb"
    text = path.read_text()
    path.write_text(text.replace("Doubling", "Halving"))
    assert [stale.path for stale in build.check(built, [NAME])] == [path]
    path.unlink()
    assert [stale.path for stale in build.check(built, [NAME])] == [path]
    path.write_text(text)
    path.with_name("99_gone.ipynb").write_text(text)
    assert [(stale.path.name, "delete it" in stale.why) for stale in build.check(built, [NAME])] == [
        ("99_gone.ipynb", True)
    ]


def test_the_course_text_is_built_with_the_release_and_checked(built: Course) -> None:
    source, path = built.source(NAME), built.text / f"{NAME}.json"
    assert json.loads(path.read_text())["title"] == "Doubling"
    section = (
        "# # Doubling\n#\n# ## A section\n#\n# " + "Prose, ten words of it and more, about doubling numbers. "
    )
    source.write_text(source.read_text().replace("# # Doubling\n", section))
    assert path in {stale.path for stale in build.check(built, [NAME])}
    assert path in build.build(built, [NAME], quiet)
    (passage,) = json.loads(path.read_text())["passages"]
    assert passage["heading"] == "A section"
    assert "raise NotImplementedError" not in path.read_text()
    left_over = path.with_name("99_gone.json")
    left_over.write_text("{}")
    assert [stale.path for stale in build.check(built, [NAME])] == [left_over]


def test_the_course_text_is_there_before_a_lesson_is_executed(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(*_: object) -> None:
        assert (course.text / f"{NAME}.json").exists()
        raise CourseError("far enough")

    monkeypatch.setattr(build, "execute", execute)
    with pytest.raises(CourseError, match="far enough"):
        build.build(course, [NAME], quiet)


def test_check_sees_a_changed_lesson(built: Course) -> None:
    source = built.source(NAME)
    source.write_text(source.read_text().replace("Prose with", "Words with"))
    assert {stale.path.parts[-3] for stale in build.check(built, [NAME])} == {"notebooks", "solutions"}


def test_only_code_that_changed_is_executed_again(built: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "execute", lambda *_: pytest.fail("executed again"))
    build.build(built, [NAME], quiet)


def test_a_refused_lesson_leaves_nothing_half_written(course: Course) -> None:
    second = course.source("01_unit/02_broken")
    second.write_text(
        "# %% [markdown]\n# # T\n\n# %% exercise: f\ndef f():\n    ### BEGIN SOLUTION\n    return 1\n"
    )
    with pytest.raises(LessonError, match=r"02_broken\.py:6"):
        build.build(course, course.lessons(), quiet)
    assert not list(course.root.rglob("*.ipynb"))


def test_a_cell_that_fails_is_named_by_its_line(course: Course) -> None:
    source = course.source(NAME)
    source.write_text(source.read_text().replace("print(double(4))", "print(double(4) / 0)"))
    with pytest.raises(LessonError, match=r"01_doubling\.py:16: this cell fails: ZeroDivisionError"):
        build.build(course, [NAME], quiet)


def test_an_unknown_lesson_is_one_clear_line(course: Course) -> None:
    with pytest.raises(CourseError, match="02_none: no such lesson or unit; there are: 01_unit/01_doubling"):
        course.lessons(["02_none"])
    assert course.lessons(["01_unit"]) == course.lessons([f"solutions/{NAME}.py"]) == [NAME]


def test_a_lesson_with_the_name_of_its_unit_is_one_lesson(course: Course) -> None:
    shutil.copy(course.source(NAME), course.source("01_unit/01_unit"))
    assert course.lessons(["01_unit/01_unit"]) == ["01_unit/01_unit"]
    assert len(course.lessons(["01_unit"])) == 2


def test_outside_a_course_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="no course here"):
        Course.here(tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(CourseError, match="No space left"):
        build.replace(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
