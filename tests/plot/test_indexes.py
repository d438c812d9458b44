"""Pictures of approximate search: what is drawn."""

from __future__ import annotations

import numpy as np
import torch

from fasttrack import plot


def test_points_of_the_probed_cells_are_set_off_and_the_nearest_is_ringed() -> None:
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.2, 0.0], [4.0, 0.0], [4.0, 3.0]])
    centroids = torch.tensor([[0.5, 0.0], [3.5, 0.0], [4.0, 3.0]])
    (axes,) = plot.cells(points, centroids, query=torch.tensor([1.9, 0.0]), n_probe=1, title="t").axes
    drawn = {
        str(group.get_label()): np.asarray(group.get_offsets()).round(4).tolist()
        for group in axes.collections
        if not str(group.get_label()).startswith("_")
    }
    assert drawn["compared"] == [[0, 0], [1, 0]]
    assert drawn["not looked at"] == [[2.2, 0], [4, 0], [4, 3]]
    assert drawn["nearest"] == [[2.2, 0]]
    assert drawn["query"] == [[1.9, 0]]
    assert len(drawn["centroids"]) == 3
    assert axes.get_title(loc="left") == "t"


def test_more_probes_look_into_more_cells() -> None:
    points = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    for n_probe in (1, 2, 4):
        (axes,) = plot.cells(points, points[:4], query=points[9], n_probe=n_probe).axes
        groups = {str(group.get_label()): len(np.asarray(group.get_offsets())) for group in axes.collections}
        far = torch.cdist(points[9:10], points[:4])[0].argsort()[:n_probe]
        want = int(torch.isin(torch.cdist(points, points[:4]).argmin(1), far).sum())
        assert groups["compared"] == want


def test_each_index_is_a_line_over_its_settings() -> None:
    settings = {"exact": [(1.0, 300.0)], "ivf": [(0.5, 20.0), (0.9, 80.0)]}
    (axes,) = plot.recall_speed(settings, title="t").axes
    lines = {
        str(line.get_label()): list(
            zip(*map(np.ndarray.tolist, map(np.asarray, line.get_data())), strict=True)
        )
        for line in axes.lines
    }
    assert lines == {name: [tuple(point) for point in points] for name, points in settings.items()}
    assert axes.get_yscale() == "log"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["20", "50", "100", "200"]
