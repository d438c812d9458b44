"""The pictures of 03_backprop/02_numpy_network: what is drawn."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from fasttrack import plot


def test_both_ways_draws_each_array_and_its_gradient_in_one_shape() -> None:
    (axes,) = plot.both_ways({"x": "(n, 3)", "y": "(n, 2)"}, [("linear", {"w": "(3, 2)", "b": "(2,)"})]).axes
    assert sum(isinstance(patch, FancyBboxPatch) for patch in axes.patches) == 4
    assert (
        sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 4
    )  # on, back, parameters in, out
    texts = [text.get_text() for text in axes.texts]
    assert {"x", "grad x", "y", "grad y", "linear", "forward", "backward"} <= set(texts)
    assert texts.count("(n, 3)") == texts.count("(n, 2)") == 2
    assert "w (3, 2)\nb (2,)" in texts
    assert "grad w (3, 2)\ngrad b (2,)" in texts


def test_a_step_without_parameters_has_no_arrows_from_above() -> None:
    (axes,) = plot.both_ways({"z": "(n,)", "h": "(n,)"}, [("relu", {})]).axes
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 2


def test_heatmaps_share_one_scale_around_zero() -> None:
    figure = plot.heatmaps(
        {"a": np.array([[1.0, -3.0]]), "b": np.array([[0.5, 0.5]])}, title="t", xlabel="unit", ylabel="pixel"
    )
    first, second, _ = figure.axes  # the last one holds the scale
    assert [axes.get_images()[0].get_clim() for axes in (first, second)] == [(-3, 3), (-3, 3)]
    assert [axes.get_title() for axes in (first, second)] == ["a", "b"]
    assert (first.get_ylabel(), second.get_ylabel(), second.get_xlabel()) == ("pixel", "", "unit")
    assert figure.get_suptitle() == "t"


def test_heatmaps_of_zeros_and_an_empty_place_can_be_drawn() -> None:
    figure = plot.heatmaps({name: np.zeros((2, 2)) for name in "abc"}, columns=2)
    assert [axes.axison for axes in figure.axes[:4]] == [True, True, True, False]
    figure.draw_without_rendering()
