"""What is cut, by exact probabilities and beside transformers' own; and what generate and beam search give."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import nn

from fasttrack.sampling import beam_search, generate, min_p, repetition_penalty, temperature, top_k, top_p

LOGITS = arrays.arrays(np.float64, (2, 9), elements=st.floats(-8, 8, width=32), unique=True).map(
    torch.from_numpy
)


@given(LOGITS, st.floats(0.1, 3.0))
def test_temperature_is_a_power_of_the_probabilities(logits: torch.Tensor, t: float) -> None:
    want = logits.softmax(-1) ** (1 / t)
    torch.testing.assert_close(temperature(logits, t).softmax(-1), want / want.sum(-1, keepdim=True))


@given(LOGITS)
def test_temperature_0_takes_the_most_probable(logits: torch.Tensor) -> None:
    probs = temperature(logits, 0).softmax(-1)
    assert torch.equal(probs.argmax(-1), logits.argmax(-1))
    assert torch.equal(probs.sort(-1).values[:, :-1], torch.zeros(2, 8, dtype=torch.float64))


@given(LOGITS, st.integers(1, 12))
def test_top_k_keeps_the_k_largest(logits: torch.Tensor, k: int) -> None:
    kept = top_k(logits, k).isfinite()
    for row, mask in zip(logits.tolist(), kept.tolist(), strict=True):
        want = sorted(range(9), key=lambda i: -row[i])[:k]
        assert {i for i in range(9) if mask[i]} == set(want)


@given(LOGITS, st.floats(0.01, 1.0))
def test_top_p_keeps_the_smallest_sufficient_set(logits: torch.Tensor, p: float) -> None:
    for row, cut in zip(logits.softmax(-1).tolist(), top_p(logits, p).isfinite().tolist(), strict=True):
        kept = [q for q, keep in zip(row, cut, strict=True) if keep]
        left = [q for q, keep in zip(row, cut, strict=True) if not keep]
        assert sum(kept) >= p - 1e-9
        assert sum(kept) - min(kept) < p + 1e-9  # one less would not do
        assert min(kept) >= max(left, default=0.0)


@given(LOGITS, st.floats(0.0, 1.0))
def test_min_p_compares_with_the_most_probable(logits: torch.Tensor, p: float) -> None:
    probs = logits.softmax(-1)
    kept = min_p(logits, p).isfinite()
    share = probs / probs.amax(-1, keepdim=True)
    assert kept[share > p * (1 + 1e-9)].all()
    assert not kept[share < p * (1 - 1e-9)].any()


def test_the_same_is_cut_as_by_transformers() -> None:
    from transformers.generation import logits_process as theirs

    torch.manual_seed(0)
    logits, ids = 3 * torch.randn(4, 50), torch.randint(50, (4, 12))
    pairs = [
        (theirs.TemperatureLogitsWarper(0.7)(ids, logits), temperature(logits, 0.7)),
        (theirs.TopKLogitsWarper(5)(ids, logits), top_k(logits, 5)),
        (theirs.TopPLogitsWarper(0.8)(ids, logits), top_p(logits, 0.8)),
        (theirs.MinPLogitsWarper(0.1)(ids, logits), min_p(logits, 0.1)),
        (theirs.RepetitionPenaltyLogitsProcessor(1.3)(ids, logits), repetition_penalty(logits, ids, 1.3)),
    ]
    for want, got in pairs:
        torch.testing.assert_close(got, want)


def test_what_makes_no_sense_is_refused() -> None:
    logits = torch.zeros(1, 5)
    for call, said in (
        (lambda: temperature(logits, -1.0), "-1.0 is negative"),
        (lambda: top_k(logits, 0), "at least one token must stay"),
        (lambda: top_p(logits, 0.0), "p is 0.0"),
        (lambda: min_p(logits, 1.5), "p is 1.5"),
        (lambda: repetition_penalty(logits, torch.zeros(1, 1, dtype=torch.int64), 0.0), "must be above 0"),
        (lambda: generate(nn.Identity(), torch.zeros(1, 0, dtype=torch.int64), 3, 5), "the prompt is empty"),
    ):
        with pytest.raises(ValueError, match=said):
            call()


class Chain(nn.Module):
    """A Markov chain as a model: the logits depend on the last token, and `seen` keeps how much it was shown."""

    def __init__(self, probs: torch.Tensor) -> None:
        super().__init__()
        self.log_probs, self.seen = probs.log(), 0

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        self.seen = max(self.seen, ids.shape[1])
        return self.log_probs[ids]


PROBS = torch.tensor([[0.1, 0.6, 0.3], [0.5, 0.1, 0.4], [0.2, 0.2, 0.6]], dtype=torch.float64)


def test_generate_draws_from_the_model() -> None:
    model = Chain(PROBS)
    ids = generate(model, torch.zeros(20_000, 1, dtype=torch.int64), 2, 8, torch.Generator().manual_seed(0))
    counts = Counter(map(tuple, ids.tolist()))
    for a, b in itertools.product(range(3), repeat=2):
        want = (PROBS[0, a] * PROBS[a, b]).item()
        assert counts[0, a, b] / 20_000 == pytest.approx(want, abs=5 * math.sqrt(want / 20_000))


def test_generate_shows_the_model_no_more_than_a_block_and_restores_its_mode() -> None:
    model = Chain(PROBS).train()
    ids = generate(model, torch.zeros(2, 7, dtype=torch.int64), 5, block_size=4)
    assert ids.shape == (2, 12)
    assert model.seen == 4
    assert model.training


def test_a_row_that_stopped_is_filled_up_and_all_stopped_is_the_end() -> None:
    probs = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    ids = generate(
        Chain(probs), torch.zeros(50, 1, dtype=torch.int64), 99, 8, torch.Generator().manual_seed(0), stop=2
    )
    assert ids.shape[1] < 20
    for row in ids.tolist():
        end = row.index(2)
        assert set(row[end:]) == {2}
        assert row[end - 1] == 1


def test_choose_cuts_and_sees_what_was_drawn() -> None:
    def never_twice(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return logits.scatter(-1, ids, -math.inf)

    ids = generate(Chain(PROBS), torch.zeros(30, 1, dtype=torch.int64), 2, 8, choose=never_twice)
    assert all(sorted(row) == [0, 1, 2] for row in ids.tolist())


def exhaustive(length: int) -> list[tuple[tuple[int, ...], float]]:
    """Every continuation of token 0 with its log-probability, most probable first."""
    found = []
    for rest in itertools.product(range(3), repeat=length):
        steps = zip((0, *rest), rest, strict=False)
        found.append(((0, *rest), sum(math.log(PROBS[a, b]) for a, b in steps)))
    return sorted(found, key=lambda pair: -pair[1])


def test_a_beam_as_wide_as_all_continuations_is_exhaustive() -> None:
    found = beam_search(Chain(PROBS), torch.tensor([0]), 4, 8, beams=81)
    want = exhaustive(4)
    assert [pair[1] for pair in found] == pytest.approx([logprob for _, logprob in want])
    assert tuple(found[0][0].tolist()) == want[0][0]


def test_a_beam_of_one_is_greedy_and_can_be_wrong() -> None:
    greedy = beam_search(Chain(PROBS), torch.tensor([0]), 3, 8, beams=1)
    rows = generate(
        Chain(PROBS), torch.tensor([[0]]), 3, 8, choose=lambda logits, ids: temperature(logits, 0)
    )
    assert torch.equal(greedy[0][0], rows[0])
    assert beam_search(Chain(PROBS), torch.tensor([0]), 3, 8, beams=5)[0][1] >= greedy[0][1]


def test_a_beam_ends_at_stop() -> None:
    found = beam_search(Chain(PROBS), torch.tensor([0]), 5, 8, beams=4, stop=2)
    for ids, _ in found:
        assert 2 not in ids[:-1].tolist()
    assert any(len(ids) < 6 for ids, _ in found)
