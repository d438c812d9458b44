"""Pictures of models of letters: a table of pairs, and where the probability goes as a name is spelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm, PowerNorm
from matplotlib.patches import Rectangle

from fasttrack.plot.style import BLUE, FAINT, INK, MUTED, ORANGE, SEQUENTIAL, Picture, picture, styled

Numbers = Any  # a sequence, array or tensor of numbers
DEEP = LinearSegmentedColormap.from_list("fasttrack_deep", ["#eaf3fa", "#6cb4e0", BLUE, "#00263d"])


@styled
def bigrams(counts: Numbers, letters: Sequence[str], *, title: str = "") -> Picture:
    """How often a column's letter follows a row's, on a logarithmic scale; pairs that never occur stay white.

    `counts` is `(vocab_size, vocab_size)`, at least one of them positive.
    """
    table = np.asarray(counts, dtype=float)
    n = len(table)
    figure = picture(0.24 * n + 1.6, 0.24 * n + 1.0)
    axes = figure.add_subplot()
    image = axes.imshow(
        np.ma.masked_less_equal(table, 0),
        cmap=DEEP,
        norm=LogNorm(max(1.0, table[table > 0].min()), table.max()),
    )
    axes.set_xticks(range(n), letters)
    axes.set_yticks(range(n), letters)
    axes.tick_params(length=0, labelsize=9)
    axes.spines[:].set(visible=True, color=FAINT)
    axes.set(xlabel="next letter", ylabel="letter", title=title)
    bar = figure.colorbar(image, ax=axes, shrink=0.7, label="times seen")
    bar.outline.set_visible(False)
    return figure


@styled
def spelling(probs: Numbers, name: str, letters: Sequence[str], *, title: str = "") -> Picture:
    """Where a model's probability goes at each letter of a name, on a square-root scale; what came is framed.

    `probs` is `(len(name) + 1, vocab_size)`, one row for each letter and one for the closing dot.
    """
    table, spelt = np.asarray(probs, dtype=float), [*name, "."]
    n = len(letters)
    figure = picture(1.5 + 0.62 * len(spelt), 0.2 * n + 1.3)
    axes = figure.add_subplot()
    axes.imshow(table.T, cmap=SEQUENTIAL, aspect="auto", norm=PowerNorm(0.5, 0, table.max()))
    for step, character in enumerate(spelt):
        row = list(letters).index(character)
        axes.add_patch(
            Rectangle((step - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=ORANGE, linewidth=2, clip_on=False)
        )
        axes.text(step, row, f"{table[step, row]:.3f}", ha="center", va="center", fontsize=8.5, color=INK)
        surprise = -np.log(table[step, row]) if table[step, row] > 0 else np.inf
        axes.text(step, n - 0.1, f"{surprise:.2f}", ha="center", va="top", fontsize=9, color=MUTED)
    axes.text(-0.65, n - 0.1, "−ln p", ha="right", va="top", fontsize=9, color=MUTED)
    axes.set_xticks(range(len(spelt)), [f"{before}→" for before in [".", *name]])
    axes.set_yticks(range(n), letters)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0, labelsize=9)
    axes.spines[:].set_visible(False)
    axes.set_ylim(n + 0.7, -0.5)
    axes.set(title=title, xlabel="after", ylabel="next letter")
    return figure
