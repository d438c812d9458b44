"""Pictures of contexts: trees that come out even, and what reaches the last output."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from fasttrack import plot
from fasttrack.plot.style import BLUE


def circles(picture: plot.Picture, panel: int = 0) -> list[Circle]:
    return [patch for patch in picture.axes[panel].patches if isinstance(patch, Circle)]


def test_a_panel_for_each_tree_and_a_node_for_each_group() -> None:
    picture = plot.joining("abcdefgh", {"flat": (8,), "tree": (2, 2, 2)}, title="Two ways")
    assert [axes.get_title(loc="left") for axes in picture.axes] == ["flat", "tree"]
    assert [len(circles(picture, k)) for k in (0, 1)] == [8 + 1, 8 + 4 + 2 + 1]


def test_a_tree_that_does_not_come_out_even_is_refused() -> None:
    with pytest.raises(ValueError, match="6 nodes are no groups of 4"):
        plot.joining("abcdef", {"odd": (4,)})


@pytest.mark.parametrize(("dilations", "seen"), [((1, 2, 4), 8 + 4 + 2 + 1), ((1, 1), 3 + 2 + 1)])
def test_what_reaches_the_last_output_stands_out(dilations: tuple[int, ...], seen: int) -> None:
    picture = plot.dilated("." * 10, dilations, title="Dilated")
    blue = [one for one in circles(picture) if to_hex(one.get_edgecolor()) == BLUE]
    assert len(blue) == seen


def test_inputs_before_the_start_are_left_out() -> None:
    picture = plot.dilated("abc", (1, 2, 4))
    assert len(circles(picture)) == 4 * 3
