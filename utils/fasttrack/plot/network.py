"""Pictures of a network of arrays: its shapes on both ways, and matrices side by side in one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from fasttrack.plot.style import BLUE, DIVERGING, INK, MUTED, ORANGE, Picture, canvas, picture, styled
from fasttrack.plot.tensors import arrow

Shapes = Mapping[str, str]
STRIDE, WIDTH, HEIGHT = 3.7, 1.7, 0.9  # from one array to the next; the size of its box
FORWARD, BACKWARD = 2.2, 4.2  # where the two rows begin
REACH = 1.45  # how far above and below the rows the parameters stand


@styled
def both_ways(arrays: Shapes, steps: Sequence[tuple[str, Shapes]]) -> Picture:
    """Arrays as `name: shape` from left to right, below each its gradient, and the arrows of both passes.

    `steps` stand between two arrays: the name of the function, and its parameters as `name: shape`, whose
    gradients leave at the bottom.
    """
    figure = picture(10.4, 3.9)
    axes = canvas(figure.add_subplot())
    for k, (name, shape) in enumerate(arrays.items()):
        box(axes, STRIDE * k, FORWARD, name, shape, BLUE)
        box(axes, STRIDE * k, BACKWARD, f"grad {name}", shape, ORANGE)
    for k, (name, parameters) in enumerate(steps):
        left, right = STRIDE * k + WIDTH + 0.1, STRIDE * (k + 1) - 0.1
        middle = (left + right) / 2
        for y, ends, colour in (
            (FORWARD + HEIGHT / 2, (left, right), BLUE),
            (BACKWARD + HEIGHT / 2, (right, left), ORANGE),
        ):
            arrow(axes, (ends[0], y), (ends[1], y), colour)
        axes.text(
            middle, (FORWARD + BACKWARD + HEIGHT) / 2, name, ha="center", va="center", fontsize=9, color=INK
        )
        if parameters:
            listed = [f"{parameter} {shape}" for parameter, shape in parameters.items()]
            above, below = FORWARD + HEIGHT / 2 - REACH, BACKWARD + HEIGHT / 2 + REACH
            note: dict[str, Any] = {"ha": "center", "fontsize": 9}
            axes.text(middle, above, "\n".join(listed), va="bottom", color=BLUE, **note)
            arrow(axes, (middle, above + 0.15), (middle, FORWARD + HEIGHT / 2 - 0.15), BLUE)
            axes.text(
                middle, below, "\n".join(f"grad {one}" for one in listed), va="top", color=ORANGE, **note
            )
            arrow(axes, (middle, BACKWARD + HEIGHT / 2 + 0.15), (middle, below - 0.15), ORANGE)
    axes.text(-0.3, FORWARD + HEIGHT / 2, "forward", ha="right", va="center", color=BLUE, weight="bold")
    axes.text(-0.3, BACKWARD + HEIGHT / 2, "backward", ha="right", va="center", color=ORANGE, weight="bold")
    axes.set_xlim(-2.4, STRIDE * (len(arrays) - 1) + WIDTH + 0.2)
    axes.set_ylim(BACKWARD + HEIGHT / 2 + REACH + 0.8, FORWARD + HEIGHT / 2 - REACH - 0.8)
    return figure


def box(axes: Axes, x: float, y: float, name: str, shape: str, colour: str) -> None:
    """An array: its name, and its shape below it."""
    axes.add_patch(
        FancyBboxPatch(
            (x, y),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0.02,rounding_size=0.1",
            facecolor="#f6f7f9",
            edgecolor=colour,
            linewidth=1.4,
        )
    )
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    axes.text(x + WIDTH / 2, y + 0.3, name, fontsize=9, weight="bold", **middle)
    axes.text(x + WIDTH / 2, y + 0.64, shape, fontsize=8.5, color=MUTED, **middle)


@styled
def heatmaps(
    panels: Mapping[str, Any],
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    columns: int = 3,
) -> Picture:
    """Matrices in one scale around a neutral zero, blue above it and orange below, each under its name."""
    matrices = {name: np.asarray(matrix, dtype=float) for name, matrix in panels.items()}
    columns = min(columns, len(matrices))
    rows = -(-len(matrices) // columns)
    n, m = np.max([matrix.shape for matrix in matrices.values()], axis=0)
    width = min(3.2, 8.6 / columns)
    figure = picture(
        width * columns + 0.9,
        (width * min(n / m, 1.4) + 0.35) * rows + 0.5 * bool(title) + 0.4 * bool(xlabel),
    )
    axes = figure.subplots(rows, columns, squeeze=False)
    largest = max(float(np.abs(matrix).max()) for matrix in matrices.values()) or 1.0
    for place in axes.flat[len(matrices) :]:
        place.set_axis_off()
    for k, (name, matrix) in enumerate(matrices.items()):
        place = axes.flat[k]
        image = place.imshow(matrix, cmap=DIVERGING, vmin=-largest, vmax=largest, interpolation="nearest")
        place.set(xticks=[], yticks=[], xlabel=xlabel, ylabel=ylabel if k % columns == 0 else "")
        place.set_title(name, loc="center", fontsize=9, weight="normal", pad=4)
        place.spines[:].set(visible=True, color="#e5e7eb")
    bar = figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.outline.set_visible(False)
    if title:
        figure.suptitle(title, x=0.02, ha="left", fontsize=11, weight="bold")
    return figure
