"""Reading the cards: all of them, in order, with ids that survive what does not change the question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.passages import plain
from fasttrack.cards import NoSuchLesson, choose, deck
from fasttrack.cards.deck import begins, card_id
from fasttrack.data import course


def test_cards_are_read_with_their_markdown(released: Path) -> None:
    first, *_, last = deck(released)
    assert (first.lesson, first.unit, first.title) == ("01_tensors/01_tensors", "01_tensors", "Tensors")
    assert first.question == "What does `view` do?"
    assert first.answer == "It shares *storage*: $x_1 < y$ and `a < b`.\nIt copies nothing."
    assert (last.question, last.answer, last.lesson) == (
        "Which loss, `second`?",
        "ln 27.",
        "02_later/01_more",
    )
    assert len(deck(released)) == 4


def test_the_same_question_in_two_lessons_is_two_cards(released: Path) -> None:
    assert len({card.id for card in deck(released)}) == 4


def test_ids_do_not_depend_on_answer_lesson_or_marks(released: Path, write: Callable[..., None]) -> None:
    before = [card.id for card in deck(released)][:2]
    (released / "01_tensors" / "01_tensors.ipynb").rename(released / "01_tensors" / "02_renamed.ipynb")
    write(
        released,
        "01_tensors/02_renamed",
        "## Recap\n\n**Q:** Which loss: first?\\\n**A:** Another.\n\n**Q:** what does view do\\\n**A:** Less.",
    )
    assert [card.id for card in deck(released)][:2] == before[::-1]


@given(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4))
def test_an_id_stands_for_the_words(words: list[str]) -> None:
    assert card_id(" ".join(words)) == card_id("  `" + "` \n`".join(words).upper() + "`?")
    assert card_id(" ".join(words)) != card_id(" ".join([*words, "c"]))


def test_the_courses_own_cards_are_those_that_are_searched() -> None:
    cards = deck()
    assert [(card.lesson, plain(card.question), plain(card.answer)) for card in cards] == [
        (card.lesson, card.question, card.answer) for card in course.recap()
    ]
    assert len({card_id(card.question) for card in cards}) == len(cards) >= 200


def test_every_lesson_has_five_cards_or_more_with_answers_that_say_something() -> None:
    counts: dict[str, int] = {}
    for card in deck():
        counts[card.lesson] = counts.get(card.lesson, 0) + 1
        assert len(card.answer.split()) >= 5 or len(card.answer) > 20, card
        assert card.question.rstrip().endswith(("?", ".")), card
    assert min(counts.values()) >= 5
    assert set(counts) == set(course.titles())


@pytest.mark.parametrize(
    ("wanted", "lessons"),
    [
        ([], {"01_tensors/01_tensors", "02_later/01_more"}),
        (["01"], {"01_tensors/01_tensors"}),
        (["02_later"], {"02_later/01_more"}),
        (["02/01", "01_tensors/"], {"01_tensors/01_tensors", "02_later/01_more"}),
        (["02_later/01_more.ipynb"], {"02_later/01_more"}),
    ],
)
def test_lessons_are_chosen_by_how_they_begin(released: Path, wanted: list[str], lessons: set[str]) -> None:
    assert {card.lesson for card in choose(deck(released), wanted)} == lessons


@pytest.mark.parametrize("wanted", ["3", "", "/", "01/02", "01_tensors/01_tensors/x", "tensors"])
def test_a_lesson_that_is_not_there_is_answered_with_those_that_are(released: Path, wanted: str) -> None:
    with pytest.raises(NoSuchLesson, match=r"units are 01_tensors, 02_later, a lesson 01_tensors/01_tensors"):
        choose(deck(released), ["01", wanted])


def test_a_unit_is_not_taken_for_another_one() -> None:
    assert begins("06_attention/02_multi_head", "06_attention/02")
    assert not begins("06_attention/02_multi_head", "06_attention/01")
