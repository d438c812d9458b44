"""A map of embeddings: each thing at its two numbers, groups of things in colour."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from fasttrack.plot.style import BLUE, MUTED, ORANGE, SERIES, Picture, picture, styled

Numbers = Any  # a sequence, array or tensor of numbers


@styled
def embedding(
    points: Numbers, names: Sequence[str], *, groups: Mapping[str, Collection[str]], title: str = ""
) -> Picture:
    """Names on discs at their `points` `(n, 2)`, equal units on both axes; those of a group share its colour.

    A disc lies where its point is; names that would cover each other are pushed apart.
    """
    places = np.asarray(points, dtype=float)
    spread = np.ptp(places, axis=0)
    figure = picture(6.4, 1.1 + 5.6 * min(1.3, max(0.5, spread[1] / spread[0])))
    axes = figure.add_subplot()
    grey = [i for i, name in enumerate(names) if not any(name in group for group in groups.values())]
    members = {label: [i for i, name in enumerate(names) if name in group] for label, group in groups.items()}
    texts = apart(places, 0.035 * float(spread.max()))
    colours = [ORANGE, BLUE, *SERIES[2:]][: len(members)]
    members["others"] = grey
    for (label, ids), colour in zip(members.items(), [*colours, MUTED], strict=True):
        axes.scatter(
            places[ids, 0], places[ids, 1], s=190, color=colour, alpha=0.2, linewidths=0, label=label
        )
        for i in ids:
            x, y = texts[i]
            axes.text(x, y, names[i], ha="center", va="center_baseline", color=colour, weight="bold")
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(title=title, xlabel="first number", ylabel="second number")
    axes.grid(True)
    axes.legend(markerscale=0.7)
    return figure


def apart(places: np.ndarray, least: float) -> np.ndarray:
    """`places` `(n, 2)`, moved until no two are closer than `least`, or nearly so; equal ones part along a circle."""
    moved = places.copy()
    turn = np.arange(len(places))  # radians
    ways = 1e-9 * np.stack([np.cos(turn), np.sin(turn)], 1)  # (n, 2): gives equal points a direction
    for _ in range(100):
        gaps = moved[:, None] - moved + ways[:, None] - ways  # (n, n, 2)
        far = np.hypot(gaps[..., 0], gaps[..., 1]) + np.eye(len(places))
        moved += ((0.5 * np.clip(least - far, 0, None) / far)[..., None] * gaps).sum(1)
    return moved
