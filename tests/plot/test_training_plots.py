"""The pictures of 01_tensors/03_training: what is drawn."""

from __future__ import annotations

import torch

from fasttrack import plot


def test_images_stand_in_rows_with_their_captions() -> None:
    figure = plot.images(torch.rand(5, 8, 8), list("abcde"), columns=3, title="t")
    assert [len(axes.get_images()) for axes in figure.axes] == [1, 1, 1, 1, 1, 0]
    assert [axes.get_title() for axes in figure.axes[:5]] == list("abcde")
    assert figure.get_suptitle() == "t"


def test_images_need_no_captions() -> None:
    figure = plot.images(torch.rand(2, 8, 8))
    assert [axes.get_title() for axes in figure.axes] == ["", ""]


def test_images_can_share_their_greys() -> None:
    figure = plot.images([torch.zeros(2, 2), torch.ones(2, 2)], span=(0, 1), size=2)
    assert [axes.get_images()[0].get_clim() for axes in figure.axes] == [(0, 1), (0, 1)]


def test_learning_draws_both_curves_of_each_run_on_shared_axes() -> None:
    figure = plot.learning({"a": ([3, 2, 1], [3, 2.5, 2]), "b": ([1, 1], [2, 2])}, top=4, marks={"b": 2})
    left, right = figure.axes
    assert [list(line.get_ydata()) for line in left.lines] == [[3, 2, 1], [3, 2.5, 2]]
    assert [list(line.get_xdata()) for line in right.lines] == [[1, 2], [1, 2], [2, 2]]
    assert left.get_ylim() == right.get_ylim() == (0, 4)
    assert [axes.get_title(loc="left") for axes in (left, right)] == ["a", "b"]


def test_confusion_writes_every_count_and_marks_mistakes() -> None:
    (axes,) = plot.confusion(torch.tensor([[5, 1], [0, 7]])).axes
    assert {(text.get_position(), text.get_text(), text.get_weight()) for text in axes.texts} == {
        ((0, 0), "5", "normal"),
        ((1, 0), "1", "bold"),
        ((1, 1), "7", "normal"),
    }
    assert axes.get_images()[0].get_array().tolist() == [[0, 1], [0, 0]]
