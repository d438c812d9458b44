"""The corpora that presets name: a stream of token ids to train on, tokens held out, and the way back to text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from fasttrack import data
from fasttrack.data import fables as stories
from fasttrack.pretrain.steps import Batch, get_batch, padded


@dataclass(frozen=True)
class Corpus:
    """Ids below `vocab_size`: `draw(batch, block_size, generator)` gives a batch to train on, `held_out(block_size)`
    the batches that measure, always the same. `floor` is the least loss a model can have, in nats per token, if known.
    """

    vocab_size: int
    draw: Callable[[int, int, torch.Generator], Batch]
    held_out: Callable[[int], Iterator[Batch]]
    decode: Callable[[Sequence[int]], str]
    start: Sequence[int]  # ids a sample begins with
    floor: float | None = None


def shakespeare() -> Corpus:
    """Characters; the last tenth is held out, as in nanoGPT, and read in windows one after the other."""
    text = data.tinyshakespeare()
    itos = sorted(set(text))
    stoi = {character: i for i, character in enumerate(itos)}
    ids = torch.tensor([stoi[character] for character in text])
    train, rest = ids[: int(0.9 * len(ids))], ids[int(0.9 * len(ids)) :]

    def held_out(block_size: int, batch: int = 64) -> Iterator[Batch]:
        count = (len(rest) - 1) // block_size
        x = rest[: count * block_size].reshape(count, block_size)
        y = rest[1 : count * block_size + 1].reshape(count, block_size)
        return ((x[i : i + batch], y[i : i + batch]) for i in range(0, count, batch))

    return Corpus(
        vocab_size=len(itos),
        draw=lambda batch, block_size, generator: get_batch(train, batch, block_size, generator),
        held_out=held_out,
        decode=lambda tokens: "".join(itos[i] for i in tokens),
        start=[stoi["\n"]],
    )


def fables(domain: str = "village", n_tokens: int = 20_000_000, held_out_stories: int = 500) -> Corpus:
    """Fables, a word a token: every window begins with a story, every held-out story is read from its beginning.

    A window starts at the token that ends the story before, so that a story's first word is predicted, too.
    """
    ids = torch.cat([torch.zeros(1, dtype=torch.int64), stories.corpus(n_tokens, seed=1, domain=domain)])
    starts = (ids == 0).nonzero()[:, 0]  # of <end>
    table = {token: i for i, token in enumerate(stories.vocabulary())}
    told = list(stories.stories(held_out_stories, domain=domain, split="test"))
    rest = [[0, *(table[token] for token in story.tokens)] for story in told]

    def held_out(block_size: int, batch: int = 64) -> Iterator[Batch]:
        return (padded(rest[i : i + batch]) for i in range(0, len(rest), batch))

    return Corpus(
        vocab_size=len(table),
        draw=lambda batch, block_size, generator: get_batch(ids, batch, block_size, generator, starts),
        held_out=held_out,
        decode=stories.decode,
        start=[0],
        floor=sum(sum(story.nats) for story in told) / sum(len(story.tokens) for story in told),
    )


CORPORA: dict[str, Callable[[], Corpus]] = {"fables": fables, "shakespeare": shakespeare}
