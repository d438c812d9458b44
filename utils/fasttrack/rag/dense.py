"""Texts as vectors: latent semantic analysis, and a bi-encoder trained with InfoNCE. Built in lesson 11/02.

A text is a list of tokens here; which words those are is `fasttrack.rag.text`'s business. Left out: subwords, order of
words, anything deeper than a table of vectors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import nn
from torch.nn import functional

Tokens = Sequence[str]


def cosine(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The cosine of each row of a with each row of b: `(n, size)`, `(m, size)` -> `(n, m)`; 0 where a row is zero."""
    return functional.normalize(a, dim=1) @ functional.normalize(b, dim=1).T


class Terms:
    """The words of a collection and how rare each is.

    documents  lists of tokens
    vocab      term -> id from 1 on; 0 is padding
    idf        ln((1 + n) / (1 + documents that hold the term)): float32 (terms,)
    """

    def __init__(self, documents: Sequence[Tokens]) -> None:
        found = Counter(term for document in documents for term in set(document))
        self.vocab = {term: i for i, term in enumerate(sorted(found), 1)}
        held = torch.tensor([found[term] for term in self.vocab], dtype=torch.float32)
        self.idf = torch.log((1 + len(documents)) / (1 + held))

    def tfidf(self, documents: Sequence[Tokens]) -> torch.Tensor:
        """Root of the count times idf, rows of length 1: float32 `(documents, terms)`. Unknown terms are left out."""
        counts = torch.zeros(len(documents), len(self.vocab))
        for row, document in zip(counts, documents, strict=True):
            for term, count in Counter(document).items():
                if term in self.vocab:
                    row[self.vocab[term] - 1] = count
        return functional.normalize(counts.sqrt() * self.idf, dim=1)

    def ids(self, documents: Sequence[Tokens], length: int) -> torch.Tensor:
        """The first `length` known terms of each document, then zeros: int64 `(documents, length)`."""
        table = torch.zeros(len(documents), length, dtype=torch.int64)
        for row, document in zip(table, documents, strict=True):
            known = [self.vocab[term] for term in document if term in self.vocab][:length]
            row[: len(known)] = torch.tensor(known, dtype=torch.int64)
        return table


def lsa(x: torch.Tensor, size: int) -> torch.Tensor:
    """The `size` directions that keep most of the rows of x `(documents, terms)`: `(terms, size)`, orthonormal columns.

    Raises ValueError if x has fewer rows or columns than that. Deerwester and others, 1990.
    """
    if not 1 <= size <= min(x.shape):
        raise ValueError(f"size is {size}: {tuple(x.shape)} has room for 1 to {min(x.shape)}")
    return torch.linalg.svd(x, full_matrices=False).Vh[:size].T


class LSA:
    """Vectors of length 1 from latent semantic analysis of `documents`, for any other text, too."""

    def __init__(self, documents: Sequence[Tokens], size: int = 128) -> None:
        self.terms = Terms(documents)
        self.directions = lsa(self.terms.tfidf(documents), size)  # (terms, size)

    def embed(self, documents: Sequence[Tokens]) -> torch.Tensor:
        """float32 `(documents, size)`; a row of zeros where no term is known."""
        return functional.normalize(self.terms.tfidf(documents) @ self.directions, dim=1)


def mean_pool(vectors: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
    """The mean over real positions: `(batch, time, size)`, bool `(batch, time)` (True = real) -> `(batch, size)`.

    A row without any real position gives zeros.
    """
    total = vectors.masked_fill(~padding[..., None], 0.0).sum(1)  # not a product: nan * 0 is nan
    return total / padding.sum(1, keepdim=True).clamp(min=1)


class BiEncoder(nn.Module):
    """Ids `(batch, time)`, 0 for padding -> vectors of length 1, `(batch, n_embd)`: the mean of learned rows."""

    def __init__(self, vocab_size: int, n_embd: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return functional.normalize(mean_pool(self.embedding(ids), ids != 0), dim=1)


def info_nce(q: torch.Tensor, p: torch.Tensor, groups: torch.Tensor, temperature: float) -> torch.Tensor:
    """Mean over i of the surprise that passage i belongs to question i, among the passages of the batch: scalar.

    q, p    `(batch, size)`, rows of length 1
    groups  int64 `(batch,)`: another pair of the same group is no wrong answer, and is left out

    Van den Oord and others, 2018; with the other passages of a batch as wrong ones: Karpukhin and others, 2020.
    """
    logits = q @ p.T / temperature  # (batch, batch)
    own = torch.eye(len(q), dtype=torch.bool)
    left_out = (groups[:, None] == groups) & ~own
    return functional.cross_entropy(logits.masked_fill(left_out, -torch.inf), torch.arange(len(q)))


def train(
    encoder: nn.Module,
    pairs: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    *,
    steps: int,
    lr: float,
    temperature: float = 0.1,
    batch_size: int = 128,
    dropout: float = 0.3,
    seed: int = 0,
) -> list[float]:
    """Train on pairs `(ids of questions, ids of passages, groups)`; the loss at each step.

    Each word is left out with probability `dropout`, so that no word alone decides. The rate falls to zero in a
    straight line.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=lr, weight_decay=0.0, fused=True)
    losses = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = lr * (1 - step / steps)
        chosen = torch.randperm(len(pairs[0]), generator=generator)[:batch_size]
        q, p = (
            encoder(ids * (torch.rand(ids.shape, generator=generator) >= dropout))
            for ids in (side[chosen] for side in pairs[:2])
        )
        loss = info_nce(q, p, pairs[2][chosen], temperature)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    return losses


def embed(encoder: nn.Module, ids: torch.Tensor, batch_size: int = 256) -> torch.Tensor:
    """The encoder's vectors of many texts, without gradients: int64 `(texts, time)` -> `(texts, size)`."""
    with torch.no_grad():
        return torch.cat([encoder(part) for part in torch.split(ids, batch_size)])


def inverse_cloze(sentences: Sequence[Tokens], shortest: int = 4) -> Iterable[tuple[Tokens, list[str]]]:
    """Each sentence as a question whose answer is the rest of its passage; short ones are left out.

    Lee and others, 2019.
    """
    for i, sentence in enumerate(sentences):
        rest = [term for j, other in enumerate(sentences) if j != i for term in other]
        if min(len(sentence), len(rest)) >= shortest:
            yield sentence, rest
