"""The picture of sampling: what is drawn."""

from __future__ import annotations

from matplotlib.colors import to_hex

from fasttrack import plot
from fasttrack.plot.style import BLUE, FAINT, ORANGE

OWN = [0.1, 0.6, 0.3]
PLACES = {"here": {"as it is": OWN, "2 left": [0.0, 2 / 3, 1 / 3]}}


def test_bars_stand_in_the_model_s_order_and_what_is_cut_is_grey() -> None:
    _, second = plot.cuts(PLACES).axes
    behind, left = second.containers
    assert [bar.get_height() for bar in behind] == [0.6, 0.3, 0.1]
    assert [bar.get_height() for bar in left] == [2 / 3, 1 / 3, 0.0]
    assert {to_hex(bar.get_facecolor()) for bar in behind} == {FAINT}
    assert [text.get_text() for text in second.texts] == ["2 left", "2 tokens"]


def test_wrong_tokens_have_another_colour_and_are_added_up() -> None:
    first, second = plot.cuts(PLACES, allowed={"here": [True, True, False]}, most=2).axes
    assert [to_hex(bar.get_facecolor()) for bar in first.containers[1]] == [BLUE, ORANGE]
    assert first.texts[1].get_text() == "3 tokens, 30.0% wrong"
    assert second.texts[1].get_text() == "2 tokens, 33.3% wrong"
    assert second.get_xlabel() == "the 2 most probable tokens"


def test_places_stand_side_by_side() -> None:
    picture = plot.cuts(PLACES | {"there": {"as it is": [0.5, 0.5]}}, title="two")
    assert [axes.get_title(loc="left") for axes in picture.axes[:2]] == ["here", "there"]
