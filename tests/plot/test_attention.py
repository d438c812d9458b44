"""The picture of 06_attention: what is drawn."""

from __future__ import annotations

import torch
from matplotlib.patches import Rectangle

from fasttrack import plot


def test_attention_labels_both_sides_and_frames_the_marked() -> None:
    weights = torch.tensor([[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]])
    figure = plot.attention(weights, "qr", ["a", "b", "c"], title="t", measure="m", mark=[(0, 1)])
    axes, bar = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["q", "r"]
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == ("key", "query", "m")
    (frame,) = (patch for patch in axes.patches if isinstance(patch, Rectangle))
    assert frame.get_xy() == (0.5, -0.5)
    assert figure.get_suptitle() == "t"


def test_panels_share_one_scale_whatever_they_hold() -> None:
    figure = plot.attention(
        {"before": torch.full((2, 2), 0.5), "after": torch.eye(2), "more": torch.zeros(2, 2)},
        "ab",
        "cd",
        columns=2,
    )
    *panels, empty, _ = figure.axes
    assert [axes.get_images()[0].get_clim() for axes in panels] == [(0, 1)] * 3
    assert [axes.get_title() for axes in panels] == ["before", "after", "more"]
    assert [axes.get_ylabel() for axes in panels] == ["query", "", "query"]
    assert not empty.axison


def test_long_labels_of_keys_stand_upright() -> None:
    figure = plot.attention(torch.eye(2), ["a", "b"], ["longer", "b"])
    assert [label.get_rotation() for label in figure.axes[0].get_xticklabels()] == [90, 90]
