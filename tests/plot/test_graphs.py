"""The pictures of autograd: every operation and leaf once, arrows that go round boxes, paths over a loss."""

from __future__ import annotations

import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from fasttrack import plot
from fasttrack.plot.graphs import Passing, layered, placed


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def count(axes: Axes, kind: type) -> int:
    return sum(isinstance(patch, kind) for patch in axes.patches)


@pytest.fixture
def reused() -> dict[str, torch.Tensor]:
    """e = a b + a."""
    a, b = (torch.tensor(value, requires_grad=True) for value in (2.0, 3.0))
    d = a * b
    return {"a": a, "b": b, "d": d, "e": d + a}


def test_graph_draws_each_operation_and_leaf_once(reused: dict[str, torch.Tensor]) -> None:
    (axes,) = plot.graph(reused["e"], reused).axes
    assert count(axes, FancyBboxPatch) == 4
    assert count(axes, FancyArrowPatch) == 4  # e to d, e to a, d to a, d to b
    assert sorted(texts(axes)) == sorted([*reused, "add", "mul", "leaf ()", "leaf ()"])


def test_graph_shows_gradients(reused: dict[str, torch.Tensor]) -> None:
    (axes,) = plot.graph(reused["e"], reused, grads=True).axes
    assert texts(axes).count("grad None") == 2
    reused["e"].backward()
    (axes,) = plot.graph(reused["e"], reused, grads=True, title="back").axes
    assert {"grad 4", "grad 2"} <= set(texts(axes))
    assert axes.get_title(loc="left") == "back"


def test_graph_writes_slopes_to_arrows(reused: dict[str, torch.Tensor]) -> None:
    slopes = {("e", "d"): 1, ("e", "a"): 5, ("d", "a"): 3, ("d", "b"): 2.5}
    (axes,) = plot.graph(reused["e"], reused, slopes=slopes).axes
    at = {text.get_text(): text.get_position() for text in axes.texts}
    assert {"1", "5", "3", "2.5"} <= set(at)
    assert at["1"][1] == at["5"][1] < at["3"][1] == at["2.5"][1]


def test_graph_names_a_large_gradient_by_its_shape() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    loss = x.sum()
    loss.backward()
    (axes,) = plot.graph(loss, grads=True).axes
    assert "grad (2, 3)" in texts(axes)


def test_graph_refuses_a_tensor_without_one() -> None:
    with pytest.raises(ValueError, match="no grad_fn"):
        plot.graph(torch.ones(2, requires_grad=True))


def test_a_long_edge_passes_beside_the_boxes_of_every_layer_between(reused: dict[str, torch.Tensor]) -> None:
    layers, edges = layered(reused["e"].grad_fn)
    assert [len(layer) for layer in layers] == [1, 2, 2]
    (passing,) = (node for node in layers[1] if isinstance(node, Passing))
    assert len(edges[passing]) == 1
    where = placed(layers, edges)
    xs = sorted(where[node][0] for node in layers[1])
    assert xs[1] - xs[0] > 1.3  # half a box and some air


def test_every_node_stands_below_all_that_use_it() -> None:
    x = torch.ones(3, requires_grad=True)
    hidden = x.tanh()
    layers, edges = layered(((hidden * x).exp() + hidden).sum().grad_fn)
    level = {node: depth for depth, layer in enumerate(layers) for node in layer}
    assert all(level[after] == level[node] + 1 for node, inputs in edges.items() for after in inputs)


def test_descent_draws_each_path_and_its_start() -> None:
    paths = {"lr 1": torch.tensor([[0.0, 0.0], [1.0, 1.0]]), "lr 2": torch.tensor([[0.0, 0.0], [2.0, 0.0]])}
    picture = plot.descent(
        lambda p: (p**2).sum(), paths, xlabel="slope", ylabel="intercept", span=((-1, 3), (-2, 2))
    )
    (axes,) = picture.axes
    assert len(axes.lines) == 4
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xlim()) == ("slope", "intercept", (-1, 3))
    assert axes.get_aspect() == 1
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == list(paths)
