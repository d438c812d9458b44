"""Check of 04_makemore/02_mlp, on sampling: the context moves along with what was drawn.

Oracles: a model that spells what a script says, letter by letter; the same draws from the same generator.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check
from fasttrack.check.fixtures import mlp as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask

LETTERS = "uvwxyzöä"


@check
def sample_names(learner: Any, seed: int) -> None:
    """Letter after letter, each from the last `block_size` ids. Oracles: a script, and a loop with the same draws."""
    spelled(learner, seed)
    drawn(learner, seed)


def spelled(learner: Any, seed: int) -> None:
    """The contexts that the model must be asked for, where every next letter is certain."""
    itos = [".", *LETTERS]
    order = torch.randperm(len(LETTERS), generator=torch.Generator().manual_seed(seed)).add(1).tolist()
    for block_size, path, count, training in (
        (3, order[:5], 2, True),
        (1, order[:3], 1, False),
        (4, order[:2], 3, False),
        (2, [], 2, True),
        (3, order, 0, False),
    ):
        ids = [0] * block_size + path
        contexts = [ids[i : i + block_size] for i in range(len(path) + 1)]
        script = list(zip(contexts, [*path, 0], strict=True))
        name = "".join(itos[i] for i in path)

        def outcome(
            names: Any, asked: Any = contexts, count: int = count, training: bool = training, **state: bool
        ) -> dict[str, Any]:
            return {
                "names": names,
                "contexts the model was given": asked * count,
                "asked in training mode": False,
                "gradients recorded": False,
                "model.training afterwards": training,
                **state,
            }

        mistakes: dict[str, Any] = {
            "the closing dot is no part of the name": outcome([name + "."] * count),
            "a list of strings, not one string": outcome(name * count),
            "ids, not characters: look them up in itos": outcome([path] * count),
            "each name is one string, not a list of characters": outcome([list(name)] * count),
            "gradients were recorded: draw under torch.no_grad()": outcome(
                [name] * count, **{"gradients recorded": bool(count)}
            ),
            "the model was in training mode: call model.eval() first": outcome(
                [name] * count, **{"asked in training mode": True}
            ),
            "the model was in training mode, and gradients were recorded: model.eval(), torch.no_grad()": outcome(
                [name] * count, **{"asked in training mode": True, "gradients recorded": True}
            ),
            "the model comes back in the mode it was in: yours stays in evaluation mode": outcome(
                [name] * count, **{"model.training afterwards": False}
            ),
            "the model comes back in the mode it was in: yours is always in training mode": outcome(
                [name] * count, **{"model.training afterwards": True}
            ),
        }
        if path:
            wrong = {
                "the context of a new name is all dots again": lost(
                    script, block_size, count, itos, "carried"
                ),
                "every name starts from dots again: yours starts from the last letters of the one before": lost(
                    script, block_size, count, itos, "kept"
                ),
                "the newest letter goes to the right end, the oldest is dropped on the left": lost(
                    script, block_size, count, itos, "left"
                ),
                "the context slides by one: the oldest letter is dropped, the others move": lost(
                    script, block_size, count, itos, "overwritten"
                ),
            }
            mistakes |= {
                words: outcome(names) | {"contexts the model was given": asked}
                for words, (names, asked) in wrong.items()
            }
        called = f"sample_names(model, itos, {block_size}, {count}, generator), a model that spells {name!r}"
        ask(learner, fixtures.spelled, script, itos, block_size, count, training, seed, called=called).equals(
            outcome([name] * count), mistakes=mistakes if count else {}
        )


def lost(script: Any, block_size: int, count: int, itos: list[str], how: str) -> tuple[list[str], Any]:
    """The names and contexts of a walk whose context is moved wrongly."""
    following = {tuple(context): i for context, i in script}
    names, asked = [], []
    context = [0] * block_size
    for _ in range(count):
        if how not in ("carried", "kept"):
            context = [0] * block_size
        name = ""
        while True:
            asked.append(context)
            i = following.get(tuple(context), 0)
            moved = {"left": [i, *context[:-1]], "overwritten": [*context[:-1], i]}
            if i or how == "carried":
                context = moved.get(how, [*context[1:], i])
            if not i:
                break
            name += itos[i]
        names.append(name)
    return names, asked


def drawn(learner: Any, seed: int) -> None:
    """Names that chance makes, letter for letter."""
    a, b = distinct_sizes(seed, 2)
    for case, (block_size, vocab_size, count) in enumerate(((3, a + 1, 9), (1, b + 1, 6), (4, 5, 8))):
        itos = [".", *LETTERS[: vocab_size - 1]]
        weight = normal(seed + case, block_size, vocab_size, vocab_size, dtype=torch.float64)
        bias = normal(seed + case + 5, vocab_size, dtype=torch.float64)
        bias[0] += 2.5  # so that names end

        def walks(chance: str = "", args: Any = (weight, bias, itos, count, seed + case)) -> Any:
            weight, bias, itos, count, start = args
            generator = torch.Generator().manual_seed(start)
            runs = []
            for _ in range(2):
                if chance == "reset":
                    generator.manual_seed(start)
                runs.append([walk(weight, bias, itos, generator, chance) for _ in range(count)])
            return runs

        called = f"sample_names(model, itos, {block_size}, {count}, generator), twice from one generator"
        ask(learner, fixtures.drawn_names, weight, bias, itos, count, seed + case, called=called).equals(
            walks(),
            mistakes={
                "draw each letter: the likeliest one each time gives the same name again and again": walks(
                    "greedy"
                ),
                "the generator moves on with every draw: do not set it back": walks("reset"),
                "the probabilities are the softmax of the logits": walks("exp of softmax"),
            },
        )


def walk(
    weight: torch.Tensor, bias: torch.Tensor, itos: list[str], generator: torch.Generator, chance: str
) -> str:
    context, name = [0] * len(weight), ""
    while len(name) < 60:
        logits = bias.numpy() + sum(weight[k, i].numpy() for k, i in enumerate(context))
        odds = np.exp(logits - logits.max())
        probs = torch.from_numpy(odds / odds.sum())
        if chance == "exp of softmax":
            probs = probs.softmax(0)
        i = (
            int(probs.argmax())
            if chance == "greedy"
            else int(torch.multinomial(probs, 1, generator=generator))
        )
        if i == 0:
            break
        name += itos[i]
        context = [*context[1:], i]
    return name
