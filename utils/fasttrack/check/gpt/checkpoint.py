"""Checks of 07_gpt/01_gpt, on GPT-2's checkpoints. Oracles: columns one by one; GPT-2 in PyTorch's functions."""

from __future__ import annotations

import re
from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import gpt as fixtures
from fasttrack.check.gpt.inputs import spelled
from fasttrack.check.gpt.model import parameters
from fasttrack.check.gpt.oracle import Sizes, State, drawn, gpt2_logits, tokens
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask
from fasttrack.check.values import difference

LOOSE = (1e-5, 1e-5)


@check
def split_qkv(learner: Any, seed: int) -> None:
    """Three layers out of one. Oracle: columns, one by one."""
    for k, n in enumerate((*distinct_sizes(seed, 3), 1)):
        for shape, dtype in (((n, 3 * n), torch.float64), ((3 * n,), torch.float32)):
            joined = normal(seed + k, *shape, dtype=dtype)
            columns = [joined[..., i] for i in range(3 * n)]
            three = [torch.stack(columns[i * n : (i + 1) * n]) for i in range(3)]
            woven = [torch.stack(columns[i::3]) for i in range(3)]
            rows = [joined.reshape(3, n, n)[i] for i in range(3)] if joined.dim() == 2 else three
            q, key, v = three
            expect(learner, joined).equals(
                (q, key, v),
                mistakes={
                    "not transposed: Conv1D keeps (in, out), nn.Linear wants (out, in)": tuple(
                        one.t() for one in three
                    ),
                    "queries, keys, values, in this order": (key, q, v),
                    "queries first, then keys, then values": (v, key, q),
                    "queries, keys, then values: the last two are exchanged": (q, v, key),
                    "keys, values, queries: the order is queries, keys, values": (key, v, q),
                    "the first third of the columns is queries, not every third column": tuple(woven),
                    "cut columns, not rows": tuple(rows),
                    "cut columns, not rows, and transpose": tuple(one.t() for one in rows),
                    "a tuple of three tensors, not one": torch.stack(three),
                    "a tuple of three tensors": three,
                },
            )


def into(
    sizes: Sizes, state: State, learner: Any, model_class: Any, ids: torch.Tensor, called: str
) -> dict[str, Any]:
    """What `fixtures.loaded` tells."""
    told = ask(learner, fixtures.loaded, model_class, sizes, state, ids, called=called).value
    require(
        isinstance(told, dict) and "raised" in told,
        ("called", called),
        ("got", "no answer: run the test again"),
    )
    return dict(told)


@check
def load_gpt2_weights(learner: Any, model_class: Any, seed: int) -> None:
    """Parameters, then logits. Oracle: the checkpoint's tensors in GPT-2 written with PyTorch's functions."""
    a, b, c = distinct_sizes(seed, 3)
    prefixes = ("transformer.", "", "transformer.")
    shapes: tuple[Sizes, ...] = ((17, b + 3, 2, 2, 8), (b + 11, 6, 12, 1, a), (9, c + 4, 1, 3, 3 * c))
    for k, (prefix, sizes) in enumerate(zip(prefixes, shapes, strict=True)):
        dtype = torch.float64 if k == 2 else torch.float32
        plain = drawn(seed + 200 * k, sizes, dtype)
        ids = tokens(seed + k, sizes, 2, 5)
        called = f"load_gpt2_weights(GPT({spelled(tuple(sizes))}), state), names like {prefix}wte.weight"
        state = checkpoint(plain, prefix, sizes)
        if k == 0 and "lm_head.weight" in state:  # files differ in their order
            state = {"lm_head.weight": state["lm_head.weight"]} | state
        told = into(sizes, state, learner, model_class, ids, called)
        raised = str(told["raised"])
        about = told["message"] if isinstance(told["message"], str) else ""
        hint = refused_wrongly(raised, about, prefix, sizes, state)
        require(
            not raised,
            ("called", called),
            ("raised", f"{raised}: {about}"),
            *([("mistake", hint)] if hint else []),
        )
        right = {name: value.float() for name, value in parameters(model_class, sizes, plain).items()}
        compare(called, told, right)
        for fact, mistake in (
            (
                "the parameters are the same objects, and still trained",
                "copy into the parameters: yours were replaced",
            ),
            (
                "no parameter shares memory with the checkpoint",
                "a parameter points at the checkpoint's tensor: copy the numbers",
            ),
            ("it returns the model", "return the model"),
            ("the checkpoint is left as it was", "it changes the checkpoint's tensors"),
        ):
            require(told[fact] is True, ("called", called), ("expected", fact), ("mistake", mistake))
        want = gpt2_logits({name: value.float() for name, value in plain.items()}, sizes, ids)
        parted = difference(told["logits"], want, LOOSE)
        require(
            parted is None,
            ("looked at", f"the logits after {called}"),
            ("expected", (parted or ("", ""))[0]),
            ("got", (parted or ("", ""))[1]),
            ("mistake", "every parameter is right now, so look into GPT: its test comes first"),
        )
    refusals(learner, model_class, seed, shapes[0])


def refused_wrongly(raised: str, about: str, prefix: str, sizes: Sizes, state: State) -> str:
    """Why a checkpoint that fits was refused over a table, as far as the error's message shows; or an empty string."""
    tables = re.findall(r"[\w.]*\bw[tp]e\.weight", about)
    if raised not in ("KeyError", "ValueError") or not tables:
        return ""
    numbers = set(map(int, re.findall(r"\d+", about)))
    of_shapes = "shape" in about or sizes[4] in numbers
    if raised == "ValueError" and (of_shapes or all(name in state for name in tables)):
        return "tables are not transposed: only the linear layers of attn and mlp are"
    like = f"here they are like {prefix}wte.weight"
    return f'read names with and without "transformer." in front: {like}' + (
        ", and only lm_head.weight never has it" if prefix else ""
    )


def checkpoint(plain: State, prefix: str, sizes: Sizes) -> State:
    """As transformers saves it: with the output matrix a second time, and old files' masks."""
    state = {prefix + name: value.clone() for name, value in plain.items()}
    ones = torch.ones(1, 1, sizes[1], sizes[1]).tril()
    for k in range(sizes[2]):
        state[f"{prefix}h.{k}.attn.bias"] = ones
        state[f"{prefix}h.{k}.attn.masked_bias"] = torch.tensor(-1e4)
    return state | ({"lm_head.weight": plain["wte.weight"].clone()} if prefix else {})


def compare(called: str, told: dict[str, Any], right: State) -> None:
    """Each parameter by itself; the first that is off is named, with the mistake it shows."""
    for name, want in right.items():
        got = told["parameters"].get(name)
        parted = difference(got, want, (0.0, 0.0))
        mistakes = slips(name, right) if parted else {}
        named = [words for words, wrong in mistakes.items() if difference(got, wrong, (0.0, 0.0)) is None]
        expected, came = parted or ("", "")
        require(
            parted is None,
            ("looked at", f"{name} {tuple(want.shape)} after {called}"),
            ("expected", expected),
            ("got", came),
            *[("mistake", words) for words in named[:1]],
        )


def slips(name: str, right: State) -> State:
    """What known mistakes put into a parameter."""
    want = right[name]
    wrong = {"it was not loaded: the numbers are those from before": torch.full_like(want, 0.5)}
    if want.dim() == 2:
        turned = (
            "not transposed, and a square matrix fits all the same"
            if len(want) == want.shape[1]
            else "transposed"
        )
        wrong[f"Conv1D keeps (in, out), nn.Linear wants (out, in): {turned}"] = want.t()
        wrong["reshaped, not transposed"] = want.t().reshape(want.shape)
    for other, value in right.items():
        if other != name and value.shape == want.shape:
            wrong[f"it holds what belongs to {other}"] = value
            wrong[f"it holds what belongs to {other}, not transposed"] = value.t()
    return wrong


def refusals(learner: Any, model_class: Any, seed: int, sizes: Sizes) -> None:
    """Checkpoints that do not fit: a ValueError that names the tensor, and nothing has changed."""
    plain = drawn(seed + 900, sizes, torch.float32)
    ids = tokens(seed, sizes, 1, 2)
    n, last = sizes[4], f"h.{sizes[2] - 1}"
    turned = {
        "wpe.weight": plain["wpe.weight"][1:],
        "wte.weight": torch.cat([plain["wte.weight"], plain["wte.weight"][:1]]),
        f"{last}.mlp.c_proj.weight": plain[f"{last}.mlp.c_proj.weight"].t().contiguous(),
        f"{last}.attn.c_attn.weight": torch.zeros(n, 3 * n + 3),
        f"{last}.attn.c_attn.bias": torch.zeros(3 * n + 3),
        "ln_f.weight": torch.zeros(1),
        "ln_f.bias": torch.zeros(n + 1),
    }
    cases = [
        (name, "missing", {one: value for one, value in plain.items() if one != name})
        for name in (
            "ln_f.bias",
            "wpe.weight",
            f"{last}.attn.c_attn.weight",
            f"{last}.attn.c_attn.bias",
            f"{last}.ln_2.weight",
        )
    ]
    cases += [
        (name, f"of shape {tuple(value.shape)}", plain | {name: value}) for name, value in turned.items()
    ]
    for k, (name, how, state) in enumerate(cases):
        prefix = "transformer." if k % 2 else ""
        called = f"load_gpt2_weights(model, state), where {prefix}{name} is {how}"
        told = into(
            sizes,
            {prefix + one: value.clone() for one, value in state.items()},
            learner,
            model_class,
            ids,
            called,
        )
        kind, message = str(told["raised"]), str(told["message"])
        mistakes = {
            "KeyError": "look for the name first, and raise ValueError if it is not there",
            "RuntimeError": "compare shapes yourself before copying: a ValueError",
            "": "nothing is raised: compare names and shapes",
        }
        require(
            kind == "ValueError" and name in message,
            ("called", called),
            ("expected", f"ValueError, and {name} in its message"),
            ("got", f"{kind}: {message}" if kind else "no error"),
            *([("mistake", mistakes[kind])] if kind in mistakes else []),
        )
        changed = [
            one
            for one, value in told["parameters"].items()
            if not torch.equal(value, torch.full_like(value, 0.5))
        ]
        require(
            not changed,
            ("called", called),
            ("expected", "no parameter has changed"),
            ("got", f"{len(changed)} have changed, {(changed or [''])[0]} first"),
            (
                "mistake",
                "look through all of the checkpoint first, then copy: half a model is worse than none",
            ),
        )
