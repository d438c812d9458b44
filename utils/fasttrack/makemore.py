"""Unit 04's shared ground: counted models of names, and the table of results that each of its lessons ends on.

The functions are those of lesson 04/01, typed and under the same checks. `ROWS` is the only place where a result
is written down: tests/test_makemore.py recomputes the counted ones, benchmarks/makemore.py all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch

Pairs = tuple[torch.Tensor, torch.Tensor]  # x, y: int64 (n,), each


@dataclass(frozen=True)
class Row:
    """One model in the table. Losses are in nats per character."""

    model: str
    lesson: str
    looks_at: str
    test: float  # on the test part of names_split(), measured once the dev part has chosen every setting
    public: float | None  # such a model on names.txt: the lectures' own, or counted; None: not known
    public_on: str  # which names of names.txt that was measured on


# A lesson adds its model here, and what recomputes it to benchmarks/makemore.py.
ROWS = (
    Row("uniform", "01/01", "nothing", 3.2958, 3.2958, "any names"),
    Row("unigram", "01/01", "nothing, knows how often letters occur", 2.8937, 2.8227, "the counted names"),
    Row("bigram", "04/01", "1 letter back", 2.5567, 2.4540, "the counted names"),
    Row("MLP", "04/02", "3 letters back", 2.4222, 2.1701, "the lectures' dev names"),
    Row("tuned MLP", "04/02", "4 letters back", 2.2511, None, ""),
    Row("BatchNorm", "04/03", "6 letters back, two layers", 2.2028, 2.1057, "the lectures' dev names"),
    Row("WaveNet", "04/05", "8 letters back, joined two by two", 2.1807, 1.9937, "the lectures' dev names"),
)


def results(yours: Mapping[str, float]) -> dict[str, float]:
    """The loss on the test names of each model up to the last of `yours`: your own figure, or the one of `ROWS`.

    Made for `plot.ladder(results(yours), yours=yours)`. Raises ValueError for a model that has no row.
    """
    return {row.model: float(yours.get(row.model, row.test)) for row in rows(yours)}


def table(yours: Mapping[str, float]) -> str:
    """The table of all models up to the last of `yours`; a star marks what you measured yourself."""
    lines = [f"{'model':<12}{'looks at':<40}{'test':>7}   {'names.txt, public':<17}"]
    for row in rows(yours):
        mark = "*" if row.model in yours else " "
        loss = float(yours.get(row.model, row.test))
        public = "–" if row.public is None else f"{row.public:.4f} {row.public_on}"
        lines.append(f"{row.model:<12}{row.looks_at:<40}{loss:7.4f}{mark}  {public}")
    return "\n".join(line.rstrip() for line in lines)


def rows(yours: Mapping[str, float]) -> Sequence[Row]:
    """The rows up to the last model of `yours`."""
    known = [row.model for row in ROWS]
    if unknown := [model for model in yours if model not in known]:
        raise ValueError(f"results: there is no row for {unknown[0]!r}; choose from {', '.join(known)}")
    return ROWS[: 1 + max(known.index(model) for model in yours)]


def build_vocab(names: Iterable[str]) -> tuple[dict[str, int], list[str]]:
    """Id of each character and character of each id; "." has id 0 and marks start and end of a name."""
    itos = [".", *sorted(set("".join(names)))]
    return {character: i for i, character in enumerate(itos)}, itos


def bigrams(names: Iterable[str], stoi: Mapping[str, int]) -> Pairs:
    """Every character of every name with the one before it, ends included: x, y int64 `(n,)`."""
    ids = [[0, *(stoi[character] for character in name), 0] for name in names]
    x = torch.tensor([i for name in ids for i in name[:-1]], dtype=torch.int64)
    y = torch.tensor([i for name in ids for i in name[1:]], dtype=torch.int64)
    return x, y


def count_bigrams(x: torch.Tensor, y: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """How often y follows x: int64 `(vocab_size, vocab_size)`."""
    return torch.bincount(x * vocab_size + y, minlength=vocab_size**2).view(vocab_size, vocab_size)


def bigram_probs(counts: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """Probability of each character after each: float32 `(vocab_size, vocab_size)`, rows sum to 1."""
    smoothed = counts + smoothing
    return smoothed / smoothed.sum(1, keepdim=True)


def negative_log_likelihood(probs: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean surprise at y after x in nats: `(vocab_size, vocab_size)`, int64 `(n,)`, `(n,)` -> `()`."""
    return -probs[x, y].log().mean()


def choose_smoothing(
    counts: torch.Tensor, dev_x: torch.Tensor, dev_y: torch.Tensor, strengths: Iterable[float]
) -> float:
    """The strength under which the dev pairs are least surprising."""
    return min(strengths, key=lambda s: negative_log_likelihood(bigram_probs(counts, s), dev_x, dev_y).item())


def counted_losses(train: Sequence[str], held_out: Sequence[str], smoothing: float) -> dict[str, float]:
    """Losses on `held_out` of the models that lesson 04/01 counts on `train`."""
    stoi, itos = build_vocab(train)
    (x, y), (held_x, held_y) = bigrams(train, stoi), bigrams(held_out, stoi)
    counts = count_bigrams(x, y, len(itos))
    shares = counts.sum(0) / counts.sum()  # (vocab_size,)
    bigram = negative_log_likelihood(bigram_probs(counts, smoothing), held_x, held_y)
    return {
        "uniform": math.log(len(itos)),
        "unigram": -shares[held_y].log().mean().item(),
        "bigram": bigram.item(),
    }
