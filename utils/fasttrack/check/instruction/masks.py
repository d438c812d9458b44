"""Check of 09_finetuning/03_instruction, on whose tokens count. Oracle: what each message of a dialogue put there."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import integers


@check
def loss_mask(learner: Any, seed: int) -> None:
    """Whose token each is. Oracle: laid down message by message while the dialogue is built."""
    draw = random.Random(seed)
    marks = draw.sample(range(6), 4)
    end, system, user, assistant = marks
    roles = {"system": system, "user": user, "assistant": assistant}
    plans: list[list[tuple[str, int]]] = [
        [("user", 3), ("assistant", 1)],
        [("system", 2), ("user", 4), ("assistant", 3), ("user", 2), ("assistant", 2)],
        [("assistant", 2), ("assistant", 0), ("user", 1)],
        [("user", 2)],
        [("user", 0), ("assistant", 0)],
        [(draw.choice(("user", "assistant")), draw.randint(0, 4)) for _ in range(9)],
        [],
    ]
    for k, plan in enumerate(plans):
        ids, said, markers = laid(plan, roles, end, seed + 50 * k)
        compare_mask(learner, ids, said, markers, assistant, end)
        if k in (0, 1, 5):  # an answer that is not finished, and a prompt for one
            compare_mask(learner, ids[:-1], said[:-1], markers[:-1], assistant, end)
            compare_mask(learner, [*ids, assistant], [*said, False], [*markers, assistant], assistant, end)


def laid(
    plan: Sequence[tuple[str, int]], roles: Mapping[str, int], end: int, seed: int
) -> tuple[list[int], list[bool], list[int]]:
    """Ids of messages of these roles and lengths, whether the assistant says each, and whose message each is in."""
    ids: list[int] = []
    said: list[bool] = []
    whose: list[int] = []
    for number, (role, length) in enumerate(plan):
        content = [10 + int(i) for i in integers(seed + number, 20, length)]
        ids += [roles[role], *content, end]
        said += [False, *([role == "assistant"] * (length + 1))]
        whose += [roles[role]] * (length + 2)
    return ids, said, whose


def compare_mask(
    learner: Any, ids: list[int], said: list[bool], whose: list[int], assistant: int, end: int
) -> None:
    want = torch.tensor(said, dtype=torch.bool)
    given = torch.tensor(ids, dtype=torch.int64)
    markers = torch.tensor([i == assistant for i in ids], dtype=torch.bool)
    ends = given == end
    spoken = torch.tensor([who == assistant for who in whose], dtype=torch.bool)
    ever = markers.cumsum(0) > 0
    first = torch.zeros_like(want)
    for at, one in enumerate(said):
        if one:
            first[at] = True
            if ids[at] == end:
                break
    last = markers.nonzero()
    final = torch.arange(len(ids)) > int(last[-1]) if len(last) else torch.zeros_like(want)
    mistakes = {
        "the assistant writes its <end>, too: without it, it never learns to stop": want & ~ends,
        "<assistant> itself is part of the prompt: the template writes it": spoken & (want | markers),
        "True is what the assistant says: yours is inverted": ~want,
        "a user's message after an answer is no answer: the mask ends with <end>": ever & ~markers,
        "a user's message after an answer is no answer, and <assistant> itself is the prompt's": ever,
        "every answer counts, not the first alone": first,
        "every answer counts, not the last alone": final & want,
        "<end> counts only where an answer ends": want | ends,
        "the mask is for the token at its own place; yours is shifted to the position that predicts it": torch.cat(
            [want[1:], want[:1] & False]
        ),
        "a mask is bool": want.long(),
    }
    expect(learner, given, assistant, end).equals(
        want,
        mistakes={words: wrong for words, wrong in mistakes.items() if not torch.equal(wrong, want)}
        | ({} if ids else {"an empty list makes floats: say dtype=torch.bool": torch.tensor([])}),
    )
