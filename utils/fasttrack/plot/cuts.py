"""A picture of sampling: what each strategy leaves of a distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.patches import Patch

from fasttrack.plot.style import BLUE, FAINT, MUTED, ORANGE, Picture, picture, styled

Numbers = Any  # a sequence, array or tensor of floats


@styled
def cuts(
    places: Mapping[str, Mapping[str, Numbers]],
    *,
    allowed: Mapping[str, Numbers] | None = None,
    most: int = 30,
    title: str = "",
) -> Picture:
    """A column for each place in a text, and in it a row for each strategy: the probabilities it draws from.

    The first row of a column is the model's own distribution, and its order, most probable first, is that of all
    rows; in those below it stands in grey behind what is left. `allowed` says for each place which tokens are right
    there, as bools: the others are orange. The `most` most probable tokens are drawn.
    """
    rows = max(map(len, places.values()))
    figure = picture(4.5 * len(places), 0.95 * rows + 0.7)
    grid = figure.subplots(rows, len(places), squeeze=False, sharex=True, sharey="col")
    for column, (place, strategies) in enumerate(places.items()):
        own = np.asarray(next(iter(strategies.values())), dtype=float)
        order = np.argsort(-own, kind="stable")[:most]
        right = np.ones(len(own), bool) if allowed is None else np.asarray(allowed[place], bool)
        at = np.arange(len(order))
        for row, (name, left) in enumerate(strategies.items()):
            axes, probs = grid[row, column], np.asarray(left, dtype=float)
            axes.bar(at, own[order], 0.86, color=FAINT)
            axes.bar(at, probs[order], 0.62, color=np.where(right[order], BLUE, ORANGE))
            count = int((probs > 0).sum())
            kept = f"{count} token{'s' * (count > 1)}"
            if allowed is not None:
                kept += f", {probs[~right].sum():.1%} wrong"
            axes.text(1, 0.93, name, transform=axes.transAxes, ha="right", va="top", fontweight="bold")
            axes.text(1, 0.68, kept, transform=axes.transAxes, ha="right", va="top", color=MUTED, fontsize=9)
            axes.set_xticks([])
            axes.locator_params(axis="y", nbins=3)
        grid[0, column].set_title(place)
        grid[len(strategies) - 1, column].set_xlabel(f"the {len(order)} most probable tokens")
        grid[len(strategies) // 2, column].set_ylabel("probability")
    if allowed is not None:
        key = {"right, as drawn": BLUE, "wrong, as drawn": ORANGE, "the model's own": FAINT}
        handles = [Patch(color=color, label=name) for name, color in key.items()]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11)
    return figure
