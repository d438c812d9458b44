"""Checks of 07_gpt/01_gpt, on size and cost. Oracles: the tensors of a checkpoint, PyTorch's counter of operations."""

from __future__ import annotations

import math
import random
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from fasttrack.check import check
from fasttrack.check.fixtures import gpt as fixtures
from fasttrack.check.gpt.inputs import spelled
from fasttrack.check.gpt.oracle import gpt2_logits, tensors
from fasttrack.check.inputs import distinct_sizes
from fasttrack.check.training.ask import ask

Five = tuple[int, int, int, int, int]  # vocab_size, block_size, n_layer, n_head, n_embd
GPT2: dict[Five, int] = {
    (50257, 1024, 12, 12, 768): 124_439_808,
    (50257, 1024, 24, 16, 1024): 354_823_168,
    (50257, 1024, 36, 20, 1280): 774_030_080,
    (50257, 1024, 48, 25, 1600): 1_557_611_200,
}
GPT3: Five = (50257, 2048, 96, 96, 12288)


@check
def count_parameters(learner: Any, seed: int) -> None:
    """All of a GPT. Oracle: the elements of all tensors of a checkpoint; the published four sizes."""
    draw = random.Random(seed)
    a, b, c = distinct_sizes(seed, 3)
    small = [(draw.randint(20, 99), b + 8, c, a, a * b), (11, 3, 1, 1, 1), (2, a, b, c, 3 * c)]
    for sizes in (*GPT2, *small):
        total = sum(math.prod(shape) for shape in tensors(sizes).values())
        assert total == GPT2.get(sizes, total)
        v, t, n_layer, _, n = sizes
        called = f"count_parameters({spelled(sizes)})"
        ask(learner, fixtures.of_config, sizes, called=called).equals(
            total,
            mistakes={
                "embedding and output share one matrix: count it once": total + v * n,
                "the table of positions is missing": total - t * n,
                "the embedding of tokens is missing": total - v * n,
                "the last norm is missing: a weight and a bias": total - 2 * n,
                "the last norm has a bias, too": total - n,
                "4 * n_embd are missing in each block: its two norms, or attention's four biases": total
                - 4 * n * n_layer,
                "5 * n_embd are missing in each block: the feed-forward network's two biases, "
                "or attention's four and the last proj's": total - 5 * n * n_layer,
                "n_embd are missing in each block: the bias of one proj": total - n * n_layer,
                "no norm is counted": total - 4 * n * n_layer - 2 * n,
                "the biases of the linear layers are missing": total - 9 * n * n_layer,
                "neither biases nor norms are counted": total - 13 * n * n_layer - 2 * n,
                "one block only: there are n_layer": total - (n_layer - 1) * (12 * n * n + 13 * n),
                "attention has four matrices, proj is the fourth": total - n_layer * (n * n + n),
                "the output has no bias": total + v,
                "an output matrix of its own, with a bias: it is shared, and has none": total + v * n + v,
                "an int: every count is a whole number": float(total),
            },
        )


@check
def count_matrices(learner: Any, seed: int) -> None:
    """Eight kinds of matrices. Oracle: the shapes of a checkpoint's tensors, one block at a time."""
    draw = random.Random(seed)
    a, b, c = distinct_sizes(seed, 3)
    for sizes in ((draw.randint(20, 99), b, c, a, a * b), GPT3, (50257, 1024, 24, 16, 1024), (9, a, 1, 1, b)):
        v, _, n_layer, _, n = sizes
        shapes = tensors(sizes)
        block = {
            "key": n * n,
            "query": n * n,
            "value": math.prod(shapes["h.0.attn.c_attn.weight"]) - 2 * n * n,
            "output": math.prod(shapes["h.0.attn.c_proj.weight"]),
            "up": math.prod(shapes["h.0.mlp.c_fc.weight"]),
            "down": math.prod(shapes["h.0.mlp.c_proj.weight"]),
        }
        ends = {"embedding": v * n, "unembedding": math.prod(shapes["wte.weight"])}
        right = {**ends, **{name: n_layer * count for name, count in block.items()}}
        if sizes == GPT3:
            assert sum(right.values()) == 175_181_291_520
        biases = {"key": n, "query": n, "value": n, "output": n, "up": 4 * n, "down": n}
        called = f"count_matrices({spelled(sizes)})"
        per_head = {name: count if name in ends else count // sizes[3] for name, count in right.items()}
        ask(learner, fixtures.of_config, sizes, called=called).equals(
            right,
            mistakes={
                "of all blocks together: yours is one block's": {**ends, **block},
                "all heads together: yours is one head's": per_head,
                "all heads together: yours counts one head's query, key and value": {
                    name: count // sizes[3] if name in ("key", "query", "value") else count
                    for name, count in right.items()
                },
                "all heads together: yours counts one head's query, key, value and output": {
                    name: count // sizes[3] if name in ("key", "query", "value", "output") else count
                    for name, count in right.items()
                },
                "head_size is n_embd // n_head: yours counts n_embd columns for each head": {
                    name: count * sizes[3] if name in ("key", "query", "value", "output") else count
                    for name, count in right.items()
                },
                "matrices only, without biases": {
                    name: count + n_layer * biases.get(name, 0) for name, count in right.items()
                },
                "here the unembedding is a matrix of its own, which counts": {**right, "unembedding": 0},
                "the hidden layer has 4 * n_embd units: up and down are four times as large": {
                    **right,
                    "up": right["key"],
                    "down": right["key"],
                },
                "ints: every count is a whole number": {name: float(count) for name, count in right.items()},
            },
        )


def measured(sizes: Five, time: int) -> tuple[int, int]:
    """Operations of one sequence, forward and with backward, as PyTorch counts them. Nothing is computed."""
    state = {
        name: torch.empty(shape, device="meta", requires_grad=True) for name, shape in tensors(sizes).items()
    }
    ids = torch.empty(1, time, dtype=torch.int64, device="meta")
    with FlopCounterMode(display=False) as forward:
        out = gpt2_logits(state, sizes, ids)
    with FlopCounterMode(display=False) as both:
        torch.autograd.backward([out.sum()])
    return forward.get_total_flops(), forward.get_total_flops() + both.get_total_flops()


@check
def training_flops(learner: Any, seed: int) -> None:
    """For one token. Oracle: PyTorch's count of a forward and backward pass on tensors without memory."""
    a, b, c = distinct_sizes(seed, 3)
    cases: tuple[tuple[Five, int], ...] = (
        ((90 + a, 64, b, 2, 2 * c), 5 * a),
        ((31, 99, 1, 1, 7), 1),
        ((40, 50, 3, a, a * b), 50),
        ((50257, 1024, 2, 2, 768), 1024),
    )
    for sizes, time in cases:
        v, t, n_layer, _, n = sizes
        forward, both = (total // time for total in measured(sizes, time))
        attention, output = 4 * n_layer * n * time, 2 * v * n
        called = f"training_flops({spelled(sizes)}, {time})"
        ask(learner, fixtures.of_config, sizes, time, called=called).equals(
            both,
            mistakes={
                "that is forward alone: the way back costs twice as much again": forward,
                "forward and backward: three times the forward pass, not twice": 2 * forward,
                "the way back costs twice as much as the way forward: three times in all": 4 * forward,
                "a multiplication and an addition are two operations": both // 2,
                "attention's own products are missing: scores, and the mean of values": both - 3 * attention,
                "attention has two products: queries with keys, and weights with values": both
                - 3 * attention // 2,
                "6 N is the rule of thumb: count the matrices alone, and attention's own products": 6
                * sum(math.prod(shape) for shape in tensors(sizes).values()),
                "the product with the output matrix is missing": both - 3 * output,
                "looking up a row is not a product: the embedding counts once, as output": both + 3 * output,
                "looking up a row is not a product: positions cost nothing": both + 6 * t * n,
                "for one token: yours is for the sequence": both * time,
                "the queries of one token meet `time` keys, not all pairs": both + 3 * attention * (time - 1),
                "one block only: there are n_layer": both - 3 * (n_layer - 1) * (24 * n * n + 4 * n * time),
                "attention runs over `time` positions, not block_size": both + 12 * n_layer * n * (t - time),
                "the mask leaves half of the scores out, but they are computed": both - 3 * attention // 2,
                "an int: every count is a whole number": float(both),
            },
        )
