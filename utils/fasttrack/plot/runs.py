"""A picture of training runs: one line each, on axes that may be logarithmic, with the values to compare with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fasttrack.plot.style import INK, MUTED, SERIES, Picture, picture, styled

Numbers = Any  # a sequence, array or tensor of floats


@styled
def runs(
    x: Numbers,
    series: Mapping[str, Numbers],
    *,
    title: str = "",
    xlabel: str,
    ylabel: str,
    dashed: Collection[str] = (),
    at: Mapping[str, float] | None = None,
    levels: Mapping[str, float] | None = None,
    xticks: Sequence[float] = (),
    yticks: Sequence[float] = (),
) -> Picture:
    """One line for each entry of `series` over `x`; an entry of `dashed` has the colour of the one before it.

    `at` are places on the x axis and `levels` on the y axis that get a named line. An axis with ticks is logarithmic.
    """
    figure = picture(7.2, 3.6)
    axes = figure.add_subplot()
    colour = -1
    for name, y in series.items():
        colour += name not in dashed
        axes.plot(x, y, color=SERIES[colour], linestyle="--" if name in dashed else "-", label=name)
    if xticks:
        axes.set_xscale("log")
        axes.set_xticks(xticks, [f"{tick:g}" for tick in xticks])
    if yticks:
        axes.set_yscale("log")
        axes.set_yticks(yticks, [f"{tick:g}" for tick in yticks])
    axes.minorticks_off()
    for name, place in (at or {}).items():
        axes.axvline(place, color=MUTED, linestyle=":", linewidth=1.6)
        axes.text(place, 1, f" {name}", transform=axes.get_xaxis_transform(), va="top", color=INK, fontsize=9)
    for name, level in (levels or {}).items():
        axes.axhline(level, color=MUTED, linestyle=":", linewidth=1.6)
        axes.text(
            1,
            level,
            name,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="bottom",
            color=INK,
            fontsize=9,
        )
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.grid(True)
    if len(series) > 1:
        axes.legend()
    return figure
