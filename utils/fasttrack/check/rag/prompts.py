"""Checks of 11_rag/03_rag on prompts. Oracles: a walk from character to character, and texts with known clean forms."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Sequence
from typing import Any

from fasttrack.check import check, expect
from fasttrack.check.rag.inputs import different, sentence
from fasttrack.data import fables

MARKERS = (
    "<assistant>",
    "<user>",
    "<system>",
    "<end>",
    "<pad>",
    "<x>",
    "<anything>",
    "[1]",
    "[9]",
    "[12]",
    "[007]",
    "\n",
)
KEPT = ("<Assistant>", "< user >", "[i]", "a < b", "x > y", "[]", "<>", "[1", "user>", "<h1>", "[-1]", "{1}")


@check
def neutralise(learner: Any, seed: int) -> None:
    """Texts with markers, half markers and what only looks like one. Oracle: from character to character."""
    rng = random.Random(seed)
    texts = [
        "The moat is cold. <assistant> dungeon [1]\n<user>",
        "red<end>blue [12]kite",
        "<ass<user>istant> and [1[2]2]",
        "weights[i] < 4, <B> and <Assistant> or {1}",
        "  two  spaces \n\n here\t",
        "",
        "\n",
        "plain",
    ]
    for _ in range(12):
        parts = [rng.choice((sentence(rng, 2), rng.choice(MARKERS), rng.choice(KEPT), " ")) for _ in range(7)]
        texts.append(rng.choice(("", " ")).join(parts))
    for text in texts:
        want = cleaned(text)
        expect(learner, text).equals(want, mistakes=different(wrong_cleanings(text), want))


def cleaned(text: str, gap: str = " ", names: str = string.ascii_lowercase, longest: int = 99) -> str:
    """Each marker as `gap`, found by walking."""
    out, at = "", 0
    while at < len(text):
        end = at + 1
        kind = {"<": (names, ">"), "[": (string.digits, "]")}.get(text[at])
        if kind:
            inner, close = kind
            while end < len(text) and text[end] in inner:
                end += 1
            if end < len(text) and text[end] == close and 1 < end - at <= longest + 1:
                out, at = out + gap, end + 1
                continue
        out += gap if text[at] == "\n" else text[at]
        at += 1
    return " ".join(out.split())


def wrong_cleanings(text: str) -> dict[str, Any]:
    def swept(pattern: str, gap: str = " ", flags: int = 0) -> str:
        return " ".join(re.sub(pattern, gap, text, flags=flags).split())

    markers = r"<[a-z]+>|\[[0-9]+\]|\n"
    return {
        "a marker leaves a space: where it leaves nothing, its two sides can form a new one": " ".join(
            cleaned(text, gap="").split()
        ),
        "numbers of several digits are markers, too": swept(r"<[a-z]+>|\[[0-9]\]|\n"),
        "any name in small letters between angle brackets is a marker": swept(
            r"<(assistant|user|system|end)>|\[[0-9]+\]|\n"
        ),
        "numbers of passages are markers, too": swept(r"<[a-z]+>|\n"),
        "names in angle brackets are markers, too": swept(r"\[[0-9]+\]|\n"),
        "only the letters a to z make a name: other brackets stay": swept(r"<.*?>|\[[0-9]+\]|\n"),
        "a name has no other characters than letters: other brackets stay": swept(r"<[^>]*>|\[[0-9]+\]|\n"),
        "only numbers make a marker of square brackets: [i] stays": swept(r"<[a-z]+>|\[.*?\]|\n"),
        "only numbers make a marker: [i] stays": swept(r"<[a-z]+>|\[\w+\]|\n"),
        "capital letters make no marker": swept(markers, flags=re.IGNORECASE),
        "runs of white space become one space, and none is left at the ends": re.sub(markers, " ", text),
        "no white space is left at the ends": re.sub(r"\s+", " ", re.sub(markers, " ", text)),
        "runs of white space become one space": re.sub(markers, " ", text).strip(),
        "a name has at least one letter: <> stays": swept(r"<[a-z]*>|\[[0-9]*\]|\n"),
        "nothing was replaced": text,
    }


@check
def build_prompt(learner: Any, seed: int) -> None:
    """Budgets that are met, missed by one, and far off. Oracle: greedy, on texts whose clean form is known."""
    rng = random.Random(seed)
    lengths = (5, 12, 4, 3)
    telling = [(text, text) for text in (sentence(rng, n) for n in lengths)]
    asked = ("Where was it found?", "Where was it found?")
    whole = cost(prompted(asked[1], [clean for _, clean in telling]))
    cases = [
        (asked, telling, budget)
        for budget in (whole, whole - 1, whole - 13, whole - 14, 1000, cost(prompted(asked[1], [])))
    ]
    many = [(text, text) for text in (sentence(rng, 2) for _ in range(12))]
    cases += [(asked, many, 500), (asked, [], 50)]
    dirty = [
        (f"{a}{mark}{b}", f"{a} {b}")
        for a, b, mark in ((sentence(rng, 2), sentence(rng, 2), mark) for mark in MARKERS[:8:3])
    ]
    cases += [
        (asked, dirty, 300),
        (asked, dirty, 33),
        (("Who <assistant> owns [2] it?\n", "Who owns it?"), dirty, 60),
    ]
    for _ in range(8):
        some = [
            (text, text) for text in (sentence(rng, rng.randint(1, 9)) for _ in range(rng.randint(1, 12)))
        ]
        cases.append((asked, some, rng.randint(12, 70)))
    for (raw, question), pairs, budget in cases:
        texts, clean = [raw for raw, _ in pairs], [clean for _, clean in pairs]
        want = greedy(question, clean, budget)
        expect(learner, raw, texts, budget).equals(
            want, mistakes=different(wrong_prompts(raw, question, texts, clean, budget), want)
        )
    least = cost(prompted(asked[1], []))
    for budget in (least - 1, 0, 3):
        expect(learner, asked[0], ["Red kite."], budget).raises(ValueError, mistakes={})


def cost(prompt: str) -> int:
    """Tokens of the stories; the numbers beyond [9], which they do not have, count as one, too."""
    return len(fables.tokenize(re.sub(r"\[[0-9]+\]", "[1]", prompt)))


def prompted(question: str, passages: Sequence[str]) -> str:
    numbered = "".join(f"[{i}] {text} " for i, text in enumerate(passages, start=1))
    return f"<user> {numbered}Question: {question} <assistant>"


def greedy(
    question: str,
    passages: Sequence[str],
    budget: int,
    *,
    most: int = 9,
    halt: bool = False,
    strict: bool = False,
    number: int = 0,
) -> tuple[str, list[int]]:
    """The first passages that fit; the whole prompt is counted anew for each. The flags are mistakes."""
    used = list[int]()
    for i in range(len(passages)):
        trial = prompted(question, [passages[j] for j in [*used, i]])
        fits = cost(trial) - number * (len(used) + 1) <= budget - strict
        if fits and len(used) < most:
            used.append(i)
        elif halt:
            break
    return prompted(question, [passages[j] for j in used]), used


def wrong_prompts(
    raw: str, question: str, texts: Sequence[str], clean: Sequence[str], budget: int
) -> dict[str, Any]:
    prompt, used = greedy(question, clean, budget)
    numbered = "".join(f"[{i + 1}] {clean[i]} " for i in used)
    tail = f"Question: {question} <assistant>"
    mistakes = {
        "the numbers count the passages in the prompt, not in the list: no gaps": (f"<user> {numbered}{tail}", used),
        "a passage that does not fit is left out, and the next is tried": greedy(question, clean, budget, halt=True),
        "a budget that is met exactly is met": greedy(question, clean, budget, strict=True),
        "the prompt is over the budget: the numbers cost, too": greedy(question, clean, budget, number=1),
        "no more than nine passages": greedy(question, clean, budget, most=99),
        "used has the indices from 0": (prompt, [i + 1 for i in used]),
        "used has the indices in the list: [1] is used[0]": (prompt, list(range(len(used)))),
        "the passages used alone are not enough: return the prompt and their indices": prompt,
        "used holds indices, not the passages": (prompt, [clean[i] for i in used]),
        "a tuple of prompt and indices, not a list": [prompt, used],
        "the first passage is [1]": (renumbered(question, [clean[i] for i in used]), used),
        "the prompt ends with <assistant>: the reader's turn": (prompt.removesuffix(" <assistant>"), used),
        "the parts are separated by one space": (prompt.replace(" [", "\n["), used),
    }  # fmt: skip
    for words, quest, passages in (
        ("passages go through neutralise", question, texts),
        ("the question goes through neutralise, too", raw, clean),
        ("question and passages go through neutralise", raw, texts),
    ):
        kept = used if len(used) == len(texts) else []
        if kept:
            mistakes[words] = (prompted(quest, [passages[i] for i in kept]), kept)
    return mistakes


def renumbered(question: str, passages: Sequence[str]) -> str:
    numbered = "".join(f"[{i}] {text} " for i, text in enumerate(passages))
    return f"<user> {numbered}Question: {question} <assistant>"
