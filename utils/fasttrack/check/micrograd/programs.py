"""Random expressions with shared nodes, and what torch.autograd makes of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from fasttrack.check.fixtures.micrograd import OPERATIONS, carried_out

Program = dict[str, Any]
Known = dict[str, tuple[float, float]]  # name: data, gradient

UNARY: dict[str, Callable[[float], float]] = {
    "neg": lambda x: -x,
    "exp": math.exp,
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0.0),
}
EXPONENTS = (2, 3, -1, 0.5, 0, 1, -2, 1.5)
NUMBERS = (2, -1, 0.5, 3.0, -2.5, 1, 0)


def programs(rng: random.Random, count: int, longest: int = 9) -> Iterator[Program]:
    """Random programs, short ones first, so that the first that fails is a small one."""
    for k in range(count):
        yield program(rng, 1 + k * longest // count)


def program(rng: random.Random, steps: int) -> Program:
    """A random program whose numbers stay moderate and keep away from the corner of relu."""
    values = {letter: round(rng.uniform(-3, 3), 3) for letter in "abcd"[: rng.randint(1, 4)]}
    made: Program = {"leaves": dict(values), "steps": []}
    unused = list(values)
    while len(made["steps"]) < steps:
        step = drawn(rng, list(values), unused)
        value = tried(step, values)
        if value is None:
            continue
        name = f"v{len(made['steps']) + 1}"
        values[name] = value
        unused = [one for one in unused if one not in step] + [name]
        made["steps"].append([name, *step])
    return made


def drawn(rng: random.Random, names: Sequence[str], unused: Sequence[str]) -> list[Any]:
    """An operation and its operands, among them often a value that nothing uses yet."""
    operation = rng.choice([*OPERATIONS, "+", "*", "*"])
    one, other = (rng.choice(unused if rng.random() < 0.6 else names) for _ in range(2))
    if operation in UNARY:
        return [operation, one]
    if operation == "**":
        return [operation, one, rng.choice(EXPONENTS)]
    operands: list[Any] = [one, other if rng.random() < 0.75 else rng.choice(NUMBERS)]
    rng.shuffle(operands)
    return [operation, *operands]


def tried(step: Sequence[Any], values: dict[str, float]) -> float | None:
    """The value of a step; None if it would be too large, undefined or at a corner."""
    operation, *operands = step
    x, *rest = [values[one] if isinstance(one, str) else one for one in operands]
    if operation == "relu" and abs(x) < 0.01:
        return None
    if operation == "**" and (abs(x) < 0.2 or (x < 0 and rest[0] != int(rest[0]))):
        return None
    if (operation == "/" and abs(rest[0]) < 0.2) or (operation == "exp" and x > 4):
        return None
    value = float(UNARY[operation](x) if operation in UNARY else OPERATIONS[operation](x, *rest))
    return value if abs(value) < 100 else None


def by_torch(made: Program) -> Known:
    """Data and gradients of a program's last step, in float64."""

    def leaf(number: float) -> torch.Tensor:
        return torch.tensor(number, dtype=torch.float64, requires_grad=True)

    values = carried_out(made, leaf)
    *_, root = values.values()
    grads = torch.autograd.grad(root, list(values.values()), allow_unused=True)
    return {
        name: (value.item(), 0.0 if grad is None else grad.item())
        for (name, value), grad in zip(values.items(), grads, strict=True)
    }


def spelled(made: Program) -> str:
    """A program as a learner would type it."""
    lines = [f"{name} = {number}" for name, number in made["leaves"].items()]
    for name, operation, *operands in made["steps"]:
        words = [str(one) for one in operands]
        if operation == "neg":
            lines.append(f"{name} = -{words[0]}")
        elif operation in UNARY:
            lines.append(f"{name} = {words[0]}.{operation}()")
        else:
            lines.append(f"{name} = {words[0]} {operation} {words[1]}")
    if len(lines) > 40:
        lines = [*lines[:3], "…", *lines[-2:]]
    return "; ".join([*lines, f"{made['steps'][-1][0]}.backward()"])


def parted(got: Any, want: Known) -> tuple[str, str] | None:
    """Where a learner's answer to a program parts from torch's: expected and got, in words."""
    if not isinstance(got, dict) or got.keys() != want.keys():
        return "data and gradients", got if isinstance(got, str) else "something else"
    scale = max(1.0, *(abs(number) for pair in want.values() for number in pair))
    for place, what in enumerate(("data", "grad")):
        for name, pair in want.items():
            came = got[name][place] if isinstance(got[name], tuple) else None
            if type(came) is not float or not abs(came - pair[place]) <= 1e-9 * scale:
                number = f"{came:.10g}" if type(came) is float else "not a float"
                return f"{name}.{what} is {pair[place]:.10g}", f"{name}.{what} is {number}"
    return None
