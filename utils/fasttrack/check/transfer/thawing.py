"""Check of 09_finetuning/01_transfer, on what trains from when on. Oracle: a loop that opens a stage in time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from fasttrack.check import check
from fasttrack.check.fixtures import transfer as fixtures
from fasttrack.check.training.ask import ask
from fasttrack.check.transfer.training import Stages, below, parameters, stages_of


@check
def gradual_unfreeze(learner: Any, seed: int) -> None:
    """What trains at each update. Oracle: a loop that opens a stage when its time has come."""
    draw = random.Random(seed)
    runs = (
        (3, range(12), 2),
        (12, range(0, 64, 3), 4),
        (2, [draw.randint(0, 40) for _ in range(8)], draw.randint(3, 6)),  # a run goes on, or goes back
        (1, range(5), 1),
    )
    for case, (blocks, steps, every) in enumerate(runs):
        values, stages = parameters(seed + 50 * case, blocks), stages_of(blocks)
        most = len(stages)

        def told(
            open_at: Any,
            keep: Any = lambda k, count: k < count,
            back: Any = lambda count: count,
            steps: Sequence[int] = steps,
            values: Any = values,
            stages: Stages = stages,
        ) -> list[dict[str, Any]]:
            out = []
            for step in steps:
                count = open_at(step)
                parts = [part for k, one in enumerate(stages) if keep(k, count) for part in one]
                out.append(
                    {
                        "step": step,
                        "returned": back(count),
                        "trained": sorted(name for name in values if below(name, parts)),
                    }
                )
            return out

        def right(step: int, every: int = every, most: int = most) -> int:
            count, due = 1, every
            while due <= step and count < most:
                count, due = count + 1, due + every
            return count

        ask(
            learner,
            fixtures.thawed,
            values,
            stages,
            list(steps),
            every,
            called=f"gradual_unfreeze(model, stages, step, {every}), {len(stages)} stages, "
            f"steps {', '.join(map(str, list(steps)[:4]))}, …",
            errors={"hand all parts of the open stages to freeze, as one flat list": "unhashable type"},
        ).equals(
            told(right),
            mistakes={
                "the first stage trains from step 0 on": told(
                    lambda step, every=every, most=most: min(step // every, most)
                ),
                "a stage opens after every full `every` updates: step // every": told(
                    lambda step, every=every, most=most: min(1 + -(-step // every), most)
                ),
                "one update late: steps are counted from 0": told(
                    lambda step, every=every, most=most: min(1 + max(step - 1, 0) // every, most)
                ),
                "one update early: steps are counted from 0": told(
                    lambda step, every=every, most=most: min(1 + (step + 1) // every, most)
                ),
                "open stages stay open: yours trains one stage at a time": told(
                    right, lambda k, count: k == count - 1
                ),
                "from the output down: yours begins with the last stage": told(
                    right, lambda k, count, most=most: k >= most - count
                ),
                "no more stages than there are: at the end it returns their number": told(
                    right, back=lambda count: count
                )
                if steps[-1] // every < len(stages)
                else [
                    {**one, "returned": 1 + step // every}
                    for one, step in zip(told(right), steps, strict=True)
                ],
                "return how many stages train": told(right, back=lambda _: None),
                "return how many stages train, not how many numbers": [
                    {**one, "returned": sum(values[name].numel() for name in one["trained"])}
                    for one in told(right)
                ],
                "nothing is frozen: everything trains from the beginning": told(
                    right, lambda *_: True
                ),
            },
        )  # fmt: skip
