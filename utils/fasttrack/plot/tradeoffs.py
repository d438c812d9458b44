"""A picture of two losses at once: each way of training as a point, and the line between two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fasttrack.plot.style import INK, MUTED, SERIES, Picture, picture, styled

MARKERS = "os^DvpX"


@styled
def tradeoff(
    points: Mapping[str, tuple[float, float]],
    *,
    path: Mapping[str, tuple[float, float]] | None = None,
    ticks: tuple[Sequence[float], Sequence[float]] = ((), ()),
    title: str = "",
    xlabel: str,
    ylabel: str,
) -> Picture:
    """A point for each entry of `points`, named in a key; the best is at the lower left.

    `path` joins named places by a line. An axis with `ticks` (of x, of y) is logarithmic.
    """
    colours = (*SERIES, INK)
    figure = picture(7.2, 4.2)
    axes = figure.add_subplot()
    if path:
        x, y = zip(*path.values(), strict=True)
        axes.plot(x, y, color=MUTED, linewidth=1.4, marker=".", markersize=7)
        for name, place in path.items():
            axes.annotate(
                name, place, (-6, -11), textcoords="offset points", ha="right", color=INK, fontsize=8.5
            )
    for k, (name, (new, old)) in enumerate(points.items()):
        axes.plot(
            new,
            old,
            MARKERS[(k + k // len(colours)) % len(MARKERS)],
            markersize=9,
            color=colours[k % len(colours)],
            label=name,
            linestyle="",
        )
    across, up = ticks
    if across:
        axes.set_xscale("log")
        axes.set_xticks(across, [f"{tick:g}" for tick in across])
    if up:
        axes.set_yscale("log")
        axes.set_yticks(up, [f"{tick:g}" for tick in up])
    axes.minorticks_off()
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.grid(True)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure
