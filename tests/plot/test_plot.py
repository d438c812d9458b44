"""The pictures of the lessons: what is drawn, and that a cell shows it once."""

from __future__ import annotations

import matplotlib as mpl
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from fasttrack import plot
from fasttrack.plot.style import INK, SERIES


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def boxes(axes: Axes, *, faded: bool = False) -> list[Rectangle]:
    """The cells of a grid; `faded` ones are dashed."""
    cells = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [cell for cell in cells if (cell.get_linestyle() == "--") == faded]


def arrows(axes: Axes) -> int:
    return sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches)


def legend(axes: Axes) -> list[str]:
    found = axes.get_legend()
    return [text.get_text() for text in found.get_texts()] if found else []


@pytest.fixture
def x() -> torch.Tensor:
    return torch.arange(12).reshape(3, 4)


def test_strides_draws_every_element_twice_in_grid_and_storage(x: torch.Tensor) -> None:
    (axes,) = plot.strides(x).axes
    assert len(boxes(axes)) == 12 + 12
    assert not boxes(axes, faded=True)
    assert arrows(axes) == 4  # one step along each dim, in the grid and in storage
    assert "shape (3, 4), stride (4, 1)" in texts(axes)
    assert texts(axes).count("+4") == texts(axes).count("+1") == 2


def test_strides_of_a_transpose_keep_the_storage_and_swap_the_steps(x: torch.Tensor) -> None:
    left, right = plot.strides({"x": x, "x.T": x.T}).axes
    assert [axes.get_title(loc="left") for axes in (left, right)] == ["x", "x.T"]
    assert "shape (4, 3), stride (1, 4)" in texts(right)
    storage = [[t for t in texts(axes) if t.isdigit()][12:] for axes in (left, right)]
    assert storage[0] == storage[1]


def test_strides_of_a_slice_show_what_is_never_read(x: torch.Tensor) -> None:
    (axes,) = plot.strides(x[:, 1:3]).axes
    assert len(boxes(axes)) == 6 + 6
    assert len(boxes(axes, faded=True)) == 6
    assert "shape (3, 2), stride (4, 1), offset 1" in texts(axes)


def test_strides_of_a_broadcast_row_step_by_zero(x: torch.Tensor) -> None:
    (axes,) = plot.strides(x[0].expand(3, 4)).axes
    assert len(boxes(axes)) == 12 + 4
    assert texts(axes).count("+0") == 2
    assert "shape (3, 4), stride (0, 1)" in texts(axes)


def test_strides_of_a_vector_have_one_step() -> None:
    (axes,) = plot.strides(torch.arange(6)[::2]).axes
    assert arrows(axes) == 2
    assert "shape (3,), stride (2,)" in texts(axes)


def test_strides_colours_a_cell_by_its_number(x: torch.Tensor) -> None:
    view, copy = plot.strides({"view": x.T, "copy": x.T.contiguous()}).axes
    for axes, place in ((view, 4), (copy, 1)):  # where the number 4 lies
        grid, storage = boxes(axes)[:12], boxes(axes)[12:]
        assert grid[1].get_facecolor() == storage[place].get_facecolor()
        assert len({cell.get_facecolor() for cell in storage}) == 12
    assert [cell.get_facecolor() for cell in boxes(view)[:12]] == [
        cell.get_facecolor() for cell in boxes(copy)[:12]
    ]


@pytest.mark.parametrize(("steps", "short"), [((4, 1), "+1"), ((1, 4), "+1"), ((0, 1), "+0"), ((2, 3), "+2")])
def test_strides_write_the_shorter_step_beside_both_arcs(steps: tuple[int, int], short: str) -> None:
    (axes,) = plot.strides(torch.arange(12).as_strided((2, 2), steps)).axes
    _, beside = (text for text in axes.texts if text.get_text() == short)  # in the grid, in storage
    assert beside.get_horizontalalignment() == "right"
    assert beside.get_position()[0] < 0.5  # the arcs start at the middle of place 0


def test_grid_writes_numbers_names_and_marks() -> None:
    x = torch.tensor([[0.5, -1.0, 12.3], [0.0, 2.25, -0.001]])
    (axes,) = plot.grid(x, "title", rows=["a", "b"], column_label="class", mark=[(1, 2)]).axes
    assert texts(axes)[:6] == ["0.50", "-1", "12", "0", "2.25", "0"]
    assert {"a", "b", "class", "0", "1", "2"} <= set(texts(axes))
    (marked,) = (cell for cell in boxes(axes) if cell.get_linewidth() > 2)
    assert to_hex(marked.get_edgecolor()) == INK
    assert axes.get_title(loc="left") == "title"


@pytest.mark.parametrize(("label", "degrees"), [("position", 90), ("q", 0)])
def test_grid_sets_a_single_letter_upright(label: str, degrees: float) -> None:
    (axes,) = plot.grid(torch.zeros(2, 2), row_label=label).axes
    assert [text.get_rotation() for text in axes.texts if text.get_text() == label] == [degrees]


def test_grid_of_log_probabilities_is_darker_where_they_are_larger() -> None:
    (axes,) = plot.grid(torch.tensor([[-0.1, -2.0, -torch.inf]])).axes
    likely, unlikely, impossible = (sum(cell.get_facecolor()[:3]) for cell in boxes(axes))
    assert likely < unlikely == impossible


def test_grid_of_a_vector_is_one_row() -> None:
    (axes,) = plot.grid(torch.arange(5)).axes
    assert len(boxes(axes)) == 5
    assert len({cell.get_y() for cell in boxes(axes)}) == 1


def test_grid_draws_infinities_and_constants() -> None:
    (axes,) = plot.grid(torch.tensor([[-torch.inf, torch.nan], [0.0, 0.0]])).axes
    assert {"-inf", "nan"} <= set(texts(axes))


def test_broadcast_draws_repeated_cells_dashed() -> None:
    (axes,) = plot.broadcast(torch.arange(3)[:, None], torch.arange(4)).axes
    assert len(boxes(axes)) == 3 + 4 + 12
    assert len(boxes(axes, faded=True)) == 9 + 8
    assert {"(3, 1)", "(4,)", "(3, 4)", "+", "="} <= set(texts(axes))


def test_reductions_show_both_sums(x: torch.Tensor) -> None:
    (axes,) = plot.reductions(x).axes
    assert len(boxes(axes)) == 12 + 4 + 3 + 3
    assert arrows(axes) == 4 + 3 + 1  # from every column, from every row, from the kept sums to the bare
    assert {"12", "15", "18", "21", "6", "22", "38"} <= set(texts(axes))
    assert {"x.sum(0)\n(4,)", "x.sum(1, keepdim=True)\n(3, 1)", "x.sum(1)\n(3,)"} <= set(texts(axes))


def test_reductions_draw_what_has_one_dim_as_a_row(x: torch.Tensor) -> None:
    (axes,) = plot.reductions(x).axes
    sums = boxes(axes)[-6:]  # kept and bare by turns
    assert len({cell.get_x() for cell in sums[::2]}) == len({cell.get_y() for cell in sums[1::2]}) == 1


def test_curves_name_their_lines_and_axes() -> None:
    t = torch.linspace(1, 4, 10)
    (axes,) = plot.curves(t, {"up": t, "down": -t}, xlabel="step", ylabel="loss", title="training").axes
    assert legend(axes) == ["up", "down"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")
    assert [line.get_color() for line in axes.lines] == list(SERIES[:2])
    assert axes.lines[1].get_ydata().tolist() == (-t).tolist()


def test_a_dashed_curve_has_the_colour_of_the_one_it_belongs_to() -> None:
    series = {"a": [1, 2], "b": [2, 3], "a, train": [0, 1]}
    (axes,) = plot.curves([1, 2], series, dashed={"a, train": "a"}, xlabel="x", ylabel="y").axes
    assert [line.get_color() for line in axes.lines] == [SERIES[0], SERIES[1], SERIES[0]]
    assert [line.get_linestyle() for line in axes.lines] == ["-", "-", "--"]
    assert legend(axes) == list(series)


def test_curves_can_be_logarithmic() -> None:
    (axes,) = plot.curves([1, 2, 4], {"y": [1, 2, 4]}, xlabel="x", ylabel="y", log=True).axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert legend(axes) == []


def test_short_powers_of_two_are_named_as_numbers() -> None:
    (axes,) = plot.curves([256, 4096], {"y": [0.01, 4]}, xlabel="x", ylabel="y", log=True).axes
    axes.figure.canvas.draw()
    names, powers = (
        [tick.get_text() for tick in ticks] for ticks in (axes.get_xticklabels(), axes.get_yticklabels())
    )
    assert "1,024" in names
    assert any("2^{" in power for power in powers)


def test_fit_draws_points_and_lines_from_end_to_end() -> None:
    (axes,) = plot.fit(torch.tensor([0.0, 1, 2]), torch.tensor([1.0, 2, 3]), {"found": (2, 1)}).axes
    (points,) = (c for c in axes.collections if isinstance(c, PathCollection))
    assert points.get_offsets().shape == (3, 2)
    assert axes.lines[0].get_xydata().tolist() == [[0, 1], [2, 5]]


def test_bars_stand_side_by_side_in_groups() -> None:
    (axes,) = plot.bars(
        ["a", "b", "c"], {"one": [1, 2, 3], "two": torch.tensor([3.0, 2, 1])}, ylabel="p"
    ).axes
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == [1, 2, 3, 3, 2, 1]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["a", "b", "c"]
    assert axes.patches[0].get_x() + axes.patches[0].get_width() <= axes.patches[3].get_x()
    assert axes.get_yscale() == "linear"


def test_bars_can_be_logarithmic() -> None:
    (axes,) = plot.bars(["a", "b"], {"one": [1, 1000]}, ylabel="p", log=True).axes
    assert axes.get_yscale() == "log"


def test_ladder_writes_each_loss_and_sets_yours_apart() -> None:
    losses = {"uniform": 3.2958, "mine": torch.tensor(2.5)}
    (axes,) = plot.ladder(losses, yours=["mine"], xlabel="nats").axes
    assert texts(axes) == ["3.2958", "2.5000"]
    assert axes.patches[0].get_facecolor() != axes.patches[1].get_facecolor()
    assert axes.get_xlabel() == "nats"
    assert legend(axes) == ["yours", "for comparison"]


def test_ladder_can_write_how_far_down_each_step_goes() -> None:
    (axes,) = plot.ladder({"first": 2.5, "second": 2.25}, steps=True, xlabel="nats").axes
    assert [text.get_text() for text in axes.texts] == ["2.5000", "2.2500   (-0.2500)"]


def test_ladder_that_starts_above_zero_has_dots_and_no_bars() -> None:
    (axes,) = plot.ladder({"theirs": 2.25, "mine": 2.5}, yours=["mine"], start=2.0, xlabel="nats").axes
    assert not axes.patches
    assert [line.get_xdata()[0] for line in axes.lines] == [2.25, 2.5]
    assert axes.get_xlim()[0] == 2.0


def test_ladder_of_one_kind_needs_no_key() -> None:
    (axes,) = plot.ladder({"uniform": 3.2958, "mine": 2.5}, xlabel="nats").axes
    assert legend(axes) == []


def test_pipeline_draws_stations_in_order_with_arrows_between() -> None:
    (axes,) = plot.pipeline({"ids": "(n,)", "model": "weights", "loss": "()"}, here=["loss"]).axes
    stations = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert texts(axes)[::2] == ["ids", "model", "loss"]
    assert arrows(axes) == 2
    assert stations[0].get_edgecolor() == stations[1].get_edgecolor() != stations[2].get_edgecolor()


def test_pipeline_can_lead_back() -> None:
    (axes,) = plot.pipeline({"data": "x", "model": "p", "step": "p"}, back=("step", "model")).axes
    assert arrows(axes) == 3
    (way,) = axes.lines
    assert list(way.get_xdata())[::3] == [5.95, 3.45]


def test_a_cell_shows_a_picture_once_and_leaves_nothing_open(
    x: torch.Tensor, shell: InteractiveShell
) -> None:
    picture = plot.strides(x)
    shown, _ = shell.display_formatter.format(picture)
    assert shown["image/png"].startswith(b"\x89PNG")
    assert plt.get_fignums() == []


def test_a_picture_leaves_the_learners_style_alone(x: torch.Tensor) -> None:
    before = dict(mpl.rcParams)
    plot.strides(x)._repr_png_()
    assert dict(mpl.rcParams) == before


def test_a_picture_says_what_it_is(x: torch.Tensor) -> None:
    assert repr(plot.strides({"x": x, "x.T": x.T})) == "<Picture: x; x.T>"
