"""Pictures of deep networks: how the numbers of each layer are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from fasttrack.plot.style import BLUE, INK, Picture, picture, styled

Numbers = Any  # a sequence, array or tensor of floats
DEPTH = LinearSegmentedColormap.from_list("fasttrack_depth", ["#a9d3ef", BLUE, INK])  # light first, dark last


@styled
def layers(
    panels: Mapping[str, Sequence[Numbers]],
    *,
    title: str = "",
    xlabel: str,
    span: tuple[float, float],
    bins: int = 41,
) -> Picture:
    """How the elements of each layer are spread over `span`: one panel for each entry, one line for each layer.

    The first layer is light, the last dark. Heights are shares of the layer's elements in each of `bins` bins;
    each panel has its own scale.
    """
    figure = picture(max(4.2, 2.5 * len(panels)), 2.9)
    places = figure.subplots(1, len(panels), sharex=True, squeeze=False)[0]
    edges = np.linspace(*span, bins + 1)
    for axes, (name, tensors) in zip(places, panels.items(), strict=True):
        for k, values in enumerate(tensors):
            flat = np.asarray(values, dtype=float).ravel()
            shares = np.histogram(flat, edges)[0] / len(flat)
            colour = DEPTH(k / max(len(tensors) - 1, 1))
            axes.plot(
                (edges[1:] + edges[:-1]) / 2, shares, color=colour, linewidth=1.6, label=f"layer {k + 1}"
            )
        axes.set_title(name, weight="normal", fontsize=10)
        axes.set(xlabel=xlabel, ylim=(0, None))
        axes.grid(True)
    places[0].set_ylabel("share of the elements")
    lines = places[-1].lines
    if len(lines) > 1:
        places[-1].legend(handles=[lines[0], lines[-1]])
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, weight="bold")
    return figure
