"""Checks of single operations: data, inputs and what they hand on. Oracle: torch.autograd on one operation."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import micrograd as fixtures

FORGOTTEN = "pull multiplies each slope by g, the gradient from above"
NO_TUPLE = "pull returns a tuple, one gradient for each input; a tuple of one is written (x,)"
WRITES = "pull writes to .grad: it only returns gradients, and backward will add them"
NO_INPUTS = "the new value does not know its inputs: they are the second argument of Value"


def judged(looked_at: str, got: Any, right: Any, mistakes: dict[str, Any]) -> None:
    """As `agree`; one input without a tuple, which the course's own Node refuses, fails in words."""
    if got == fixtures.BARE or (isinstance(got, dict) and fixtures.BARE in got.values()):
        require(
            False,
            ("looked at", looked_at),
            ("expected", "inputs is a tuple"),
            ("got", "inputs is one value"),
            ("mistake", "a tuple of one needs its comma, `(a,)`: `(a)` is a alone"),
        )
    agree(looked_at, got, right, mistakes)


def of_torch(
    f: Callable[..., torch.Tensor], data: Sequence[float], op: str, inputs: Sequence[int]
) -> list[Any]:
    """What `fixtures.operated` finds of a right operation; each operand is a leaf of its own for torch."""
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in data]
    value = f(*leaves)
    slopes = [slope.item() for slope in torch.autograd.grad(value, leaves)]
    untouched = [0.0] * len(set(inputs))
    return [value.item(), list(inputs), op, slopes, [-2 * slope for slope in slopes], untouched]


def slopes_instead(right: list[Any], slopes: Sequence[float]) -> list[Any]:
    """The same answer with other slopes."""
    return [*right[:3], list(slopes), [-2 * slope for slope in slopes], right[5]]


def forms(right: list[Any]) -> dict[str, Any]:
    """Mistakes in the form of an answer, whatever the operation."""
    value, inputs, op, slopes, doubled, untouched = right
    written = [
        -sum(slope for slope, k in zip(slopes, inputs, strict=True) if k == place)
        for place in range(len(untouched))
    ]
    return {
        FORGOTTEN: [value, inputs, op, slopes, slopes, untouched],
        NO_TUPLE: [value, inputs, op, slopes[0], doubled[0], untouched],
        WRITES: [value, inputs, op, None, None, written],
        NO_INPUTS: [value, [], op, slopes, doubled, untouched],
        f"the new value's op is {op!r}": [value, inputs, "", slopes, doubled, untouched],
        f"the new value's op is {op!r}: yours is that of add": [
            value,
            inputs,
            "+",
            slopes,
            doubled,
            untouched,
        ],
    }


@check
def multiply(learner: Any, seed: int) -> None:
    """a * b, and the two slopes. Oracle: torch.autograd."""
    rng = random.Random(seed)
    a, b = rng.uniform(1, 3), -rng.uniform(1, 3)
    for x, y in ((a, b), (b, 0.0), (0.0, a), (1e150, a)):
        right = of_torch(torch.mul, (x, y), "*", (0, 1))
        judged(
            f"multiply(a, b) of a = {x:.4g}, b = {y:.4g}: [data, inputs, op, pull(1.0), pull(-2.0), the inputs' grads]",
            beside(learner, fixtures.operated, [x, y], [0, 1]),
            right,
            {
                "the slope of a * b in a is b, and in b it is a: yours are exchanged": slopes_instead(
                    right, (x, y)
                ),
                "those are the slopes of a sum": slopes_instead(right, (1.0, 1.0)),
                "the slope of a * b in a is b alone, not a * b": slopes_instead(right, (x * y, x * y)),
                **forms(right),
            },
        )
    right = of_torch(torch.mul, (a, a), "*", (0, 0))
    judged(
        f"multiply(a, a) of a = {a:.4g}: [data, inputs, op, pull(1.0), pull(-2.0), a's grad]",
        beside(learner, fixtures.operated, [a], [0, 0]),
        right,
        forms(right),
    )


@check
def power(learner: Any, seed: int) -> None:
    """a ** k for a constant k, at 0 too. Oracle: torch.autograd."""
    rng = random.Random(seed)
    a = rng.uniform(1.5, 3)
    cases: list[tuple[float, float]] = [(a, 3), (a, -1), (a, 0.5), (-a, 3), (-a, -2), (a, 2.5), (a, 0)]
    for x, k in (*cases, (0.0, 2), (0.0, 1), (0.0, 0), (-a, 0), (-a, 1)):
        right = of_torch(lambda t, k=k: t**k, (x,), f"**{k}", (0,))
        wrong = [(k * x**k,), (k * x ** (k + 1),), (x ** (k - 1),)] if x else [(math.nan,)] * 3
        judged(
            f"power(a, {k}) of a = {x:.4g}: [data, inputs, op, pull(1.0), pull(-2.0), a's grad]",
            beside(learner, fixtures.operated, [x], [0], k),
            right,
            {
                "the slope has the exponent k - 1: yours has k": slopes_instead(right, wrong[0]),
                "the slope has the exponent k - 1: yours has k + 1": slopes_instead(right, wrong[1]),
                "the factor k of the slope is missing": slopes_instead(right, wrong[2]),
                "a ** 0 is 1 everywhere, so its slope is 0; the formula divides by 0 at a = 0": [
                    *right[:3],
                    "divided by 0",
                    "divided by 0",
                    right[5],
                ],
                **forms(right),
            },
        )


FUNCTIONS = {"exp": torch.exp, "tanh": torch.tanh, "relu": torch.relu}


@check
def local_slope(learner: Any, seed: int) -> None:
    """The slopes of exp, tanh and relu. Oracle: torch.autograd."""
    rng = random.Random(seed)
    for x in (rng.uniform(0.3, 2), -rng.uniform(0.3, 2), 0.0, 20.0, -20.0):
        for name, f in FUNCTIONS.items():
            value, _, _, (slope,), *_ = of_torch(f, (x,), name, (0,))
            expect(learner, name, x, value).close(
                slope,
                mistakes={
                    "exp": {"e^x is its own derivative: that is y": x, "that is x e^x": x * value},
                    "tanh": {
                        "the slope is 1 - y², with y the value: yours takes x": 1 - x * x,
                        "y already is tanh(x): no second tanh": 1 - math.tanh(value) ** 2,
                        "the square is missing: 1 - y²": 1 - value,
                        "the slope of tanh is 1 - y²: yours is that of the sigmoid": value * (1 - value),
                    },
                    "relu": {
                        "at 0 the slope of relu is 0, as in PyTorch: it is 1 for x > 0 only": 1.0,
                        "the slope of relu is 1 or 0: yours is its value": value,
                        "a float: 1.0 or 0.0": int(slope),
                        "a float, not a bool: float(x > 0)": x > 0,
                    },
                }[name],
                rtol=1e-12,
                atol=1e-15,
            )
    expect(learner, "sin", 1.0, 0.5).raises(ValueError)


@check
def make_functions(learner: Any, seed: int) -> None:
    """A function for each entry of a table, each its own. Oracle: the entries, by plain arithmetic."""
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for count in (3, 1, 5):
        names = ["".join(rng.sample(letters, 2)) for _ in range(count)]
        x = rng.uniform(0.5, 2) * rng.choice((1, -1))
        rights = {name: entry(name, x) for name in names}
        last = names[-1]

        def everywhere(
            change: Callable[[list[Any]], list[Any]], rights: dict[str, Any] = rights
        ) -> dict[str, Any]:
            return {name: change(right) for name, right in rights.items()}

        judged(
            f"for a table of {names}, each function's [data, inputs, op, pull(1.0), pull(-2.0), x's grad]"
            f" at x = {x:.4g}",
            beside(learner, fixtures.made_functions, names, x),
            rights,
            {
                f"every function is {last!r}, the last of the table: a closure looks up the loop's variables when it"
                " is called, and then the loop is over": dict.fromkeys(names, rights[last]),
                f"every slope is that of {last!r}, the last of the table: a closure looks up the loop's variables"
                " when it is called": {
                    name: slopes_instead(right, [letter(last, 0) * x + letter(last, 1) * right[0]])
                    for name, right in rights.items()
                },
                "slope takes x first, then y, the value": {
                    name: slopes_instead(entry(name, x), [swapped_slope(name, x)]) for name in names
                },
                "slope needs the value y as its second argument: yours gets x": {
                    name: slopes_instead(entry(name, x), [letter(name, 0) * x + letter(name, 1) * x])
                    for name in names
                },
                "pull has to multiply by the slope at x: yours hands g on as it is": everywhere(
                    lambda right: slopes_instead(right, (1.0,))
                ),
                **{
                    words: {name: forms(right)[key] for name, right in rights.items()}
                    for words, key in ((FORGOTTEN,) * 2, (NO_TUPLE,) * 2, (WRITES,) * 2, (NO_INPUTS,) * 2)
                },
                "the new value's op is the name of the function": everywhere(
                    lambda right: [*right[:2], "", *right[3:]]
                ),
            },
        )


def letter(name: str, place: int) -> int:
    """The place in the alphabet of a letter of a name, as in `fixtures.named`."""
    return ord(name[place]) - ord("a") + 1


def entry(name: str, x: float) -> list[Any]:
    """What `fixtures.operated` finds of the function that `fixtures.named` describes."""
    a, b = letter(name, 0), letter(name, 1)
    y = a * x * x + b
    slope = a * x + y * b
    return [y, [0], name, [slope], [-2 * slope], [0.0]]


def swapped_slope(name: str, x: float) -> float:
    a, b = letter(name, 0), letter(name, 1)
    return a * (a * x * x + b) + x * b
