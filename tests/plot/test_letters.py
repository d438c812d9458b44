"""The pictures of models of letters: what is drawn."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.patches import Rectangle

from fasttrack import plot


def test_bigrams_leave_pairs_that_never_occur_blank() -> None:
    axes, bar = plot.bigrams(torch.tensor([[0, 5], [2, 1]]), ".a", title="t").axes
    shown = axes.get_images()[0].get_array()
    assert isinstance(shown, np.ma.MaskedArray)
    assert shown.mask.tolist() == [[True, False], [False, False]]
    assert [label.get_text() for label in axes.get_xticklabels()] == [".", "a"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("letter", "next letter")
    assert bar.get_ylabel() == "times seen"


def test_spelling_frames_the_letter_that_came_and_writes_its_probability_and_surprise() -> None:
    probs = torch.tensor([[0.0, 0.25, 0.75], [0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])
    (axes,) = plot.spelling(probs, "ab", ".ab").axes
    frames = [patch.get_xy() for patch in axes.patches if isinstance(patch, Rectangle)]
    assert frames == [(-0.5, 0.5), (0.5, 1.5), (1.5, -0.5)]  # a, then b, then the dot
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["0.250", "1.39", "0.700", "0.36", "0.500", "0.69", "−ln p"]
    assert [label.get_text() for label in axes.get_xticklabels()] == [".→", "a→", "b→"]


def test_spelling_shows_what_the_model_called_impossible() -> None:
    (axes,) = plot.spelling([[1.0, 0.0], [1.0, 0.0]], "a", ".a").axes
    assert [text.get_text() for text in axes.texts][:2] == ["0.000", "inf"]
