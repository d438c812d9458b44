"""What a card looks like in the terminal and in Anki: nothing is lost, formulas reach MathJax whole."""

from __future__ import annotations

import html
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.markdown import Markdown

from fasttrack.cards import deck
from fasttrack.cards.markdown import for_terminal, to_html


def terminal(text: str) -> str:
    console = Console(file=io.StringIO(), width=400, color_system=None)
    console.print(Markdown(for_terminal(text)))
    written = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in written.splitlines()).strip()


@pytest.mark.parametrize(
    ("markdown", "shown", "anki"),
    [
        ("two `a < b` here", "two a < b here", "two <code>a &lt; b</code> here"),
        ("x < y & z", "x < y & z", "x &lt; y &amp; z"),
        ("say <end> now", "say <end> now", "say &lt;end&gt; now"),
        ("*dog.*, **cat**", "dog., cat", "<em>dog.</em>, <strong>cat</strong>"),
        ("a * b * c and n_embd * n_head", "a * b * c and n_embd * n_head", "a * b * c and n_embd * n_head"),
        ("$x_1 * y_2 * z < 3$ is", "x_1 * y_2 * z < 3 is", r"\(x_1 * y_2 * z &lt; 3\) is"),
        ("is $$\\frac{1}{2}$$", r"is \frac{1}{2}", r"is \[\frac{1}{2}\]"),
        ("`$x$` is code", "$x$ is code", "<code>$x$</code> is code"),
        ("from $5 to $10", "from $5 to $10", "from $5 to $10"),
        ("one\ntwo", "one two", "one\ntwo"),
        ("one\n\ntwo", "one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        (
            "```python\na = 1 < 2\n```",
            "a = 1 < 2",
            '<pre><code class="language-python">a = 1 &lt; 2\n</code></pre>',
        ),
        ("{{Question}}", "{{Question}}", "{{Question}}"),
    ],
)
def test_markdown_is_shown_on_both_sides(markdown: str, shown: str, anki: str) -> None:
    assert terminal(markdown) == shown
    assert to_html(markdown) == anki


PIECES = st.sampled_from(
    ["`n_embd`", "$x_1$", "word", "$$a*b$$", "<tag>", "*soft*", "`a < b`", "2 < 3", "n_head"]
)


@given(st.lists(PIECES, min_size=1, max_size=6))
def test_every_piece_arrives_in_both(pieces: list[str]) -> None:
    markdown = " ".join(pieces)
    bare = " ".join(piece if piece[0] == "<" else piece.strip("`$*") for piece in pieces)
    assert terminal(markdown) == bare
    text = html.unescape(re.sub(r"</?(code|em)>", "", to_html(markdown)))
    assert re.sub(r"\\[()\[\]]", "", text) == bare


def test_no_card_of_the_course_loses_a_letter() -> None:
    for card in deck():
        for side in (card.question, card.answer):
            letters = re.findall(r"\w", side)
            assert re.findall(r"\w", terminal(side)) == letters, card
            text = html.unescape(re.sub(r"</?[a-z][^>]*>", "", to_html(side)))
            assert re.findall(r"\w", text) == letters, card
            assert not re.search(r"(?<!<code>)`|\$", to_html(side)), card
