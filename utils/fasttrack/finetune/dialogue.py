"""Dialogues as token ids: the chat template, which tokens are the assistant's, and several dialogues in one row.

A message is a dict with a role and a content, as everywhere: {"role": "user", "content": "Who owns the kite?"}. The
template writes `<role>`, the content, `<end>`, with nothing between them. The functions are those of lesson 09/03,
typed and under the same checks; `CHAT_TEMPLATE` says the same in the language of transformers. Left out: tools,
pictures, and messages that continue one another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

import torch
from torch.nn import functional

Message = Mapping[str, str]
Encode = Callable[[str], list[int]]

ROLES = ("system", "user", "assistant")
SPECIAL = ("<end>", *(f"<{role}>" for role in ROLES))
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<' + message['role'] + '>' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<end>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<end>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)


def render(messages: Sequence[Message], ask: bool = False) -> str:
    """The dialogue as one text; with `ask` the assistant is to go on. Raises ValueError for an unknown role."""
    parts = []
    for message in messages:
        if message["role"] not in ROLES:
            raise ValueError(
                f"render: there is no role {message['role']!r}; choose one of {', '.join(ROLES)}"
            )
        parts.append(f"<{message['role']}>{message['content']}<end>")
    return "".join(parts) + ("<assistant>" if ask else "")


def tokenize_dialogue(
    messages: Sequence[Message], encode: Encode, special: Mapping[str, int], ask: bool = False
) -> list[int]:
    """The ids of `render(messages, ask)`, where only the template itself writes special tokens.

    `encode` gives the ids of a content, `special` the id of each name in `SPECIAL`. Raises ValueError for an unknown
    role, and for a content whose ids hold a special one: it would forge a message.
    """
    ids: list[int] = []
    for message in messages:
        if message["role"] not in ROLES:
            raise ValueError(f"tokenize_dialogue: there is no role {message['role']!r}")
        content = encode(message["content"])
        if forged := set(content) & set(special.values()):
            raise ValueError(f"tokenize_dialogue: a content holds the special token {forged.pop()}")
        ids += [special[f"<{message['role']}>"], *content, special["<end>"]]
    return [*ids, special["<assistant>"]] if ask else ids


def loss_mask(ids: torch.Tensor, assistant: int, end: int) -> torch.Tensor:
    """Which tokens the assistant has to write: bool `(time,)`, True from after `assistant` up to the next `end`.

    `assistant` itself is the prompt's last token, and `end` the answer's.
    """
    said = torch.zeros(len(ids), dtype=torch.bool)
    speaking = False
    for at, token in enumerate(ids.tolist()):
        said[at] = speaking
        speaking = token == assistant or (speaking and token != end)
    return said


def pack(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Which sequences go into which row of `room` tokens, by their places in `lengths`.

    First fit: each in turn goes into the first row that has room for it, a new one if none has. Raises ValueError for
    a sequence longer than `room`.
    """
    rows: list[list[int]] = []
    free: list[int] = []
    for place, length in enumerate(lengths):
        if length > room:
            raise ValueError(f"pack: sequence {place} has {length} tokens, and a row has room for {room}")
        row = next((k for k, left in enumerate(free) if left >= length), len(rows))
        if row == len(rows):
            rows.append([])
            free.append(room)
        rows[row].append(place)
        free[row] -= length
    return rows


def document_mask(documents: torch.Tensor) -> torch.Tensor:
    """Each position may attend to its own document, and not ahead: `(batch, time)` -> bool `(batch, time, time)`.

    `documents` numbers the documents of a row; padding has a number of its own, so that no query is without a key.
    """
    same = documents[:, :, None] == documents[:, None, :]  # (batch, query_time, key_time)
    return same.tril()


def document_positions(documents: torch.Tensor) -> torch.Tensor:
    """Positions that count anew from 0 in each document: int64 `(batch, time)`, for numbers as in `document_mask`."""
    at = torch.arange(documents.shape[1], device=documents.device).expand_as(documents)
    begins = functional.pad(documents[:, 1:] != documents[:, :-1], (1, 0), value=True)
    return at - at.where(begins, 0).cummax(1).values


def loss_weights(said: torch.Tensor, documents: torch.Tensor, prompt: float = 0.0) -> torch.Tensor:
    """What each prediction counts: float `(batch, time - 1)`, position t predicting token t + 1.

    1 for a token that the assistant said, `prompt` for any other of the same document, 0 for the first token of a
    document and for padding, which is document 0. `said` is bool `(batch, time)`.
    """
    inside = (documents[:, 1:] == documents[:, :-1]) & (documents[:, 1:] > 0)
    return torch.where(said[:, 1:], 1.0, prompt) * inside


def sft_loss(logits: torch.Tensor, ids: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weighted mean loss of next tokens, in nats: logits `(batch, time, vocab_size)`, ids `(batch, time)`.

    `weights` `(batch, time - 1)` as from `loss_weights`, not all 0.
    """
    losses = functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
    return (losses * weights).sum() / weights.sum()


class Document(NamedTuple):
    """One or several dialogues, each `(time,)`: ids, which of them the assistant said, branches, and positions.

    Branch 0 is the beginning that all dialogues share; each goes on in a branch of its own, 1, 2, 3 …
    """

    ids: torch.Tensor
    said: torch.Tensor
    branches: torch.Tensor
    positions: torch.Tensor


class Packed(NamedTuple):
    """Documents in rows, each `(batch, time)`; `documents` counts from 1 in each row, and padding is document 0."""

    ids: torch.Tensor
    said: torch.Tensor
    branches: torch.Tensor
    positions: torch.Tensor
    documents: torch.Tensor

    @property
    def mask(self) -> torch.Tensor:
        """Bool `(batch, time, time)`: a token may attend to its own branch and to what its document shares."""
        seen = self.branches[:, :, None] == self.branches[:, None, :]
        return document_mask(self.documents) & (seen | (self.branches == 0)[:, None, :])

    @property
    def parts(self) -> torch.Tensor:
        """A number for each branch of each document, 0 for padding: no prediction leads from one to another."""
        return torch.where(self.documents > 0, self.documents * 1000 + self.branches, 0)


def branched(dialogues: Sequence[Sequence[int]], special: Mapping[str, int]) -> Document:
    """Dialogues with the same beginning as one document that holds the beginning once. None sees another's end."""
    same = takewhile(
        lambda column: len(set(column)) == 1, zip(*(ids[:-1] for ids in dialogues), strict=False)
    )
    shared = len(list(same)) if len(dialogues) > 1 else 0
    ids, branches = [*dialogues[0][:shared]], [0] * shared
    positions, said = [*range(shared)], [False] * shared
    for number, one in enumerate(dialogues, 1 if shared else 0):
        ids += one[shared:]
        branches += [number] * (len(one) - shared)
        positions += range(shared, len(one))
        said += loss_mask(torch.tensor(one), special["<assistant>"], special["<end>"]).tolist()[shared:]
    return Document(torch.tensor(ids), torch.tensor(said), torch.tensor(branches), torch.tensor(positions))


def collate(documents: Sequence[Document], room: int, pad: int) -> Packed:
    """Documents packed into rows of `room` tokens."""
    rows = pack([len(one.ids) for one in documents], room)
    empty = torch.zeros(len(rows), room, dtype=torch.int64)
    packed = Packed(empty + pad, empty.bool(), empty.clone(), empty.clone(), empty.clone())
    for row, places in enumerate(rows):
        at = 0
        for number, place in enumerate(places, 1):
            one = documents[place]
            here = slice(at, at + len(one.ids))
            for target, source in zip(packed, one, strict=False):
                target[row, here] = source
            packed.documents[row, here] = number
            at += len(one.ids)
    return packed
