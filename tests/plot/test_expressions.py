"""The pictures of scalar expressions and of boundaries."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from fasttrack import plot


class Node:
    def __init__(self, data: float, inputs: Any = (), slopes: Any = (), op: str = "") -> None:
        self.data, self.grad, self.inputs, self.slopes, self.op = data, 0.5, inputs, slopes, op

    def pull(self, g: float) -> tuple[float, ...]:
        return tuple(g * slope for slope in self.slopes)


@pytest.fixture
def named() -> dict[str, Node]:
    """e = a b + a, at 2 and 3."""
    a, b = Node(2.0), Node(3.0)
    d = Node(6.0, (a, b), (3.0, 2.0), "*")
    return {"a": a, "b": b, "d": d, "e": Node(8.0, (d, a), (1.0, 7.0), "+")}


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def count(axes: Axes, kind: type) -> int:
    return sum(isinstance(patch, kind) for patch in axes.patches)


def test_expression_draws_each_node_once_with_its_numbers(named: dict[str, Node]) -> None:
    (axes,) = plot.expression(named["e"], named, title="a picture").axes
    assert count(axes, FancyBboxPatch) == 4
    assert count(axes, FancyArrowPatch) == 4
    words = texts(axes)
    assert {"a", "b", "d  (*)", "e  (+)", "2", "3", "6", "8"} <= set(words)
    assert words.count("grad 0.5") == 4
    assert axes.get_title(loc="left") == "a picture"


def test_every_arrow_has_the_slope_of_its_own_edge(named: dict[str, Node]) -> None:
    (axes,) = plot.expression(named["e"], named).axes
    labels = {text.get_text(): text.get_position()[0] for text in axes.texts if text.get_text()[0] == "×"}
    assert set(labels) == {"×1", "×7", "×3", "×2"}
    (square,) = plot.expression(Node(9.0, (x := Node(3.0), x), (4.0, 5.0), "*")).axes
    assert {"×4", "×5"} <= set(texts(square))


def test_expression_without_gradients_shows_neither_them_nor_slopes(named: dict[str, Node]) -> None:
    (axes,) = plot.expression(named["e"], named, grads=False).axes
    assert not [word for word in texts(axes) if word.startswith(("grad", "×"))]


def test_dot_describes_the_graph(named: dict[str, Node], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    graph = plot.dot(named["e"], named)
    assert repr(graph) == str(graph)
    assert graph._repr_svg_() is None
    assert graph.count("->") == 4
    assert '[label="d  (*) | data 6 | grad 0.5"]' in graph


def test_dot_is_drawn_where_graphviz_is_installed(
    named: dict[str, Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "<svg>$1 $(head -n 1)</svg>"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert plot.dot(named["e"])._repr_svg_() == "<svg>-Tsvg digraph {</svg>\n"


def test_boundaries_draws_a_panel_for_each_moment() -> None:
    scores = np.linspace(-1, 1, 12).reshape(3, 4)
    panels = {"step 0": scores, "step 1": -scores, "step 2": scores, "all one class": np.ones((3, 4))}
    picture = plot.boundaries(
        panels, [[0.0, 0.0], [1.0, 1.0]], [-1, 1], span=((-1, 2), (-1, 2)), title="moves", columns=3
    )
    shown = [axes for axes in picture.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in shown] == list(panels)
    assert all((axes.get_xlim(), axes.get_ylim()) == ((-1, 2), (-1, 2)) for axes in shown)
    assert shown[3].get_xlabel() == "$x_1$"
    assert shown[0].get_ylabel() == "$x_2$"
