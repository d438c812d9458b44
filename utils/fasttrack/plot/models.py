"""Pictures of whole models: what follows on what with all shapes, and where the parameters are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.patches import FancyBboxPatch, Rectangle

from fasttrack.plot.style import BLUE, INK, MUTED, ORANGE, SERIES, Picture, canvas, picture, styled
from fasttrack.plot.tensors import arrow

WIDTH, HEIGHT, STEP = 5.4, 0.8, 1.7  # a box; from one box to the next


class Station(NamedTuple):
    """A part of a model: what it does, the parameters it does it with, and the shape that comes out."""

    name: str
    parameters: str
    shape: str


@styled
def tower(
    start: str,
    stations: Sequence[tuple[str, str, str]],
    *,
    repeated: tuple[int, int, str],
    tied: tuple[int, int, str],
    title: str = "",
) -> Picture:
    """The parts of a model from bottom to top, each as (name, parameters, shape that comes out).

    `start` is the shape that goes in. `repeated` frames the stations from the first to the second index, with a
    name; `tied` joins two stations that share parameters.
    """
    figure = picture(8.8, 0.5 * (STEP * len(stations) + 1.4))
    axes = canvas(figure.add_subplot())
    axes.text(WIDTH / 2, -0.75, start, ha="center", va="center", fontsize=9.5, color=MUTED)
    first, last, label = repeated
    top, bottom = STEP * first - 0.2, STEP * last + HEIGHT + 0.2
    axes.add_patch(
        Rectangle(
            (-0.35, top),
            WIDTH + 0.7,
            bottom - top,
            facecolor="#f1f4f8",
            edgecolor=MUTED,
            linewidth=1,
            zorder=0,
        )
    )
    axes.text(WIDTH + 0.5, (top + bottom) / 2, label, ha="left", va="center", fontsize=11, weight="bold")
    for k, station in enumerate(map(Station._make, stations)):
        y = STEP * k
        shared = k in tied[:2]
        arrow(axes, (WIDTH / 2, y - STEP + HEIGHT if k else y - 0.55), (WIDTH / 2, y), MUTED)
        axes.add_patch(
            FancyBboxPatch(
                (0, y),
                WIDTH,
                HEIGHT,
                boxstyle="round,pad=0,rounding_size=0.12",
                facecolor="#fbe6d9" if shared else "#dcecf7",
                edgecolor=ORANGE if shared else BLUE,
                linewidth=1.5,
                zorder=2,
            )
        )
        axes.text(WIDTH / 2, y + HEIGHT / 2, station.name, ha="center", va="center", fontsize=10, zorder=3)
        axes.text(-0.6, y + HEIGHT / 2, station.parameters, ha="right", va="center", fontsize=9, color=INK)
        axes.text(
            WIDTH / 2 + 0.2,
            y + HEIGHT + 0.42,
            station.shape,
            ha="left",
            va="center",
            fontsize=8.5,
            color=MUTED,
        )
    upper, lower, word = tied
    far, ends = WIDTH + 2.9, [STEP * k + HEIGHT / 2 for k in (upper, lower)]
    axes.plot([WIDTH, far, far, WIDTH], [ends[0], ends[0], ends[1], ends[1]], color=ORANGE, linestyle="--")
    axes.text(far + 0.15, sum(ends) / 2, word, ha="left", va="center", fontsize=9.5, color=ORANGE)
    end = STEP * (len(stations) - 1) + HEIGHT
    arrow(axes, (WIDTH / 2, end), (WIDTH / 2, end + 0.8), MUTED)
    axes.set_xlim(-6.4, far + 2.6)
    axes.set_ylim(-1.1, end + 0.95)
    axes.set_title(title)
    return figure


@styled
def shares(rows: Mapping[str, Mapping[str, float]], *, title: str = "", xlabel: str = "") -> Picture:
    """Horizontal bars of full length, each parted by the shares of its entries; shares of 4 % or more are written in.

    Every row has the same entries, in the same order.
    """
    figure = picture(8.6, 0.5 * len(rows) + 1.6)
    axes = figure.add_subplot()
    for k, (row, parts) in enumerate(rows.items()):
        total, left = sum(map(float, parts.values())), 0.0
        for (name, part), colour in zip(parts.items(), SERIES, strict=False):
            share = 100 * float(part) / total
            axes.barh(k, share, 0.7, left=left, color=colour, alpha=0.75, label=name if k == 0 else None)
            if share >= 4:
                axes.text(left + share / 2, k, f"{share:.0f}", ha="center", va="center", fontsize=9)
            left += share
        axes.text(-1, k, row, ha="right", va="center", fontsize=10)
    axes.set_yticks([])
    axes.invert_yaxis()
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set(title=title, xlabel=xlabel, xlim=(0, 100))
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -1.0 / len(rows)),
        ncols=5,
        columnspacing=1.2,
        handlelength=1.2,
    )
    return figure
