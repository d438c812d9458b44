"""The picture of 06_attention/03_positions: what is drawn."""

from __future__ import annotations

import math

import pytest
from matplotlib.patches import Circle

from fasttrack import plot


def test_each_dial_has_a_hand_that_points_at_its_angle() -> None:
    figure = plot.dials(
        [[0.0, math.pi / 2, math.pi]], rows=["pair 0"], columns=["a", "b", "c"], title="t", xlabel="position"
    )
    (axes,) = figure.axes
    assert len([patch for patch in axes.patches if isinstance(patch, Circle)]) == 3
    moved = [
        (xs[1] - xs[0], ys[0] - ys[1]) for xs, ys in (line.get_data() for line in axes.lines)
    ]  # y points down
    for (right, up), (cos, sin) in zip(moved, [(1, 0), (0, 1), (-1, 0)], strict=True):
        assert (right, up) == (pytest.approx(0.4 * cos), pytest.approx(0.4 * sin))
    assert axes.yaxis_inverted()
    assert [text.get_text() for text in axes.texts] == ["pair 0", "a", "b", "c", "position"]
    assert axes.get_title(loc="left") == "t"
