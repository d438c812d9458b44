"""The picture of 04_makemore/03_batchnorm: what is drawn."""

from __future__ import annotations

import pytest
import torch

from fasttrack import plot


def test_layers_draws_a_line_for_each_layer_of_each_panel() -> None:
    figure = plot.layers(
        {"a": [torch.zeros(8), torch.ones(2, 4)], "b": [torch.zeros(4)]},
        title="t",
        xlabel="x",
        span=(-1.5, 1.5),
        bins=3,
    )
    left, right = figure.axes
    assert [list(line.get_ydata()) for line in left.lines] == [[0, 1, 0], [0, 0, 1]]
    assert list(right.lines[0].get_ydata()) == [0, 1, 0]
    assert list(left.lines[0].get_xdata()) == pytest.approx([-1, 0, 1])
    assert [axes.get_title(loc="left") for axes in (left, right)] == ["a", "b"]
    assert (left.get_xlabel(), left.get_ylabel()) == ("x", "share of the elements")
    assert figure.get_suptitle() == "t"


def test_layers_names_the_first_and_the_last_layer() -> None:
    figure = plot.layers({"a": [torch.rand(9)] * 5}, xlabel="x", span=(0, 1))
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["layer 1", "layer 5"]
    first, *_, last = (line.get_color() for line in figure.axes[0].lines)
    assert sum(first[:3]) > sum(last[:3])
