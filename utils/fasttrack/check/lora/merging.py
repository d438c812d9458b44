"""Checks of 09_finetuning/02_lora, on merging. Oracle: the model in PyTorch's functions, with the products added."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.fixtures import adapters as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.lora.oracle import FAR, LAYERS, SETATTR, adapter, drawn, outputs, with_adapter
from fasttrack.check.training.ask import Told, ask
from fasttrack.check.values import difference

SOME = (("fc", "inner.proj", "outproj"), ("fc2",), tuple(LAYERS))


@check
def merge(learner: Any, layer_class: Any, seed: int) -> None:
    """One plain layer for each. Oracle: W + alpha / rank * b @ a, and the outputs with it."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (names, rank, alpha) in enumerate(zip(SOME, (a, b, 1), (float(c), 0.5, 3.0), strict=True)):
        values, state = drawn(seed + 50 * k), adapter(seed + 50 * k, names, rank)
        x = normal(seed + 50 * k, 3, 4, dtype=torch.float64)
        called = f"merge(model), with LoRALinears of rank {rank} and alpha {alpha:g} at {', '.join(names)}"
        told = ask(learner, fixtures.merged, layer_class, values, state, alpha, x, called=called).value
        kinds = dict.fromkeys(names, "Linear")
        known = ""
        if told["a name with a dot"]:
            known = SETATTR
        elif told["layers"] and all(kind == "LoRALinear" for kind in told["layers"].values()):
            known = "the LoRALinears are still there: set new layers in their places"
        require(
            told["layers"] == kinds,
            ("called", called),
            ("expected", f"an nn.Linear at {', '.join(names)}"),
            ("got", f"{told['layers']}"),
            *([("mistake", known)] if known else []),
        )  # fmt: skip
        scaling = alpha / rank
        right = with_adapter(values, state, scaling)
        require(
            list(told["tensors"]) == list(values),
            ("looked at", f"the names of the parameters after {called}"),
            ("expected", "those of the model before it got adapters"),
            ("got", ", ".join(name for name in told["tensors"] if name not in values) or "some are missing"),
        )
        other = next((name for name, kind in told["dtypes"].items() if kind != "float64"), "")
        require(
            not other,
            ("looked at", f"{other} after {called}, where the base's is float64"),
            ("expected", "float64"),
            ("got", told["dtypes"].get(other, "")),
            ("mistake", "a new nn.Linear is float32 whatever the base has: give it the base's dtype"),
        )
        for name in names:
            base, fact = (
                told["bases"][name],
                f"base.weight of the LoRALinear that was at {name}, after {called}",
            )
            require(
                torch.equal(base, values[f"{name}.weight"]),
                ("looked at", fact),
                ("expected", "unchanged: the base is shared by all adapters"),
                ("got", "another weight"),
                ("mistake", "make a new nn.Linear, and add nothing to the base in place"),
            )
        untouched = all(torch.equal(told["adapters"][one], value) for one, value in state.items())
        require(untouched, ("looked at", f"lora_a and lora_b after {called}"), ("expected", "unchanged"))
        slips = {
            "the scaling alpha / rank is missing": with_adapter(values, state, 1.0),
            "the scaling counts once": with_adapter(values, state, scaling**2),
            "the scaling is alpha / rank, not alpha": with_adapter(values, state, alpha),
            "added, not subtracted": with_adapter(values, state, -scaling),
            "the adapter's product is missing": values,
            "the base's weight is missing": {
                name: value - values[name] if name.removesuffix(".weight") in names else value
                for name, value in right.items()
            },
            "the biases are missing": right
            | {f"{one}.bias": torch.zeros_like(right[f"{one}.bias"]) for one in names if f"{one}.bias" in right},
        }  # fmt: skip
        wrong = {words: value for words, value in slips.items() if difference(value, right, (1e-9, 1e-10))}
        if biases_only(told["tensors"], right):
            wrong["the biases are those of a new layer: take over the base's"] = right | told["tensors"]
        Told(told["tensors"], f"the parameters after {called}").close(right, mistakes=wrong, **FAR)
        Told(told["logits"], f"the outputs after {called}").close(outputs(right, x), **FAR)
        returned = told["returned"]
        require(
            returned is not None and sorted(returned) == sorted(names),
            ("called", called),
            ("expected", f"it returns a dict with the names {', '.join(names)}"),
            ("got", "no dict" if returned is None else ", ".join(map(str, returned)) or "an empty dict"),
        )
        fact = "they are the layers that were there"
        require(told[fact] is True, ("looked at", f"the values of what {called} returns"), ("expected", fact))


def biases_only(got: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> bool:
    """Whether every tensor is right, biases aside."""
    return all(
        name.endswith(".bias") or (name in got and difference(got[name], value, (1e-9, 1e-10)) is None)
        for name, value in right.items()
    )


@check
def unmerge(learner: Any, layer_class: Any, seed: int) -> None:
    """The layers as they were. Oracle: the same objects, and the same outputs to the last bit."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (names, rank, alpha) in enumerate(zip(SOME, (c, 1, b), (1.0, float(a), 0.7), strict=True)):
        values, state = drawn(seed + 70 * k), adapter(seed + 70 * k, names, rank)
        x = normal(seed + 70 * k, 2, 4, dtype=torch.float64)
        called = f"unmerge(model, taken_out), with these taken out: {', '.join(names)}"
        told = ask(learner, fixtures.unmerged, layer_class, values, state, alpha, x, called=called).value
        elsewhere = told["elsewhere"]
        known = ""
        if told["a name with a dot"]:
            known = SETATTR
        elif "LoRALinear" in elsewhere.values():
            known = "put back the layers that the dict holds, and no copies"
        elif elsewhere:
            known = "set the layers that the dict holds, under their names"
        require(
            not elsewhere,
            ("called", called),
            ("expected", "each layer is in its place again"),
            ("got", ", ".join(f"{name} is {kind}" for name, kind in elsewhere.items())),
            ("mistake", known),
        )
        facts = (
            ("the dict still holds the layers", "leave the dict as it is"),
            ("the same logits, bit for bit", "put the layers back as they are, and compute nothing"),
        )
        for fact, mistake in facts:
            require(told[fact] is True, ("called", called), ("expected", fact), ("mistake", mistake))
        want = set(values) - {f"{name}.{part}" for name in names for part in ("weight", "bias")}
        want |= {
            f"{name}.base.{part}"
            for name in names
            for part in ("weight", "bias")
            if f"{name}.{part}" in values
        }
        want |= set(state)
        Told(sorted(told["tensors"]), f"the names of the parameters after {called}").equals(sorted(want))
        Told(told["returned"], f"what {called} returns").equals(None)
