"""Check of 01_tensors/03_training, on random shifts. Oracle: every possible move, tried by a loop."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, expect, fixtures, require
from fasttrack.check.inputs import normal
from fasttrack.check.training.ask import ask, same


@check
def random_shift(learner: Any, seed: int) -> None:
    """Each image moved sideways by its own random number of pixels. Oracle: every possible move, tried by a loop."""
    for pixels, width, count in ((1, 8, 96), (2, 5, 160), (1, 3, 1)):
        images = 1 + normal(seed + pixels, count, 4, width).abs()
        given = () if pixels == 1 else (pixels,)
        answer = ask(learner, fixtures.shifted, images, seed, *given)
        try:
            first, second, again, repeated, left = answer.value
        except (TypeError, ValueError):
            answer.equals([images] * 5)
            raise
        whole = list(range(-pixels, pixels + 1))
        sorts = [move(images, step) for step in whole]
        answer.equals([first, second, first, second, images] if all_tensors(first, second) else [images] * 5,
            mistakes={"it changes its input in place: build a new tensor": [first, second, again, repeated, left]}
            if not same(left, images)
            else {"draw from the generator that is passed: the same seed must give the same shifts": [
                first, second, again, repeated, images]})  # fmt: skip
        moved(first, images, sorts, pixels)
        steps = [chosen(out, sorts) for out in (first, second)]
        require(
            count == 1 or steps[0] != steps[1],
            ("expected", "a second call draws new shifts"),
            ("mistake", "both calls shift alike: do not seed or copy the generator inside"),
        )
        if count > 1:
            spread(steps[0] + steps[1], pixels)


def all_tensors(*values: Any) -> bool:
    return all(isinstance(value, torch.Tensor) for value in values)


def move(images: torch.Tensor, step: int) -> torch.Tensor:
    """Images moved `step` columns to the right, zeros where nothing comes from."""
    out = torch.zeros_like(images)
    for column in range(images.shape[2]):
        if 0 <= column - step < images.shape[2]:
            out[:, :, column] = images[:, :, column - step]
    return out


def chosen(out: torch.Tensor, sorts: list[torch.Tensor]) -> list[int]:
    """For each image, which of the moves it is; -1 for none."""
    return [next((k for k, moved in enumerate(sorts) if same(moved[i], out[i])), -1) for i in range(len(out))]


def moved(out: torch.Tensor, images: torch.Tensor, sorts: list[torch.Tensor], pixels: int) -> None:
    """Every image of `out` is its own image moved sideways, filled with zeros."""
    answer = expect(lambda *_: out, images)
    if out.shape != images.shape or out.dtype != images.dtype:
        answer.equals(images)
    which = chosen(out, sorts)
    if -1 not in which:
        answer.equals(out)
        return
    at = which.index(-1)
    span = range(-pixels, pixels + 1)
    rolled = [torch.roll(images, step, 2) for step in span]
    upright = [torch.roll(images, step, 1) for step in span] + [move(images.mT, step).mT for step in span]
    both = [move(move(images.mT, a).mT, b) for a in span for b in span]
    further = [move(images, step) for step in (-pixels - 1, pixels + 1)]
    words = {
        "what leaves on one side comes back on the other: fill with zeros": rolled,
        "up or down: move sideways, along the last dimension": upright,
        "move sideways only: the digits fill the full height": both,
        "further than `pixels`": further,
    }
    told = [
        ("mistake", words_)
        for words_, sort in words.items()
        if all(k >= 0 for k in chosen(out, sorts + sort))
    ]
    require(
        False,
        ("expected", f"image {at} moved sideways by {-pixels} to {pixels} columns, zeros coming in"),
        ("got", "something else"),
        *told[:1],
    )


def spread(steps: list[int], pixels: int) -> None:
    """Every move occurs, about as often as any other, and not the same for all images."""
    kinds, n = 2 * pixels + 1, len(steps)
    counts = [steps.count(k) for k in range(kinds)]
    halves = {tuple(steps[: n // 2]), tuple(steps[n // 2 :])}
    alike = all(len(set(half)) == 1 for half in halves)
    names = ", ".join(f"{k - pixels:+d}: {count}" for k, count in enumerate(counts))
    require(
        not alike and all(abs(count - n / kinds) < 5 * (n / kinds) ** 0.5 for count in counts),
        ("expected", f"each image moves by its own step, from {-pixels} to {pixels}, all equally likely"),
        ("got", names),
        *(
            [("mistake", "all images of a batch move alike: draw one step for each image")]
            if alike
            else [
                (
                    "mistake",
                    f"{kinds} steps are possible: some never occur (randint leaves out its upper end)",
                )
            ]
            if 0 in counts
            else []
        ),
    )
