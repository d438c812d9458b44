"""Check of 01_tensors/03_training, on modules. Oracle: matrix products in NumPy."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, fixtures, require
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask
from fasttrack.check.values import describe


@check
def Classifier(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Linear layers with ReLU and dropout between them. Oracle: NumPy with the same parameters."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, (height, sizes) in enumerate(((a, (3 * a, b, c, d)), (b, (2 * b, d)), (c, (2 * c, a, b)))):
        shapes = [shape for i, o in pairwise(sizes) for shape in ((o, i), (o,))]
        made = f"Classifier({list(sizes)})"
        ask(
            learner, fixtures.parameter_shapes, list(sizes), called=f"{made}, the shapes of its parameters"
        ).equals(
            shapes,
            mistakes={
                "no parameters are registered: a Python list hides layers, nn.ModuleList does not": [],
                "only the last layer is registered: a Python list hides layers, nn.ModuleList does not": shapes[
                    -2:
                ],
                "the output layer is missing": shapes[:-2],
                "Linear takes inputs first, then outputs": [
                    shape for i, o in pairwise(sizes) for shape in ((i, o), (i,))
                ],
                "each layer has a bias": shapes[::2],
            },
        )
        values = [normal(seed + 10 * case + k, *shape) for k, shape in enumerate(shapes)]
        x = normal(seed + case, 5, height, sizes[0] // height)
        right = forward(values, x)
        for training in (False, True):
            called = f"{made}(x), x {describe(x)}, mode: {'train' if training else 'eval'}"
            ask(learner, fixtures.outputs, [list(sizes)], values, x, training, called=called).close(
                right,
                mistakes={
                    "no ReLU after the last layer: logits may be negative": right.clamp(min=0),
                    "ReLU between the layers: without it they are one linear map": forward(
                        values, x, relu=False
                    ),
                    "logits, not probabilities: the loss applies softmax": right.softmax(-1),
                    "logits, not log-probabilities": right.log_softmax(-1),
                },
                rtol=1e-4,
                atol=1e-5,
            )
    dropped(learner, seed, b)


def forward(values: list[torch.Tensor], x: torch.Tensor, *, relu: bool = True) -> torch.Tensor:
    h = x.numpy().reshape(len(x), -1)
    for k in range(0, len(values), 2):
        h = h @ values[k].numpy().T + values[k + 1].numpy()
        if relu and k < len(values) - 2:
            h = np.maximum(h, 0)
    return torch.from_numpy(h)


def dropped(learner: Any, seed: int, n: int) -> None:
    """Through identities, dropout shows: each unit is zero or scaled up, once for each hidden layer."""
    eye, zero = torch.eye(n), torch.zeros(n)
    x = 1 + normal(seed, 2000, 1, n).abs()
    for hidden, rate in ((1, 0.25), (2, 0.5)):
        sizes, values = [n] * (hidden + 2), [eye, zero] * (hidden + 1)
        made = f"Classifier({sizes}, {rate})(x), x {describe(x)}, each weight the identity"
        called = f"{made}, mode: eval"
        measured = ask(learner, fixtures.outputs, [sizes, rate], values, x, False, called=called)
        active = "dropout is active in evaluation mode: functional.dropout needs training=self.training"
        measured.close(x[:, 0], mistakes={active: measured.value} if zeroed(measured.value) else {})
        called = f"{made}, mode: train"
        trained = ask(learner, fixtures.outputs, [sizes, rate], values, x, True, called=called)
        out = trained.value
        if not isinstance(out, torch.Tensor) or out.shape != x[:, 0].shape:
            trained.equals(x[:, 0])
            return
        ratio, keep = out / x[:, 0], 1 - rate
        seen = sorted({round(value, 3) for value in ratio.flatten().tolist()})
        share = float((ratio != 0).double().mean())
        fine = seen == [0.0, round(keep**-hidden, 3)] and abs(share - keep**hidden) < 0.03
        layers = {keep**k: k for k in range(hidden + 4)}
        applied = next((k for value, k in layers.items() if abs(share - value) < 0.03), None)
        require(
            fine,
            ("called", called),
            ("expected", f"dropout {rate:g} after each of {hidden} hidden layers keeps {keep**hidden:.3g} in training"),
            ("got", f"{share:.3g} kept"),
            *(
                [("mistake", "dropout is never applied")]
                if applied == 0
                else [("mistake", f"dropout is applied {applied} times: not to the input, not to the logits")]
                if applied is not None and applied > hidden
                else [("mistake", "dropout comes after each hidden layer")]
                if applied is not None and applied < hidden
                else []
            ),
        )  # fmt: skip


def zeroed(out: Any) -> bool:
    """Whether some elements are zero, and not all: what dropout does to numbers that were not."""
    return isinstance(out, torch.Tensor) and bool((out == 0).any()) and bool((out != 0).any())
