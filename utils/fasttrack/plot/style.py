"""How every picture of the course looks, and how it is shown: once, in any notebook front end.

Pictures are `Picture` objects outside pyplot's list of open figures, so a cell that ends in one shows it
exactly once, whether or not a pyplot backend is active, and nothing has to be closed.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

INK, MUTED, FAINT, PAPER = "#1f2430", "#6b7280", "#e5e7eb", "#ffffff"
# Okabe and Ito's colours, told apart by every kind of colour vision; black and yellow left out.
BLUE, ORANGE, GREEN, PINK, SKY, AMBER = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"
SERIES = (BLUE, ORANGE, GREEN, PINK, SKY, AMBER)

# Light enough everywhere for dark text on top.
SEQUENTIAL = LinearSegmentedColormap.from_list("fasttrack", ["#f4f8fb", "#b9d9ee", "#6cb4e0"])
DIVERGING = LinearSegmentedColormap.from_list("fasttrack_signed", ["#f2a97e", "#fbfbfb", "#7fbbe3"])

STYLE: dict[Any, Any] = {
    "figure.facecolor": PAPER,
    "figure.dpi": 100,
    "savefig.dpi": 130,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": FAINT,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 2,
}

P = ParamSpec("P")


class Picture(Figure):
    """A figure that draws itself as PNG when a cell ends in it."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with mpl.rc_context(STYLE):
            self.savefig(buffer, format="png", bbox_inches="tight", pad_inches=0.12)
        return buffer.getvalue()

    def __repr__(self) -> str:
        titles = [title for axes in self.axes if (title := axes.get_title(loc="left"))]
        return f"<Picture: {'; '.join(titles)}>" if titles else "<Picture>"


def styled(draw: Callable[P, Picture]) -> Callable[P, Picture]:
    """Run a drawing function under the course's style, whatever the notebook has set."""

    @functools.wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> Picture:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return run


def picture(width: float, height: float) -> Picture:
    """An empty picture; sizes in inches, 9 is the width of a notebook's text."""
    return Picture(figsize=(width, height), layout="constrained")


def canvas(axes: Axes) -> Axes:
    """Axes to draw on, in units of one cell: no ticks, no frame, y pointing down as rows do."""
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.invert_yaxis()
    return axes


def draw_cell(
    axes: Axes, x: float, y: float, text: str, fill: Any, *, faded: bool = False, marked: bool = False
) -> None:
    """One cell of a grid with its upper left corner at (x, y); faded = not part of what is shown."""
    edge = INK if marked else FAINT if faded else PAPER
    axes.add_patch(
        mpl.patches.Rectangle(
            (x + 0.03, y + 0.03),
            0.94,
            0.94,
            facecolor=PAPER if faded else fill,
            edgecolor=edge,
            linewidth=2.2 if marked else 1,
            linestyle="--" if faded else "-",
            zorder=2 if marked else 1,
        )
    )
    axes.text(
        x + 0.5,
        y + 0.53,
        text,
        ha="center",
        va="center",
        fontsize=10,
        color="#b6bcc6" if faded else INK,
        zorder=3,
    )
