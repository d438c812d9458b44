"""Pictures of approximate search: cells and what a query sees of them, and what speed costs in recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, NullLocator

from fasttrack.plot.style import BLUE, INK, MUTED, ORANGE, SERIES, Picture, picture, styled

Numbers = Any  # a sequence, array or tensor of numbers


@styled
def cells(points: Numbers, centroids: Numbers, *, query: Numbers, n_probe: int, title: str = "") -> Picture:
    """Points `(n, 2)` in the cells of their nearest centroids `(cells, 2)`; the `n_probe` nearest cells are searched.

    A ring marks the point nearest to the query `(2,)`, wherever it lies.
    """
    places, centres, asked = (np.asarray(part, dtype=float) for part in (points, centroids, query))
    cell = np.hypot(*(places[:, None] - centres).transpose(2, 0, 1)).argmin(1)
    probed = np.hypot(*(centres - asked).T).argsort(kind="stable")[:n_probe]
    seen = np.isin(cell, probed)
    nearest = places[np.hypot(*(places - asked).T).argmin()]
    figure = picture(6.2, 5.2)
    axes = figure.add_subplot()
    low, high = places.min(0) - 0.2, places.max(0) + 0.2
    grid = np.stack(np.meshgrid(*(np.linspace(a, b, 300) for a, b in zip(low, high, strict=True))), -1)
    owner = np.hypot(*(grid[:, :, None] - centres).transpose(3, 0, 1, 2)).argmin(2)  # (300, 300)
    for c in range(len(centres)):
        axes.contour(grid[..., 0], grid[..., 1], owner == c, levels=[0.5], colors=[MUTED], linewidths=0.7)
    axes.scatter(
        places[~seen][:, 0],
        places[~seen][:, 1],
        s=9,
        color=MUTED,
        alpha=0.45,
        linewidths=0,
        label="not looked at",
    )
    axes.scatter(places[seen][:, 0], places[seen][:, 1], s=9, color=BLUE, linewidths=0, label="compared")
    axes.scatter(centres[:, 0], centres[:, 1], s=60, marker="+", color=INK, linewidths=1.2, label="centroids")
    axes.scatter(asked[0], asked[1], s=110, marker="*", color=ORANGE, linewidths=0, label="query", zorder=4)
    axes.scatter(
        nearest[0],
        nearest[1],
        s=120,
        facecolors="none",
        edgecolors=ORANGE,
        linewidths=1.6,
        label="nearest",
        zorder=4,
    )
    axes.set(
        title=title,
        xlim=(low[0], high[0]),
        ylim=(low[1], high[1]),
        xlabel="first number",
        ylabel="second number",
    )
    axes.set_aspect("equal")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


@styled
def recall_speed(curves: Mapping[str, Sequence[tuple[float, float]]], *, title: str = "") -> Picture:
    """For each index its settings as (recall, microseconds for a question); an index of one setting is a single dot."""
    figure = picture(7.2, 3.8)
    axes = figure.add_subplot()
    for (name, settings), colour in zip(curves.items(), SERIES, strict=False):
        recalls, durations = zip(*settings, strict=True)
        axes.plot(recalls, durations, marker="o", markersize=5, color=colour, label=name)
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    every = [duration for settings in curves.values() for _, duration in settings]
    marks = [mark * 10**power for power in range(0, 6) for mark in (1, 2, 5)]
    low, high = min(every) / 1.3, max(every) * 1.3
    axes.set_ylim(low, high)
    axes.set_yticks([mark for mark in marks if low <= mark <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set(title=title, xlabel="recall of the 10 nearest", ylabel="microseconds for a question")
    axes.grid(True)
    axes.legend()
    return figure
