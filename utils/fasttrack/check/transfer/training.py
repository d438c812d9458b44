"""Checks of 09_finetuning/01_transfer, on what trains and how fast. Oracle: loops over names cut at their dots."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.fixtures import transfer as fixtures
from fasttrack.check.inputs import normal
from fasttrack.check.training.ask import ask

Stages = Sequence[Sequence[str]]
TIGHT = {"rtol": 1e-9, "atol": 1e-15}
DOTS = "compare whole names between dots: blocks.1 is not the beginning of blocks.10"
CONTAINS = "a part stands at the beginning of a name: yours is looked for anywhere in it"


def parameters(seed: int, blocks: int) -> dict[str, torch.Tensor]:
    """Parameters by name: tables, numbered blocks, two beginnings that are alike, one without a dot."""
    draw = random.Random(seed)
    names = ["embedding.weight", "positions.weight"]
    names += [f"blocks.{k}.{part}" for k in range(blocks) for part in ("fc.weight", "fc.bias", "norm.weight")]
    names += ["norm.weight", "normed.weight", "head.weight", "head.bias", "scale", "extra.head.weight"]
    return {
        name: normal(seed + k, draw.randint(1, 5), draw.randint(2, 4))
        if name.endswith("weight")
        else normal(seed + k, draw.randint(1, 5))
        for k, name in enumerate(names)
    }


def below(name: str, parts: Sequence[str]) -> bool:
    steps = name.split(".")
    return any(steps[: len(part.split("."))] == part.split(".") for part in parts)


def starts(name: str, parts: Sequence[str]) -> bool:
    """As `below`, without a look at the dots."""
    return any(name.startswith(part) for part in parts)


def within(name: str, parts: Sequence[str]) -> bool:
    return any(part in name for part in parts)


@check
def freeze(learner: Any, seed: int) -> None:
    """Which parameters train afterwards, and how many numbers. Oracle: names cut at their dots."""
    cases: tuple[tuple[int, Sequence[str], bool], ...] = (
        (12, ["blocks.1", "head"], False),
        (3, ["embedding", "blocks.2.fc", "norm"], True),
        (2, ["scale", "head.bias"], True),
        (2, ["blocks.0", "blocks"], False),
        (1, [], False),
    )
    for case, (blocks, parts, some) in enumerate(cases):
        values = parameters(seed + 50 * case, blocks)
        frozen = [name for k, name in enumerate(values) if some and (k + seed) % 3]

        def outcome(
            names: Sequence[str], returned: Any = -1, values: dict[str, torch.Tensor] = values
        ) -> dict[str, Any]:
            return {
                "raised": "",
                "message": "",
                "trained": sorted(names),
                "returned": sum(values[name].numel() for name in names) if returned == -1 else returned,
                "the parameters are what they were": True,
            }

        right = [name for name in values if below(name, parts)]
        rest = [name for name in values if name not in right]
        sizes = sum(values[name].numel() for name in right)
        thawed = [name for name in values if name in right or name not in frozen]
        closed = [name for name in right if name not in frozen]
        ask(
            learner,
            fixtures.froze,
            values,
            frozen,
            parts,
            called=f"freeze(model, {list(parts)}), a model with {blocks} blocks"
            + (", some of it frozen before" if some else ""),
        ).equals(
            outcome(right),
            mistakes={
                DOTS: outcome([name for name in values if starts(name, parts)]),
                CONTAINS: outcome([name for name in values if within(name, parts)]),
                "it is turned round: `trained` names what trains, the rest is frozen": outcome(rest),
                "turned round: `trained` names what trains; the number is right": outcome(rest, sizes),
                "what is not named has to be frozen, too": outcome(thawed),
                "what is named has to train even if it was frozen before": outcome(closed),
                "only a whole name matches: a part stands for all parameters below it": outcome(
                    [name for name in values if name in parts]
                ),
                "the number is that of numbers, not of tensors: numel()": outcome(right, len(right)),
                "the number of what trains, not of what is frozen": outcome(
                    right, sum(values[name].numel() for name in rest)
                ),
                "the number of what trains, not of all parameters": outcome(
                    right, sum(value.numel() for value in values.values())
                ),
                "return how many numbers train": outcome(right, None),
                "an int: the sum of numel() is one, a sum of tensors is not": outcome(
                    right, torch.tensor(sizes)
                ),
                "a parameter under two parts counts once": outcome(
                    right, sum(values[name].numel() for part in parts for name in values if below(name, [part]))
                ),
            },
        )  # fmt: skip
    values = parameters(seed, 2)
    for part in ("blocks.7", "block", "fc", "Head"):
        called = f'freeze(model, ["embedding", {part!r}]): no parameter belongs to {part!r}'
        told = ask(learner, fixtures.froze, values, ["scale"], ["embedding", part], called=called).value
        refusal(called, told, part)
        require(
            told["trained"] == sorted(name for name in values if name != "scale"),
            ("called", called),
            ("expected", "nothing has changed"),
            ("got", f"{len(told['trained'])} of {len(values)} parameters train afterwards"),
            ("mistake", "look through all parts first, then change the model"),
        )


def refusal(called: str, told: dict[str, Any], wanted: str) -> None:
    """A ValueError that names what it is about."""
    kind, message = str(told["raised"]), str(told["message"])
    mistake = {
        "": "no error: a misspelt name would go unnoticed, and nothing would learn",
        "AssertionError": "an assert vanishes when Python runs with -O: raise ValueError",
    }.get(kind, "the message should name it" if kind == "ValueError" else "")
    require(
        kind == "ValueError" and wanted in message,
        ("called", called),
        ("expected", f"ValueError, and {wanted} in its message"),
        ("got", f"{kind}: {message}" if kind else "no error"),
        *([("mistake", mistake)] if mistake else []),
    )


def stages_of(blocks: int, per_stage: int = 1) -> list[list[str]]:
    """All of `parameters`, from the output down."""
    order = [f"blocks.{k}" for k in reversed(range(blocks))]
    middle = [order[i : i + per_stage] for i in range(0, blocks, per_stage)]
    return [["head", "scale", "extra"], ["norm", "normed"], *middle, ["embedding", "positions"]]


@check
def discriminative_lrs(learner: Any, seed: int) -> None:
    """The groups in an optimizer. Oracle: names cut at their dots, the rate divided stage by stage."""
    draw = random.Random(seed)
    for case, (blocks, per_stage, more) in enumerate(
        (
            (3, 1, (0.01,)),
            (12, 1, (draw.uniform(1e-4, 1e-2), draw.uniform(1.2, 3))),
            (4, 2, (1.0, 2.0)),
            (1, 1, (0.3, 1.0)),
        )
    ):
        values = parameters(seed + 50 * case, blocks)
        stages = stages_of(blocks, per_stage)
        frozen = [name for k, name in enumerate(values) if case % 2 and k % 3 == 0]
        lr, factor = more[0], more[1] if len(more) > 1 else 2.6
        last = len(stages) - 1

        def groups(
            rates: Sequence[Any], find: Any = below, values: Any = values, stages: Stages = stages
        ) -> list[dict[str, Any]]:
            return [
                {"params": sorted(name for name in values if find(name, parts)), "lr": rate}
                for parts, rate in zip(stages, rates, strict=True)
            ]

        order = range(last + 1)
        want = groups([lr / factor**k for k in order])
        called = (
            f"discriminative_lrs(model, stages, {', '.join(f'{one:.4g}' for one in more)}), {last + 1} stages"
        )
        ask(
            learner,
            fixtures.grouped,
            values,
            frozen,
            stages,
            *more,
            called=called,
            errors={
                f"each parameter stands in one group only; {DOTS}": "more than one parameter group",
            },
        ).close(
            want,
            mistakes={
                "the first stage trains at lr itself, the next at lr / factor": groups(
                    [lr / factor ** (k + 1) for k in order]
                ),
                "turned round: the first stage is nearest the output and trains fastest": groups(
                    [lr / factor ** (last - k) for k in order]
                ),
                "below, the rate is smaller: divide by factor, do not multiply": groups(
                    [lr * factor**k for k in order]
                ),
                "each stage is factor below the one before: lr / factor**k": groups(
                    [lr / (factor * k) if k else lr for k in order]
                ),
                "all stages train at the same rate": groups([lr] * (last + 1)),
                "only the first stage is at lr, and all others at lr / factor": groups(
                    [lr / factor if k else lr for k in order]
                ),
                "a frozen parameter has its place in a group, too": [
                    {**group, "params": [name for name in group["params"] if name not in frozen]}
                    for group in want
                ],
                "the groups have no rate of their own: each needs an entry lr": groups([123.0] * (last + 1)),
                "the order of groups is that of the stages": want[::-1],
                DOTS: groups([lr / factor**k for k in order], starts),
            },
            **TIGHT,
        )
    for blocks, gone in ((3, "blocks.1"), (2, "scale"), (12, "blocks.11")):
        values = parameters(seed + blocks, blocks)
        stages = [[part for part in parts if part != gone] for parts in stages_of(blocks)]
        stages = [parts for parts in stages if parts]
        called = f"discriminative_lrs(model, stages, 0.1), {gone} in no stage"
        told = ask(learner, fixtures.refused, values, stages, 0.1, called=called).value
        refusal(called, told, gone)
