"""Check of the class Value: its operators one by one, then random expressions. Oracle: torch.autograd."""

from __future__ import annotations

import random
from typing import Any

from fasttrack.check import check, require
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import micrograd as fixtures
from fasttrack.check.micrograd.programs import Program, by_torch, parted, programs, spelled
from fasttrack.check.values import difference

MANY, AT_ONCE = 1_000, 250
CLOSE = (1e-9, 1e-9)
WORDS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv"}
WRITTEN_IN = {
    "*": "multiply",
    "**": "power",
    "exp": "local_slope or make_functions",
    "tanh": "local_slope or make_functions",
    "relu": "local_slope or make_functions",
}


def single(*step: Any, **leaves: float) -> Program:
    return {"leaves": leaves, "steps": [["c", *step]]}


@check
def Value(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Operators, alone, with numbers on either side, and in random expressions. Oracle: torch.autograd."""
    rng = random.Random(seed)
    a, b = round(rng.uniform(1, 3), 3), round(-rng.uniform(1, 3), 3)
    for operation in ("*", "**", "exp", "tanh", "relu"):
        others: list[Any] = ["b"] if operation == "*" else [3] if operation == "**" else []
        tell(learner, single(operation, "a", *others, a=a, b=b))
    tell(learner, single("neg", "a", a=a))
    for operation in WORDS:
        for operands in (["a", "b"], ["a", 2], ["a", 0.5], [2, "a"], [0.5, "a"]):
            tell(learner, single(operation, *operands, a=a, b=b))
    tell(learner, {"leaves": {"a": a, "b": b}, "steps": [["c", "+", 0, "a"], ["d", "+", "c", "b"]]})
    tell(
        learner,
        {"leaves": {"a": a}, "steps": [["b", "*", "a", "a"], ["c", "+", "b", "a"], ["d", "*", "c", "b"]]},
    )
    made = list(programs(rng, MANY))
    for start in range(0, MANY, AT_ONCE):
        some = made[start : start + AT_ONCE]
        for one, got in zip(some, beside(learner, fixtures.evaluated, some), strict=True):
            judged(learner, one, got)
    steps: list[Any] = [["v0", "*", "a", "b"]]
    for k in range(1, 1_000):
        steps.append([f"v{k}", *(("+", f"v{k - 1}", "a") if k % 2 else ("/", f"v{k - 1}", 1.5))])
    tell(learner, {"leaves": {"a": a, "b": b}, "steps": steps})


def tell(learner: Any, made: Program) -> None:
    (got,) = beside(learner, fixtures.evaluated, [made])
    judged(learner, made, got)


def judged(learner: Any, made: Program, got: Any) -> None:
    """Fail where the learner's answer is not torch's, with the cause if it can be seen."""
    apart = parted(got, by_torch(made))
    if not apart:
        require(True)
        return
    words = cause(learner, made, got)
    require(
        False,
        ("program", spelled(made)),
        ("expected", apart[0]),
        ("got", apart[1]),
        *([("mistake", words)] if words else []),
    )


def cause(learner: Any, made: Program, got: Any) -> str:
    """The mistake that one wrong answer shows; "" if it shows none."""
    if len(made["steps"]) > 1:
        forward = isinstance(got, dict) and all(
            difference(got[name][0], data, CLOSE) is None for name, (data, _) in by_torch(made).items()
        )
        return "each operator alone is right: look at backward and topological_order" if forward else ""
    (_, operation, *operands) = made["steps"][0]
    first = operands[0]
    if operation in WORDS and not isinstance(first, str):
        if isinstance(got, str) and "unsupported operand" in got:
            return (
                f"`{first} {operation} a` asks the number first, which does not know Value; then Python asks Value for"
                f" __r{WORDS[operation]}__"
            )
        turned = single(operation, *operands[::-1], **made["leaves"])
        if parted(got, by_torch(turned)) is None:
            return (
                f"`{first} {operation} a` is not `a {operation} {first}`: in __r{WORDS[operation]}__ self stands on"
                " the right"
            )
    if isinstance(got, str):
        if got.startswith("RecursionError"):
            return "a method calls itself without end: inside __rsub__, `other - self` does, unless other is a value"
        if "has no attribute 'data'" in got:
            return "a plain number has no .data: as_value(other) makes a Value of it"
        return f"the operator or method of this line is missing or cannot work: {operation}"
    if operation in WRITTEN_IN and difference(
        beside(learner, fixtures.pulled, made), own_slopes(made), CLOSE
    ):
        return f"the cause lies in {WRITTEN_IN[operation]}: pull of this one operation is wrong; run that test first"
    opposite = {"+": "-", "-": "+", "*": "/", "/": "*"}.get(operation)
    if opposite and got["c"][0] == by_torch(single(opposite, *operands, **made["leaves"]))["c"][0]:
        return f"that is `{opposite}`, not `{operation}`"
    return ""


def own_slopes(made: Program) -> list[float]:
    """What the only step of a program should hand on of a gradient of 1; numbers that are operands not counted."""
    (_, _, *operands) = made["steps"][0]
    known = by_torch(made)
    return [known[one][1] for one in operands if isinstance(one, str)]
