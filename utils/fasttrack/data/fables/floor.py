"""How well any model can do: the entropy of the stories, in nats for each token and each character."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fasttrack.data.fables.split import Split
from fasttrack.data.fables.stories import dice_of
from fasttrack.data.fables.telling import tell
from fasttrack.data.fables.text import detokenize


@dataclass(frozen=True)
class Floor:
    """The least loss, and half the width of its 95 % interval.

    nats_per_token  mean over tokens, each story's `<end>` being one of them
    nats_per_char   the same nats over the characters of the text, one line break for each story among them
    entropy         nats per story under the split's own distribution, pairs of owner and thing known to be its own
    """

    domain: str
    split: Split
    nats_per_token: float
    half_width_per_token: float
    nats_per_char: float
    half_width_per_char: float
    nats_per_story: float
    entropy: float
    tokens_per_story: float
    n: int

    def __str__(self) -> str:
        return (
            f"{self.domain}, {self.split}: {self.nats_per_token:.4f} ± {self.half_width_per_token:.4f} nats per token, "
            f"{self.nats_per_char:.4f} ± {self.half_width_per_char:.4f} per character"
        )


def entropy_floor(domain: str = "village", split: Split = "train", n: int = 10_000, seed: int = 0) -> Floor:
    """The floor of a split, from `n` stories whose every choice has a known cost.

    For train and all: the entropy of the distribution that the stories are drawn from. For test: the cross-entropy of
    the grammar without hold-out on test stories, which is what the best model pays that gives a held-out pair of owner
    and thing the chance of any other; to expect less it would have to know which pairs are held out. A mixture of k
    domains in equal parts costs ln k more for each story. The interval is that of a ratio of means. Raises ValueError
    for an unknown domain or split, and for fewer than two stories.
    """
    if n < 2:
        raise ValueError(f"entropy_floor: n={n} stories give no interval; take at least 2")
    dice = dice_of(seed, domain, split)
    told = [tell(domain, split, dice) for _ in range(n)]
    nats = np.array([sum(cost for _, cost, _ in one.marks) for one in told])  # (n,)
    tokens = np.array([len(one.tokens) for one in told], dtype=float)
    chars = np.array([len(detokenize(one.tokens)) for one in told], dtype=float)
    per_token, half_token = ratio(nats, tokens)
    per_char, half_char = ratio(nats, chars)
    own = -float(np.mean([one.logprob for one in told]))
    return Floor(
        domain,
        split,
        per_token,
        half_token,
        per_char,
        half_char,
        float(nats.mean()),
        own,
        float(tokens.mean()),
        n,
    )


def ratio(above: np.ndarray, below: np.ndarray) -> tuple[float, float]:
    """The ratio of two means and half its 95 % interval, by the delta method. Both (n,)."""
    value = float(above.sum() / below.sum())
    rest = above - value * below
    return value, 1.96 * float(rest.std(ddof=1)) / float(below.mean()) / len(rest) ** 0.5
