"""The language model of Bengio et al. (2003) on letters, and what trains, measures and samples any such model.

The functions are those of lesson 04/02, typed and under the same checks. `train`, `split_loss` and `sample_names`
take any module that maps ids `(batch, block_size)` to logits `(batch, vocab_size)`. Left out: devices, batches that
do not fit into memory at once.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional

from fasttrack.data import split_names

Examples = tuple[torch.Tensor, torch.Tensor]  # x int64 (n, block_size), y int64 (n,)


def build_dataset(names: Iterable[str], stoi: Mapping[str, int], block_size: int) -> Examples:
    """Every character of every name, end included, with the `block_size` before it: x `(n, block_size)`, y `(n,)`.

    Places before the first letter hold the dot, id 0. A context holds no letter of another name.
    """
    contexts, targets = [], []
    for name in names:
        ids = [0] * block_size + [stoi[character] for character in name] + [0]
        for i in range(len(name) + 1):
            contexts.append(ids[i : i + block_size])
            targets.append(ids[i + block_size])
    x = torch.tensor(contexts, dtype=torch.int64).view(-1, block_size)
    return x, torch.tensor(targets, dtype=torch.int64)


def split(
    names: Iterable[str], stoi: Mapping[str, int], block_size: int
) -> tuple[Examples, Examples, Examples]:
    """The examples of the train, dev and test names: names are parted first, by `split_names`."""
    train, dev, test = (build_dataset(part, stoi, block_size) for part in split_names(names))
    return train, dev, test


def unseen_share(train_x: torch.Tensor, x: torch.Tensor) -> float:
    """The share of the contexts `x` `(n, block_size)` that are no row of `train_x`."""
    known = set(map(tuple, train_x.tolist()))
    return sum(tuple(row) not in known for row in x.tolist()) / len(x)


def embed(C: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The rows of `C` for each context, side by side: `(batch, block_size)` -> `(batch, block_size * n_embd)`."""
    return C[x].flatten(1)


class MLP(nn.Module):
    """Embedding, one tanh layer, logits: ids `(batch, block_size)` -> `(batch, vocab_size)`.

    Parameters start as standard normal numbers, those of the two layers times `scale`. At 1 they are too large: see
    lesson 04/03.
    """

    def __init__(
        self,
        vocab_size: int,
        block_size: int,
        n_embd: int,
        n_hidden: int,
        generator: torch.Generator,
        scale: float = 1.0,
    ) -> None:
        super().__init__()

        def normal(*shape: int) -> torch.Tensor:
            return torch.randn(shape, generator=generator)

        self.C = nn.Parameter(normal(vocab_size, n_embd))
        self.W1 = nn.Parameter(scale * normal(block_size * n_embd, n_hidden))
        self.b1 = nn.Parameter(scale * normal(n_hidden))
        self.W2 = nn.Parameter(scale * normal(n_hidden, vocab_size))
        self.b2 = nn.Parameter(scale * normal(vocab_size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits `(batch, vocab_size)` of `x` int64 `(batch, block_size)`."""
        h = torch.tanh(embed(self.C, x) @ self.W1 + self.b1)  # (batch, n_hidden)
        return h @ self.W2 + self.b2


def minibatch_loss(
    model: nn.Module, x: torch.Tensor, y: torch.Tensor, batch_size: int, generator: torch.Generator
) -> torch.Tensor:
    """Cross-entropy on `batch_size` examples drawn with replacement: -> `()`, with a graph."""
    i = torch.randint(len(x), (batch_size,), generator=generator)
    return functional.cross_entropy(model(x[i]), y[i])


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    rates: Sequence[float],
    batch_size: int,
    generator: torch.Generator,
) -> list[float]:
    """One update on a random minibatch for each learning rate in `rates`; the loss before each."""
    model.train()
    losses = []
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = minibatch_loss(model, x, y, batch_size, generator)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    return losses


def split_loss(model: nn.Module, x: torch.Tensor, y: torch.Tensor, batch_size: int = 10_000) -> float:
    """Mean loss over all examples in nats per character, in evaluation mode; the mode is put back."""
    mode = model.training
    model.eval()
    with torch.no_grad():
        total = 0.0
        for i in range(0, len(y), batch_size):
            logits = model(x[i : i + batch_size])  # (batch, vocab_size)
            total += functional.cross_entropy(logits, y[i : i + batch_size], reduction="sum").item()
    model.train(mode)
    return total / len(y)


def lr_range_test(
    model: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    low: float,
    high: float,
    steps: int,
    batch_size: int,
    generator: torch.Generator,
) -> tuple[list[float], list[float]]:
    """Train a copy by SGD while lr grows from `low` to `high` by the same factor each step: rates, losses."""
    copied = copy.deepcopy(model)
    factor = (high / low) ** (1 / (steps - 1))
    rates = [low * factor**k for k in range(steps)]
    optimizer = torch.optim.SGD(copied.parameters(), lr=low)
    return rates, train(copied, optimizer, x, y, rates, batch_size, generator)


def cosine_rates(lr: float, steps: int) -> list[float]:
    """A learning rate for each of `steps` steps, falling along half a cosine: lr (1 + cos(pi k / steps)) / 2."""
    return [lr * (1 + math.cos(math.pi * k / steps)) / 2 for k in range(steps)]


def sample_names(
    model: nn.Module, itos: Sequence[str], block_size: int, count: int, generator: torch.Generator
) -> list[str]:
    """`count` names, drawn letter by letter, in evaluation mode; the mode is put back."""
    mode = model.training
    model.eval()
    names = []
    with torch.no_grad():
        for _ in range(count):
            context, name = [0] * block_size, ""
            while True:
                probs = model(torch.tensor([context])).softmax(1)  # (1, vocab_size)
                i = int(torch.multinomial(probs[0], 1, generator=generator))
                if i == 0:
                    break
                name += itos[i]
                context = [*context[1:], i]
            names.append(name)
    model.train(mode)
    return names


def nearest(C: torch.Tensor, i: int, count: int) -> list[int]:
    """Ids of the `count` rows of `C` nearest to row `i`, itself left out, nearest first (Euclidean distance)."""
    distance = (C - C[i]).norm(dim=1)
    return [j for j in distance.argsort(stable=True).tolist() if j != i][:count]
