"""What a reader is shown, and what its answer is worth: a prompt within a budget, citations, and their check.

The functions are those of lesson 11/03, typed and under the same checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

MARKER = re.compile(
    r"<[a-z]+>|\[[0-9]+\]|\n"
)  # what has a meaning to the reader and must not come from a passage
CITED = re.compile(r"((?:[ \n]*\[[0-9]+\])+)")
JOINED = re.compile(r"^(or|and) ")
NUMBER = re.compile(r"\[([0-9]+)\]")
MOST = 9  # passages that have a number in the reader's vocabulary

Count = Callable[[str], int]  # how many tokens a text costs


def neutralise(text: str) -> str:
    """The text without anything that a reader takes for more than text: special tokens, numbers of passages, breaks.

    Each becomes a space, so that nothing new forms where it was; runs of blanks become one.
    """
    return " ".join(MARKER.sub(" ", text).split())


def build_prompt(question: str, passages: Sequence[str], budget: int, count: Count) -> tuple[str, list[int]]:
    """The prompt, at most `budget` tokens long, and which passages are in it, by index and in order.

    "<user> [1] … [2] … Question: … <assistant>". Passages come best first; one that no longer fits is left out, and the
    next is tried. Raises ValueError if the question alone is over the budget.
    """
    tail = f"Question: {neutralise(question)} <assistant>"
    left = budget - count(f"<user> {tail}")
    if left < 0:
        raise ValueError(f"the question is {-left} tokens over the budget of {budget}: ask a shorter one")
    parts, used = ["<user>"], list[int]()
    for i, passage in enumerate(passages):
        part = f"[{len(used) + 1}] {neutralise(passage)}"
        if len(used) < MOST and count(part) <= left:
            left -= count(part)
            parts.append(part)
            used.append(i)
    return " ".join([*parts, tail]), used


def claims(text: str) -> list[tuple[str, list[int]]]:
    """An answer cut after its citations: pairs of what is said and the numbers that stand behind it.

    "mill [2] or inn [4]" -> [("mill", [2]), ("inn", [4])]. What comes after the last citation has none.
    """
    pieces = CITED.split(text)
    found = []
    for said, marks in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        said = JOINED.sub("", said.strip(" \n.,;")).strip(" ")
        if said:
            found.append((said, [int(number) for number in NUMBER.findall(marks)]))
    return found


def unsupported(claims: Sequence[tuple[str, Sequence[int]]], passages: Sequence[str]) -> list[str]:
    """The claims that no passage they cite holds word for word (capitals apart); one without a citation is one."""
    texts = [f" {' '.join(words(passage))} " for passage in passages]

    def holds(number: int, said: str) -> bool:
        return 1 <= number <= len(texts) and f" {' '.join(words(said))} " in texts[number - 1]

    return [said for said, numbers in claims if not any(holds(number, said) for number in numbers)]


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return re.findall(r"\w+", text.lower())
