"""The picture of a tokenizer: where it cuts a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.patches import Rectangle

from fasttrack.plot.style import INK, MUTED, Picture, picture, styled

TINTS = ("#cfe4f3", "#f9d9c4", "#c9ebdf", "#f3dcea", "#fbe6bf")
SPECIAL = {"\n": "↵", "\t": "→"}


@styled
def tokens(strips: Mapping[str, Sequence[bytes]], *, title: str = "", columns: int = 84) -> Picture:
    """The tokens of a text as coloured boxes: for each entry of `strips` its name, how many they are, and the text.

    A token that is no whole UTF-8, part of a character, is shown as its bytes in base 16. A line break is ↵, and the
    line goes on.
    """
    blocks = [
        (f"{name}: {len(strip)} token{'s' * (len(strip) != 1)}", laid_out(strip, columns))
        for name, strip in strips.items()
    ]
    rows = sum(2 + lines(placed) for _, placed in blocks)
    figure = picture(9.0, 0.25 * rows + (0.45 if title else 0.1))
    axes = figure.add_subplot()
    axes.set(xlim=(-0.5, columns + 0.5), ylim=(rows - 0.7, -0.6), title=title)
    axes.set_axis_off()
    y = 0.0
    for name, placed in blocks:
        axes.text(0, y, name, va="center", fontsize=9.5, color=MUTED)
        y += 1.1
        for k, (text, row, column, broken) in enumerate(placed):
            axes.add_patch(
                Rectangle(
                    (column + 0.04, y + row - 0.45),
                    len(text) - 0.08,
                    0.9,
                    facecolor=TINTS[k % len(TINTS)],
                    linewidth=0,
                )
            )
            for i, character in enumerate(
                text
            ):  # one by one: a whole word would not fill its box in every renderer
                axes.text(
                    column + i + 0.5,
                    y + row,
                    character,
                    ha="center",
                    va="center_baseline",
                    family="DejaVu Sans Mono",
                    fontsize=7.5 if broken else 9,
                    color=MUTED if broken else INK,
                )
        y += lines(placed) + 0.9
    return figure


def laid_out(strip: Sequence[bytes], columns: int) -> list[tuple[str, int, int, bool]]:
    """What is written for each token, in which row and from which column on, and whether it is bytes."""
    placed: list[tuple[str, int, int, bool]] = []
    row = column = 0
    for token in strip:
        text, broken = shown(token)
        if column and column + len(text) > columns:
            row, column = row + 1, 0
        placed.append((text, row, column, broken))
        column += len(text)
    return placed


def lines(placed: Sequence[tuple[str, int, int, bool]]) -> int:
    return placed[-1][1] + 1 if placed else 1


def shown(token: bytes) -> tuple[str, bool]:
    try:
        return "".join(SPECIAL.get(character, character) for character in token.decode("utf-8")), False
    except UnicodeDecodeError:
        return token.hex(), True
