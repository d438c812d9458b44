"""Dials: angles as hands, one row for each speed, one column for each position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.patches import Circle

from fasttrack.plot.style import BLUE, FAINT, MUTED, PAPER, Picture, canvas, picture, styled


@styled
def dials(
    angles: Any, *, rows: Sequence[str], columns: Sequence[str], title: str = "", xlabel: str = ""
) -> Picture:
    """Angles in radians `(n, m)`, each as the hand of a dial: 0 points right, and it turns counterclockwise."""
    table = np.asarray(angles, dtype=float)
    n, m = table.shape
    figure = picture(0.62 * m + 1.4, 0.62 * n + 0.9)
    axes = canvas(figure.add_subplot())
    for i, j in np.ndindex(n, m):
        axes.add_patch(Circle((j, i), 0.42, facecolor=PAPER, edgecolor=FAINT, linewidth=1.4))
        tip = (j + 0.4 * np.cos(table[i, j]), i - 0.4 * np.sin(table[i, j]))
        axes.plot([j, tip[0]], [i, tip[1]], color=BLUE, linewidth=2.2, solid_capstyle="round")
    for i, name in enumerate(rows):
        axes.text(-0.65, i, name, ha="right", va="center", fontsize=9.5)
    for j, name in enumerate(columns):
        axes.text(j, n - 0.4, name, ha="center", va="top", fontsize=9.5, color=MUTED)
    axes.text((m - 1) / 2, n, xlabel, ha="center", va="top", fontsize=9.5)
    axes.set_title(title)
    axes.set_xlim(-0.6, m - 0.4)
    axes.set_ylim(n + 0.4, -0.6)
    return figure
