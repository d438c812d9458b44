"""The course text: what of a notebook becomes a passage, and what does not."""

import json
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.passages import LONGEST, course_text, pieces, plain


def text_of(*cells: str) -> dict[str, Any]:
    """The course text of a notebook of Markdown cells; a cell that starts with >>> is code."""
    made = [
        new_code_cell(cell[3:], id=f"cell-{position}")
        if cell.startswith(">>>")
        else new_markdown_cell(cell, id=f"cell-{position}")
        for position, cell in enumerate(cells)
    ]
    return json.loads(course_text("01_unit/01_lesson", nbformat.writes(new_notebook(cells=made))))


def words(count: int, word: str = "word") -> str:
    return " ".join([word] * count)


def test_sections_become_passages_under_their_nearest_heading() -> None:
    found = text_of("# T", f"## 1. First\n{words(20, 'one')}\n### Below\n\n{words(30, 'two')}", "## Empty")
    assert [(passage["heading"], passage["text"]) for passage in found["passages"]] == [
        ("1. First", words(20, "one")),
        ("Below", words(30, "two")),
    ]
    assert found["title"] == "T"


def test_a_section_goes_on_after_code_and_code_is_left_out() -> None:
    found = text_of("# T", f"## A\n{words(12, 'before')}", ">>>secret = 1", words(12, "after"))
    (passage,) = found["passages"]
    assert passage["text"] == f"{words(12, 'before')}\n\n{words(12, 'after')}"


def test_of_the_title_cell_the_promise_stays() -> None:
    badge = "[![Open in Colab](https://a/b.svg)](https://c/d.ipynb)"
    promise = f"**After this lesson** you can {words(12)}"
    found = text_of(
        badge,
        f"# T\n\n{promise}.\n\nAbout 150 minutes · 9 exercises, {words(20)}\n\n**When stuck**, {words(20)}",
    )
    assert [passage["text"] for passage in found["passages"]] == [promise.replace("**", "") + "."]


def test_hints_html_and_addresses_are_stripped() -> None:
    hint = "<details><summary>My rows</summary>\n\nsecret\n\n```\nsecret\n```\n</details>"
    found = text_of(
        "# T", f"## A\n{words(10)}\n\n{hint}\n{words(5)} <b>bold</b>\n<!-- secret -->\n\n[x]: https://secret"
    )
    assert found["passages"][0]["text"] == f"{words(10)}\n\n{words(5)} bold"


@pytest.mark.parametrize("heading", ["Recap", "Glossary", "To go deeper"])
def test_what_holds_the_answers_and_lists_of_links_are_no_passages(heading: str) -> None:
    found = text_of(
        "# T", f"## {heading}\n{words(30)}\n### Below\n{words(30)}", f"## Going further\n{words(15)}"
    )
    assert [passage["heading"] for passage in found["passages"]] == ["Going further"]


def test_recap_cards() -> None:
    first = "**Q:** What is `x`\nhere?\\\n**A:** It is\n**this**.\n\nAnd that."
    cards = f"## Recap\n\n{first}\n\n**Q:** Two?\\\n**A:** $a_b$."
    assert text_of("# T", cards, "**Q:** Three?\\\n**A:** 3.")["recap"] == [
        {"question": "What is x here?", "answer": "It is this. And that."},
        {"question": "Two?", "answer": "$a_b$."},
        {"question": "Three?", "answer": "3."},
    ]


def test_an_exercise_loses_its_effort_and_keeps_its_anchor() -> None:
    found = text_of("# T", f"## 1. A\n### Exercise 1: `f` of x   ·  ★★☆ · 5 min · 2 points\n{words(20)}")
    assert found["passages"][0]["heading"] == "Exercise 1: f of x"
    assert found["passages"][0]["anchor"] == "Exercise-1:-f-of-x---·--★★☆-·-5-min-·-2-points"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**bold `code` in it** and *slanted*", "bold code in it and slanted"),
        ("`a * b` and c * d * e, `__init__`", "a * b and c * d * e, __init__"),
        ("$a_i * b_i$, `x<y>z`, 1 < 2 > 0", "$a_i * b_i$, x<y>z, 1 < 2 > 0"),
        ("a [link](https://x.y) and [another][x], x[0]", "a link and another, x[0]"),
        ("one\ntwo\n- three\n  four\n- five", "one two\n- three four\n- five"),
        ("```python\nx = [1]\ny = 2\n```", "x = [1]\ny = 2"),
        ("a\n$$x\n= y$$\nb", "a\n$$x\n= y$$ b"),
        ("a broken\\\nline", "a broken line"),
    ],
)
def test_markdown_becomes_text(markdown: str, text: str) -> None:
    assert plain(markdown) == text


@given(st.lists(st.integers(1, 250), max_size=30))
def test_pieces_keep_every_paragraph_in_order_and_stay_about_as_long_as_they_may(lengths: list[int]) -> None:
    paragraphs = [words(length, f"w{number}") for number, length in enumerate(lengths)]
    found = list(pieces(paragraphs))
    if sum(lengths) >= 10:
        assert "\n\n".join(found).split("\n\n") == (paragraphs or [""])
    assert all(len(piece.split()) <= LONGEST + max(lengths) for piece in found)
    assert len(found) <= -(-sum(lengths) // LONGEST)


def test_a_section_of_a_few_words_is_left_out() -> None:
    assert not text_of("# T", "## A\nAll of it together.")["passages"]


def test_the_file_is_the_same_each_time_and_says_where_it_is_from() -> None:
    assert text_of("# T", f"## A\n{words(20)}") == text_of("# T", f"## A\n{words(20)}")
    assert text_of("# T")["comment"] == "built from notebooks/01_unit/01_lesson.ipynb; do not edit"
