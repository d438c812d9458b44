"""Check of the layer BatchNorm1d, call by call. Oracle: torch.nn.BatchNorm1d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from fasttrack.check import check
from fasttrack.check.batchnorm.mistaken import FLAT, WRONG, Seen, alone, cancelled, simulated
from fasttrack.check.fixtures import batchnorm as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, normal
from fasttrack.check.training.ask import Told, ask
from fasttrack.check.values import difference

Steps = Sequence[tuple[bool, torch.Tensor]]
Values = Mapping[str, torch.Tensor]


@check
def BatchNorm1d(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Parameters, buffers, both modes, gradients, a batch of one. Oracle: torch.nn.BatchNorm1d."""
    sizes = distinct_sizes(seed, 3)
    for size in sizes[:2]:
        contents(learner, size)
    a, b, c = sizes
    runs: tuple[tuple[tuple[Any, ...], tuple[tuple[bool, tuple[int, ...]], ...]], ...] = (
        ((b, 0.3, 0.25), ((True, (a, b)), (False, (c, b)), (True, (a + 1, b)), (True, (a, b)), (False, (a, b)))),
        ((c, 0.1, 0.75), ((True, (a, b, c)), (False, (b, a, c)), (True, (2, b, c)), (False, (2, 1, c)))),
        ((b,), ((False, (2, b)), (True, (2, b)), (False, (3, b)))),
        ((a, 1e-3), ((True, (2, 3, a)), (True, (4, a, a)), (False, (a, a)))),
    )  # fmt: skip
    for case, (made_of, calls) in enumerate(runs):
        size = made_of[0]
        steps = [
            (
                training,
                (k + 1.5) * normal(seed + 10 * case + k, *shape, dtype=torch.float64)
                + normal(seed + 5, size, dtype=torch.float64),
            )
            for k, (training, shape) in enumerate(calls)
        ]
        values = {
            "weight": 1 + normal(seed + case + 60, size, dtype=torch.float64),
            "bias": normal(seed + case + 70, size, dtype=torch.float64),
        }
        by_call(learner, made_of, values, steps)
    gradients(learner, seed, b)
    far(learner, seed, a)
    for shape in ((1, b), (1, 1, b), (1, c, b)):
        one(learner, seed, shape)


def contents(learner: Any, size: int) -> None:
    """weight and bias are parameters, the running statistics buffers."""
    gain = {"weight": torch.ones(size), "bias": torch.zeros(size)}
    running = {"running_mean": torch.zeros(size), "running_var": torch.ones(size)}

    def found(parameters: Values, buffers: Values, plain: list[str]) -> dict[str, Any]:
        return {"parameters": parameters, "buffers": buffers, "plain attributes": plain}

    trains = "is a parameter: an optimiser would train it. Use register_buffer"
    mean, var = running
    ask(learner, fixtures.layer_contents, size, called=f"BatchNorm1d({size})").equals(
        found(gain, running, []),
        mistakes={
            f"the running mean {trains}": found(
                {**gain, mean: running[mean]}, {var: running[var]}, []
            ),
            f"the running variance {trains}": found({**gain, var: running[var]}, {mean: running[mean]}, []),
            "the running statistics are parameters: an optimiser would train them. Use register_buffer": found(
                gain | running, {}, []
            ),
            "the running statistics are plain attributes: state_dict would forget them. Use register_buffer": found(
                gain, {}, [*running]
            ),
            "weight and bias are learned: make them nn.Parameter": found({}, gain | running, []),
            "weight and bias are learned: make them nn.Parameter, not plain attributes": found({}, running, []),
            "the running variance starts at 1": found(gain, {**running, var: torch.zeros(size)}, []),
            "weight, the gain, starts at 1": found({**gain, "weight": torch.zeros(size)}, running, []),
        },
    )  # fmt: skip


def by_call(learner: Any, made_of: tuple[Any, ...], values: Values, steps: Steps) -> None:
    """Every call of a layer, by torch's own."""
    layer = nn.BatchNorm1d(*made_of).double()
    want: Seen = []
    with torch.no_grad():
        layer.weight.copy_(values["weight"])
        layer.bias.copy_(values["bias"])
        for training, x in steps:
            out = layer.train(training)(x.movedim(-1, 1)).movedim(1, -1)
            kept = (layer.running_mean, layer.running_var)
            running = dict(
                zip(fixtures.RUNNING, (one.clone() for one in kept if one is not None), strict=True)
            )
            want.append({"output": out, **running})
    mistakes: dict[str, Any] = {}
    for words, how in {**WRONG, **FLAT}.items():
        try:
            mistakes[words] = simulated(made_of, values, steps, how)
        except RuntimeError:  # these shapes do not let the mistake run
            continue
    modes = [f"{'train' if training else 'eval'}()(x) with x {tuple(x.shape)}" for training, x in steps]
    made = f"BatchNorm1d({', '.join(map(str, made_of))})"
    got = ask(learner, fixtures.layer_run, made_of, values, steps, called=f"{made}: {', '.join(modes)}").value
    tolerance = EXACT["rtol"], EXACT["atol"]
    explains = {words: seen for words, seen in mistakes.items() if difference(got, seen, tolerance) is None}
    for k, (seen, right, mode) in enumerate(zip(got, want, modes, strict=True)):
        for name, value in right.items():
            Told(seen[name], f"{made}, call {k + 1}, {mode}: {name}").close(
                value, mistakes={words: calls[k][name] for words, calls in explains.items()}, **EXACT
            )


def gradients(learner: Any, seed: int, size: int) -> None:
    """At the input and at both parameters, by torch's own layer; the running statistics keep no graph."""
    x, upstream = (normal(seed + k, 6, size, dtype=torch.float64) for k in (80, 81))
    values = {"weight": normal(seed + 82, size, dtype=torch.float64), "bias": x[0]}
    layer = nn.BatchNorm1d(size, dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    with torch.no_grad():
        layer.weight.copy_(values["weight"])
    layer(leaf).backward(upstream)
    want: dict[str, Any] = {
        "gradient at x": leaf.grad,
        "weight": layer.weight.grad,
        "bias": layer.bias.grad,
        "with a graph": [],
    }
    cut = upstream * values["weight"] / (x.var(0, correction=0) + 1e-5).sqrt()
    held = "the running statistics hold on to the graph of every batch: update them without gradients"
    ask(
        learner,
        fixtures.layer_gradients,
        [size],
        values,
        x,
        upstream,
        called="the gradients in training mode",
    ).close(
        want,
        mistakes={
            "mean and variance of the batch belong to the graph: only the running ones do not": {
                **want,
                "gradient at x": cut,
            },
            "no gradient reaches x": {**want, "gradient at x": None},
            "no gradient reaches weight and bias": {**want, "weight": None, "bias": None},
            held: {**want, "with a graph": list(fixtures.RUNNING)},
            f"{held} (the mean)": {**want, "with a graph": ["running_mean"]},
            f"{held} (the variance)": {**want, "with a graph": ["running_var"]},
        },
        rtol=1e-7,
        atol=1e-9,
    )


def far(learner: Any, seed: int, size: int) -> None:
    """float32 far from zero, where the mean of squares minus the square of the mean has no digits left."""
    x = 3000 + normal(seed + 90, 64, size)
    values = {"weight": torch.ones(size), "bias": torch.zeros(size)}
    layer = nn.BatchNorm1d(size).double()
    with torch.no_grad():
        out = layer(x.double())
    assert layer.running_mean is not None
    assert layer.running_var is not None
    want = {"output": out, "running_mean": layer.running_mean, "running_var": layer.running_var}
    called = "BatchNorm1d, training, float32 numbers near 3000"
    (got,) = ask(learner, fixtures.layer_run, [size], values, [(True, x)], called=called).value
    for name, value in want.items():
        Told(got[name], f"{called}: {name}").close(
            value.float(),
            mistakes={} if name == "running_mean" else cancelled(got[name], value),
            rtol=2e-3,
            atol=2e-3,
        )


def one(learner: Any, seed: int, shape: tuple[int, ...]) -> None:
    """A batch of one. If it holds a single example: an error in training that leaves no trace. Else no problem."""
    x = normal(seed + 91, *shape, dtype=torch.float64)
    want, mistakes = alone(x)
    called = f"train()(x), then eval()(x), x {shape}"
    ask(learner, fixtures.layer_of_one, [shape[-1]], x, called=called).close(want, mistakes=mistakes, **EXACT)
