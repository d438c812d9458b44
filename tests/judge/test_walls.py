"""What a sandbox shows, by the command that makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import CourseError
from autograder.judge import walls
from autograder.judge.syscalls import DENIED, seccomp_filter


def words(monkeypatch: pytest.MonkeyPatch, package: str = "") -> list[str]:
    if package:
        monkeypatch.setattr(walls, "packages", lambda: (f"{package}/autograder", f"{package}/fasttrack"))
    return list(walls.folders.__wrapped__())


def test_an_environment_that_holds_the_course_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CourseError, match="beside the course"):
        words(monkeypatch, walls.visible()[0])


def test_our_packages_are_covered_where_they_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    place = f"{walls.visible()[0]}/lib/python3/site-packages"
    found = words(monkeypatch, place)
    assert found[found.index("--tmpfs") + 1] == f"{place}/autograder"
    assert f"{place}/fasttrack" in found


def test_only_known_folders_are_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    found = words(monkeypatch)
    assert "--bind" not in found
    sources = [found[at + 1] for at, word in enumerate(found) if word == "--ro-bind"]
    ours = [Path(path) for path in walls.packages()]
    for source in map(Path, sources):
        known = [*map(Path, walls.visible()), *map(Path, walls.SYSTEM), *map(Path, walls.MERGED)]
        allowed = source in known or source.is_relative_to(ours[1]) or source.parent == ours[0]
        assert allowed, source


def test_the_filter_has_two_steps_for_each_call() -> None:
    assert len(seccomp_filter()) % 8 == 0
    assert len(seccomp_filter()) // 8 == 4 + 2 + 2 * len(DENIED) + 2 + 4 + 1
