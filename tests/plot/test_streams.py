"""The picture of a residual stream: what is drawn."""

from __future__ import annotations

from typing import Any

from matplotlib.colors import to_hex

from fasttrack import plot
from fasttrack.plot.style import BLUE

PRE = [("norm1", "attention"), ("norm2", "feed forward")]
POST = [("attention",), "norm1", ("feed forward",), "norm2"]


def pieces(axes: Any) -> list[tuple[float, float, bool]]:
    """Pieces of the stream from left to right: start, end, whether nothing has replaced it."""
    lines = [line for line in axes.lines if set(line.get_ydata()) == {0}]
    ends = [(*line.get_xdata(), to_hex(line.get_color()) == BLUE) for line in lines]
    return [(float(start), float(end), untouched) for start, end, untouched in ends]


def test_a_stream_of_branches_runs_through_and_one_with_norms_does_not() -> None:
    first, second = plot.stream({"pre": PRE, "post": POST}).axes
    assert all(untouched for _, _, untouched in pieces(first))
    assert [untouched for _, _, untouched in pieces(second)] == [True] * 3 + [False] * 5
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["pre", "post"]


def test_pieces_join_but_for_the_boxes_in_between() -> None:
    gaps = [
        round(later[0] - before[1], 6)
        for axes in plot.stream({"pre": PRE, "post": POST}, title="t").axes
        for before, later in zip(pieces(axes), pieces(axes)[1:], strict=False)
    ]
    assert set(gaps) == {0, 1.75}  # 1.75: a box
    assert gaps.count(1.75) == 2


def test_every_branch_ends_in_a_sum() -> None:
    (axes,) = plot.stream({"pre": PRE}).axes
    words = [text.get_text() for text in axes.texts]
    assert words.count("+") == 2
    assert {"norm1", "attention", "norm2", "feed forward"} <= set(words)
