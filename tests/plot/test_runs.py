"""The picture of training runs: what is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from fasttrack import plot


def drawn(**how: Any) -> Any:
    series = {"a": [30.0, 3.0], "a again": [20.0, 2.0], "b": [10.0, 1.0]}
    (axes,) = plot.runs([0.1, 10], series, title="t", xlabel="rate", ylabel="nats", **how).axes
    return axes


def test_a_dashed_line_has_the_colour_of_the_one_before() -> None:
    first, second, third = drawn(dashed={"a again"}).lines
    assert [line.get_linestyle() for line in (first, second, third)] == ["-", "--", "-"]
    assert first.get_color() == second.get_color() != third.get_color()
    assert [list(line.get_ydata()) for line in (first, second, third)] == [[30, 3], [20, 2], [10, 1]]


def test_places_and_levels_get_a_named_line() -> None:
    axes = drawn(at={"chosen": 0.3}, levels={"ln 27": 3.3})
    upright, level = axes.lines[3:]
    assert set(np.asarray(upright.get_xdata()).tolist()) == {0.3}
    assert set(np.asarray(level.get_ydata()).tolist()) == {3.3}
    assert [text.get_text().strip() for text in axes.texts] == ["chosen", "ln 27"]


def test_an_axis_with_ticks_is_logarithmic() -> None:
    axes = drawn(yticks=(3.3, 25))
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["3.3", "25"]
    axes = drawn(xticks=(0.1, 1, 10))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.1", "1", "10"]
