"""The map of embeddings: what is drawn."""

from __future__ import annotations

import numpy as np
import torch

from fasttrack import plot


def test_names_stand_at_their_points_and_groups_are_told_apart() -> None:
    points = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, -1.0], [5.0, 5.0]])
    (axes,) = plot.embedding(points, ".abe", groups={"vowels": "ae", "end": "."}, title="t").axes
    drawn = {
        str(group.get_label()): [tuple(place) for place in np.asarray(group.get_offsets()).tolist()]
        for group in axes.collections
    }
    assert drawn == {"vowels": [(2, 3), (5, 5)], "end": [(0, 1)], "others": [(4, -1)]}
    assert len({str(np.asarray(group.get_facecolor())) for group in axes.collections}) == 3
    assert {text.get_text(): text.get_position() for text in axes.texts} == {
        ".": (0, 1),
        "a": (2, 3),
        "b": (4, -1),
        "e": (5, 5),
    }
    assert axes.get_aspect() == 1
    assert axes.get_title(loc="left") == "t"


def test_names_that_would_cover_each_other_are_pushed_apart_and_their_discs_stay() -> None:
    points = torch.tensor([[0.0, 0.0], [0.0, 0.01], [10.0, 10.0], [10.0, 10.0], [5.0, 0.0]])
    (axes,) = plot.embedding(points, "abcde", groups={"vowels": "ae"}).axes
    at = {text.get_text(): np.array(text.get_position()) for text in axes.texts}
    assert np.hypot(*(at["a"] - at["b"])) > 0.3
    assert np.hypot(*(at["c"] - at["d"])) > 0.3
    assert at["e"].tolist() == [5, 0]
    discs = np.concatenate([np.asarray(group.get_offsets()) for group in axes.collections])
    assert sorted(discs.tolist()) == [[0, 0], [0, np.float32(0.01)], [5, 0], [10, 10], [10, 10]]
