"""Pictures of how a model reads its context: characters joined level by level, and dilated convolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Circle

from fasttrack.plot.style import BLUE, FAINT, INK, MUTED, ORANGE, PAPER, Picture, canvas, picture, styled

STEP = 1.35  # from one level to the next, where 1 is from one character to the next
QUIET = "#c3c9d2"


@styled
def joining(letters: Sequence[str], panels: Mapping[str, Sequence[int]], *, title: str = "") -> Picture:
    """Trees over the same characters side by side, as `name: how many neighbours each level joins, lowest first`.

    The product of the numbers is `len(letters)`. Raises ValueError if a level does not come out even.
    """
    height = max(map(len, panels.values()))
    figure = picture(4.6 * len(panels), 0.75 * height + 1.6)
    for k, (name, sizes) in enumerate(panels.items()):
        axes = canvas(figure.add_subplot(1, len(panels), k + 1))
        axes.invert_yaxis()
        level = [float(x) for x in range(len(letters))]
        for depth, size in enumerate(sizes):
            if len(level) % size:
                raise ValueError(f"joining: {len(level)} nodes are no groups of {size} in {name!r}")
            y = STEP * (height * (depth + 1) / len(sizes))
            below = STEP * (height * depth / len(sizes))
            groups = [level[i : i + size] for i in range(0, len(level), size)]
            for group in groups:
                middle = sum(group) / size
                for x in group:
                    axes.plot([x, middle], [below, y], color=BLUE, linewidth=1.4, zorder=1)
                node(axes, middle, y, BLUE)
            level = [sum(group) / size for group in groups]
        for x, letter in enumerate(letters):
            node(axes, x, 0, MUTED, letter)
        axes.text(
            level[0], STEP * height + 0.42, "next?", ha="center", va="bottom", fontsize=9.5, color=ORANGE
        )
        axes.set_xlim(-0.7, len(letters) - 0.3)
        axes.set_ylim(-0.6, STEP * height + 1.1)
        axes.set_title(name, loc="left")
    if title:
        figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=11)
    return figure


@styled
def dilated(letters: Sequence[str], dilations: Sequence[int], *, title: str = "") -> Picture:
    """Convolutions of two inputs each over all characters; what reaches the last output stands out.

    `dilations` are from the lowest layer up. Lines from inputs before the first character come in from the left.
    """
    time, top = len(letters), len(dilations)
    figure = picture(min(10.0, 0.52 * time + 1.7), 0.75 * top + 1.2)
    axes = canvas(figure.add_subplot())
    axes.invert_yaxis()
    reached = [{time - 1}]  # from the top down
    for dilation in reversed(dilations):
        reached.append({x - back for x in reached[-1] for back in (0, dilation) if x >= back})
    reached.reverse()
    for level, dilation in enumerate(dilations):
        y = STEP * level
        for x in range(time):
            seen = x in reached[level + 1]
            for start in (x, x - dilation):
                axes.plot(
                    [start, x],
                    [y, y + STEP],
                    color=BLUE if seen else FAINT,
                    linewidth=1.8 if seen else 1,
                    zorder=1 if seen else 0,
                )
        axes.text(time - 0.3, y + STEP / 2, f"dilation {dilation}", va="center", fontsize=9, color=MUTED)
    for level in range(top + 1):
        for x in range(time):
            colour = BLUE if x in reached[level] else QUIET
            node(axes, x, STEP * level, colour, letters[x] if level == 0 else "")
    axes.set_xlim(-0.7, time + 1.8)
    axes.set_ylim(-0.6, STEP * top + 0.6)
    axes.set_title(title, loc="left")
    return figure


def node(axes: Axes, x: float, y: float, colour: str, letter: str = "") -> None:
    """A circle, with a character in it if it stands for one."""
    radius = 0.36 if letter else 0.2
    face = PAPER if letter else colour
    axes.add_patch(Circle((x, y), radius, facecolor=face, edgecolor=colour, linewidth=1.4, zorder=2))
    if letter:
        axes.text(x, y - 0.02, letter, ha="center", va="center", fontsize=10, color=INK, zorder=3)
