"""The floor of the fables, and how far above it tables of counts stay.

    python benchmarks/fables.py [--tokens 3000000] [--stories 20000] [--only village]

Floors with 95 % intervals for each domain and split; the loss of a unigram, bigram, trigram and 4-gram table on
test stories; stories a second. Losses are in nats per token, each story's `<end>` counted. Ends with an error if a
bigram comes within a factor of two of the floor.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from fasttrack.data import fables

SPLITS: tuple[fables.Split, ...] = ("train", "test", "all")


class Counts:
    """An n-gram table with Witten–Bell smoothing: each context lends to new words as much as it has met new words.

    Contexts run across the ends of stories, as in a corpus. Interpolated down to the uniform distribution.
    """

    def __init__(self, ids: np.ndarray, order: int, vocab_size: int) -> None:
        self.order, self.vocab_size = order, vocab_size
        self.shorter = Counts(ids, order - 1, vocab_size) if order > 1 else None
        keys = self.keys(ids)
        self.grams, self.n = np.unique(keys, return_counts=True)
        self.contexts, first, self.kinds = np.unique(
            self.grams // vocab_size, return_index=True, return_counts=True
        )
        self.total = np.add.reduceat(self.n, first)

    def keys(self, ids: np.ndarray) -> np.ndarray:
        """Each run of `order` ids as one number; (n,) to (n - order + 1,)."""
        n = len(ids) - self.order + 1
        return sum(ids[i : i + n] * self.vocab_size ** (self.order - 1 - i) for i in range(self.order))  # type: ignore[no-any-return]

    def probs(self, ids: np.ndarray) -> np.ndarray:
        """The probability of each id given those before it; (n,) to (n - order + 1,)."""
        lower = self.shorter.probs(ids)[1:] if self.shorter else np.full(len(ids), 1 / self.vocab_size)
        keys = self.keys(ids)
        n, total, kinds = (
            found(keys, self.grams, self.n),
            found(keys // self.vocab_size, self.contexts, self.total),
            found(keys // self.vocab_size, self.contexts, self.kinds),
        )
        return np.where(total == 0, lower, (n + kinds * lower) / np.maximum(total + kinds, 1))


def found(keys: np.ndarray, table: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The value of each key, 0 where the table has none. `table` is sorted."""
    at = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    return np.where(table[at] == keys, values[at], 0)


def main(
    tokens: Annotated[int, typer.Option(help="of a domain's train stories to count")] = 3_000_000,
    stories: Annotated[int, typer.Option(help="for each floor")] = 20_000,
    only: Annotated[str, typer.Option(help="one domain")] = "",
) -> None:
    """Measure and print."""
    domains: Sequence[str] = [only] if only else fables.DOMAINS
    floors = Table(
        "domain", "split", "per token", "per character", "tokens", "nats", "own entropy", title="floor"
    )
    counts = Table("domain", "floor", "unigram", "bigram", "trigram", "4-gram", title="loss on test stories")
    near = []
    for domain in domains:
        for split in SPLITS:
            floor = fables.entropy_floor(domain, split, stories)
            floors.add_row(
                domain,
                split,
                f"{floor.nats_per_token:.4f} ± {floor.half_width_per_token:.4f}",
                f"{floor.nats_per_char:.5f} ± {floor.half_width_per_char:.5f}",
                f"{floor.tokens_per_story:.1f}",
                f"{floor.nats_per_story:.2f}",
                f"{floor.entropy:.2f}",
            )
        test_floor = fables.entropy_floor(domain, "test", stories).nats_per_token
        train, test = (
            fables.corpus(n, 0, domain, split).numpy() for n, split in ((tokens, "train"), (200_000, "test"))
        )
        model = Counts(train, 4, len(fables.vocabulary()))
        losses = {}
        while model:
            losses[model.order] = -float(np.log(model.probs(test)).mean())
            model = model.shorter  # type: ignore[assignment]
        counts.add_row(domain, f"{test_floor:.4f}", *(f"{losses[order]:.4f}" for order in (1, 2, 3, 4)))
        near += [domain] if losses[2] < 2 * test_floor else []
    for table in (floors, counts):
        Console(width=110).print(table)
    for what, tell in (
        ("story()", lambda: list(fables.stories(2000))),
        ("corpus()", lambda: fables.corpus(220_000)),
    ):
        start = time.perf_counter()
        tell()
        print(f"{what}: {2000 / (time.perf_counter() - start):,.0f} stories a second")
    if near:
        sys.exit(f"a bigram comes close to the floor: {', '.join(near)}")


if __name__ == "__main__":
    typer.run(main)
