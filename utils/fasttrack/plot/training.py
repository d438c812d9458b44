"""Pictures of training: images in a row, training against held-out loss, a confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fasttrack.plot.style import BLUE, FAINT, INK, MUTED, ORANGE, SEQUENTIAL, Picture, picture, styled

Numbers = Any  # a sequence, array or tensor of floats


@styled
def images(
    pictures: Numbers,
    captions: Sequence[str] = (),
    *,
    title: str = "",
    columns: int = 10,
    size: float = 0.9,
    span: tuple[float | None, float | None] = (None, None),
) -> Picture:
    """Grey images `(n, height, width)` in rows, ink dark, each `size` inches with a caption above it.

    `span` are the numbers that are white and black in all of them; without it each has its own.
    """
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    figure = picture(size * columns, (size + (0.3 if captions else 0.05)) * rows + (0.35 if title else 0))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for place in axes:
        place.set_axis_off()
    for k, image in enumerate(pictures):
        axes[k].imshow(np.asarray(image), cmap="gray_r", vmin=span[0], vmax=span[1])
        axes[k].set_axis_on()
        axes[k].set(xticks=[], yticks=[])
        axes[k].spines[:].set(visible=True, color=FAINT)
        if captions:
            axes[k].set_title(captions[k], fontsize=9, weight="normal", loc="center", pad=4)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, weight="bold")
    return figure


@styled
def learning(
    runs: Mapping[str, tuple[Numbers, Numbers]],
    *,
    title: str = "",
    ylabel: str = "loss (nats)",
    top: float | None = None,
    marks: Mapping[str, int] | None = None,
) -> Picture:
    """One panel for each run with its training and held-out curve, given as `name: (training, held-out)`.

    All panels share their axes, `top` ends the upper one, and `marks` are epochs that get a dashed line.
    """
    figure = picture(max(4.2, 2.4 * len(runs)), 3.1)
    panels = figure.subplots(1, len(runs), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (name, (training, held_out)) in zip(panels, runs.items(), strict=True):
        epochs = range(1, len(training) + 1)
        axes.plot(epochs, training, color=BLUE, label="training")
        axes.plot(epochs, held_out, color=ORANGE, label="held-out")
        if marks and name in marks:
            axes.axvline(marks[name], color=MUTED, linestyle="--", linewidth=1.2)
        axes.set_title(name, weight="normal", fontsize=10)
        axes.set_xlabel("epoch")
        axes.grid(True)
    panels[0].set_ylabel(ylabel)
    panels[0].set_ylim(0, top)
    panels[0].legend()
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, weight="bold")
    return figure


@styled
def confusion(counts: Numbers, *, title: str = "") -> Picture:
    """Counts `(classes, classes)`, one row for each true class; the mistakes are coloured, the diagonal is not."""
    size = len(counts)
    figure = picture(0.45 * size + 0.9, 0.45 * size + 0.9)
    axes = figure.add_subplot()
    rows = [[int(count) for count in row] for row in counts]
    wrong = [[0 if i == j else count for j, count in enumerate(row)] for i, row in enumerate(rows)]
    axes.imshow(wrong, cmap=SEQUENTIAL, vmin=0, vmax=max(1, *map(max, wrong)))
    for i, row in enumerate(rows):
        for j, count in enumerate(row):
            if count:
                colour, weight = (MUTED, "normal") if i == j else (INK, "bold")
                axes.text(j, i, str(count), ha="center", va="center", fontsize=9, color=colour, weight=weight)
    axes.set_xticks(range(size), map(str, range(size)))
    axes.set_yticks(range(size), map(str, range(size)))
    axes.tick_params(length=0)
    axes.set(title=title, xlabel="predicted", ylabel="true")
    return figure
