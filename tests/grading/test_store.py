"""Outcomes in a database: what goes in comes out, in SQLite and in PostgreSQL."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from autograder.grading.store import Store, opened
from tests.grading.samples import graded


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'book.db'}"
    address: str = request.getfixturevalue("postgresql")
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("drop schema public cascade"))
        connection.execute(text("create schema public"))
    engine.dispose()
    return address


def test_what_goes_in_comes_out(url: str) -> None:
    both = [graded("ada"), graded("bob", key="k2")]
    with opened(url) as store:
        for one in reversed(both):
            store.save(one)
        assert store.load() == both
        assert store.graded() == {("ada", both[0].lesson): "k1", ("bob", both[1].lesson): "k2"}
    with opened(url) as again:
        assert again.load() == both


def test_saving_again_replaces(url: str) -> None:
    with opened(url) as store:
        store.save(graded(points=2))
        store.save(graded(points=5, key="k3"))
        store.save(graded(points=5, key="k3"))
        assert store.load() == [graded(points=5, key="k3")]


def test_a_failed_save_leaves_what_was_there(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(url) as store:
        store.save(graded())

        def broken(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("autograder.grading.store.insert", broken)
        with pytest.raises(KeyboardInterrupt):
            store.save(graded(points=9, key="k9"))
        assert store.load() == [graded()]


def test_points_are_only_for_passed() -> None:
    assert (graded().points, graded().max_points) == (2, 3)


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'book.db'}")
    store.close()
    store.close()
