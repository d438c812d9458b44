"""Pictures of tensors: where the elements lie in storage, how shapes stretch, what a reduction removes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path

from fasttrack.plot.style import (
    BLUE,
    DIVERGING,
    FAINT,
    INK,
    MUTED,
    ORANGE,
    SEQUENTIAL,
    Picture,
    canvas,
    draw_cell,
    picture,
    styled,
)

CURVE = (Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4)  # one cubic Bézier curve


@styled
def strides(tensors: torch.Tensor | Mapping[str, torch.Tensor]) -> Picture:
    """A tensor's grid above its flat storage, with one step along each dim drawn in both.

    `tensors` is a tensor or a dict from titles to tensors, 1-D or 2-D, whose storage holds up to about 24
    elements. The larger a number, the darker its cell; places the tensor never reads are dashed.
    """
    panels = {"": tensors} if isinstance(tensors, torch.Tensor) else dict(tensors)
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    height = max(tensor.shape[0] if tensor.dim() == 2 else 1 for tensor in panels.values())
    figure = picture(4.9 * columns, (0.33 * (height + 6.2)) * rows)
    for place, (title, tensor) in enumerate(panels.items()):
        stride_panel(canvas(figure.add_subplot(rows, columns, place + 1)), tensor, title, height)
    return figure


def stride_panel(axes: Axes, tensor: torch.Tensor, title: str, height: int) -> None:
    """One tensor and its storage, which starts below `height` rows so that panels side by side line up."""
    storage = flat_storage(tensor)
    step = tensor.stride()
    table = tensor if tensor.dim() == 2 else tensor.reshape(1, -1)
    row_step, column_step = (0, *step)[-2:] if tensor.dim() else (0, 0)
    n_rows, n_columns = table.shape
    width, bottom = len(storage), height + 2.1
    left = (width - n_columns) / 2
    place = {
        (i, j): tensor.storage_offset() + i * row_step + j * column_step for i, j in np.ndindex(*table.shape)
    }

    (colours,) = colour_of(storage.reshape(1, -1))
    for (i, j), where in place.items():
        draw_cell(axes, left + j, i, short(table[i, j]), colours[where])
    for where, value in enumerate(storage):
        draw_cell(axes, where, bottom, short(value), colours[where], faded=where not in place.values())
        axes.text(where + 0.5, bottom + 1.32, str(where), ha="center", va="center", fontsize=7.5, color=MUTED)
    axes.text(-0.3, bottom + 0.53, "storage", ha="right", va="center", fontsize=9, color=MUTED)
    axes.text(-0.3, bottom + 1.32, "place", ha="right", va="center", fontsize=7.5, color=MUTED)

    first = int(tensor.storage_offset()) + 0.5
    if tensor.dim() == 2 and n_rows > 1:
        arrow(axes, (left - 0.25, 0.5), (left - 0.25, 1.5), ORANGE)
        axes.text(
            left - 0.4, 1, f"+{row_step}", ha="right", va="center", color=ORANGE, fontsize=10, weight="bold"
        )
        hop(axes, first, bottom, row_step, ORANGE, under=row_step < column_step and n_columns > 1)
    if n_columns > 1:
        arrow(axes, (left + 0.5, -0.25), (left + 1.5, -0.25), BLUE)
        axes.text(
            left + 1,
            -0.45,
            f"+{column_step}",
            ha="center",
            va="bottom",
            color=BLUE,
            fontsize=10,
            weight="bold",
        )
        hop(axes, first, bottom, column_step, BLUE, under=column_step <= row_step and n_rows > 1)
    offset = f", offset {tensor.storage_offset()}" if tensor.storage_offset() else ""
    axes.set_title(title)
    axes.text(
        width / 2,
        bottom + 2.05,
        f"shape {tuple(tensor.shape)}, stride {tuple(step)}{offset}",
        ha="center",
        va="center",
        fontsize=9.5,
        color=INK,
    )
    axes.set_xlim(-2.2, width + 0.1)
    axes.set_ylim(bottom + 2.9, -1.2)


def hop(axes: Axes, start: float, y: float, step: int, colour: str, *, under: bool) -> None:
    """A step in storage from `start`, drawn above the row of cells; a step of 0 returns to where it began.

    `under` is the shorter of two steps: its arc lies inside the other's, so its number stands to the left.
    """
    top = y - 0.04
    peak = 0.42 if under else 0.85
    if step:
        arrow(axes, (start, top), (start + step, top), colour, f"arc3,rad={-2 * peak / step}")
    else:
        loop = [(start, top), (start - 1.1, top - 0.5), (start - 0.4, top - 1.2), (start, top)]
        axes.add_patch(FancyArrowPatch(path=Path(loop, CURVE), **arrow_style(colour)))
    name: dict[str, Any] = {"color": colour, "fontsize": 9, "weight": "bold"}
    if under:
        axes.text(start - (0.22 if step else 0.75), top - 0.42, f"+{step}", ha="right", va="center", **name)
    else:
        axes.text(start + step / 2, top - peak - 0.12, f"+{step}", ha="center", va="bottom", **name)


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, shape: str = "arc3"
) -> None:
    axes.add_patch(FancyArrowPatch(start, end, connectionstyle=shape, **arrow_style(colour)))


def arrow_style(colour: str) -> dict[str, Any]:
    """What all arrows share."""
    size = {"arrowstyle": "-|>", "mutation_scale": 9, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
    return {**size, "color": colour, "zorder": 4}


def flat_storage(tensor: torch.Tensor) -> torch.Tensor:
    """All elements of the storage that a tensor is a view of, (elements,)."""
    return tensor.new_empty(0).set_(tensor.untyped_storage())


@styled
def grid(
    x: torch.Tensor,
    title: str = "",
    *,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    row_label: str = "",
    column_label: str = "",
    mark: Iterable[tuple[int, int]] = (),
) -> Picture:
    """A matrix `(n, m)`, or a vector as one row, each number in its cell; `mark` frames some cells."""
    table = x.detach().cpu() if x.dim() == 2 else x.detach().cpu().reshape(1, -1)
    n, m = table.shape
    marked = set(mark)
    size = min(0.5, 9 / (m + 2))
    figure = picture(size * m + 1.6, size * n + 1.1)
    axes = canvas(figure.add_subplot())
    colours = colour_of(table)
    for i, j in np.ndindex(n, m):
        draw_cell(axes, j, i, short(table[i, j]), colours[i][j], marked=(i, j) in marked)
    for i in range(n):
        name = rows[i] if rows else str(i) if x.dim() == 2 else ""
        axes.text(-0.25, i + 0.53, name, ha="right", va="center", fontsize=9, color=MUTED)
    for j in range(m):
        name = columns[j] if columns else str(j)
        axes.text(j + 0.5, -0.15, name, ha="center", va="bottom", fontsize=9, color=MUTED)
    if row_label:
        upright = len(row_label) == 1
        axes.text(
            -1.0, n / 2, row_label, ha="right", va="center", fontsize=9.5, rotation=0 if upright else 90
        )
    if column_label:
        axes.text(m / 2, -0.85, column_label, ha="center", va="bottom", fontsize=9.5)
    axes.set_title(title)
    axes.set_xlim(-1.6, m + 0.1)
    axes.set_ylim(n + 0.1, -1.4 if column_label else -0.8)
    return figure


def colour_of(table: torch.Tensor) -> list[list[Any]]:
    """A fill for each cell: numbers of both signs around a neutral zero, others from light to dark."""
    finite = table.double()[table.double().isfinite()]
    low, high = (float(finite.min()), float(finite.max())) if finite.numel() else (0.0, 0.0)
    values = table.double().nan_to_num(nan=low, posinf=high, neginf=low)
    cmap: Colormap = SEQUENTIAL
    if low < 0 < high:
        cmap, high = DIVERGING, max(-low, high)
        low = -high
    scaled = (values - low) / (high - low) if high > low else torch.zeros_like(values)
    return [[cmap(value) for value in row] for row in scaled.tolist()]


@styled
def broadcast(a: torch.Tensor, b: torch.Tensor) -> Picture:
    """`a + b` for tensors of up to two dims: what is stored is solid, what broadcasting repeats is dashed."""
    result = a + b
    shape = result.reshape(1, -1).shape if result.dim() < 2 else result.shape
    n, m = shape
    figure = picture(min(11.0, 0.42 * (3 * m + 6)), 0.42 * (n + 2.5))
    axes = canvas(figure.add_subplot())
    colours = colour_of(result.reshape(shape))
    for k, (part, sign) in enumerate([(a, "+"), (b, "="), (result, "")]):
        left = k * (m + 1.4)
        whole = part.expand(result.shape).reshape(shape)
        stored = (1, 1, *part.shape)[-2:]
        for i, j in np.ndindex(n, m):
            own = i < stored[0] and j < stored[1]
            fill = colours[i][j] if k == 2 else FAINT
            draw_cell(axes, left + j, i, short(whole[i, j]), fill, faded=not own)
        axes.text(left + m / 2, -0.25, f"{tuple(part.shape)}", ha="center", va="bottom", fontsize=10)
        axes.text(left + m + 0.7, n / 2, sign, ha="center", va="center", fontsize=14, color=MUTED)
    axes.set_xlim(-0.2, 3 * m + 3)
    axes.set_ylim(n + 0.2, -1)
    return figure


@styled
def reductions(x: torch.Tensor) -> Picture:
    """A matrix `(n, m)`, its sums over dim 0 below it and over dim 1 to its right: kept a column, then a row."""
    n, m = x.shape
    column, row = m + 1.2, m + 4.6  # where the sums over dim 1 begin
    figure = picture(0.5 * (row + n + 1), 0.5 * (n + 3.5))
    axes = canvas(figure.add_subplot())
    colours = colour_of(x)
    for i, j in np.ndindex(n, m):
        draw_cell(axes, j, i, short(x[i, j]), colours[i][j])
    for j, total in enumerate(x.sum(0)):
        arrow(axes, (j + 0.5, n + 0.1), (j + 0.5, n + 1.05), ORANGE)
        draw_cell(axes, j, n + 1.2, short(total), "#f6d9c8")
    for i, total in enumerate(x.sum(1)):
        arrow(axes, (m + 0.1, i + 0.5), (m + 1.05, i + 0.5), BLUE)
        draw_cell(axes, column, i, short(total), "#cfe3f1")
        draw_cell(axes, row + i, (n - 1) / 2, short(total), "#cfe3f1")
    arrow(axes, (column + 1.4, n / 2), (row - 0.4, n / 2), BLUE)
    above: dict[str, Any] = {"ha": "center", "va": "bottom"}
    axes.text(m / 2, -0.2, f"x\n({n}, {m})", **above)
    axes.text(column + 0.5, -0.2, f"x.sum(1, keepdim=True)\n({n}, 1)", color=BLUE, **above)
    axes.text(row + n / 2, (n - 1) / 2 - 0.2, f"x.sum(1)\n({n},)", color=BLUE, **above)
    axes.text(m / 2, n + 2.3, f"x.sum(0)\n({m},)", ha="center", va="top", color=ORANGE)
    axes.set_xlim(-0.2, row + n + 0.4)
    axes.set_ylim(n + 3.5, -1.4)
    return figure


def short(value: torch.Tensor) -> str:
    """A number in at most five characters, as a cell has room for."""
    number = value.item()
    if isinstance(number, bool | int):
        return str(int(number))
    text = f"{number:.2f}" if abs(number) < 10 else f"{number:.0f}"
    text = text.removesuffix(".00")
    return "0" if text == "-0" else text
