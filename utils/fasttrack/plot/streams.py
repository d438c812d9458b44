"""Pictures of a residual stream: what runs through, what leaves it in a branch and is added again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch

from fasttrack.plot.style import BLUE, INK, MUTED, ORANGE, PAPER, Picture, canvas, picture, styled
from fasttrack.plot.tensors import arrow

Station = str | Sequence[str]
WIDTH, GAP, HEIGHT = 1.75, 0.42, 1.25  # a box, the space between two, how high a branch is above the stream


@styled
def stream(panels: Mapping[str, Sequence[Station]], *, title: str = "") -> Picture:
    """Streams from left to right, one below the other, as `name: stations`.

    A station is the name of a box that stands in the stream itself, or a sequence of names: a branch with these
    boxes, which reads the stream and is added to it. The line of the stream is thick where nothing has replaced it
    since the start.
    """
    widest = max(sum(map(width, stations)) for stations in panels.values()) + 2.3
    figure = picture(0.78 * widest, 1.75 * len(panels) + 0.3 * bool(title))
    for k, (name, stations) in enumerate(panels.items()):
        axes = canvas(figure.add_subplot(len(panels), 1, k + 1))
        x, untouched = 0.75, True
        axes.text(-0.15, 0, "x", ha="right", va="center", fontsize=11)
        run(axes, 0.0, x, untouched)
        for station in stations:
            end = x + width(station)
            if isinstance(station, str):
                run(axes, x, x + GAP, untouched)
                box(axes, x + GAP, 0, station)
                untouched = False
                run(axes, x + GAP + WIDTH, end, untouched)
            else:
                run(axes, x, end, untouched)
                branch(axes, x, station)
            x = end
        run(axes, x, x + 0.5, untouched)
        arrow(axes, (x + 0.5, 0), (x + 0.8, 0), BLUE if untouched else MUTED)
        axes.set_xlim(-0.6, widest - 0.6)
        axes.set_ylim(0.55, -HEIGHT - 0.55)
        axes.set_title(name, loc="left")
    if title:
        figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=11)
    return figure


def width(station: Station) -> float:
    """How much of the stream a station takes."""
    boxes = 1 if isinstance(station, str) else len(station)
    return boxes * (WIDTH + GAP) + GAP + (0 if isinstance(station, str) else 0.7)


def run(axes: Axes, start: float, end: float, untouched: bool) -> None:
    """A piece of the stream."""
    axes.plot(
        [start, end],
        [0, 0],
        color=BLUE if untouched else MUTED,
        linewidth=4.5 if untouched else 1.6,
        solid_capstyle="butt",
        zorder=1,
    )


def branch(axes: Axes, x: float, names: Sequence[str]) -> None:
    """Boxes above the stream, with a way up and a way back down to a plus sign."""
    end = x + len(names) * (WIDTH + GAP) + GAP
    axes.plot([x, x, end, end], [0, -HEIGHT, -HEIGHT, -0.3], color=MUTED, linewidth=1.6, zorder=0)
    arrow(axes, (end, -0.6), (end, -0.24), MUTED)
    axes.add_patch(Circle((end, 0), 0.23, facecolor=PAPER, edgecolor=INK, linewidth=1.4, zorder=3))
    axes.text(end, 0.01, "+", ha="center", va="center", fontsize=12, zorder=4)
    for k, name in enumerate(names):
        box(axes, x + GAP + k * (WIDTH + GAP), -HEIGHT, name)


def box(axes: Axes, left: float, middle: float, name: str) -> None:
    """A named part; norms have a colour of their own."""
    norm = name.startswith("norm")
    axes.add_patch(
        FancyBboxPatch(
            (left, middle - 0.3),
            WIDTH,
            0.6,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor="#fbe6d9" if norm else "#f6f7f9",
            edgecolor=ORANGE if norm else MUTED,
            linewidth=1.4,
            zorder=2,
        )
    )
    axes.text(left + WIDTH / 2, middle + 0.02, name, ha="center", va="center", fontsize=9.5, zorder=3)
