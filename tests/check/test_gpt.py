"""The checks of 07_gpt/01_gpt on known functions, wrong ones, and the package's GPT; their oracle on transformers."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from fasttrack.check import CheckFailed
from fasttrack.check import gpt as check
from fasttrack.check.fixtures.gpt import PlainGPT
from fasttrack.check.gpt.counting import measured
from fasttrack.check.gpt.oracle import drawn, gpt2_logits, lesson_names, tensors, tokens
from fasttrack.models import gpt

SEEDS = [0, 1, 7, 1234]


def embed(ids: torch.Tensor, tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    if ids.shape[1] > len(positions):
        raise ValueError("too long")
    return tokens[ids] + positions[: ids.shape[1]]


def loss(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


def matrices(config: gpt.GPTConfig) -> dict[str, int]:
    ends, square = config.vocab_size * config.n_embd, config.n_layer * config.n_embd**2
    four = dict.fromkeys(("key", "query", "value", "output"), square)
    return {"embedding": ends, **four, "up": 4 * square, "down": 4 * square, "unembedding": ends}


def flops(config: gpt.GPTConfig, time: int) -> int:
    n = config.n_embd
    return 6 * (12 * config.n_layer * n * n + config.vocab_size * n) + 12 * config.n_layer * n * time


def three(joined: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return tuple(part.t() for part in joined.chunk(3, -1))


def load(model: nn.Module, state: Mapping[str, torch.Tensor]) -> nn.Module:
    """The package's loader, for a model with three layers instead of one for q, k and v."""
    plain = {name.removeprefix("transformer."): value for name, value in state.items()}
    sizes = [len(model.get_parameter(f"{table}.weight")) for table in ("embedding", "positions")]
    blocks = list(model.get_submodule("blocks").children())
    config = gpt.GPTConfig(*sizes, len(blocks), 1, model.get_parameter("embedding.weight").shape[1])
    gpt.load_gpt2_weights(gpt.GPT(config), plain)  # refuses what does not fit
    named = lesson_names({name: plain[name] for name in tensors((*sizes, len(blocks), 1, config.n_embd))})
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(named[name])
    return model


RIGHT: dict[str, tuple[Any, ...]] = {
    "GPTConfig": (gpt.GPTConfig,),
    "embed": (embed,),
    "GPT": (PlainGPT,),
    "next_token_loss": (loss,),
    "init_weights": (gpt.init_weights,),
    "count_parameters": (gpt.count_parameters,),
    "count_matrices": (matrices,),
    "training_flops": (flops,),
    "split_qkv": (three,),
    "load_gpt2_weights": (load, PlainGPT),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(check, name)(*RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_package_s_model_passes_the_checks_of_the_lesson_s(seed: int) -> None:
    check.GPT(gpt.GPT, seed=seed)
    check.load_gpt2_weights(gpt.load_gpt2_weights, gpt.GPT, seed=seed)


@pytest.mark.parametrize(
    "sizes", [(65, 30, 4, 4, 64), (11, 7, 1, 1, 4), (50, 33, 3, 2, 10), (29, 12, 2, 5, 35)]
)
def test_the_oracle_is_gpt2_as_transformers_computes_it(sizes: tuple[int, ...]) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel  # takes seconds, which other tests need not wait

    shape = dict(zip(("vocab_size", "n_positions", "n_layer", "n_head", "n_embd"), sizes, strict=True))
    theirs = GPT2LMHeadModel(GPT2Config(bos_token_id=0, eos_token_id=0, **shape)).double().eval()
    state = drawn(3, sizes)
    missing = theirs.load_state_dict(
        {f"transformer.{name}": value for name, value in state.items()}, strict=False
    )
    assert missing.missing_keys in ([], ["lm_head.weight"])
    theirs.tie_weights()
    ids = tokens(5, sizes, 3, sizes[1])
    with torch.no_grad():
        want = theirs(ids).logits
    torch.testing.assert_close(gpt2_logits(state, sizes, ids), want, rtol=1e-9, atol=1e-9)
    for slip in ({"shift": None}, {"final_norm": False}, {"causal": False}, {"gelu": "none"}):
        assert (gpt2_logits(state, sizes, ids, **slip) - want).abs().max() > 1e-4


def test_the_counter_of_operations_counts_what_the_formula_says() -> None:
    sizes = (31, 20, 2, 2, 8)
    forward, both = measured(sizes, 10)
    assert both == 3 * forward == 10 * flops(gpt.GPTConfig(*sizes), 10)


class Changed(PlainGPT):
    """Right, but for what a test changes."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.out(self.stream(ids), ids)

    def stream(self, ids: torch.Tensor) -> torch.Tensor:
        last: list[torch.Tensor] = []
        handle = self.get_submodule("norm").register_forward_hook(lambda *seen: last.append(seen[2]))
        super().forward(ids)
        handle.remove()
        return last[0]

    def out(self, x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return x @ self.get_parameter("embedding.weight").T


class Probabilities(Changed):
    def out(self, x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return super().out(x, ids).softmax(-1)


class Last(Changed):
    def out(self, x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return super().out(x, ids)[:, -1]


class Detached(Changed):
    def out(self, x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return x @ self.get_parameter("embedding.weight").detach().T


class Untied(Changed):
    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.head = nn.Linear(config.n_embd, config.vocab_size)


class Shared(PlainGPT):
    def __init__(self, config: Any) -> None:
        super().__init__(config)
        (first, *_) = self.get_submodule("blocks").children()
        self.add_module("blocks", nn.ModuleList([first] * config.n_layer))


class Acausal(PlainGPT):
    def __init__(self, config: Any) -> None:
        super().__init__(config)
        for block in self.get_submodule("blocks").children():
            forget = copy.copy(type(block))
            block.forward = lambda x, mask=None, block=block, kind=forget: kind.forward(block, x)  # type: ignore[method-assign]


class Unnormed(PlainGPT):
    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        norm = self.get_submodule("norm")
        handle = norm.register_forward_hook(lambda module, args, out: args[0])
        answer = super().forward(ids)
        handle.remove()
        return answer


def starting(std: float, root: bool = True, twice: bool = True) -> Any:
    def init(model: nn.Module, n_layer: int) -> nn.Module:
        for name, value in model.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(value)
            elif value.dim() == 2:
                count = (2 if twice else 1) * n_layer if name.endswith("proj.weight") else 1
                nn.init.normal_(value, std=std / (math.sqrt(count) if root else count))
        return model

    return init


def turned(model: nn.Module, state: Mapping[str, torch.Tensor]) -> nn.Module:
    """The trap: a square matrix that was not transposed."""
    load(model, state)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith("attention.proj.weight"):
                value.copy_(value.T.clone())
    return model


def refusing(message: str) -> Any:
    """A loader that refuses every checkpoint in these words."""

    def refuse(model: nn.Module, state: Mapping[str, torch.Tensor]) -> nn.Module:
        raise ValueError(message)

    return refuse


def exchanged(model: nn.Module, state: Mapping[str, torch.Tensor]) -> nn.Module:
    load(model, state)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if ".query." in name:
                key = model.get_parameter(name.replace("query", "key"))
                kept = value.clone()
                value.copy_(key)
                key.copy_(kept)
    return model


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, tuple[Any, ...], str]] = [
    ("embed", (lambda ids, tokens, positions: tokens[ids],), "the position is missing"),
    ("GPT", (Probabilities,), "no softmax in the model"),
    ("GPT", (Last,), "not for the last alone"),
    ("GPT", (Detached,), "learns from its use as output"),
    ("GPT", (Untied,), "the output is not tied"),
    ("GPT", (Shared,), r"make a new one for each layer\n  missing   blocks\.1\.norm1\.weight \(8,\), .* \(32 in all\)"),
    ("GPT", (Acausal,), "the causal mask is missing"),
    ("GPT", (Unnormed,), "the last norm is missing"),
    ("next_token_loss", (lambda logits, ids: loss(logits, ids) * logits.shape[0],), "expected"),
    ("next_token_loss", (lambda logits, ids: -loss(logits, ids),), "the sign is turned"),
    ("init_weights", (starting(1.0),), "not 1"),
    ("init_weights", (starting(0.0201 * 1.1),), "expected"),
    ("init_weights", (starting(0.02, root=False),), "divide by the square root"),
    ("init_weights", (starting(0.02, twice=False),), "two branches in each block"),
    ("count_parameters", (lambda c: gpt.count_parameters(c) + c.vocab_size * c.n_embd,), "count it once"),
    ("count_matrices", (lambda c: {**matrices(c), "unembedding": 0},), "a matrix of its own"),
    ("training_flops", (lambda c, time: flops(c, time) // 3,), "forward alone"),
    ("split_qkv", (lambda joined: joined.chunk(3, -1),), "not transposed"),
    ("load_gpt2_weights", (refusing("transformer.wte.weight has shape (8, 17)"), PlainGPT), "tables are not"),
    ("load_gpt2_weights", (refusing("wte.weight is (8, 17)"), PlainGPT), "tables are not transposed"),
    ("load_gpt2_weights", (refusing("no wte.weight"), PlainGPT), "only lm_head.weight never has it"),
    ("load_gpt2_weights", (turned, PlainGPT), "a square matrix fits all the same"),
    ("load_gpt2_weights", (exchanged, PlainGPT), r"it holds what belongs to blocks\.0\.attention\."),
    ("load_gpt2_weights", (lambda model, state: model, PlainGPT), "it was not loaded"),
    ("load_gpt2_weights", (load, Unnormed), "look into GPT"),
]  # fmt: skip


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "words"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(
    name: str, learner: tuple[Any, ...], words: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=words):
        getattr(check, name)(*learner, seed=seed)
