"""Pictures of autograd: the graph behind a tensor, and ways downhill over a loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.patches import FancyBboxPatch

from fasttrack.plot.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    SERIES,
    Picture,
    canvas,
    picture,
    styled,
)
from fasttrack.plot.tensors import arrow

WIDTH, HEIGHT, GAP, STEP = 2.3, 0.72, 0.5, 1.35  # of a box, between boxes, from layer to layer
GRIP = 0.04  # between a box and its arrows
Point = tuple[float, float]


@styled
def graph(
    root: torch.Tensor,
    names: Mapping[str, torch.Tensor] | None = None,
    *,
    title: str = "",
    grads: bool = False,
    slopes: Mapping[tuple[str, str], float] | None = None,
) -> Picture:
    """The graph that backward walks from `root`, from its last operation on top to the leaves at the bottom.

    Leaves are blue. `names` gives tensors that occur in it; `grads` writes the .grad of each leaf into its box,
    `slopes` a number to the arrow from the first of two names to the second.
    """
    if root.grad_fn is None:
        raise ValueError("graph: this tensor has no grad_fn, so there is no graph behind it")
    given = {id(tensor.grad_fn or tensor): name for name, tensor in (names or {}).items()}
    layers, edges = layered(root.grad_fn)
    place = placed(layers, edges)
    half = max(abs(x) for x, _ in place.values()) + WIDTH / 2
    figure = picture(max(3.4, 0.62 * 2 * half), 0.72 * len(layers) + 0.6)
    axes = canvas(figure.add_subplot())
    name_of: dict[Any, str] = {}
    for node, (x, y) in place.items():
        if isinstance(node, Passing):
            continue
        leaf = getattr(node, "variable", None)
        name_of[node] = name = given.get(id(leaf if leaf is not None else node), "")
        axes.add_patch(
            FancyBboxPatch(
                (x - WIDTH / 2, y),
                WIDTH,
                HEIGHT,
                boxstyle="round,pad=0.02,rounding_size=0.1",
                facecolor="#f6f7f9" if leaf is None else "#dcecf7",
                edgecolor=MUTED if leaf is None else BLUE,
                linewidth=1.2 if leaf is None else 1.8,
            )
        )
        below = operation(node) if leaf is None else leaf_text(leaf, grads)
        if name:
            axes.text(x, y + 0.24, name, ha="center", va="center", fontsize=9.5, weight="bold", color=INK)
        axes.text(x, y + (0.53 if name else 0.38), below, ha="center", va="center", fontsize=8, color=MUTED)
    for start, end, arrives, edge in segments(edges, place):
        if arrives:
            arrow(axes, start, end, ORANGE)
        else:
            axes.plot([start[0], end[0]], [start[1], end[1]], color=ORANGE, linewidth=1.6)
        if edge and slopes:
            after = edges[edge[0]][edge[1]]
            while isinstance(after, Passing):
                (after,) = edges[after]
            if (slope := slopes.get((name_of[edge[0]], name_of[after]))) is not None:
                at = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 0.04)
                paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}
                axes.text(*at, f"{slope:g}", ha="center", va="center", color=ORANGE, bbox=paper, zorder=5)
    axes.set_xlim(-half - 0.1, half + 0.1)
    axes.set_ylim((len(layers) - 1) * STEP + HEIGHT + 0.13, -0.15)
    axes.set_title(title)
    return figure


class Passing:
    """A place that an arrow passes on its way through a layer, so that no box is in its way."""


def functions_before(node: Any) -> list[Any]:
    """The nodes that a node of torch's graph hands gradients to."""
    return [before for before, _ in node.next_functions if before is not None]


def layered(
    root: Any, inputs_of: Callable[[Any], Sequence[Any]] = functions_before
) -> tuple[list[list[Any]], dict[Any, list[Any]]]:
    """The nodes behind `root`, each below all that use it, and to each node those it hands gradients to.

    Every edge leads to the next layer: a longer one passes through a `Passing` in each layer between.
    """
    inputs: dict[Any, list[Any]] = {}
    todo = [root]
    while todo:
        node = todo.pop()
        if node not in inputs:
            inputs[node] = list(inputs_of(node))
            todo += inputs[node]
    depth = dict.fromkeys(inputs, 0)
    for _ in inputs:  # the longest path to a node has fewer edges than there are nodes
        for node, befores in inputs.items():
            for before in befores:
                depth[before] = max(depth[before], depth[node] + 1)
    edges: dict[Any, list[Any]] = {node: [] for node in inputs}
    for node, befores in inputs.items():
        for before in befores:
            at = node
            for level in range(depth[node] + 1, depth[before]):
                passing = Passing()
                depth[passing], edges[passing] = level, []
                edges[at].append(passing)
                at = passing
            edges[at].append(before)
    layers: list[list[Any]] = [[] for _ in range(max(depth.values()) + 1)]
    todo = [root]
    while todo:
        node = todo.pop(0)
        if node not in layers[depth[node]]:
            layers[depth[node]].append(node)
            todo += edges[node]
    return layers, edges


def placed(layers: list[list[Any]], edges: Mapping[Any, list[Any]]) -> dict[Any, Point]:
    """Middle and top of each node: in each layer ordered by where its users stand, and centred."""
    place: dict[Any, Point] = {}
    for depth, layer in enumerate(layers):
        users = {
            node: [
                place[user][0] + 0.01 * k
                for user in (layers[depth - 1] if depth else [])
                for k, after in enumerate(edges[user])
                if after is node
            ]
            for node in layer
        }
        layer.sort(key=lambda node: sum(users[node]) / max(1, len(users[node])))
        widths = [0.3 if isinstance(node, Passing) else WIDTH for node in layer]
        left = -(sum(widths) + GAP * (len(layer) - 1)) / 2
        for node, width in zip(layer, widths, strict=True):
            place[node] = (left + width / 2, depth * STEP)
            left += width + GAP
    return place


def segments(
    edges: Mapping[Any, list[Any]], place: Mapping[Any, Point]
) -> Iterator[tuple[Point, Point, bool, tuple[Any, int] | None]]:
    """Pieces of edges as start, end, whether the end is a box, and which edge starts there: a node and its k-th.

    Side by side where a box has several. A piece that goes on with an edge starts none.
    """
    arrivals: dict[Any, list[tuple[Any, int]]] = {}
    leaves: dict[tuple[Any, int], float] = {}
    for node, inputs in edges.items():
        x, y = place[node]
        for slot, k in enumerate(sorted(range(len(inputs)), key=lambda k: (place[inputs[k]][0], k))):
            leaves[node, k] = x + beside(slot, len(inputs))
            arrivals.setdefault(inputs[k], []).append((node, k))
        if isinstance(node, Passing):
            yield (x, y - GRIP), (x, y + HEIGHT + GRIP), False, None
    for node, coming in arrivals.items():
        x, y = place[node]
        for slot, edge in enumerate(sorted(coming, key=lambda edge: leaves[edge])):
            start = (leaves[edge], place[edge[0]][1] + HEIGHT + GRIP)
            end = (x + beside(slot, len(coming)), y - GRIP)
            yield start, end, not isinstance(node, Passing), None if isinstance(edge[0], Passing) else edge


def beside(slot: int, count: int) -> float:
    """How far from the middle one of `count` arrows stands."""
    return (slot - (count - 1) / 2) * 0.5


def operation(node: Any) -> str:
    """`MulBackward0` as `mul`."""
    return type(node).__name__.split("Backward")[0].lower()


def leaf_text(leaf: torch.Tensor, grads: bool) -> str:
    shape = f"{tuple(leaf.shape)}"
    if not grads:
        return f"leaf {shape}"
    if leaf.grad is None:
        return "grad None"
    return f"grad {leaf.grad.item():.4g}" if leaf.grad.numel() == 1 else f"grad {shape}"


@styled
def descent(
    loss: Callable[[torch.Tensor], torch.Tensor],
    paths: Mapping[str, torch.Tensor],
    *,
    title: str = "",
    xlabel: str,
    ylabel: str,
    span: tuple[tuple[float, float], tuple[float, float]],
) -> Picture:
    """Lines of equal loss over two parameters, and paths `(steps, 2)` across them, each starting at a ring."""
    figure = picture(6.6, 4.2)
    axes = figure.add_subplot(aspect="equal")  # a step downhill is at right angles to its line
    (left, right), (low, high) = span
    xs, ys = torch.linspace(left, right, 60), torch.linspace(low, high, 60)
    with torch.no_grad():
        height = torch.stack([torch.stack([loss(torch.stack([x, y])) for x in xs]) for y in ys])
    levels = np.geomspace(float(height.min()) + 1e-3, float(height.max()), 12)
    axes.contour(xs, ys, height, levels=levels, colors="#c3c9d2", linewidths=1)
    for (name, path), colour in zip(paths.items(), SERIES, strict=False):
        axes.plot(path[:, 0], path[:, 1], color=colour, marker="o", markersize=3, linewidth=1.5, label=name)
        axes.plot(path[0, 0], path[0, 1], "o", markersize=9, markerfacecolor="none", markeredgecolor=INK)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, xlim=(left, right), ylim=(low, high))
    axes.set_facecolor(FAINT + "40")
    axes.legend()
    return figure
