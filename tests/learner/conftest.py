"""The small lesson as the installed release, and the learner's folder beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fasttrack import lab
from fasttrack.learner.notebook import dumps
from tests.learner.samples import LESSON, Json, doubling

Release = Callable[[Json], Path]


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """Make a notebook the only lesson of the installed release."""
    folder = tmp_path / "released"
    monkeypatch.setattr(lab, "released", lambda: folder)

    def install(raw: Json) -> Path:
        path = folder / f"{LESSON}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dumps(raw))
        return path

    install(doubling())
    return install


@pytest.fixture
def work(tmp_path: Path, release: Release) -> Path:
    return tmp_path / "work"
