"""A session at the terminal: what is asked in which order, which keys do what, and what it says at the end."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fasttrack.cards import Card, quiz
from fasttrack.cards.quiz import Quiz
from fasttrack.cards.schedule import Schedule

CARDS = [
    Card(name, "01_unit/01_lesson", "Lesson", f"What is {name}?", f"It is `{name}!`.") for name in "abcde"
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cards.json"


def session(path: Path, clock: Any, keys: Iterable[str], limit: int = 3, cards: list[Card] = CARDS) -> str:
    """What a learner reads who presses `keys`, each after ten seconds, and then closes the terminal."""
    console = Console(file=io.StringIO(), width=80, color_system=None)
    pressed = iter(keys)

    def key() -> str:
        clock.move(seconds=10)
        try:
            return next(pressed)
        except StopIteration:
            raise EOFError from None

    Quiz(Schedule.load(path, clock()), cards, limit, console, key, clock).run()
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def asked(text: str) -> str:
    """The names of the cards in the order asked."""
    return "".join(line[8] for line in text.splitlines() if line.startswith("What is "))


def test_a_question_comes_before_its_answer(path: Path, clock: Any) -> None:
    text = session(path, clock, [])
    assert text.startswith("0 due, 3 new. Enter shows the answer, q ends; every answer is kept.\n")
    assert "01_unit/01_lesson · 3 left" in text
    assert "What is a?" in text
    assert "It is" not in text
    shown = session(path, clock, ["\r"])
    assert shown.index("What is a?") < shown.index("It is a!.") < shown.index("1 again 1 min   2 hard 6 min")


@pytest.mark.parametrize("enter", ["\r", "\n", " "])
def test_new_cards_come_in_the_order_of_the_course_up_to_the_limit(
    path: Path, clock: Any, enter: str
) -> None:
    text = session(path, clock, [enter, "4"] * 3)
    assert asked(text) == "abc"
    assert "3 answered, 3 of them known." in text
    assert "2 are new and not for today; for more of them, --new 13." in text


def test_a_card_that_was_not_known_comes_again_after_the_others(path: Path, clock: Any) -> None:
    text = session(path, clock, ["\r", "1", "\r", "4", "\r", "4", "\r", "3", "\r", "3"])
    assert asked(text) == "abcaa"
    assert "5 answered, 4 of them known. Nothing more is due; the next card is due" in text


def test_the_limit_is_for_a_day_and_not_for_a_session(path: Path, clock: Any) -> None:
    session(path, clock, ["\r", "4"] * 2)
    assert asked(session(path, clock, ["\r", "4"] * 5)) == "c"
    assert asked(session(path, clock, ["\r", "4"] * 5)) == ""
    assert asked(session(path, clock, ["\r", "4"] * 5, limit=4)) == "d"
    clock.move(days=1)
    assert asked(session(path, clock, ["\r", "4"] * 5)) == "e"


def test_what_is_due_comes_before_what_is_new(path: Path, clock: Any) -> None:
    session(path, clock, ["\r", "4"], limit=1)
    clock.move(days=300)
    text = session(path, clock, ["\r", "4"] * 2, limit=1)
    assert text.startswith("1 due, 1 new.")
    assert asked(text) == "ab"


@pytest.mark.parametrize("end", ["q", "Q", "\x03", "\x04"])
@pytest.mark.parametrize("before", [[], ["\r"]], ids=["at the question", "at the answer"])
def test_the_session_can_be_ended_anywhere(path: Path, clock: Any, end: str, before: list[str]) -> None:
    text = session(path, clock, ["\r", "3", *before, end, "\r", "4"])
    assert asked(text) == "ab"
    assert "1 answered, 1 of them known. 3 left for today." in text
    assert list(Schedule.load(path, clock()).entries) == ["a"]


def test_ctrl_c_ends_it_and_keeps_what_was_answered(path: Path, clock: Any) -> None:
    def interrupted() -> Iterable[str]:
        yield from ("\r", "3")
        raise KeyboardInterrupt

    assert "1 answered" in session(path, clock, interrupted())
    assert list(Schedule.load(path, clock()).entries) == ["a"]


def test_other_keys_do_nothing(path: Path, clock: Any) -> None:
    text = session(path, clock, ["3", "x", "\x1b[A", "\r", "\r", "0", "5", "é", "2", "q"])
    assert asked(text) == "ab"
    assert text.count("It is") == 1
    assert "1 answered, 1 of them known." in text


def test_with_nothing_to_do_it_says_when_there_is(path: Path, clock: Any) -> None:
    session(path, clock, ["\r", "4"] * 5, limit=5)
    text = session(path, clock, [], limit=5)
    assert text == "\nNothing more is due; the next card is due in 8 days.\n"


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ({"seconds": 5}, "1 min"),
        ({"minutes": 10}, "10 min"),
        ({"days": 1}, "1 day"),
        ({"days": 8}, "8 days"),
        ({"days": 31}, "1 month"),
        ({"days": 92}, "3 months"),
        ({"days": 366}, "1 year"),
        ({"days": 550}, "1.5 years"),
    ],
)
def test_intervals_are_said_shortly(interval: dict[str, float], said: str) -> None:
    assert quiz.spoken(timedelta(**interval)) == said


def test_days_to_come_are_those_of_the_learners_clock(clock: Any) -> None:
    now = clock()
    assert (
        quiz.coming(now + timedelta(minutes=5), now)
        == f"is due at {now.astimezone() + timedelta(minutes=5):%H:%M}"
    )
    assert quiz.coming(now + timedelta(days=1), now) == "is due tomorrow"
    assert quiz.coming(now + timedelta(days=8), now) == "is due in 8 days"
