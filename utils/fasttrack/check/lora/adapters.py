"""Checks of 09_finetuning/02_lora, on adapters as data. Oracles: the tensors that were put in; a loop over rows."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import adapters as fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.lora.oracle import LAYERS, State, adapter, drawn
from fasttrack.check.training.ask import Told, ask
from fasttrack.check.values import describe, difference

SOME = (("fc", "inner.proj", "outproj"), ("fc2",), tuple(LAYERS))


@check
def lora_state(learner: Any, layer_class: Any, seed: int) -> None:
    """The adapter's tensors, copied. Oracle: the tensors that were put in."""
    a, b, _ = distinct_sizes(seed, 3)
    for k, (names, rank) in enumerate(zip(SOME, (a, 1, b), strict=True)):
        values, state = drawn(seed + 50 * k), adapter(seed + 50 * k, names, rank)
        called = f"lora_state(model), with LoRALinears at {', '.join(names)}"
        told = ask(learner, fixtures.state_of, layer_class, values, state, 1.0, k < 2, called=called).value
        got = told["state"]
        sevens = {name: torch.full_like(value, 7.0) for name, value in state.items()}
        whole = {name: value for name, value in values.items() if name.rpartition(".")[0] not in names}
        known = ""
        if isinstance(got, dict):
            extra = [name for name in got if name not in state]
            if any(name.endswith((".base.weight", ".base.bias")) or name in whole for name in extra):
                known = "lora_a and lora_b alone: the base is not part of an adapter"
            elif extra and not any("." in name for name in extra):
                known = "full names, as model.named_parameters() has them"
        require(
            isinstance(got, dict) and got.keys() == state.keys(),
            ("called", called),
            ("expected", f"a dict with {', '.join(sorted(state))}"),
            ("got", ", ".join(sorted(got)) if isinstance(got, dict) else describe(got)),
            *([("mistake", known)] if known else []),
        )
        require(
            told["a tensor requires a gradient"] is False,
            ("called", called),
            ("expected", "tensors that require no gradients"),
            ("mistake", "detach them: they are data now"),
        )
        Told({name: got[name] for name in state}, f"the state, after more training, of {called}").equals(
            state,
            mistakes={"clone them: yours share memory with the model, and change when it trains on": sevens},
        )


@check
def load_lora(learner: Any, layer_class: Any, seed: int) -> None:
    """Another adapter, in place; and adapters that do not fit."""
    a, b, _ = distinct_sizes(seed, 3)
    for k, (names, rank) in enumerate(zip(SOME, (a, 1, b), strict=True)):
        values, first = drawn(seed + 50 * k), adapter(seed + 50 * k, names, rank)
        second = dict(reversed(adapter(seed + 50 * k + 25, names, rank).items()))
        called = f"load_lora(model, state), with LoRALinears at {', '.join(names)}"
        told = ask(learner, fixtures.loaded, layer_class, values, first, second, 1.0, called=called).value
        raised = f"{told['raised']}: {told['message']}" if told["raised"] else ""
        require(not raised, ("called", called), ("raised", raised))
        got = {name: told["parameters"].get(name) for name in second}
        Told(got, f"the adapter in the model after {called}").equals(
            second, mistakes={"nothing was loaded: copy the numbers into the parameters": first}
        )
        unchanged(told, values, names, called)
        for fact, mistake in (
            (
                "the parameters are the same objects, and as trainable as before",
                "copy into the parameters under torch.no_grad(): yours were replaced",
            ),
            ("the adapter that was passed is left as it was", "leave the state that was passed as it is"),
            ("no parameter shares memory with it", "copy the numbers, and do not point at them"),
        ):
            require(told[fact] is True, ("called", called), ("expected", fact), ("mistake", mistake))
    refusals(learner, layer_class, seed)


def unchanged(told: dict[str, Any], values: State, names: tuple[str, ...], called: str) -> None:
    """The base is what it was."""
    for name, value in values.items():
        layer, _, part = name.rpartition(".")
        now = told["parameters"].get(f"{layer}.base.{part}" if layer in names else name)
        require(
            now is not None and difference(now, value) is None,
            ("looked at", f"{name} after {called}"),
            ("expected", "unchanged: the base stays as it is"),
        )


def refusals(learner: Any, layer_class: Any, seed: int) -> None:
    """Adapters that do not fit: a ValueError that names the tensor, and nothing has changed."""
    names, rank = ("fc", "inner.fc", "fc2"), 2
    values, first = drawn(seed + 900), adapter(seed + 900, names, rank)
    good = adapter(seed + 950, names, rank)
    larger = adapter(seed + 950, names, rank + 1)
    cases: list[tuple[str, str, State]] = [
        ("fc2.lora_b", "is missing", {name: value for name, value in good.items() if name != "fc2.lora_b"}),
        ("fc.lora_a", "is missing", {name: value for name, value in good.items() if name != "fc.lora_a"}),
        ("outproj.lora_a", "is one too many", good | {"outproj.lora_a": torch.zeros(2, 6)}),
        (
            "inner.fc.lora_b",
            "is (3, 3) and not (3, 2)",
            good | {"inner.fc.lora_b": larger["inner.fc.lora_b"]},
        ),
        ("fc2.lora_a", "is (1, 6) and not (2, 6)", good | {"fc2.lora_a": good["fc2.lora_a"][:1]}),
    ]
    for name, how, state in cases:
        called = f"load_lora(model, state), where {name} {how}"
        told = ask(learner, fixtures.loaded, layer_class, values, first, state, 1.0, called=called).value
        kind, message = str(told["raised"]), str(told["message"])
        known = {
            "": "nothing is raised: compare names and shapes",
            "KeyError": "compare the names first, and raise ValueError",
            "RuntimeError": "compare the shapes before copying, and raise ValueError",
        }.get(kind, "")
        if not kind and how.startswith("is (1"):
            known = "copy_ repeats one row for all: compare shapes yourself"
        require(
            kind == "ValueError" and name in message,
            ("called", called),
            ("expected", f"ValueError, and {name} in its message"),
            ("got", f"{kind}: {message}" if kind else "no error"),
            *([("mistake", known)] if known else []),
        )
        changed = [one for one in first if difference(told["parameters"][one], first[one]) is not None]
        require(
            not changed,
            ("called", called),
            ("expected", "no parameter has changed"),
            ("got", f"{len(changed)} have changed, {(changed or [''])[0]} first"),
            ("mistake", "look through all of it first, then copy: half an adapter is worse than none"),
        )


@check
def mixed_lora(learner: Any, seed: int) -> None:
    """Another adapter for each row. Oracle: a loop over rows, one product after the other."""
    p, q, r = distinct_sizes(seed, 3)
    for k, (batch, time, count, rank, columns, rows, scaling) in enumerate(
        (
            (p + 2, q, 3, 2, r, p, 0.5),
            (1, 1, 1, 1, p, q, 2.0),
            (q, 1, r, 3, 4, 4, 1.5),
            (2 * r, 2, 2, 2, 2, 2, 3.0),
        )
    ):
        double = torch.float64
        x = normal(seed + 10 * k, batch, time, columns, dtype=double)
        a = normal(seed + 10 * k + 1, count, rank, columns, dtype=double)
        b = normal(seed + 10 * k + 2, count, rows, rank, dtype=double)
        which = integers(seed + 10 * k + 3, count + 1, batch) - 1
        if batch > 1:
            which[0], which[1] = -1, count - 1  # both kinds, whatever the seed

        def rows_with(chosen: list[int], plain: bool = True) -> torch.Tensor:
            """The sum over each row's own adapter; -1 is none, or with `plain` off Python's last."""
            answer = []
            for i, one in enumerate(chosen):
                product = b[one] @ a[one] * scaling  # noqa: B023
                answer.append(x[i] @ product.T * (0.0 if one < 0 and plain else 1.0))  # noqa: B023
            return torch.stack(answer)

        chosen = [int(one) for one in which]
        right = rows_with(chosen)
        every = sum(rows_with([one] * batch) for one in range(count))
        slips: dict[str, Any] = {
            "-1 means no adapter: as an index it picks the last one": rows_with(chosen, plain=False),
            "-1 means no adapter: yours gets the first one": rows_with([max(one, 0) for one in chosen]),
            "the scaling is missing": right / scaling,
            "the scaling counts once": right * scaling,
            "each row has an adapter of its own: yours adds all of them": every,
            "each row has an adapter of its own: yours uses the first for all": rows_with([0] * batch),
        }
        mistakes = {
            words: value
            for words, value in slips.items()
            if difference(value, right, (1e-9, 1e-10)) is not None
        }
        expect(learner, x, which, a, b, scaling).close(right, mistakes=mistakes, rtol=1e-10, atol=1e-11)
