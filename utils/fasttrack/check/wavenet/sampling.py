"""Check of 04_makemore/05_wavenet, on sampling. Oracles: models with one way to go, frequencies of letters."""

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
    """Many names at once, in evaluation mode. Oracle: models that leave one way, and frequencies."""
    of_different_length(learner, seed)
    one_way(learner, seed)
    by_chance(learner, seed)


def of_different_length(learner: Any, seed: int) -> None:
    """Rows end at different steps, and never draw their dots together."""
    itos = [".", *LETTERS[: 3 + seed % 3]]
    first = seed % 4
    for block_size, ends in ((4, [first + 1, first + 8, first + 2]), (8, [0, 3, 4, 0])):
        count, longest = len(ends), max(ends)
        called = f"sample_names(model, itos, {block_size}, {count}, generator), model sure of names of {ends} letters"
        found = beside(learner, fixtures.staggered_names, ends, itos, block_size, seed)
        require(isinstance(found, dict), ("expected", "a dict"))
        batches(found["shapes"], called, block_size, count)
        calls = len(found["shapes"])
        rows = [
            [itos[fixtures.staggered(end, k, at, len(itos))] for at in range(min(calls, fixtures.LONGEST))]
            for k, end in enumerate(ends)
        ]
        waited = calls == fixtures.LONGEST + 1
        names = [
            "".join(itos[1 + (k + at) % (len(itos) - 1)] for at in range(end)) for k, end in enumerate(ends)
        ]
        Told(found["names"], called).equals(
            names,
            mistakes={
                "letters after the dot were added: a name is complete at its first dot": [
                    "".join(row).replace(".", "") for row in rows
                ],
                "letters and dots after the first dot were added: a name is complete there": [
                    "".join(row) for row in rows
                ],
                "it ends with the shortest name: go on until every name has drawn its dot": [
                    name[: min(ends)] for name in names
                ],
                "the closing dot is no part of the name": [name + "." for name in names],
            },
        )  # fmt: skip
        require(
            calls == longest + 1,
            ("called", called),
            ("expected", f"{longest + 1} calls of the model: then every name has drawn its dot"),
            ("got", f"{calls} calls"),
            *[("mistake", "remember which names are complete: yours waits for all dots at once")] * waited,
        )


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
    batches(shapes, called, block_size, count)
    require(
        count == 0 or len(shapes) == letters + 1,
        ("called", called),
        ("expected", f"{letters + 1} calls of the model, one for each letter and one for the dot"),
        ("got", f"{len(shapes)} calls"),
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


def batches(shapes: list[list[int]], called: str, block_size: int, count: int) -> None:
    """Every call is on the contexts of all names."""
    wrong = next((shape for shape in shapes if shape != [count, block_size]), None)
    together = bool(shapes) and shapes[0] == [count, block_size]
    fewer = together and wrong is not None and len(wrong) == 2 and wrong[0] < count
    require(
        count == 0 or wrong is None,
        ("called", called),
        ("expected", f"calls of the model on ids ({count}, {block_size})"),
        ("got", f"one on ids {tuple(wrong or [])}"),
        *[("mistake", "rows whose name is complete stay in the batch")] * fewer,
        *[("mistake", "all names at once: one batch of contexts, one row for each name")] * (not together),
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
