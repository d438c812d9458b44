"""Checks of 01_tensors/03_training, on runs: stopping early, saving, resuming.

Oracle: a loop over the losses; for checkpoints, the unbroken run.
"""

from __future__ import annotations

import math
import random
from typing import Any

import torch

from fasttrack.check import check, fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask


@check
def EarlyStopping(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """When to stop, and the best parameters kept. Oracle: a loop over all losses so far."""
    rng = random.Random(seed)
    noisy = [round(math.exp(-k / 6) + rng.random() / 3, 4) for k in range(24)]
    told = [
        ((2,), [1.0, 0.8, 0.9, 0.85, 0.7, 0.75, 0.72, 0.71]),
        ((1,), [0.5, 0.6, 0.4]),
        ((2,), [0.9, 0.9, 0.9, 0.8]),  # equal is no improvement
        ((2, 0.25), [1.0, 0.875, 0.75, 0.5, 0.25, 0.125]),
        ((3,), [1.0, math.nan, math.nan, 0.5, math.nan]),
        ((3,), [-1.0, -2.0, -1.5]),
        ((2,), [math.nan, math.nan, 0.5]),
        ((3,), [50.0, 40.0, 60.0]),
        ((4, 0.01), noisy),
    ]
    for made_of, losses in told:
        right = stopping(made_of, losses)
        restored = "parameter after restore"
        mistakes: dict[str, Any] = {}
        if right[restored] != len(losses) - 1:
            shared = "a state_dict shares the model's memory: restore gave the last epoch; copy the tensors"
            mistakes[shared] = {**right, restored: float(len(losses) - 1)}
        mistakes |= {
            "an equal loss is no improvement": stopping(made_of, losses, equal=True),
            "stop after `patience` epochs without improvement, not one later": stopping(
                (made_of[0] + 1, *made_of[1:]), losses
            ),
            "an improvement starts the count anew": stopping(made_of, losses, reset=False),
            "an improvement must be larger than min_delta": stopping(made_of[:1], losses),
            "compare with the best loss so far, not with the one before": stopping(
                made_of, losses, previous=True
            ),
            "restore must bring back the best epoch's parameters": {**right, restored: 0.0},
        }
        called = f"EarlyStopping({', '.join(map(str, made_of))}), step with the losses {losses}, then restore"
        ask(learner, fixtures.stopped, list(made_of), losses, called=called).equals(right, mistakes=mistakes)


def stopping(
    made_of: tuple[Any, ...],
    losses: list[float],
    *,
    reset: bool = True,
    equal: bool = False,
    previous: bool = False,
) -> dict[str, Any]:
    """As `fixtures.stopped`; the keywords put one mistake in."""
    patience, min_delta = made_of[0], made_of[1] if len(made_of) > 1 else 0.0
    best, epoch, bad, before = math.inf, 0, 0, math.inf
    answers, bests = [], []
    for k, loss in enumerate(losses):
        against = before if previous else best
        if loss < against - min_delta or (equal and loss == against - min_delta):
            best, epoch, bad = loss, k, 0 if reset else bad
        else:
            bad += 1
        before = loss
        answers.append(bad >= patience)
        bests.append(best)
    return {
        "step(…)": answers,
        "best_loss after each step": bests,
        "parameter after each step": [float(k) for k in range(len(losses))],
        "parameter after restore": float(epoch),
    }


@check
def save_checkpoint(learner: Any, seed: int) -> None:
    """A file from which everything can be restored. Oracle: the run's own state, as it was when it was saved."""
    a, b = distinct_sizes(seed, 2)
    for epochs, epoch in ((3, 3), (1, 12)):
        weight = normal(seed + epochs, a, b, dtype=torch.float64)
        session = fixtures.Session(weight, seed + epochs)
        session.train(epochs)
        names, keys, seen = ["last.pt"], sorted(session.state(0)), session.seen()

        def found(
            names: Any = names, keys: Any = keys, epoch: Any = epoch, seen: Any = seen
        ) -> dict[str, Any]:
            return {"files": names, "keys": keys, "epoch": epoch, "restored": seen}

        mistakes: dict[str, Any] = {
            "save state_dict()s, not the objects: a pickled object ties the file to your code": found(
                names, "objects, not plain data", None, None
            ),
            "nothing was written to path": found([], [], None, None),
            "a dict with five keys is needed to go on, not the model's state alone": found(
                names, ["weight"], None, None
            ),
            "epoch is the number that is passed": found(epoch=epoch + 1),
            "save the state of the generator that is passed, not of torch's global one": found(
                seen={**seen, "generator": "torch's global generator"}
            ),
            "a file is left beside the checkpoint": found(["last.pt", "last.pt.tmp"]),
        }
        for gone in keys:
            mistakes[f"{gone!r} is missing from the file"] = found(
                names, [key for key in keys if key != gone], None, None
            )
        called = f"save_checkpoint(path, model, optimizer, scheduler, generator, {epoch})"
        ask(learner, fixtures.saved, weight, seed + epochs, epochs, epoch, called=called).equals(
            found(), mistakes=mistakes
        )


@check
def load_checkpoint(learner: Any, seed: int) -> None:
    """A run that goes on as if it had never stopped, bit for bit. Oracle: the run that never stopped."""
    a, b = distinct_sizes(seed, 2)
    for epochs, more in ((3, 2), (1, 4)):
        weight = normal(seed + epochs, a, b, dtype=torch.float64)
        unbroken = fixtures.Session(weight, seed + epochs)
        unbroken.train(epochs + more)
        right = {"returned": epochs, **unbroken.seen()}
        mistakes: dict[str, Any] = {
            f"the {part} was not restored": without(weight, seed + epochs, epochs, more, {part})
            for part in ("model", "optimizer", "scheduler", "generator")
        }
        mistakes["only the model was restored"] = without(
            weight, seed + epochs, epochs, more, {"optimizer", "scheduler", "generator"}
        )
        mistakes["all is restored; return the epoch"] = {**right, "returned": None}
        mistakes["return the epoch that the file holds"] = {**right, "returned": epochs + 1}
        called = f"load_checkpoint(path, …) for a run of {epochs} epochs, which then goes on for {more}"
        ask(learner, fixtures.resumed, weight, seed + epochs, epochs, more, called=called).equals(
            right, mistakes=mistakes
        )
    weight = normal(seed, b, a, dtype=torch.float64)
    called = "load_checkpoint of a file whose tensors were on a GPU"
    ask(learner, fixtures.loaded_from_gpu, weight, called=called).equals(
        "read",
        mistakes={'a file written on a GPU must be read without one: map_location="cpu"': "left on the GPU"},
    )
    called = "load_checkpoint of a file that names a function to be called"
    ask(learner, fixtures.loaded_with_code, weight, called=called).equals(
        "refused", mistakes={"a file can hold code that runs when it is loaded: weights_only=True": "loaded"}
    )


def without(weight: torch.Tensor, seed: int, epochs: int, more: int, parts: set[str]) -> dict[str, Any]:
    """A resumed run in which these parts were not restored."""
    session = fixtures.Session(weight, seed)
    session.train(epochs)
    state = session.state(epochs)
    fresh = fixtures.Session(torch.zeros_like(weight), seed + 1)
    for name in {"model", "optimizer", "scheduler"} - parts:
        getattr(fresh, name).load_state_dict(state[name])
    if "generator" not in parts:
        fresh.generator.set_state(state["generator"])
    fresh.train(more)
    return {"returned": epochs, **fresh.seen()}
