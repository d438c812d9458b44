"""Attention maps: how much each query takes from each key, with the tokens on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from fasttrack.plot.style import BLUE, FAINT, INK, ORANGE, PAPER, Picture, picture, styled

DEPTH = LinearSegmentedColormap.from_list("fasttrack_depth", [PAPER, "#9ccbe8", BLUE, INK])
CELL, LABEL = 0.27, 0.085  # inches: a cell at most, a character of a label


@styled
def attention(
    weights: Any,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    title: str = "",
    xlabel: str = "key",
    ylabel: str = "query",
    measure: str = "weight",
    columns: int = 3,
    mark: Iterable[tuple[int, int]] = (),
) -> Picture:
    """Attention weights `(query_time, key_time)`, or several such matrices by name, white at 0 and dark at 1.

    `queries` and `keys` are the labels of rows and columns, the same in every panel; `measure` is what the
    numbers are, if not weights, and with "" no bar explains the colours; `mark` frames places.
    """
    panels: Mapping[str, Any] = weights if isinstance(weights, Mapping) else {"": weights}
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    longest_key, longest_query = (max(map(len, labels), default=1) for labels in (keys, queries))
    upright = longest_key > 2
    cell = min(CELL, (8.6 / columns - LABEL * longest_query - 0.3) / len(keys))
    width = cell * len(keys) + LABEL * longest_query + 0.45
    height = cell * len(queries) + (LABEL * longest_key if upright else 0.2) + 0.65
    figure = picture(width * columns + 0.8, height * rows + 0.35 * bool(title))
    places = figure.subplots(rows, columns, squeeze=False)
    for place in places.flat[len(panels) :]:
        place.set_axis_off()
    marked = list(mark)
    size = min(9.0, 90 * cell * 0.46)
    for k, (name, matrix) in enumerate(panels.items()):
        place = places.flat[k]
        image = place.imshow(np.asarray(matrix, dtype=float), cmap=DEPTH, vmin=0, vmax=1)
        for i, j in marked:
            place.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=ORANGE, linewidth=1.6))
        place.set_xticks(range(len(keys)), keys, rotation=90 if upright else 0, fontsize=size)
        place.set_yticks(range(len(queries)), queries, fontsize=size)
        place.tick_params(length=0)
        undermost = k + columns >= len(panels)
        place.set(xlabel=xlabel if undermost else "", ylabel=ylabel if k % columns == 0 else "")
        if name:
            place.set_title(name, loc="center", fontsize=10, weight="normal", pad=5)
        place.spines[:].set(visible=True, color=FAINT)
    if measure:
        bar = figure.colorbar(image, ax=places, shrink=0.8, pad=0.02, label=measure)
        bar.outline.set_visible(False)
    if title:
        figure.suptitle(title, x=0.02, ha="left", fontsize=11, weight="bold")
    return figure
