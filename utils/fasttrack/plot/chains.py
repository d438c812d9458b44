"""Pictures of a backward pass by hand: the chain of its tensors, and a matrix of gradients with named places."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

from fasttrack.plot.style import BLUE, DIVERGING, INK, MUTED, Picture, canvas, picture, styled
from fasttrack.plot.tensors import arrow

Numbers = Any  # a matrix of floats: sequence, array or tensor
STEP_X, STEP_Y = 2.5, 1.55  # from one column or row of boxes to the next
WIDTH, HEIGHT = 2.02, 0.84


@styled
def chain(
    boxes: Mapping[str, tuple[int, int, str]],
    arrows: Iterable[tuple[str, str]],
    *,
    here: Collection[str] = (),
    title: str = "",
) -> Picture:
    """Tensors as `name: (column, row, shape)`, and an arrow for each pair of names; `here` stand out."""
    columns = 1 + max(column for column, _, _ in boxes.values())
    rows = 1 + max(row for _, row, _ in boxes.values())
    figure = picture(1.22 * columns, 0.84 * rows + 0.35)
    axes = canvas(figure.add_subplot())
    for name, (column, row, shape) in boxes.items():
        tensor_box(axes, STEP_X * column, STEP_Y * row, name, shape, stands_out=name in here)
    for start, end in arrows:
        arrow(axes, *ends(boxes[start][:2], boxes[end][:2]), MUTED)
    axes.set_title(title)
    axes.set_xlim(-0.1, STEP_X * (columns - 1) + WIDTH + 0.1)
    axes.set_ylim(STEP_Y * (rows - 1) + HEIGHT + 0.1, -0.1)
    return figure


def tensor_box(axes: Axes, x: float, y: float, name: str, shape: str, *, stands_out: bool) -> None:
    """A rounded box with its upper left corner at (x, y): the name, and the shape below it."""
    axes.add_patch(
        FancyBboxPatch(
            (x, y),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0.02,rounding_size=0.1",
            facecolor="#dcecf7" if stands_out else "#f6f7f9",
            edgecolor=BLUE if stands_out else MUTED,
            linewidth=1.4 if stands_out else 0.9,
        )
    )
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    axes.text(x + WIDTH / 2, y + 0.28, name, fontsize=7.5, weight="bold", **middle)
    axes.text(x + WIDTH / 2, y + 0.6, shape, fontsize=7, color=MUTED, **middle)


def ends(start: tuple[int, int], end: tuple[int, int]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where an arrow leaves one box and reaches another: at the sides in a row, else at the edges that face."""
    (x0, y0), (x1, y1) = ((STEP_X * column, STEP_Y * row) for column, row in (start, end))
    gap = 0.07
    if start[1] == end[1]:
        left, right = (x0 + WIDTH + gap, x1 - gap) if x0 < x1 else (x0 - gap, x1 + WIDTH + gap)
        return (left, y0 + HEIGHT / 2), (right, y0 + HEIGHT / 2)
    down = y0 < y1
    leaves, reaches = (y0 + HEIGHT + gap, y1 - gap) if down else (y0 - gap, y1 + HEIGHT + gap)
    lean = 0.0 if x0 == x1 else 0.32 * WIDTH if x0 < x1 else -0.32 * WIDTH
    return (x0 + WIDTH / 2 + lean, leaves), (x1 + WIDTH / 2 - lean, reaches)


@styled
def heatmap(
    x: Numbers,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    mark: Iterable[tuple[int, int]] = (),
    title: str = "",
    xlabel: str = "",
    limit: float | None = None,
) -> Picture:
    """A matrix `(n, m)` as colours around a neutral zero, blue above it and orange below; `mark` frames places.

    Colours are strongest at `limit` and beyond it, by default at the largest number.
    """
    matrix = np.asarray(x, dtype=float)
    n, m = matrix.shape
    figure = picture(0.29 * m + 2.4, 0.27 * n + 1.1)
    axes = figure.add_subplot()
    largest = float(np.abs(matrix).max()) or 1.0
    span = limit or largest
    image = axes.imshow(matrix, cmap=DIVERGING, vmin=-span, vmax=span, interpolation="nearest")
    for i, j in mark:
        axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=INK, linewidth=1.4))
    axes.set_xticks(range(m), columns)
    axes.set_yticks(range(n), rows, family="monospace")
    axes.tick_params(length=0)
    axes.set(title=title, xlabel=xlabel)
    axes.spines[:].set(visible=False)
    bar = figure.colorbar(
        image, ax=axes, shrink=0.9, pad=0.02, extend="both" if largest > span else "neither"
    )
    bar.outline.set_visible(False)
    return figure
