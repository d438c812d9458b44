"""Checks of 04_makemore/02_mlp, on the model: embeddings side by side, the network, neighbours. Oracle: NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect
from fasttrack.check.fixtures import gradient
from fasttrack.check.fixtures import mlp as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, integers, normal
from fasttrack.check.mlp.rates import a_list
from fasttrack.check.training.ask import ask
from fasttrack.check.values import describe


@check
def embed(learner: Any, seed: int) -> None:
    """The rows of C for each context, one after the other. Oracle: a loop that fills an array, and its gradient."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, (vocab_size, n_embd, batch, block_size) in enumerate(
        ((a + 5, b, c, d), (27, 2, 1, 3), (a, d, b, b), (9, 1, 5, 4), (6, c, c, c), (5, 3, 4, 1))
    ):
        C = normal(seed + case, vocab_size, n_embd, dtype=torch.float64)
        x = integers(seed + case + 10, vocab_size, batch, block_size)
        want = side_by_side(C, x)
        mixed = C[x.T].reshape(batch, -1)
        mistakes: dict[str, Any] = {
            "one row for each context: flatten the last two dimensions": C[x],
            "C[x] is right: now put the embeddings of a context side by side": C[x].reshape(-1, n_embd),
            "the embeddings of a row belong to one context: yours mixes contexts": mixed,
            "letter by letter: all numbers of the first letter, then those of the next": C[x]
            .transpose(1, 2)
            .reshape(batch, -1),
            "the oldest letter's embedding comes first": C[x.flip(1)].reshape(batch, -1),
            "side by side, not added up": C[x].sum(1),
            "side by side, not averaged": C[x].mean(1),
            "the embeddings of a row belong to one context: cat along dim 1, not 0": torch.cat(
                [C[x[:, i]] for i in range(block_size)], 0
            ),
            "one context in each row, not in each column": want.T,
        }
        expect(learner, C, x).close(want, mistakes=mistakes, **EXACT)
        counted = torch.bincount(x.flatten(), minlength=vocab_size).double()[:, None].expand(-1, n_embd)
        called = f"the gradient of embed(C, x).sum() at C {describe(C)}, x {describe(x)}"
        ask(learner, gradient, C, x, called=called).close(counted.clone(), rtol=1e-11, atol=1e-12)


def side_by_side(C: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    n_embd = C.shape[1]
    out = np.zeros((len(x), x.shape[1] * n_embd))
    for row, context in enumerate(x.tolist()):
        for place, i in enumerate(context):
            out[row, place * n_embd : (place + 1) * n_embd] = C[i].numpy()
    return torch.from_numpy(out)


@check
def MLP(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Parameters by name, logits and gradients. Oracle: NumPy, forward and backward by hand."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, (vocab_size, block_size, n_embd, n_hidden, batch) in enumerate(
        ((a + 3, b, c, d, 5), (27, 3, 2, 9, 1), (d, c, c, b, 4))
    ):
        sizes = vocab_size, block_size, n_embd, n_hidden
        made = f"MLP({', '.join(map(str, sizes))}, generator"
        for scale in (None, 0.25):
            initial(learner, sizes, scale, seed + case, made)
        values = {
            name: normal(seed + 20 * case + k, *shape, dtype=torch.float64) / 2
            for k, (name, shape) in enumerate(shapes_of(sizes).items())
        }
        x = integers(seed + case, vocab_size, batch, block_size)
        right = answer(values, x)
        logits = right["logits"]
        called = f"{made})(x), x {describe(x)}, its parameters set, in float64"
        ask(learner, fixtures.mlp_logits, sizes, values, x, called=called).close(
            right,
            mistakes={
                "tanh is missing: without it two layers are one": answer(
                    values, x, lambda z: z, np.ones_like
                ),
                "the hidden layer is a tanh, not a ReLU": answer(
                    values, x, lambda z: np.maximum(z, 0), lambda h: (h > 0).astype(float)
                ),
                "the hidden layer is a tanh, not a sigmoid": answer(
                    values, x, lambda z: 1 / (1 + np.exp(-z)), lambda h: h * (1 - h)
                ),
                "b1 is missing in forward": answer(values, x, leave_out="b1"),
                "b2 is missing in forward": answer(values, x, leave_out="b2"),
                "logits have no tanh: it belongs to the hidden layer": answer(values, x, last="tanh"),
                "logits, not probabilities: cross_entropy applies softmax": answer(values, x, last="softmax"),
                "logits, not log-probabilities: cross_entropy applies softmax": answer(
                    values, x, last="log_softmax"
                ),
                "one hidden layer for each context, not for each letter: put the embeddings side by side": RuntimeError(
                    "mat1 and mat2"
                ),
                "the graph is cut: no gradient reaches the parameters": {
                    "logits": logits,
                    "gradients": dict.fromkeys(values),
                },
            },
            **EXACT,
        )


def shapes_of(sizes: tuple[int, int, int, int]) -> dict[str, tuple[int, ...]]:
    vocab_size, block_size, n_embd, n_hidden = sizes
    return {
        "C": (vocab_size, n_embd),
        "W1": (block_size * n_embd, n_hidden),
        "b1": (n_hidden,),
        "W2": (n_hidden, vocab_size),
        "b2": (vocab_size,),
    }


def initial(
    learner: Any, sizes: tuple[int, int, int, int], scale: float | None, seed: int, made: str
) -> None:
    """The first parameters: drawn in order from the generator, and nothing else drawn."""
    factor = 1.0 if scale is None else scale

    def drawn(order: str = "C W1 b1 W2 b2", factors: dict[str, float] | None = None) -> Any:
        generator = torch.Generator().manual_seed(seed)
        shapes = shapes_of(sizes)
        numbers = {name: torch.randn(shapes[name], generator=generator) for name in order.split()}
        each = factors or {}
        values = {name: each.get(name, 1.0 if name == "C" else factor) * numbers[name] for name in numbers}
        return {name: values[name] for name in shapes}, torch.rand((), generator=generator).item()

    def zero_biases() -> Any:
        generator = torch.Generator().manual_seed(seed)
        shapes = shapes_of(sizes)
        values = {}
        for name, shape in shapes.items():
            drawn_ = torch.randn(shape, generator=generator) if name[0] != "b" else torch.zeros(shape)
            values[name] = drawn_ * (1.0 if name == "C" else factor)
        return values, torch.rand((), generator=generator).item()

    mistakes: dict[str, Any] = {
        "no parameters are registered: each is an nn.Parameter of its own": ({}, drawn()[1]),
        "the layers' parameters are plain tensors: multiply by scale first, then wrap in nn.Parameter": (
            {"C": drawn()[0]["C"]},
            drawn()[1],
        ),
        "draw in the order C, W1, b1, W2, b2: yours draws both matrices first": drawn("C W1 W2 b1 b2"),
        "draw in the order C, W1, b1, W2, b2: yours draws a bias before its matrix": drawn("C b1 W1 b2 W2"),
        "draw in the order C, W1, b1, W2, b2: yours draws b1 before W1": drawn("C b1 W1 W2 b2"),
        "draw in the order C, W1, b1, W2, b2: yours draws b2 before W2": drawn("C W1 b1 b2 W2"),
        "the biases are drawn, too": zero_biases(),
    }
    if scale is not None:
        mistakes |= {
            "scale makes no difference": drawn(factors=dict.fromkeys(("W1", "b1", "W2", "b2"), 1.0)),
            "scale leaves C alone": drawn(factors={"C": factor}),
            "scale goes for the biases, too": drawn(factors={"b1": 1.0, "b2": 1.0}),
            "scale goes for both layers, W1 and b1 included": drawn(factors={"W1": 1.0, "b1": 1.0}),
        }
    called = f"the parameters of {made}{'' if scale is None else f', scale={scale}'}), and the generator's next number"
    ask(learner, fixtures.made_mlp, sizes, seed, *(() if scale is None else (scale,)), called=called).close(
        drawn(), mistakes=mistakes
    )


def answer(
    values: dict[str, torch.Tensor],
    x: torch.Tensor,
    bend: Any = np.tanh,
    slope: Any = lambda h: 1 - h**2,
    *,
    leave_out: str = "",
    last: str = "",
) -> dict[str, Any]:
    """Logits, and the gradients of half the sum of their squares. `slope` is that of `bend`, by its value."""
    p = {name: value.numpy() * (name != leave_out) for name, value in values.items()}
    e = side_by_side(values["C"], x).numpy()
    h = bend(e @ p["W1"] + p["b1"])
    z = h @ p["W2"] + p["b2"]
    out, dz = finished(z, last)
    dh = dz @ p["W2"].T * slope(h)
    de = (dh @ p["W1"].T).reshape(len(x), x.shape[1], -1)
    dc = np.zeros_like(p["C"])
    np.add.at(dc, x.numpy(), de)
    grads: dict[str, Any] = {"C": dc, "W1": e.T @ dh, "b1": dh.sum(0), "W2": h.T @ dz, "b2": dz.sum(0)}
    told = {name: None if name == leave_out else torch.from_numpy(grad) for name, grad in grads.items()}
    return {"logits": torch.from_numpy(out), "gradients": told}


def finished(z: np.ndarray, last: str) -> tuple[np.ndarray, np.ndarray]:
    """What a last function makes of the logits z, and the gradient of half the sum of squares of that at z."""
    probs = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    if last == "tanh":
        out = np.tanh(z)
        return out, out * (1 - out**2)
    if last == "softmax":
        return probs, probs * (probs - (probs * probs).sum(1, keepdims=True))
    if last == "log_softmax":
        out = np.log(probs)
        return out, out - probs * out.sum(1, keepdims=True)
    return z, z


@check
def nearest(learner: Any, seed: int) -> None:
    """The closest rows of C. Oracle: distances in a loop, sorted."""
    a, b = distinct_sizes(seed, 2)
    for case, (vocab_size, n_embd) in enumerate(((a + 5, b), (27, 2), (b + 3, a), (4, 1))):
        C = normal(seed + case, vocab_size, n_embd) * (1 + torch.arange(n_embd))
        C[0] *= 5  # long, so that angles and distances differ
        for i, count in ((1, 3), (vocab_size - 1, 1), (0, vocab_size - 1)):
            rows, one = C.double().numpy(), C[i].double().numpy()
            others = [j for j in range(vocab_size) if j != i]

            def ranked(score: Any, among: Any = others) -> list[int]:
                return sorted(among, key=score)

            def distance(j: int, rows: Any = rows, one: Any = one) -> float:
                return float(np.sqrt(((rows[j] - one) ** 2).sum()))

            def cosine(j: int, rows: Any = rows, one: Any = one) -> float:
                return float(-(rows[j] @ one) / np.linalg.norm(rows[j]) / np.linalg.norm(one))

            def product(j: int, rows: Any = rows, one: Any = one) -> float:
                return float(-rows[j] @ one)

            def sideways(j: int, rows: Any = rows, one: Any = one) -> float:
                return float(np.abs(rows[j] - one).sum())

            order = ranked(distance)
            want = order[:count]
            with_itself = [i, *order]
            asked = expect(learner, C, i, count)
            a_list(asked.value)
            asked.equals(
                want,
                mistakes={
                    "leave the letter itself out: it is nearest to itself": with_itself[:count],
                    "leave the letter itself out, and give as many as asked": with_itself[1:count],
                    "the nearest, not the farthest": order[::-1][:count],
                    "nearest first": want[::-1],
                    "by distance, not by the angle between them": ranked(cosine)[:count],
                    "by distance, not by dot product": ranked(product)[:count],
                    "Euclidean distance: add up squares, not absolute values": ranked(sideways)[:count],
                    "ids, not distances": [distance(j) for j in want],
                    "only as many as asked: count": order,
                },
            )
