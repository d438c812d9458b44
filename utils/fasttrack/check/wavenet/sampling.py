"""Check of 04_makemore/05_wavenet, on sampling. Oracles: tables with one way, frequencies of letters."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import wavenet as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import Told

LETTERS = "uvwxyzö"


@check
def sample_names(learner: Any, seed: int) -> None:
    """Many names at once, in evaluation mode. Oracle: tables that leave one way, and frequencies."""
    one_way(learner, seed)
    by_chance(learner, seed)


def one_way(learner: Any, seed: int) -> None:
    """The last two characters say what comes next: every name is the same."""
    size = distinct_sizes(seed, 1)[0] + 1
    itos = [".", *LETTERS[: size - 1]]
    order = torch.randperm(size - 1, generator=torch.Generator().manual_seed(seed)).add(1).tolist()
    for block_size, path, count, training in (
        (4, order, 3, True),
        (2, [order[0], order[0], order[-1]] if len(order) > 1 else order, 5, False),
        (8, [], 2, True),
        (3, order, 1, False),
        (8, order, 0, True),
    ):
        logits = torch.full((size, size, size), -1e9)
        logits[:, :, 0] = 0.0
        steps = [0, 0, *path, 0]
        for before, last, then in zip(steps, steps[1:], steps[2:], strict=False):
            logits[before, last] = -1e9
            logits[before, last, then] = 0.0
        name = "".join(itos[i] for i in path)
        called = (
            f"sample_names(model, itos, {block_size}, {count}, generator), model.training {training}, "
            f"model sure of {name!r}"
        )
        found = beside(learner, fixtures.sampled_names, logits, itos, block_size, count, seed, training)
        require(isinstance(found, dict), ("expected", "a dict"))
        Told(found["names"], called).equals([name] * count, mistakes=wrong_names(name, path, count, training))
        looked_after(found, called, block_size, count, training, len(path))


def wrong_names(name: str, path: list[int], count: int, training: bool) -> dict[str, Any]:
    mistakes: dict[str, Any] = {
        "the closing dot is no part of the name": [name + "."] * count,
        "the opening dots are no part of the name": ["." + name] * count,
        "a list of strings, not one string": name * count,
        "one name only: `count` of them": [name],
        "ids, not characters: look them up in itos": [path] * count,
        "each name is one string, not a list of characters": [list(name)] * count,
        "the first letter is missing": [name[1:]] * count,
        "the last letter is missing": [name[:-1]] * count,
    }
    if training and name:
        mistakes["the model was in training mode: call model.eval() first"] = [""] * count
    return {words: wrong for words, wrong in mistakes.items() if wrong != [name] * count}


def looked_after(
    found: dict[str, Any], called: str, block_size: int, count: int, training: bool, letters: int
) -> None:
    """One call for each letter, on all names; no graph; the mode put back; no chance but the generator's."""
    shapes = found["shapes"]
    wrong = next((shape for shape in shapes if shape != [count, block_size]), None)
    require(
        count == 0 or (wrong is None and 0 < len(shapes) <= letters + 2),
        ("called", called),
        ("expected", f"one call of the model for each letter, on ids ({count}, {block_size})"),
        ("got", f"{len(shapes)} calls" + (f", one of them on ids {tuple(wrong)}" if wrong else "")),
        ("mistake", "all names at once: one batch of contexts, one row for each name"),
    )
    require(
        found["recorded"] is False,
        ("called", called),
        ("mistake", "gradients were recorded: put the loop under torch.no_grad()"),
    )
    require(
        found["training"] is training,
        ("called", called),
        ("expected", f"model.training is {training} afterwards, as it was"),
        ("got", f"{found['training']}"),
        ("mistake", "the model comes back in the mode it was in"),
    )
    require(
        found["untouched"] is True and found["again"] == found["names"],
        ("called", called),
        ("mistake", "all chance comes from `generator`: pass it to torch.multinomial"),
    )


def by_chance(learner: Any, seed: int) -> None:
    """Letters follow each pair of letters as often as the softmax of its logits says."""
    size, count = 4, 700
    itos = [".", *LETTERS[: size - 1]]
    logits = normal(seed, size, size, size)
    logits[:, :, 0] = logits[:, :, 0].clamp(min=-0.5)
    probs = logits.softmax(2)
    found = beside(learner, fixtures.sampled_names, logits, itos, 4, count, seed, False)
    names = found["names"]
    fine = isinstance(names, list) and len(names) == count and all(isinstance(one, str) for one in names)
    require(fine, ("expected", f"a list of {count} strings"), ("got", f"{type(names).__name__}"))
    times = torch.zeros(size, size, size)
    for name in names:
        ids = [0, 0, *(itos.index(letter) for letter in name), 0]
        for before, last, then in zip(ids, ids[1:], ids[2:], strict=False):
            times[before, last, then] += 1
    seen = times.sum(2, keepdim=True)  # (size, size, 1)
    spread = (probs * (1 - probs) * seen).sqrt()
    worst = float(((times - seen * probs).abs() / (spread + 1)).max())
    greedy = len(set(names)) == 1
    named = [("mistake", "draw each letter: yours is always the likeliest one")] if greedy else []
    uniform = float(((times - seen / size).abs() / ((seen * 3 / 16).sqrt() + 1)).max()) < 5
    named += (
        [("mistake", "draw by the softmax of the logits: yours are all equally likely")] if uniform else []
    )
    require(
        worst < 5,
        ("called", f"sample_names(model, itos, 4, {count}, generator)"),
        ("expected", "each letter as often as the softmax of the model's logits says"),
        ("got", f"one that is {worst:.1f} standard deviations away"),
        *named,
    )
