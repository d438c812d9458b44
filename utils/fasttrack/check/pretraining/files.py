"""Checks of 07_gpt/02_pretraining, on runs that stop and go on. Oracle: the run that never stopped."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check
from fasttrack.check.fixtures import pretraining_files as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask


@check
def save_run(learner: Any, seed: int) -> None:
    """A file from which a run can go on, or the older one. Oracle: the run's own state when it was saved."""
    a, b = distinct_sizes(seed, 2)
    for steps in (3, 1):
        weight = normal(seed + steps, a, b, dtype=torch.float64)
        run = fixtures.Run(weight, seed + steps)
        run.go(steps)
        names, keys, restored = ["run.pt"], sorted(run.state()), run.seen()

        def found(
            names: Any = names, keys: Any = keys, step: Any = steps, restored: Any = restored
        ) -> dict[str, Any]:
            return {"files": names, "keys": keys, "step": step, "restored": restored}

        mistakes: dict[str, Any] = {
            "save state_dict()s, not the objects: a pickled object ties the file to your code": found(
                names, "objects, not plain data", None, None
            ),
            "nothing was written to path": found(names, "nothing was written to path", None, None),
            "step is the number that is passed": found(step=steps + 1),
            "save the state of the generator that is passed, not of torch's own one": found(
                restored={**restored, "generator": torch.Generator().manual_seed(fixtures.OWN).get_state()}
            ),
        }
        for gone in keys:
            mistakes[f"{gone!r} is missing from the file"] = found(
                names, [key for key in keys if key != gone], None, None
            )
        for end in (".part", ".tmp", ".new"):
            both = ["run.pt", f"run.pt{end}"]
            mistakes[f"a file is left beside the checkpoint: run.pt{end}"] = found(both)
            mistakes[f"nothing was written to path: rename run.pt{end} to it"] = found(
                both, "nothing was written to path", None, None
            )
        called = f"save_run(path, model, optimizer, generator, {steps}), where path has an older checkpoint"
        ask(learner, fixtures.kept, weight, seed + steps, steps, called=called).equals(
            found(), mistakes=mistakes
        )
    weight = normal(seed, b, a, dtype=torch.float64)
    called = "save_run over an older checkpoint, when the process dies in the middle of torch.save"
    ask(learner, fixtures.crashed, weight, called=called).equals(
        "the older checkpoint",
        mistakes={
            "the older checkpoint is destroyed: write to another name first, then rename": "half a file",
            "the older checkpoint is gone before the new one is there: only replace it at the end": "gone",
            "write in the folder of path: a rename across disks is a copy, and not one step": "elsewhere",
        },
    )


@check
def load_run(learner: Any, seed: int) -> None:
    """A run that goes on as if it had never stopped, bit for bit. Oracle: the run that never stopped."""
    a, b = distinct_sizes(seed, 2)
    for steps, more in ((3, 2), (1, 4)):
        weight = normal(seed + steps, a, b, dtype=torch.float64)
        unbroken = fixtures.Run(weight, seed + steps)
        unbroken.go(steps + more)
        right = {"returned": steps, **unbroken.seen()}
        mistakes: dict[str, Any] = {
            f"the {part} was not restored": without(weight, seed + steps, steps, more, part)
            for part in ("model", "optimizer", "generator")
        }
        mistakes["all is restored; return the step"] = {**right, "returned": None}
        mistakes["return the step that the file holds: it counts updates that are done"] = {
            **right,
            "returned": steps + 1,
        }
        called = f"load_run(path, model, optimizer, generator) for a run of {steps} updates, which goes on for {more}"
        ask(learner, fixtures.continued, weight, seed + steps, steps, more, called=called).equals(
            right, mistakes=mistakes
        )
    weight = normal(seed, b, a, dtype=torch.float64)
    called = "load_run of a file whose tensors were on a GPU"
    ask(learner, fixtures.from_gpu, weight, called=called).equals(
        "read",
        mistakes={'a file written on a GPU must be read without one: map_location="cpu"': "left on the GPU"},
    )
    called = "load_run of a file that names a function to be called"
    ask(learner, fixtures.with_code, weight, called=called).equals(
        "refused", mistakes={"a file can hold code that runs when it is loaded: weights_only=True": "loaded"}
    )


def without(weight: torch.Tensor, seed: int, steps: int, more: int, part: str) -> dict[str, Any]:
    """A resumed run in which one part was not restored."""
    run = fixtures.Run(weight, seed)
    run.go(steps)
    fresh = fixtures.Run(torch.zeros_like(weight), seed + 1)
    fresh.restore(run.state(), leave_out=part)
    fresh.go(more)
    return {"returned": steps, **fresh.seen()}
