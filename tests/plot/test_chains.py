"""The pictures of 04_makemore/04_backprop_ninja: what is drawn."""

from __future__ import annotations

import pytest
import torch
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from fasttrack import plot
from fasttrack.plot import chains

BOXES = {"a": (0, 0, "(n, 2)"), "b": (1, 0, "(n, 3)"), "c": (1, 1, "(1, 3)"), "d": (2, 0, "()")}


def test_a_chain_has_a_box_for_each_tensor_and_an_arrow_for_each_pair() -> None:
    figure = plot.chain(BOXES, [("a", "b"), ("a", "c"), ("c", "d")], here={"b"}, title="t")
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == [
        "a",
        "(n, 2)",
        "b",
        "(n, 3)",
        "c",
        "(1, 3)",
        "d",
        "()",
    ]
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 3
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert [box.get_linewidth() for box in boxes] == [0.9, 1.4, 0.9, 0.9]
    assert axes.get_title(loc="left") == "t"


@pytest.mark.parametrize(
    ("start", "end"), [((0, 0), (1, 0)), ((2, 0), (0, 0)), ((0, 0), (1, 1)), ((1, 1), (1, 0))]
)
def test_arrows_run_between_boxes_and_not_through_them(start: tuple[int, int], end: tuple[int, int]) -> None:
    for (x, y), (column, row) in zip(chains.ends(start, end), (start, end), strict=True):
        left, top = chains.STEP_X * column, chains.STEP_Y * row
        inside = left <= x <= left + chains.WIDTH and top <= y <= top + chains.HEIGHT
        assert not inside
        assert left - 0.1 <= x <= left + chains.WIDTH + 0.1
        assert top - 0.1 <= y <= top + chains.HEIGHT + 0.1


def test_a_heatmap_names_its_places_and_frames_the_marked() -> None:
    figure = plot.heatmap(
        torch.tensor([[1.0, -4.0, 0.0], [0.0, 2.0, 3.0]]),
        rows=["r", "s"],
        columns="abc",
        mark=[(0, 1), (1, 2)],
        title="t",
        xlabel="x",
    )
    axes, bar = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["r", "s"]
    assert axes.images[0].get_clim() == (-4, 4)
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [frame.get_xy() for frame in frames] == [(0.5, -0.5), (1.5, 0.5)]
    assert (axes.get_title(loc="left"), axes.get_xlabel()) == ("t", "x")
    assert bar is not axes


def test_a_heatmap_of_zeros_is_neutral() -> None:
    figure = plot.heatmap(torch.zeros(1, 2), rows=["r"], columns="ab")
    assert figure.axes[0].images[0].get_clim() == (-1, 1)


def test_the_colours_of_a_heatmap_end_at_its_limit() -> None:
    figure = plot.heatmap(torch.tensor([[1.0, -4.0]]), rows=["r"], columns="ab", limit=0.5)
    assert figure.axes[0].images[0].get_clim() == (-0.5, 0.5)
