"""The course text as unit 11 reads it. Lessons change: nothing here depends on what one of them says."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import Course
from fasttrack.data import course

HERE = Course.here(Path(__file__).parent)


@pytest.mark.parametrize("name", sorted({passage.lesson for passage in course.passages()}))
def test_every_lesson_has_passages_and_recap_questions(name: str) -> None:
    found = [passage for passage in course.passages() if passage.lesson == name]
    assert len(found) >= 10
    assert found[0].text.startswith("After this lesson")
    assert sum(card.lesson == name for card in course.recap()) >= 5


def test_every_built_lesson_is_there() -> None:
    built = {
        str(path.relative_to(HERE.notebooks).with_suffix("")) for path in HERE.notebooks.glob("*/*.ipynb")
    }
    assert course.titles().keys() == built


def test_ids_are_unique_and_links_lead_to_a_notebook() -> None:
    ids = [passage.id for passage in course.passages()]
    assert len(set(ids)) == len(ids)
    for passage in course.passages():
        path, _, anchor = passage.link.partition("#")
        assert (HERE.root / path).is_file()
        assert anchor
        assert " " not in passage.link


def test_passages_are_text_of_a_searchable_length() -> None:
    for passage in course.passages():
        assert 10 <= len(passage.text.split()) <= 350, passage.id
        assert "<details" not in passage.text
        assert "**Q:**" not in passage.text
        assert passage.heading not in ("Recap", "Glossary", "To go deeper")


def test_no_passage_holds_the_answer_of_a_card_word_by_word() -> None:
    text = "\n".join(passage.text for passage in course.passages())
    assert not [card.question for card in course.recap() if card.question in text]
    assert all(card.question.strip() and card.answer.strip() for card in course.recap())


def test_relevant_are_the_passages_of_the_lesson() -> None:
    card = course.recap()[0]
    assert course.relevant(card) == {p.id for p in course.passages() if p.lesson == card.lesson}


def test_a_passage_made_by_hand_has_a_link() -> None:
    passage = course.Passage("u/l#1", "u/l", "1. A heading", "text")
    assert passage.link == "notebooks/u/l.ipynb#1.-A-heading"
