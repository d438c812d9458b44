"""The pictures of whole models: what is drawn."""

from __future__ import annotations

import pytest
from matplotlib.patches import FancyBboxPatch

from fasttrack import plot

STATIONS = [
    ("embedding", "wte", "(b, t, n)"),
    ("block", "12 n²", "(b, t, n)"),
    ("logits", "wte", "(b, t, v)"),
]


def test_a_tower_has_a_box_for_each_part_and_names_all_shapes() -> None:
    figure = plot.tower("(b, t)", STATIONS, repeated=(1, 1, "× 3"), tied=(0, 2, "one matrix"), title="map")
    (axes,) = figure.axes
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert len(boxes) == 3
    heights = [box.get_y() for box in boxes]
    assert heights == sorted(heights)  # the first part is the lowest
    assert not axes.yaxis_inverted()
    words = [text.get_text() for text in axes.texts]
    assert {"(b, t)", "(b, t, v)", "12 n²", "× 3", "one matrix"} <= set(words)
    assert words.count("wte") == 2
    edges = [box.get_edgecolor() for box in boxes]
    assert edges[0] == edges[2] != edges[1]


def test_shares_fill_the_bar_and_small_ones_have_no_number() -> None:
    figure = plot.shares({"a": {"x": 1, "y": 3}, "b": {"x": 2, "y": 98}}, title="t", xlabel="%")
    (axes,) = figure.axes
    widths = [[bar.get_width() for bar in group] for group in axes.containers]
    assert [width for (width,) in widths] == pytest.approx([25, 75, 2, 98])
    assert [text.get_text() for text in axes.texts] == ["25", "75", "a", "98", "b"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["x", "y"]
