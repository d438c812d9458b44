"""What answers say and how good they are: the end of notes, notes looked up, exact match, refusals in the right place.

Built in lesson 09/03.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch


def exact_match(logits: torch.Tensor, ids: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
    """Whether each row's answer, all of it, is what the model would write: bool `(batch,)`.

    Always taking the likeliest token writes the tokens of an answer if and only if each of them is the likeliest after
    those before it, so one pass over prompt and answer decides. Logits `(batch, time, vocab_size)`, ids `(batch,
    time)`, and in `said`, bool `(batch, time)`, True for the answer's tokens, `<end>` included.
    """
    right = logits[:, :-1].argmax(-1) == ids[:, 1:]  # (batch, time - 1)
    return (right | ~said[:, 1:]).all(1)


def refusals(wanted: Sequence[str], given: Sequence[str], refusal: str) -> tuple[float, float]:
    """The share of refusals where one is wanted, and where it is not. There has to be a question of each kind."""
    none = [answer == refusal for want, answer in zip(wanted, given, strict=True) if want == refusal]
    some = [answer == refusal for want, answer in zip(wanted, given, strict=True) if want != refusal]
    return sum(none) / len(none), sum(some) / len(some)


def look_up(said: str, refusal: str) -> str:
    """What the notes before the colon say of the subject after it: "Mara potter, Zoe weaver: Zoe …" gives "weaver".

    `refusal` if they say nothing of it, or if there is no colon with a word behind it. What is no pair of two words is
    passed over; of two pairs for a subject the first counts.
    """
    listed, _, rest = said.partition(":")
    subject = next(iter(rest.split()), None)
    notes = (pair.split() for pair in listed.split(","))
    return next((pair[1] for pair in notes if len(pair) == 2 and pair[0] == subject), refusal)


def concluded(said: str) -> str:
    """What notes end in, behind the subject: "Mara potter, Zoe weaver: Zoe weaver" gives "weaver"; else nothing."""
    return said.partition(":")[2].strip().partition(" ")[2]
