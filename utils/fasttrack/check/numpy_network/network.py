"""Checks of the whole network: forward, all gradients, by hand and in PyTorch. Oracle: torch.autograd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.inputs import EXACT, distinct_sizes
from fasttrack.check.numpy_network.arrays import Layers, array, as_lists, labels, layers_of, plain


@dataclass(frozen=True)
class How:
    """A network as it should be, or with one thing wrong."""

    relu: str = "between"  # or "also last", "none", "also first"
    mask: str = "input"  # what backward of ReLU looks at; or "none", "gradient"
    reduction: str = "mean"


def bend(z: torch.Tensor, mask: str) -> torch.Tensor:
    """ReLU forward; backward with the right mask, with none, or with the gradient's own sign."""
    if mask == "input":
        return functional.relu(z)
    h = z + (functional.relu(z) - z).detach()
    if mask == "gradient":
        h.register_hook(lambda grad: grad.clamp(min=0))  # type: ignore[no-untyped-call]
    return h


def outputs(leaves: list[torch.Tensor], x: np.ndarray, how: How) -> torch.Tensor:
    """The logits of a network whose parameters w, b, w, b, … are `leaves`."""
    h = torch.from_numpy(x)
    if how.relu == "also first":
        h = functional.relu(h)
    for k in range(0, len(leaves), 2):
        h = h @ leaves[k] + leaves[k + 1]
        last = k == len(leaves) - 2
        if how.relu == "also last" or (how.relu != "none" and not last):
            h = bend(h, how.mask)
    return h


def leaves_of(layers: Layers) -> list[torch.Tensor]:
    return [torch.from_numpy(value.copy()).requires_grad_() for pair in layers for value in pair]


def by_torch(layers: Layers, x: np.ndarray, targets: np.ndarray, how: How = How()) -> tuple[float, Layers]:
    """The loss, and its gradients as pairs."""
    leaves = leaves_of(layers)
    loss = functional.cross_entropy(
        outputs(leaves, x, how), torch.from_numpy(targets), reduction=how.reduction
    )
    grads = [grad.numpy() for grad in torch.autograd.grad(loss, leaves)]
    return loss.item(), list(zip(grads[::2], grads[1::2], strict=True))


def with_other_inputs(layers: Layers, x: np.ndarray, targets: np.ndarray, saved: str) -> tuple[float, Layers]:
    """As `by_torch`, but each gradient of w is a product with x, or with what came before the ReLU."""
    h, zs = torch.from_numpy(x), []
    for w, b in layers:
        zs.append((h @ torch.from_numpy(w) + torch.from_numpy(b)).requires_grad_())
        h = functional.relu(zs[-1])
    loss = functional.cross_entropy(zs[-1], torch.from_numpy(targets))
    slopes = [slope.numpy() for slope in torch.autograd.grad(loss, zs)]
    before = [x, *(x if saved == "x" else z.detach().numpy() for z in zs[:-1])]
    return loss.item(), [(a.T @ slope, slope.sum(0)) for a, slope in zip(before, slopes, strict=True)]


def depths(seed: int) -> list[tuple[int, ...]]:
    """Sizes from input to logits: two layers, one, three, and square ones, where shapes tell nothing."""
    a, b, c = distinct_sizes(seed, 3)
    return [(a, b, c), (a, c), (a, b, a, c), (c, c, c)]


@check
def network_forward(learner: Any, seed: int) -> None:
    """Linear layers with ReLU between them. Oracle: PyTorch."""
    for k, sizes in enumerate(depths(seed)):
        layers = layers_of(seed + 20 * k, sizes)
        x = array(seed + k, 5 + k, sizes[0])
        with torch.no_grad():
            want, no_relu, last, first = (
                outputs(leaves_of(layers), x, How(relu=relu)).numpy()
                for relu in ("between", "none", "also last", "also first")
            )
        mistakes = {
            "no ReLU after the last layer: logits may be negative": last,
            "ReLU is missing between the layers": no_relu,
            "no ReLU before the first layer: it bends what a layer gives, not x": first,
            "a network of one layer has no ReLU": np.maximum(want, 0),
            "only the first layer was used": np.maximum(x @ layers[0][0] + layers[0][1], 0),
        }
        expect(learner, layers, x).close(want, mistakes=mistakes, **EXACT)


def gradients_agree(learner: Any, seed: int) -> None:
    """(loss, grads) of networks of several depths, and the mistakes that show in them."""
    for k, sizes in enumerate(depths(seed)):
        layers = layers_of(seed + 20 * k, sizes)
        n = 6 + k
        x, targets = array(seed + k, n, sizes[0]), labels(seed + k, sizes[-1], n)
        want = by_torch(layers, x, targets)
        mistakes = {
            name: by_torch(layers, x, targets, how)
            for name, how in {
                "the loss is a mean over the rows: yours, and its gradient, are sums": How(reduction="sum"),
                "backward goes through ReLU unchanged: the mask is missing": How(mask="none"),
                "the mask of ReLU comes from its input, not from the gradient's sign": How(mask="gradient"),
                "no ReLU after the last layer: logits may be negative": How(relu="also last"),
                "ReLU is missing between the layers": How(relu="none"),
                "no ReLU before the first layer": How(relu="also first"),
            }.items()
        } | in_another_form(*want, n)
        mistakes |= {
            "grad_w of a layer is a product with what entered that layer: yours takes x for all": (
                with_other_inputs(layers, x, targets, "x")
            ),
            "grad_w of a layer is a product with what entered it, after ReLU: yours takes what came before ReLU": (
                with_other_inputs(layers, x, targets, "z")
            ),
        }
        plain(expect(learner, layers, x, targets)).close(want, mistakes=mistakes, **EXACT)


def in_another_form(loss: float, grads: Layers, n: int) -> dict[str, Any]:
    """Right gradients, put down wrongly or off by a factor."""
    return {
        "the loss is right; the gradients lack the 1/n of its mean": (
            loss,
            [(n * dw, n * db) for dw, db in grads],
        ),
        "backward finds the last layer first: turn the list round": (loss, grads[::-1]),
        "a pair (grad_w, grad_b) for each layer, in this order": (loss, [(db, dw) for dw, db in grads]),
        "pairs as tuples: (grad_w, grad_b)": (loss, as_lists(grads)),
        "one flat list: a pair (grad_w, grad_b) for each layer": (loss, [g for pair in grads for g in pair]),
        "return the loss, too: (loss, grads)": grads,
        "the loss first, then the gradients": (grads, loss),
        "the sign is turned: the gradients point uphill": (loss, [(-dw, -db) for dw, db in grads]),
        "nn.Linear holds its weight as (d_out, d_in): the gradient of w is the transpose": (
            loss,
            [(dw.T, db) for dw, db in grads],
        ),
        "the gradients are tensors: .numpy() gives their arrays": (
            loss,
            [(torch.from_numpy(dw), torch.from_numpy(db)) for dw, db in grads],
        ),
        "the loss is a tensor: .item() gives its number": (torch.tensor(loss, dtype=torch.float64), grads),
    }


@check
def loss_and_grads(learner: Any, seed: int) -> None:
    """The loss and all gradients, by hand. Oracle: torch.autograd."""
    gradients_agree(learner, seed)


@check
def torch_loss_and_grads(learner: Any, seed: int) -> None:
    """The same by PyTorch. Oracle: torch.autograd, by leaves of the check's own."""
    gradients_agree(learner, seed)
