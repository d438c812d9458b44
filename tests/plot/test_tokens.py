"""The picture of tokens: what is drawn."""

from __future__ import annotations

from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from fasttrack import plot
from fasttrack.plot.tokens import TINTS, laid_out


def test_each_token_has_a_box_as_wide_as_its_text_and_a_colour_unlike_its_neighbours() -> None:
    (axes,) = plot.tokens({"few": [b"the", b" cat", b"s"]}, title="t").axes
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [round(box.get_x() - 0.04) for box in boxes] == [0, 3, 7]
    assert [round(box.get_width() + 0.08) for box in boxes] == [3, 4, 1]
    assert [to_hex(box.get_facecolor()) for box in boxes] == list(TINTS[:3])
    assert axes.get_title(loc="left") == "t"


def test_a_block_says_how_many_tokens_it_has_and_spells_them() -> None:
    (axes,) = plot.tokens({"256": [b"a", b"\n"], "300": [b"a\n"]}).axes
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["256: 2 tokens", "a", "↵", "300: 1 token", "a", "↵"]


def test_part_of_a_character_is_shown_as_bytes() -> None:
    assert laid_out([b"\xe6\x97", b"\xa5", "é".encode()], 80) == [
        ("e697", 0, 0, True),
        ("a5", 0, 4, True),
        ("é", 0, 6, False),
    ]


def test_a_token_that_does_not_fit_begins_the_next_line() -> None:
    assert [(row, column) for _, row, column, _ in laid_out([b"abcd", b"efg", b"hijklm", b"n"], 7)] == [
        (0, 0),
        (0, 4),
        (1, 0),
        (1, 6),
    ]


def test_no_token_is_a_block_too() -> None:
    (axes,) = plot.tokens({"nothing": []}).axes
    assert [text.get_text() for text in axes.texts] == ["nothing: 0 tokens"]
