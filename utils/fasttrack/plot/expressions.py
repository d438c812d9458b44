"""Pictures of scalar expressions: every number with its gradient, and on each edge its slope.

A node is anything with `data`, `grad`, `inputs` and `op`, whose `pull(1.0)` gives the slope for each input: the
values that learners build in lesson 03_backprop/01.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from matplotlib.patches import FancyBboxPatch

from fasttrack.plot.graphs import HEIGHT, STEP, WIDTH, Passing, layered, placed, segments
from fasttrack.plot.style import BLUE, INK, MUTED, ORANGE, PAPER, Picture, canvas, picture, styled
from fasttrack.plot.tensors import arrow


@styled
def expression(
    root: Any, names: Mapping[str, Any] | None = None, *, title: str = "", grads: bool = True
) -> Picture:
    """The graph behind `root`: blue leaves at the bottom, and arrows that gradients take, with their slopes.

    `names` gives nodes that occur in it; `grads` writes .grad beside .data.
    """
    given = {id(node): name for name, node in (names or {}).items()}
    layers, edges = layered(root, lambda node: node.inputs)
    place = placed(layers, edges)
    half = max(abs(x) for x, _ in place.values()) + WIDTH / 2
    figure = picture(max(3.4, 0.62 * 2 * half), 0.85 * len(layers) + 0.5)
    axes = canvas(figure.add_subplot())
    for node, (x, y) in place.items():
        if isinstance(node, Passing):
            continue
        axes.add_patch(
            FancyBboxPatch(
                (x - WIDTH / 2, y),
                WIDTH,
                HEIGHT,
                boxstyle="round,pad=0.02,rounding_size=0.1",
                facecolor="#f6f7f9" if node.inputs else "#dcecf7",
                edgecolor=MUTED if node.inputs else BLUE,
                linewidth=1.2 if node.inputs else 1.8,
            )
        )
        head = heading(node, given.get(id(node), ""))
        middle: dict[str, Any] = {"ha": "center", "va": "center"}
        if head:
            axes.text(x, y + 0.22, head, fontsize=9.5, weight="bold", color=INK, **middle)
        below = y + (0.53 if head else 0.38)
        if grads:
            axes.text(x - 1.05, below, f"{node.data:.3g}", fontsize=8.5, color=INK, va="center")
            text = f"grad {node.grad:.3g}"
            axes.text(x + 1.05, below, text, fontsize=8.5, color=ORANGE, va="center", ha="right")
        else:
            axes.text(x, below, f"{node.data:.3g}", fontsize=8.5, color=INK, **middle)
    for start, end, arrives, edge in segments(edges, place):
        if arrives:
            arrow(axes, start, end, ORANGE)
        else:
            axes.plot([start[0], end[0]], [start[1], end[1]], color=ORANGE, linewidth=1.6)
        if edge and grads:
            slope = edge[0].pull(1.0)[edge[1]]
            at = (start[0] + 0.42 * (end[0] - start[0]), start[1] + 0.42 * (end[1] - start[1]))
            paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}
            axes.text(
                *at, f"×{slope:.3g}", ha="center", va="center", fontsize=8, color=INK, bbox=paper, zorder=5
            )
    axes.set_xlim(-half - 0.1, half + 0.1)
    axes.set_ylim((len(layers) - 1) * STEP + HEIGHT + 0.13, -0.15)
    axes.set_title(title)
    return figure


def heading(node: Any, name: str) -> str:
    """The name of a node and the operation that made it, as far as there are any."""
    return "  ".join(word for word in (name, f"({node.op})" if node.op else "") if word)


class Dot(str):
    """A graph in the language of Graphviz, which a notebook shows as a picture where its program `dot` is installed."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_svg_(self) -> str | None:
        program = shutil.which("dot")
        if program is None:
            return None
        ran = subprocess.run(
            [program, "-Tsvg"], input=str(self), capture_output=True, text=True, check=True, timeout=30
        )
        return ran.stdout


def dot(root: Any, names: Mapping[str, Any] | None = None) -> Dot:
    """The graph behind `root` for Graphviz, inputs on the left; large graphs come out better there."""
    given = {id(node): name for name, node in (names or {}).items()}
    layers, _ = layered(root, lambda node: node.inputs)
    nodes = [node for layer in layers for node in layer if not isinstance(node, Passing)]
    number = {node: k for k, node in enumerate(nodes)}
    lines = ["digraph {", "  rankdir=LR; node [shape=record];"]
    for node, k in number.items():
        head = heading(node, given.get(id(node), ""))
        words = [word for word in (head, f"data {node.data:.4g}", f"grad {node.grad:.4g}") if word]
        lines.append(f'  n{k} [label="{" | ".join(words)}"];')
    lines += [f"  n{number[before]} -> n{k};" for node, k in number.items() for before in node.inputs]
    return Dot("\n".join([*lines, "}"]))
