"""Questions about fables as dialogues, and supervised fine-tuning on them. Used by lesson 09/03.

The system prompt says how to answer: in a word, or with notes first. Notes list what the story says of everyone that
could be asked about in this way, then name the subject and give the answer: "Mara potter, Zoe weaver: Zoe weaver".
Left out: answers that need more than one fact.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from torch import nn

from fasttrack.data import fables
from fasttrack.finetune.dialogue import (
    SPECIAL,
    Document,
    Encode,
    Packed,
    branched,
    collate,
    loss_weights,
    sft_loss,
    tokenize_dialogue,
)
from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.pretrain.muon import MuonAdamW
from fasttrack.pretrain.steps import configure_optimizer, lr_schedule

STYLES = {"word": "Answer in one word.", "notes": "Read this, please; then say what you know."}
TABLE = {token: i for i, token in enumerate(fables.vocabulary())}
IDS = {name: TABLE[name] for name in SPECIAL}
PAD = TABLE["<pad>"]


def notes(story: fables.Story, question: fables.Question) -> str:
    """Whoever has the asked attribute, with it, as it is in the end: "Mara potter, Zoe weaver"."""
    asked = [one for one in (*story.facts, *story.changes) if one.relation == question.attribute]
    return ", ".join(
        f"{subject} {value}" for subject, value in {one.subject: one.value for one in asked}.items()
    )


def answer_of(story: fables.Story, question: fables.Question, style: str = "word") -> str:
    """What the assistant should say: the answer, in the style "notes" behind the notes and the subject."""
    if style == "word":
        return question.answer
    return f"{notes(story, question)}: {question.subject} {question.answer}"


def dialogue(story: fables.Story, question: fables.Question, style: str = "word") -> list[dict[str, str]]:
    """A story and a question about it, and the answer."""
    return [
        {"role": "system", "content": STYLES[style]},
        {"role": "user", "content": f"{story.text} {question.text}"},
        {"role": "assistant", "content": answer_of(story, question, style)},
    ]


def questions_of(story: fables.Story, draw: random.Random, count: int) -> list[fables.Question]:
    """Up to `count` questions, each thing asked once, in one of its wordings, all attributes in turn."""
    wordings: dict[tuple[str, str], list[fables.Question]] = {}
    for question in story.questions:
        wordings.setdefault((question.subject, question.attribute), []).append(question)
    turns: dict[str, int] = {}
    order: list[tuple[int, fables.Question]] = []
    for same in draw.sample(list(wordings.values()), len(wordings)):
        question = draw.choice(same)
        turns[question.attribute] = turns.get(question.attribute, 0) + 1
        order.append((turns[question.attribute], question))
    return [question for _, question in sorted(order, key=lambda pair: pair[0])[:count]]


def examples(
    stories: Sequence[fables.Story],
    draw: random.Random,
    count: int = 8,
    notes_share: float = 0.75,
    encode: Encode = fables.encode,
    special: Mapping[str, int] = IDS,
) -> list[Document]:
    """For each story one document of up to `count` dialogues, all in the same style; the story stands in it once."""
    made = []
    for story in stories:
        style = "notes" if draw.random() < notes_share else "word"
        some = [dialogue(story, question, style) for question in questions_of(story, draw, count)]
        made.append(branched([tokenize_dialogue(one, encode, special) for one in some], special))
    return made


def add_tokens(model: GPT, count: int) -> GPT:
    """A copy of `model` whose vocabulary has `count` more ids, behind the others, with the mean of all rows.

    A new row drawn at random can make a token likelier than all others; the mean cannot (Hewitt 2021).
    """
    config = model.config
    shape = (config.block_size, config.n_layer, config.n_head, config.n_embd)
    larger = GPT(GPTConfig(config.vocab_size + count, *shape)).to(model.embedding.weight)
    state = model.state_dict()
    table = state["embedding.weight"]
    larger.load_state_dict(
        state | {"embedding.weight": torch.cat([table, table.mean(0, keepdim=True).expand(count, -1)])}
    )
    return larger.train(model.training)


@torch.no_grad()
def replies(
    model: GPT, story: fables.Story, questions: Sequence[fables.Question], style: str, limit: int = 16
) -> list[str]:
    """What the model says to each question, always taking the likeliest token; the story is read once for all.

    An answer ends with `<end>`, which is left out, or after `limit` tokens.
    """
    prompts = [
        tokenize_dialogue(dialogue(story, one, style)[:-1], fables.encode, IDS, ask=True) for one in questions
    ]
    said: list[list[int]] = [[] for _ in prompts]
    speaking = set(range(len(prompts)))
    for _ in range(limit):
        one = branched([ids + new for ids, new in zip(prompts, said, strict=True)], IDS)
        packed = collate([one], len(one.ids), PAD)
        numbers = range(
            min(1, len(prompts) - 1), len(prompts) + (len(prompts) > 1)
        )  # of branches; 0 for one alone
        ends = [(one.branches == number).nonzero()[-1, 0] for number in numbers]
        likeliest = model(packed.ids, packed.mask, packed.positions)[0, ends].argmax(-1).tolist()
        for k in list(speaking):
            if likeliest[k] == IDS["<end>"]:
                speaking.remove(k)
            else:
                said[k].append(likeliest[k])
        if not speaking:
            break
    return [fables.decode(new) for new in said]


class Chat(NamedTuple):
    """A model with the special tokens of the template, and what turns text into its ids."""

    model: GPT
    encode: Encode
    special: dict[str, int]


def chat_of(model: GPT, tokenizer: Tokenizer) -> Chat:
    """A pretrained model and its own tokenizer, both with the template's special tokens behind their others.

    The tokenizer is changed; the model is a new one.
    """
    tokenizer.add_special_tokens(list(SPECIAL))
    special = {name: tokenizer.get_vocab()[name] for name in SPECIAL}
    larger = add_tokens(model, max(special.values()) + 1 - model.config.vocab_size)
    return Chat(larger, lambda text: tokenizer.encode(text, add_special_tokens=False).ids, special)


def few_steps(
    chat: Chat, stories: Sequence[fables.Story], steps: int, lr: float = 1e-4, batch: int = 2
) -> list[float]:
    """Train on dialogues about the stories, `batch` of these in an update, with AdamW; the loss of each update."""
    draw = random.Random(0)

    def packed(step: int) -> Packed:
        some = [stories[(step * batch + k) % len(stories)] for k in range(batch)]
        documents = examples(some, draw, encode=chat.encode, special=chat.special)
        return collate(documents, max(len(one.ids) for one in documents), chat.special["<end>"])

    return sft(chat.model, packed, steps=steps, lr=lr, muon_lr=0, warmup=1)


def packed_loss(model: nn.Module, packed: Packed, prompt: float = 0.0) -> torch.Tensor:
    """The loss on packed dialogues, as if each had been read by itself."""
    logits = model(packed.ids, packed.mask, packed.positions)
    return sft_loss(logits, packed.ids, loss_weights(packed.said, packed.parts, prompt))


def sft(
    model: GPT,
    batch: Callable[[int], Packed],
    *,
    steps: int,
    lr: float = 3e-3,
    muon_lr: float = 0.01,
    prompt: float = 0.0,
    warmup: int = 20,
    loss: Callable[[nn.Module, Packed, float], torch.Tensor] = packed_loss,
) -> list[float]:
    """Train `model` in place on `batch(step)` for `steps` updates; the loss of each, in nats per token.

    Muon has the matrices of the blocks at `muon_lr`, AdamW the rest at `lr`; with a `muon_lr` of 0 it has all.
    """
    optimizer = (
        MuonAdamW(model, lr, muon_lr, 0.01, (0.9, 0.95)) if muon_lr else configure_optimizer(model, lr, 0.01)
    )
    peaks = [group["lr"] for group in optimizer.param_groups]
    was_training = model.training
    model.train()
    losses = []
    for step in range(steps):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = lr_schedule(step, peak, warmup, steps)
        value = loss(model, batch(step), prompt)
        optimizer.zero_grad()
        torch.autograd.backward(value)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(value.item())
    model.train(was_training)
    return losses
