"""A block in PyTorch's own parts: its parameters, the oracle, and what known mistakes make of its input."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from fasttrack.check.inputs import normal

Values = Mapping[str, torch.Tensor]
Map = Callable[[torch.Tensor], torch.Tensor]
gelu = partial(functional.gelu, approximate="tanh")


def layout(n: int) -> dict[str, tuple[int, ...]]:
    """The parameters of a block, by name."""
    found: dict[str, tuple[int, ...]] = {}
    for norm in ("norm1", "norm2"):
        found |= {f"{norm}.weight": (n,), f"{norm}.bias": (n,)}
    for linear in ("query", "key", "value", "proj"):
        found |= {f"attention.{linear}.weight": (n, n), f"attention.{linear}.bias": (n,)}
    found |= {"feed_forward.fc.weight": (4 * n, n), "feed_forward.fc.bias": (4 * n,)}
    return found | {"feed_forward.proj.weight": (n, 4 * n), "feed_forward.proj.bias": (n,)}


def drawn(seed: int, n: int) -> dict[str, torch.Tensor]:
    """Parameters under which every part of a block makes a difference."""
    values = {}
    for k, (name, shape) in enumerate(layout(n).items()):
        value = normal(seed + k, *shape, dtype=torch.float64)
        values[name] = value / math.sqrt(shape[-1]) if len(shape) > 1 else 0.5 * value + float("norm" in name)
    return values


def oracle(values: Values, n_head: int, norm_first: bool) -> nn.TransformerEncoderLayer:
    """PyTorch's own block with these parameters."""
    n = len(values["norm1.bias"])
    layer = nn.TransformerEncoderLayer(
        n, n_head, 4 * n, dropout=0.0, activation=gelu, batch_first=True, norm_first=norm_first
    ).double()
    names = {
        "self_attn.out_proj": "attention.proj",
        "linear1": "feed_forward.fc",
        "linear2": "feed_forward.proj",
        "norm1": "norm1",
        "norm2": "norm2",
    }
    with torch.no_grad():
        for kind in ("weight", "bias"):
            rows = [values[f"attention.{one}.{kind}"] for one in ("query", "key", "value")]
            layer.get_parameter(f"self_attn.in_proj_{kind}").copy_(torch.cat(rows))
            for theirs, ours in names.items():
                layer.get_parameter(f"{theirs}.{kind}").copy_(values[f"{ours}.{kind}"])
    return layer


def asked(
    layer: nn.TransformerEncoderLayer, x: torch.Tensor, mask: torch.Tensor | None, n_head: int
) -> torch.Tensor:
    """What PyTorch's block makes of x; its mask is True where a query may *not* attend."""
    if mask is None:
        return layer(x)
    batch, time, _ = x.shape
    every = mask.expand(batch, time, time).repeat_interleave(n_head, 0)  # (batch * n_head, time, time)
    return layer(x, src_mask=~every)


class Parts:
    """The four parts of a block as functions."""

    def __init__(self, values: Values, n_head: int, mask: torch.Tensor | None) -> None:
        self.values, self.n_head, self.mask = values, n_head, mask

    def linear(self, name: str, t: torch.Tensor) -> torch.Tensor:
        return functional.linear(t, self.values[f"{name}.weight"], self.values[f"{name}.bias"])

    def norm1(self, t: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(t, t.shape[-1:], self.values["norm1.weight"], self.values["norm1.bias"])

    def norm2(self, t: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(t, t.shape[-1:], self.values["norm2.weight"], self.values["norm2.bias"])

    def attention(self, t: torch.Tensor) -> torch.Tensor:
        batch, time, _ = t.shape
        q, k, v = (
            self.linear(f"attention.{one}", t).view(batch, time, self.n_head, -1).transpose(1, 2)
            for one in ("query", "key", "value")
        )
        mask = None if self.mask is None else self.mask.unsqueeze(-3)
        joined = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.linear("attention.proj", joined.transpose(1, 2).flatten(2))

    def ff(self, t: torch.Tensor) -> torch.Tensor:
        return self.linear("feed_forward.proj", gelu(self.linear("feed_forward.fc", t)))

    def pre1(self, t: torch.Tensor) -> torch.Tensor:
        return t + self.attention(self.norm1(t))

    def pre2(self, t: torch.Tensor) -> torch.Tensor:
        return t + self.ff(self.norm2(t))

    def post1(self, t: torch.Tensor) -> torch.Tensor:
        return self.norm1(t + self.attention(t))

    def post2(self, t: torch.Tensor) -> torch.Tensor:
        return self.norm2(t + self.ff(t))

    def pre(self, x: torch.Tensor) -> torch.Tensor:
        return self.pre2(self.pre1(x))

    def post(self, x: torch.Tensor) -> torch.Tensor:
        return self.post2(self.post1(x))

    def wrong_pre(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """What known mistakes in a pre-norm block make of x."""
        n1, n2, attention, ff = self.norm1, self.norm2, self.attention, self.ff
        h = self.pre1(x)
        orders: dict[str, Sequence[Map]] = {
            "pre-norm reads norm1(x), and leaves the sum alone; yours is post-norm": [self.post1, self.post2],
            "the residual around attention is missing: x + attention(…)": [lambda t: attention(n1(t)), self.pre2],
            "the residual around the feed-forward network is missing": [self.pre1, lambda t: ff(n2(t))],
            "both residuals are missing": [lambda t: attention(n1(t)), lambda t: ff(n2(t))],
            "no norm at all": [lambda t: t + attention(t), lambda t: t + ff(t)],
            "norm1 comes before attention: yours is missing": [lambda t: t + attention(t), self.pre2],
            "norm2 comes before the feed-forward network: yours is missing": [self.pre1, lambda t: t + ff(t)],
            "the stream keeps x itself: yours adds to the normalised copy":
                [n1, lambda t: t + attention(t), n2, lambda t: t + ff(t)],
            "the stream keeps x itself: yours adds attention to the normalised copy":
                [n1, lambda t: t + attention(t), self.pre2],
            "the stream keeps what attention added: yours adds the feed-forward network to the normalised copy":
                [self.pre1, n2, lambda t: t + ff(t)],
            "norm2 stands before the feed-forward network: yours uses norm1 twice":
                [self.pre1, lambda t: t + ff(n1(t))],
            "norm1 stands before attention, norm2 before the feed-forward network: yours are swapped":
                [lambda t: t + attention(n2(t)), lambda t: t + ff(n1(t))],
            "attention first, then the feed-forward network":
                [lambda t: t + ff(n1(t)), lambda t: t + attention(n2(t))],
            "attention first, with norm1, then the feed-forward network, with norm2":
                [self.pre2, self.pre1],
            "the norm goes before the branch: yours normalises what comes out of it":
                [lambda t: t + n1(attention(t)), lambda t: t + n2(ff(t))],
        }  # fmt: skip
        return {
            **{words: in_turn(x, order) for words, order in orders.items()},
            "one after the other: the feed-forward network reads the stream after attention": h + ff(n2(x)),
            "the second sum begins with the first one's result: yours begins with x again": x + ff(n2(h)),
        }

    def wrong_post(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """What known mistakes in a post-norm block make of x."""
        n1, n2, attention, ff = self.norm1, self.norm2, self.attention, self.ff
        orders: dict[str, Sequence[Map]] = {
            "post-norm: the sum is normalised, the branch reads the stream itself; yours is pre-norm":
                [self.pre1, self.pre2],
            "the sum is normalised, with x in it: yours normalises the branch alone":
                [lambda t: t + n1(attention(t)), lambda t: t + n2(ff(t))],
            "the sum is normalised, with x in it: yours normalises what attention gives":
                [lambda t: t + n1(attention(t)), self.post2],
            "the sum is normalised, with x in it: yours normalises what the feed-forward network gives":
                [self.post1, lambda t: t + n2(ff(t))],
            "the residual around attention is missing: the sum is norm1(x + attention(x))":
                [lambda t: n1(attention(t)), self.post2],
            "the residual around the feed-forward network is missing: the sum is norm2(x + feed_forward(x))":
                [self.post1, lambda t: n2(ff(t))],
            "norm1 comes after attention, norm2 after the feed-forward network: yours are swapped":
                [lambda t: n2(t + attention(t)), lambda t: n1(t + ff(t))],
            "norm2 comes after the feed-forward network: yours uses norm1 twice":
                [self.post1, lambda t: n1(t + ff(t))],
            "the sum is normalised after attention, too": [lambda t: t + attention(t), self.post2],
            "the sum is normalised after the feed-forward network, too": [self.post1, lambda t: t + ff(t)],
            "no norm at all": [lambda t: t + attention(t), lambda t: t + ff(t)],
            "a norm after each sum, and none before: yours has both":
                [lambda t: n1(t + attention(n1(t))), lambda t: n2(t + ff(n2(t)))],
            "attention first, then the feed-forward network": [self.post2, self.post1],
        }  # fmt: skip
        return {words: in_turn(x, order) for words, order in orders.items()}


def in_turn(x: torch.Tensor, order: Sequence[Map]) -> torch.Tensor:
    """x through one map after the other."""
    for step in order:
        x = step(x)
    return x
