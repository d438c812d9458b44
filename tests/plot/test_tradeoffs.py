"""The picture of two losses at once."""

from __future__ import annotations

from fasttrack import plot


def test_points_and_the_path_between_two_of_them() -> None:
    points = {"full": (0.2, 1.1), "replay": (0.17, 0.2), **{f"way {k}": (0.1 * k, 0.5) for k in range(1, 7)}}
    figure = plot.tradeoff(
        points,
        path={"0": (3.0, 0.02), "½": (0.4, 0.1), "1": (0.2, 1.1)},
        ticks=((0.1, 1), (0.1, 1)),
        title="new and old",
        xlabel="new",
        ylabel="old",
    )
    (axes,) = figure.axes
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == list(points)
    assert [text.get_text() for text in axes.texts] == ["0", "½", "1"]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert len({(line.get_color(), line.get_marker()) for line in axes.lines}) == len(points) + 1


def test_axes_without_ticks_are_linear() -> None:
    (axes,) = plot.tradeoff({"one": (1.0, 2.0)}, xlabel="new", ylabel="old").axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")
    assert len(axes.lines) == 1
