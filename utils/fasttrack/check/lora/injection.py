"""Checks of 09_finetuning/02_lora, on putting adapters into a model. Oracle: names, split at their dots."""

from __future__ import annotations

from typing import Any

from fasttrack.check import check, require
from fasttrack.check.fixtures import lora as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.lora.oracle import FAR, LAYERS, SETATTR, drawn, outputs
from fasttrack.check.training.ask import Told, ask


def matching(targets: tuple[str, ...]) -> list[str]:
    """The layers of `Parts` whose last parts are those of a target."""
    found = []
    for name in LAYERS:
        parts = name.split(".")
        for target in targets:
            if parts[-len(target.split(".")) :] == target.split("."):
                found.append(name)
                break
    return found


CASES: tuple[tuple[str, ...], ...] = (
    ("fc",),
    ("proj",),
    ("inner.fc", "fc2"),
    ("outproj", "fc", "inner.proj"),
    ("fc2", "fc2"),
)
REFUSED: tuple[tuple[str, ...], ...] = (("query",), ("fc", "norm"), ("c",), ("fc", "inner"), ("inner.fc2",))


@check
def inject_lora(learner: Any, layer_class: Any, seed: int) -> None:
    """Which layers, what is trained, and the same outputs. Then targets that no linear layer has."""
    a, b, c = distinct_sizes(seed, 3)
    x = normal(seed + 90, 3, 4, dtype=drawn(seed)["fc.weight"].dtype)
    for k, targets in enumerate(CASES):
        values = drawn(seed + 30 * k)
        rank, alpha = (a, b, c, 1, 2)[k], (float(b), 1.5, float(c), 4.0, 1.0)[k]
        called = f"inject_lora(model, {list(targets)}, {rank}, {alpha}), a model with linear layers {', '.join(LAYERS)}"
        told = ask(
            learner, fixtures.injected, layer_class, values, targets, rank, alpha, x, called=called
        ).value
        names = matching(targets)
        raised = f"{told['raised']}: {told['message']}" if told["raised"] else ""
        whole = told["raised"] == "ValueError" and any("." in target for target in targets)
        require(
            not raised,
            ("called", called),
            ("raised", raised),
            *([("mistake", "a target may have several parts, as inner.fc")] if whole else []),
        )
        anywhere = [name for name in LAYERS if any(target in name for target in targets)]
        at_end = [name for name in LAYERS if any(name.endswith(target) for target in targets)]
        exact = [name for name in LAYERS if name in targets]
        last = [name for name in LAYERS if any(name.split(".")[-1] == target for target in targets)]
        got = told["LoRALinear"]
        mistakes: dict[str, list[str]] = {
            "no layer was replaced: a model keeps its layers under their names, so set them there": [],
            "a name ends in whole parts: `outproj` does not end in `proj`": at_end,
            "a name ends in whole parts: `fc` is not part of `fc2`": anywhere,
            "a target is the end of a name: inner.fc ends in fc": exact,
            "a target may have several parts, as inner.fc": last,
            "every linear layer was replaced, and not only the targets": list(LAYERS),
        }
        named = [(SETATTR, told["a name with a dot"])]
        named += [(words, wrong == got) for words, wrong in mistakes.items()]
        require(
            got == names,
            ("called", called),
            ("expected", f"a LoRALinear at {', '.join(names)}"),
            ("got", ", ".join(got) or "none"),
            *[("mistake", words) for words, shown in named if shown][:1],
        )
        fact = "their base is the layer that was there"
        require(told[fact] is True, ("called", called), ("expected", fact))
        trained = sorted(f"{name}.{part}" for name in names for part in ("lora_a", "lora_b"))
        more = [name for name in told["trained"] if name not in trained]
        less = [name for name in trained if name not in told["trained"]]
        known = ""
        if any(name.startswith("norm") for name in more):
            known = "everything but the adapters is frozen, norms too"
        elif more:
            known = "freeze the whole model, not only the layers you replace"
        elif less:
            known = "the adapters are trained: freeze the model first, then put them in"
        require(
            not more and not less,
            ("looked at", f"what requires gradients after {called}"),
            ("expected", f"{', '.join(trained)}"),
            ("got", ", ".join(told["trained"]) or "nothing"),
            *([("mistake", known)] if known else []),
        )
        Told(told["ranks"], f"the ranks after {called}").equals([rank] * len(names))
        Told(told["alphas"], f"the alphas after {called}").close(
            [alpha] * len(names), mistakes={"pass alpha on, not alpha / rank": [alpha / rank] * len(names)}
        )
        Told(told["logits"], f"the outputs after {called}").close(outputs(values, x), **FAR)
        ordered = told["returned"] == names
        require(
            ordered,
            ("called", called),
            ("expected", f"it returns the names in the model's order: {names}"),
            ("got", f"{told['returned']}"),
            *([("mistake", "return the list of names")] if told["returned"] is None else []),
        )
    refusals(learner, layer_class, seed)


def refusals(learner: Any, layer_class: Any, seed: int) -> None:
    """A target without a layer: a ValueError that names it, and nothing has changed."""
    values = drawn(seed + 500)
    x = normal(seed + 501, 2, 4, dtype=values["fc.weight"].dtype)
    for targets in REFUSED:
        called = f"inject_lora(model, {list(targets)}, 2, 1.0)"
        told = ask(learner, fixtures.injected, layer_class, values, targets, 2, 1.0, x, called=called).value
        wrong = next(target for target in targets if not matching((target,)))
        kind, message = str(told["raised"]), str(told["message"])
        known = {
            "": "a typing error in a target must not pass in silence: raise ValueError"
            if not told["LoRALinear"]
            else "every target must have a layer: look at each of them",
            "AssertionError": "raise ValueError: an assert vanishes under python -O",
        }.get(kind, "")
        if kind in ("AttributeError", "TypeError") and wrong in ("norm", "inner"):
            known = "only linear layers count: ask isinstance(layer, nn.Linear)"
        require(
            kind == "ValueError" and wrong in message,
            ("called", called),
            ("expected", f"ValueError, and {wrong} in its message: no linear layer is called that"),
            ("got", f"{kind}: {message}" if kind else "no error"),
            *([("mistake", known)] if known else []),
        )
        require(
            not told["LoRALinear"] and len(told["trained"]) == len(values),
            ("called", called),
            ("expected", "nothing has changed: no layer replaced, no parameter frozen"),
            ("got", f"{len(told['LoRALinear'])} replaced, {len(values) - len(told['trained'])} frozen"),
            ("mistake", "look at all targets first, then change the model"),
        )


@check
def trainable(learner: Any, seed: int) -> None:
    """Two counts. Oracle: products of the shapes."""
    a, b, c = distinct_sizes(seed, 3)
    for width, rows, frozen in ((a, b + 20, ()), (b, c, ("thin",)), (c, a, ("embedding", "thin"))):
        table, wide, thin = width * rows, 2 * width * width + 2 * width, width + 1
        total = table + wide + thin
        free = (0 if "embedding" in frozen else table) + (0 if "thin" in frozen else thin)
        also = " and ".join(frozen)
        called = (
            f"trainable(model): an embedding ({rows}, {width}) that is the output matrix, too; a frozen layer from "
            f"{width} to {2 * width}; thin, a layer from {width} to 1{f'; {also} frozen' if also else ''}"
        )
        again = 0 if "embedding" in frozen else table
        ask(learner, fixtures.counted, width, rows, frozen, called=called).equals(
            (free, total),
            mistakes={
                "the numbers in them, not the tensors": (
                    (0 if "embedding" in frozen else 1) + (0 if "thin" in frozen else 2),
                    5,
                ),
                "a shared matrix counts once": (free + again, total + table),
                "trained ones first, then all": (total, free),
                "all parameters, not the frozen ones, come second": (free, total - free),
                "count the parameters that require gradients": (total, total),
                "buffers are no parameters": (free, total + 11),
                "buffers are no parameters, and a shared matrix counts once": (free, total + table + 11),
                "a tuple of two": [free, total],
            },
        )
