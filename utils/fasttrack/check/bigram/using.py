"""Checks of 04_makemore/01_bigram, on a counted model's use: sampling from it, choosing its smoothing.

Oracles: chains with only one way, frequencies of letters after letters, a loop over strengths in NumPy.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, fixtures, require
from fasttrack.check.bigram.counting import rows, surprise
from fasttrack.check.fixtures import beside
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.values import describe

LETTERS = "uvwxyzö"


@check
def sample_names(learner: Any, seed: int) -> None:
    """Letter after letter, from the row of the one before. Oracle: chains of one way, and frequencies."""
    only_way(learner, seed)
    by_chance(learner, seed)


def only_way(learner: Any, seed: int) -> None:
    """Probabilities 0 and 1: the name is what the table spells."""
    size = distinct_sizes(seed, 1)[0] + 1
    itos = [".", *LETTERS[: size - 1]]
    for path in (
        [*torch.randperm(size - 1, generator=torch.Generator().manual_seed(seed)).add(1).tolist()],
        [2],
        [],
    ):
        chain = [0, *path, 0]
        probs = torch.eye(size)[[0] * size]  # letters off the way lead to the dot
        probs[chain[:-1]] = torch.eye(size)[chain[1:]]
        name, count = "".join(itos[i] for i in path), 3
        mistakes: dict[str, Any] = {
            "the closing dot is no part of the name": [name + "."] * count,
            "the opening dot is no part of the name": ["." + name] * count,
            "the dots are no part of the name": [f".{name}."] * count,
            "a list of strings, not one string": name * count,
            "a list of strings, not one with dots between": f"{name}." * count,
            "one name only: `count` of them": [name],
            "ids, not characters: look them up in itos": [path] * count,
            "each name is one string, not a list of characters": [list(name)] * count,
        }
        if len(path) > 1:
            mistakes['a name starts after ".", at row 0: its first letter is missing'] = [name[1:]] * count
        for n in (count, 1, 0):
            first, second, again, _ = names_of(learner, probs, itos, n, seed)
            told = {words: [wrong] * 3 for words, wrong in mistakes.items()}
            answer = expect(lambda *_, answers=[first, second, again]: answers, probs, itos, n)
            answer.equals([[name] * n] * 3, mistakes=told if n == count else {})


def names_of(learner: Any, probs: torch.Tensor, itos: list[str], count: int, seed: int) -> list[Any]:
    """What `fixtures.sampled` gives; what should be lists of strings is no tensor."""
    found = beside(learner, fixtures.sampled, probs, itos, count, seed)
    if len(found) == 2:
        endless(found[0], found[1], probs, itos, count)
    *lists, untouched = found
    for one in lists:
        require(
            not isinstance(one, torch.Tensor | np.ndarray),
            ("expected", "a list of strings"),
            ("got", describe(one)),
        )
    return [*lists, untouched]


def endless(draws: int, drawn: list[int], probs: torch.Tensor, itos: list[str], count: int) -> None:
    """Fail, with the reason that the drawn ids tell: only dots, or only what row 0 leads to."""
    told = []
    if drawn == [0]:
        told = [("mistake", "an empty name is a name too, and must be returned")]
    elif 0 not in drawn:
        told = [("mistake", "the dot was never drawn: the row of the next draw is the letter just drawn")]
    require(
        False,
        ("called", f"sample_names(probs {tuple(probs.shape)}, itos, {count}, generator)"),
        ("expected", f"{count} names, each of them ended by a dot that is drawn"),
        ("got", f"no end after {draws} draws, which gave {[itos[i] for i in drawn]}"),
        *told,
    )


def by_chance(learner: Any, seed: int) -> None:
    """Many names from a table without zeros: letters follow each other as often as it says."""
    for case, size in enumerate((5, 4)):
        itos, count = [".", *LETTERS[: size - 1]], 250
        probs = normal(seed + case, size, size).div(2).softmax(1)
        probs[1:, 0] = (
            probs[1:].amax(1) + 0.05
        )  # names end, also for a learner who takes the likeliest letter
        probs[0, 0] = 0.02
        probs = probs / probs.sum(1, keepdim=True)
        first, second, again, untouched = names_of(learner, probs, itos, count, seed + case)
        kinds = [type(first).__name__, *(type(name).__name__ for name in first)]
        expect(lambda *_, told=kinds: told, probs, itos, count).equals(["list"] + ["str"] * count)
        draws = ("called", f"sample_names(probs {tuple(probs.shape)}, itos, {count}, generator)")
        require(
            bool(first == again),
            draws,
            ("expected", "the same seed gives the same names"),
            ("mistake", "draw from the generator that is passed: multinomial(…, generator=generator)"),
        )
        require(
            bool(first != second),
            draws,
            ("expected", "the next names from the same generator are others"),
            ("mistake", "every call gives the same names: draw at random, and do not seed inside"),
        )
        require(
            bool(untouched),
            draws,
            ("expected", "every draw comes from the generator that is passed"),
            ("mistake", "the global generator was used, too"),
        )
        followed(first + second, itos, probs, draws)


def followed(names: list[str], itos: list[str], probs: torch.Tensor, draws: tuple[str, str]) -> None:
    """Each letter follows each other letter about as often as `probs` says."""
    counts = torch.zeros(len(itos), len(itos))
    place = {character: i for i, character in enumerate(itos)}
    strange = sorted({c for name in names for c in name} - set(itos[1:]))
    require(not strange, draws, ("expected", f"letters {''.join(itos[1:])}"), ("got", f"also {strange}"))
    for name in names:
        ids = [0, *(place[c] for c in name), 0]
        for i, j in pairwise(ids):
            counts[i, j] += 1
    p = probs.double()
    overall = (counts.sum(0) / counts.sum()).double().expand(len(itos), -1)
    other = {
        "every letter is drawn from row 0: take the row of the letter before": p[:1].expand(len(itos), -1),
        "letters are drawn with equal probability: pass the row to multinomial": torch.full_like(
            p, 1 / len(p)
        ),
        "the letter before makes no difference: take its row": overall,
        "you drew from columns: row i is what follows i": p.T / p.T.sum(1, keepdim=True),
        "probabilities as they are: softmax would flatten them": p.softmax(1),
    }
    worst, off = furthest(counts, p)
    apart = {words: furthest(counts, table)[1] for words, table in other.items()}
    likely = min(apart, key=lambda words: apart[words])
    told = [("mistake", likely)] if off > 5 >= apart[likely] else []
    i, j = divmod(worst, len(itos))
    seen = counts[i, j] / counts[i].sum().clamp(min=1)
    require(
        off <= 5,
        draws,
        ("expected", f"{itos[j]!r} follows {itos[i]!r} with probability {p[i, j]:.3f}"),
        ("got", f"{seen:.3f} of {int(counts[i].sum())} times"),
        *told,
    )


def furthest(counts: torch.Tensor, probs: torch.Tensor) -> tuple[int, float]:
    """The cell that is furthest from its expected count, and by how many standard deviations."""
    n = counts.sum(1, keepdim=True).double()
    spread = (n * probs * (1 - probs)).sqrt().clamp(min=1)
    off = (counts.double() - n * probs).abs() / spread
    return int(off.argmax()), float(off.max())


@check
def choose_smoothing(learner: Any, seed: int) -> None:
    """The strength with the smallest loss on the dev pairs. Oracle: a loop in NumPy."""
    a, b = distinct_sizes(seed, 2)
    strengths = [1.0, 0.0, 0.01, 3.0, 0.1, 100.0, 0.3, 10.0, 30.0, 0.03]
    for case, (size, pairs) in enumerate(((a + 2, 90), (b + 3, 15), (9, 300), (6, 80))):
        # Dev pairs follow the counted ones loosely, so that the best strength lies inside the list.
        truth = normal(seed + case, size, size).mul(1.5).softmax(1)
        drawn = torch.Generator().manual_seed(seed + case)
        x, dev_x = integers(seed + case, size, pairs), integers(seed + case + 50, size, 400)
        y = torch.multinomial(truth[x], 1, generator=drawn)[:, 0]
        dev_y = torch.multinomial(truth[dev_x], 1, generator=drawn)[:, 0]
        counts = torch.eye(size, dtype=torch.int64)
        for i, j in zip(x.tolist(), y.tolist(), strict=True):
            counts[i, j] += 1
        strengths = [*strengths[3:], *strengths[:3]]
        tried = [s for s in strengths if s > (0.05, -1.0, -1.0, 20.0)[case]]
        losses = {s: surprise(rows(counts, s), dev_x, dev_y).item() for s in tried}
        best = min(losses, key=lambda s: losses[s])
        own = {s: own_loss(counts, s) for s in tried}
        cells = counts.nonzero().unbind(1)
        cell_by_cell = {s: surprise(rows(counts, s), *cells).item() for s in tried}
        mistakes: dict[str, Any] = {
            "judged by the counted pairs, the least smoothing always wins: judge by the dev pairs": min(
                own, key=lambda s: own[s]
            ),
            "judged by the pairs that were counted, each of them once: judge by the dev pairs": min(
                cell_by_cell, key=lambda s: cell_by_cell[s]
            ),
            "the smallest loss, not the largest": max(losses, key=lambda s: losses[s]),
            "return the strength, not its loss": losses[best],
            "return the strength, not its place in the list": tried.index(best),
            "try them all: that is the first strength": tried[0],
            "try them all: that is the last strength": tried[-1],
            "an unseen pair makes the loss inf: that strength cannot be the best": 0.0,
            "the smallest strength is not the best one": min(tried),
            "the largest strength is not the best one": max(tried),
        }
        expect(learner, counts, dev_x, dev_y, tried).close(
            best, mistakes={words: value for words, value in mistakes.items() if value != best}, rtol=1e-6
        )


def own_loss(counts: torch.Tensor, smoothing: float) -> float:
    """The loss on the pairs that were counted."""
    seen = counts > 0
    return float(-(counts[seen] * rows(counts, smoothing)[seen].double().log()).sum() / counts.sum())
