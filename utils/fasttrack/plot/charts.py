"""Pictures of numbers: curves, points with lines, bars, a ladder of losses, the stations of a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axis import Axis
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import FuncFormatter

from fasttrack.plot.style import BLUE, FAINT, INK, MUTED, ORANGE, SERIES, Picture, canvas, picture, styled
from fasttrack.plot.tensors import arrow

Numbers = Any  # a sequence, array or tensor of floats


@styled
def curves(
    x: Numbers,
    series: Mapping[str, Numbers],
    *,
    dashed: Mapping[str, str] | None = None,
    title: str = "",
    xlabel: str,
    ylabel: str,
    log: bool = False,
) -> Picture:
    """One line for each entry of `series` over `x`, named in a key; `log` makes both axes logarithmic.

    `dashed` names lines that belong to others, as `line: the one whose colour it has`.
    """
    figure = picture(7.2, 3.4)
    axes = figure.add_subplot()
    colours = dict(zip((name for name in series if name not in (dashed or {})), SERIES, strict=False))
    for name, other in (dashed or {}).items():
        colours[name] = colours[other]
    for name, colour in ((name, colours[name]) for name in series if name in colours):
        axes.plot(
            x, series[name], color=colour, linestyle="--" if name in (dashed or {}) else "-", label=name
        )
    if log:
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        for axis in (axes.xaxis, axes.yaxis):
            name_powers(axis)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.grid(True)
    if len(series) > 1:
        axes.legend()
    return figure


def name_powers(axis: Axis) -> None:
    """Powers of two as plain numbers, where all on the axis are short: 512 and not 2^9."""
    low, high = axis.get_view_interval()
    if low > 1 / 2 and high < 2**16:
        axis.set_major_formatter(FuncFormatter(lambda power, _: f"{power:,.0f}"))


@styled
def fit(x: Numbers, y: Numbers, lines: Mapping[str, tuple[float, float]], *, title: str = "") -> Picture:
    """Points `x`, `y` and straight lines given as `name: (slope, intercept)`."""
    figure = picture(6.2, 3.6)
    axes = figure.add_subplot()
    axes.scatter(x, y, s=16, color=MUTED, alpha=0.55, linewidths=0, label="data")
    ends = np.array([float(min(x)), float(max(x))])
    for (name, (slope, intercept)), colour, dashes in zip(
        lines.items(), (ORANGE, BLUE, INK), ("-", "--", ":"), strict=False
    ):
        axes.plot(ends, float(slope) * ends + float(intercept), color=colour, linestyle=dashes, label=name)
    axes.set(title=title, xlabel="x", ylabel="y")
    axes.legend()
    return figure


@styled
def bars(
    labels: Sequence[str],
    series: Mapping[str, Numbers],
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str,
    log: bool = False,
) -> Picture:
    """Groups of bars: one group for each label, one bar in it for each entry of `series`.

    `log` makes the heights logarithmic.
    """
    each = max(0.32 * max(1.5, len(series)), 0.085 * (max(map(len, labels)) + 1.5))  # a label has to fit, too
    figure = picture(max(5.0, min(9.0, each * len(labels))), 3.0)
    axes = figure.add_subplot()
    width = 0.8 / len(series)
    for k, ((name, heights), colour) in enumerate(zip(series.items(), SERIES, strict=False)):
        at = np.arange(len(labels)) + (k - (len(series) - 1) / 2) * width
        axes.bar(at, [float(height) for height in heights], width * 0.92, color=colour, label=name)
    axes.set_xticks(range(len(labels)), labels)
    axes.tick_params(axis="x", length=0)
    axes.grid(True, axis="y")
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
    if len(series) > 1:
        axes.legend()
    return figure


@styled
def ladder(
    losses: Mapping[str, float],
    *,
    yours: Collection[str] = (),
    key: tuple[str, str] = ("yours", "for comparison"),
    steps: bool = False,
    start: float = 0.0,
    title: str = "",
    xlabel: str,
) -> Picture:
    """Losses as horizontal bars, first entry on top, each with its number.

    `yours` stand out in colour; `key` says what the colour and its absence mean. `steps` adds to each number
    how far it is from the one above. An axis with a `start` other than 0 shows dots: a bar's length would mislead.
    """
    figure = picture(7.6, 0.42 * len(losses) + 1.1)
    axes = figure.add_subplot()
    above: float | None = None
    end = start + 1.13 * (max(map(float, losses.values())) - start)
    gap = 0.02 * (end - start) if start else 0.03
    for row, (name, loss) in enumerate(losses.items()):
        colour = BLUE if name in yours else "#c3c9d2"
        label = key[0 if name in yours else 1]
        if start:
            axes.plot(float(loss), row, "o", markersize=8, color=colour, label=label)
        else:
            axes.barh(row, float(loss), 0.66, color=colour, label=label)
        step = f"   ({float(loss) - above:+.4f})" if steps and above is not None else ""
        axes.text(float(loss) + gap, row, f"{float(loss):.4f}{step}", va="center", fontsize=9.5)
        above = float(loss)
    axes.set_yticks(range(len(losses)), list(losses))
    axes.tick_params(axis="y", length=0)
    axes.margins(y=0.08 if start else None)
    axes.invert_yaxis()
    axes.set(title=title, xlabel=xlabel, xlim=(start, end))
    if 0 < len(set(yours) & losses.keys()) < len(losses):
        handles = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        axes.legend([handles[name] for name in key], key, loc="lower right", bbox_to_anchor=(1, 0.98))
    return figure


@styled
def pipeline(
    stations: Mapping[str, str], *, here: Collection[str] = (), back: tuple[str, str] | None = None
) -> Picture:
    """The stations data passes, left to right, as `name: what it looks like there`; `here` stand out.

    `back` names two stations, the later first: an arrow leads from one to the other.
    """
    bottom = 1.5 if back else 1.1
    figure = picture(10, 1.25 * (bottom + 0.1))
    axes = canvas(figure.add_subplot())
    for k, (name, example) in enumerate(stations.items()):
        left, now = 2.5 * k, name in here
        axes.add_patch(
            FancyBboxPatch(
                (left, 0),
                1.9,
                1,
                boxstyle="round,pad=0.02,rounding_size=0.12",
                facecolor="#dcecf7" if now else "#f6f7f9",
                edgecolor=BLUE if now else FAINT,
                linewidth=1.8 if now else 1.2,
            )
        )
        axes.text(
            left + 0.95,
            0.34,
            name,
            ha="center",
            va="center",
            weight="bold" if now else "normal",
            fontsize=10.5,
        )
        axes.text(left + 0.95, 0.72, example, ha="center", va="center", fontsize=8, color=MUTED)
        if k:
            arrow(axes, (left - 0.52, 0.5), (left - 0.08, 0.5), MUTED)
    if back:
        start, end = (2.5 * list(stations).index(name) + 0.95 for name in back)
        axes.plot([start, start, end, end], [1.05, 1.4, 1.4, 1.3], color=MUTED, linewidth=1.6)
        arrow(axes, (end, 1.4), (end, 1.06), MUTED)
    axes.set_xlim(-0.1, 2.5 * len(stations) - 0.5)
    axes.set_ylim(bottom, -0.1)
    return figure
