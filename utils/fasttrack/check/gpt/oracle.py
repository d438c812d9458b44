"""GPT-2 in PyTorch's functions, straight from a checkpoint's tensors, with its known mistakes as options.

tests/check/test_gpt.py compares it with transformers' GPT2LMHeadModel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional

from fasttrack.check.inputs import integers, normal

Sizes = Sequence[int]  # vocab_size, block_size, n_layer, n_head, n_embd
State = dict[str, torch.Tensor]
PARTS = {"ln_1": "norm1", "attn.c_proj": "attention.proj", "ln_2": "norm2", "mlp.c_fc": "feed_forward.fc"}
PARTS |= {"mlp.c_proj": "feed_forward.proj"}


def tensors(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """The tensors of a checkpoint with their shapes, linear layers as (in, out)."""
    vocab_size, block_size, n_layer, _, n = sizes
    found: dict[str, tuple[int, ...]] = {"wte.weight": (vocab_size, n), "wpe.weight": (block_size, n)}
    for k in range(n_layer):
        for norm in ("ln_1", "ln_2"):
            found |= {f"h.{k}.{norm}.weight": (n,), f"h.{k}.{norm}.bias": (n,)}
        for linear, (rows, columns) in {
            "attn.c_attn": (n, 3 * n),
            "attn.c_proj": (n, n),
            "mlp.c_fc": (n, 4 * n),
            "mlp.c_proj": (4 * n, n),
        }.items():
            found |= {f"h.{k}.{linear}.weight": (rows, columns), f"h.{k}.{linear}.bias": (columns,)}
    return found | {"ln_f.weight": (n,), "ln_f.bias": (n,)}


def drawn(seed: int, sizes: Sizes, dtype: torch.dtype = torch.float64) -> State:
    """A checkpoint in which every part makes a difference."""
    state = {}
    for k, (name, shape) in enumerate(tensors(sizes).items()):
        value = 0.3 * normal(seed + k, *shape, dtype=dtype)
        state[name] = value + 1 if ".ln_" in f".{name}" and name.endswith("weight") else value
    return state


def lesson_names(state: Mapping[str, torch.Tensor], joined: bool = False) -> State:
    """The tensors as the parameters of the lesson's GPT; `joined`, of one with a single matrix for q, k and v."""
    found = {"embedding.weight": state["wte.weight"], "positions.weight": state["wpe.weight"]}
    for name, value in state.items():
        if name.startswith("ln_f."):
            found["norm" + name.removeprefix("ln_f")] = value
        if not name.startswith("h."):
            continue
        _, k, rest = name.split(".", 2)
        part, kind = rest.rsplit(".", 1)
        value = value.t()
        if part != "attn.c_attn":
            found[f"blocks.{k}.{PARTS[part]}.{kind}"] = value
        elif joined:
            found[f"blocks.{k}.attention.qkv.{kind}"] = value
        else:
            for one, rows in zip(("query", "key", "value"), value.tensor_split(3), strict=True):
                found[f"blocks.{k}.attention.{one}.{kind}"] = rows
    return found


def tokens(seed: int, sizes: Sizes, batch: int, time: int) -> torch.Tensor:
    """Random ids `(batch, time)`."""
    return integers(seed, sizes[0], batch, time)


def gpt2_logits(
    state: Mapping[str, torch.Tensor], sizes: Sizes, ids: torch.Tensor, **slips: Any
) -> torch.Tensor:
    """The logits `(batch, time, vocab_size)` of GPT-2 with these tensors, or those of a slip."""
    return gpt2_hidden(state, sizes, ids, **slips) @ state["wte.weight"].t()


def gpt2_hidden(
    state: Mapping[str, torch.Tensor],
    sizes: Sizes,
    ids: torch.Tensor,
    *,
    shift: int | None = 0,
    final_norm: bool = True,
    gelu: str = "tanh",
    causal: bool = True,
    inverted: bool = False,
    merged: str = "side by side",
    scaled: bool = True,
    pre_norm: bool = True,
    reverse: bool = False,
    blocks: int | None = None,
) -> torch.Tensor:
    """What the logits are made of, `(batch, time, n_embd)`; each option makes one mistake."""
    _, _, n_layer, n_head, n = sizes
    time, head_size = ids.shape[1], n // n_head

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ state[f"{name}.weight"] + state[f"{name}.bias"]

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.layer_norm(x, (n,), state[f"{name}.weight"], state[f"{name}.bias"])

    def attention(x: torch.Tensor, k: int) -> torch.Tensor:
        q, key, v = linear(x, f"h.{k}.attn.c_attn").chunk(3, -1)
        heads = []
        at = torch.arange(time, device=ids.device)
        hidden = ((at > at[:, None]) != inverted) & causal  # (query_time, key_time)
        for h in range(n_head):
            columns = slice(h * head_size, (h + 1) * head_size)
            scores = q[..., columns] @ key[..., columns].transpose(1, 2)
            scores = scores / (math.sqrt(head_size) if scaled else 1.0)
            weights = scores.masked_fill(hidden, -math.inf).softmax(-1)
            # As in the lessons, a query without keys, which only `inverted` has, takes nothing.
            heads.append(weights.masked_fill(hidden, 0.0) @ v[..., columns])
        joined = torch.stack(heads, 1)  # (batch, n_head, time, head_size)
        if merged == "side by side":
            out = joined.transpose(1, 2).reshape(*ids.shape, n)
        elif merged == "reshaped at once":
            out = joined.reshape(*ids.shape, n)
        else:
            out = joined.permute(0, 2, 3, 1).reshape(*ids.shape, n)
        return linear(out, f"h.{k}.attn.c_proj")

    def forward(x: torch.Tensor, k: int) -> torch.Tensor:
        hidden = functional.gelu(linear(x, f"h.{k}.mlp.c_fc"), approximate=gelu)
        return linear(hidden, f"h.{k}.mlp.c_proj")

    x = state["wte.weight"][ids]
    if shift is not None:
        table = state["wpe.weight"]
        x = x + table[(torch.arange(time, device=ids.device) + shift) % len(table)]
    ranks = range(n_layer)[:blocks]
    for k in reversed(ranks) if reverse else ranks:
        if pre_norm:
            x = x + attention(norm(x, f"h.{k}.ln_1"), k)
            x = x + forward(norm(x, f"h.{k}.ln_2"), k)
        else:
            x = norm(x + attention(x, k), f"h.{k}.ln_1")
            x = norm(x + forward(x, k), f"h.{k}.ln_2")
    return norm(x, "ln_f") if final_norm else x
