"""Pictures of a classifier of points in the plane: where it says which class, at several times of its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fasttrack.plot.style import BLUE, DIVERGING, INK, ORANGE, Picture, picture, styled

Numbers = Any  # an array or a list of floats


@styled
def boundaries(
    panels: Mapping[str, Numbers],
    x: Numbers,
    y: Numbers,
    *,
    span: tuple[tuple[float, float], tuple[float, float]],
    title: str = "",
    columns: int = 3,
) -> Picture:
    """One panel for each `name: scores`, scores `(rows, columns)` over `span`, and the points `x` `(n, 2)`.

    The line is where the score is 0; `y` is -1 (orange) or 1 (blue).
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = picture(3.0 * columns, 2.3 * rows + (0.4 if title else 0))
    places = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    (left, right), (low, high) = span
    points, classes = np.asarray(x), np.asarray(y)
    for axes in places.ravel()[len(panels) :]:
        axes.set_axis_off()
    for axes, (name, scores) in zip(places.ravel(), panels.items(), strict=False):
        height = np.asarray(scores)
        across, up = np.linspace(left, right, height.shape[1]), np.linspace(low, high, height.shape[0])
        axes.pcolormesh(across, up, np.sign(height), cmap=DIVERGING, vmin=-2.5, vmax=2.5, shading="nearest")
        if height.min() < 0 < height.max():
            axes.contour(across, up, height, levels=[0], colors=INK, linewidths=1.6)
        for kind, colour in ((-1, ORANGE), (1, BLUE)):
            axes.scatter(*points[classes == kind].T, s=7, color=colour, linewidths=0)
        axes.set(xlim=(left, right), ylim=(low, high))
        axes.set_title(name, weight="normal", fontsize=10)
    for axes in places[-1]:
        axes.set_xlabel("$x_1$")
    for axes in places[:, 0]:
        axes.set_ylabel("$x_2$")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, weight="bold")
    return figure
