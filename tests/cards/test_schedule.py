"""The schedule: intervals, days, the file and what can happen to it, clocks that go wrong."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasttrack.cards.schedule import Schedule, ScheduleError

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "work" / ".fasttrack" / "cards.json"


@pytest.fixture
def learned(path: Path) -> Schedule:
    """Card a known at once, b being learned, c failed; all answered at noon."""
    schedule = Schedule(path)
    for name, rating in (("a", 4), ("b", 3), ("c", 1)):
        schedule.answer(name, rating, NOON)
    return schedule


@pytest.fixture
def auckland(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A learner thirteen hours ahead of UTC, in summer."""
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_better_known_the_later_a_card_comes_back(path: Path) -> None:
    schedule = Schedule(path)
    again, hard, good, easy = (schedule.intervals("a", NOON)[rating] for rating in (1, 2, 3, 4))
    assert MINUTE == again < hard < good == 10 * MINUTE
    assert easy >= 3 * DAY
    schedule.answer("a", 3, NOON)
    schedule.answer("a", 3, NOON + 10 * MINUTE)
    later = schedule.intervals("a", NOON + 3 * DAY)
    assert later[1] < DAY <= later[2] <= later[3] < later[4]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 100_000)), min_size=1, max_size=8))
def test_the_interval_shown_is_the_one_that_comes(answers: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        schedule, now = Schedule(Path(folder, "cards.json")), NOON
        for rating, minutes in answers:
            now += minutes * MINUTE
            shown = schedule.intervals("a", now)
            schedule.answer("a", rating, now)
            assert schedule.entries["a"].state.due == now + shown[rating]
            assert schedule.entries["a"].first == NOON + answers[0][1] * MINUTE
        assert Schedule.load(schedule.path, now).entries == schedule.entries


def test_cards_are_due_new_or_soon(learned: Schedule) -> None:
    ids = ["a", "b", "c", "d"]
    assert learned.new(ids) == ["d"]
    assert learned.due(ids, NOON) == []
    assert learned.due(ids, NOON + MINUTE) == ["c"]
    assert learned.due(ids, NOON + 10 * MINUTE) == ["c", "b"]
    assert learned.soon(ids, NOON) == ["c", "b"]
    assert learned.soon(["a", "d"], NOON) == []
    assert learned.due(["a"], NOON + 30 * DAY) == ["a"]
    assert learned.due(["d"], NOON + 30 * DAY) == []


def test_a_day_begins_at_midnight_of_the_learners_clock(learned: Schedule, auckland: None) -> None:
    due = learned.entries["a"].state.due  # at noon UTC: at one in the morning of the next day
    assert learned.when("a") == due - timedelta(hours=1)
    assert learned.due(["a"], due - timedelta(minutes=61)) == []
    assert learned.due(["a"], due - timedelta(minutes=60)) == ["a"]
    assert learned.begun(NOON) == 3
    assert learned.begun(NOON - timedelta(hours=2)) == 0


def test_every_answer_is_in_the_file_at_once(learned: Schedule) -> None:
    again = Schedule.load(learned.path, NOON)
    assert again.entries == learned.entries
    assert again.repaired == ""
    assert [path.name for path in learned.path.parent.iterdir()] == ["cards.json"]


def test_no_file_is_an_empty_schedule_and_makes_none(path: Path) -> None:
    assert Schedule.load(path, NOON).entries == {}
    assert not path.parent.exists()


def test_a_card_that_the_course_lost_keeps_its_schedule(learned: Schedule) -> None:
    newer = Schedule.load(learned.path, NOON)
    newer.answer("d", 3, NOON)
    assert set(Schedule.load(learned.path, NOON).entries) == {"a", "b", "c", "d"}


GOOD = {"first": NOON.isoformat(), "state": 2, "step": None, "stability": 3.0, "difficulty": 5.0,
        "due": (NOON + DAY).isoformat(), "last_review": NOON.isoformat()}  # fmt: skip


def written(**changes: object) -> bytes:
    return json.dumps({"format": 1, "cards": {"a": {**GOOD, **changes}}}).encode()


def test_a_file_written_by_hand_as_ours_is_good(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(written())
    assert Schedule.load(path, NOON).repaired == ""


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"format": 1}', b'{"format": 2, "cards": {}}'),
        *(b'{"format": 1, "cards": []}', b'{"format": 1, "cards": {"a": 3}}', b"[" * 100_000),
        *(written(state=9), written(state="x"), written(stability=None), written(stability=float("nan"))),
        *(written(stability=-1), written(difficulty=0), written(difficulty=11), written(last_review=None)),
        *(written(due="soon"), written(due=NOON.isoformat()[:-6]), written(first=NOON.isoformat()[:-6])),
        *(written(due="9999-01-01T00:00:00+00:00"), written(due=(NOON - DAY).isoformat())),
        *(written(state=3), written(state=1, step=7), written(state=1, step=-1), written(first=3)),
    ],
    ids=lambda content: content[-60:].decode("latin1"),
)
def test_a_damaged_file_is_moved_aside_and_said_in_one_line(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    schedule = Schedule.load(path, NOON)
    assert schedule.entries == {}
    assert schedule.repaired == (
        f"{path} was damaged; it is now cards.damaged-1.json, and all cards are new again"
    )
    assert path.with_name("cards.damaged-1.json").read_bytes() == content
    schedule.answer("a", 3, NOON)
    path.write_bytes(b"again")
    assert "cards.damaged-2.json" in Schedule.load(path, NOON).repaired
    assert path.with_name("cards.damaged-1.json").read_bytes() == content


@given(st.binary(max_size=40), st.integers(0, 300))
def test_any_file_at_all_is_survived(noise: bytes, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "cards.json")
        good = written()
        file.write_bytes(good[:at] + noise + good[at + len(noise) :])
        schedule = Schedule.load(file, NOON)
        schedule.due(["a"], NOON)
        schedule.answer("a", 3, NOON)
        assert set(Schedule.load(file, NOON).entries) >= {"a"}


@given(st.integers(1, 4), st.integers(1, 400 * 24 * 60))
def test_a_clock_set_back_keeps_the_interval(rating: int, minutes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        schedule = Schedule(Path(folder, "cards.json"))
        schedule.answer("a", rating, NOON)
        interval = schedule.entries["a"].state.due - NOON
        earlier = NOON - minutes * MINUTE
        again = Schedule.load(schedule.path, earlier)
        entry = again.entries["a"]
        assert (entry.state.due, entry.state.last_review, entry.first) == (
            earlier + interval,
            earlier,
            earlier,
        )
        again.answer("a", 3, earlier)
        assert again.entries["a"].state.due > earlier


def test_a_clock_set_back_in_a_session_harms_nothing(learned: Schedule) -> None:
    for name in "abc":
        learned.answer(name, 3, NOON - 40 * DAY)
        assert NOON - 40 * DAY < learned.entries[name].state.due < NOON + 400 * DAY


def test_a_file_that_cannot_be_written_is_one_line(
    learned: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *arguments: object) -> None:
        raise OSError(28, "No space left on device")

    before = learned.path.read_bytes()
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ScheduleError, match=r"cards.json: cannot be written: No space left on device"):
        learned.answer("d", 3, NOON)
    assert learned.path.read_bytes() == before
    assert [path.name for path in learned.path.parent.iterdir()] == ["cards.json"]


def test_a_folder_in_the_place_of_the_file_is_one_line(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ScheduleError, match=r"cards.json: cannot be read: "):
        Schedule.load(path, NOON)
