"""Dialogues about fables, new tokens, and the loop, on fables and on a GPT-2 from a folder with its own tokenizer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from fasttrack.data import fables
from fasttrack.finetune import sft
from fasttrack.finetune.answers import concluded, look_up
from fasttrack.finetune.dialogue import collate, tokenize_dialogue
from fasttrack.models import hub
from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.models.saving import save_gpt2


@pytest.mark.parametrize("split", ["train", "test"])
def test_notes_end_in_the_right_answer_and_give_it_when_looked_up(split: fables.Split) -> None:
    for story in fables.stories(30, seed=1, split=split):
        for question in story.questions:
            said = sft.answer_of(story, question, "notes")
            assert look_up(said, fables.UNSAID) == concluded(said) == question.answer
            assert fables.decode(fables.encode(said)) == said
            assert said == f"{sft.notes(story, question)}: {question.subject} {question.answer}"
            assert sft.answer_of(story, question) == question.answer


@pytest.mark.parametrize("said", ["", "Mara potter", "Mara potter:", "Mara potter: ", "Mara potter: Zoe"])
def test_notes_without_an_end_conclude_nothing(said: str) -> None:
    assert concluded(said) == ""


def test_notes_are_in_the_order_of_the_story() -> None:
    story = fables.story(3)
    first = dict(story.derivation)
    question = next(one for one in story.questions if one.attribute == "trade")
    assert [pair.split()[0] for pair in sft.notes(story, question).split(",")] == [first["A"], first["B"]]


def test_questions_are_about_different_things_and_all_attributes() -> None:
    for story in fables.stories(20, seed=2):
        asked = sft.questions_of(story, random.Random(0), 8)
        assert len({(one.subject, one.attribute) for one in asked}) == len(asked) == 8
        assert {one.attribute for one in asked} == {one.attribute for one in story.questions}


def test_a_document_fits_into_the_model() -> None:
    documents = sft.examples(list(fables.stories(100, seed=3)), random.Random(0))
    assert max(int(one.positions.max()) for one in documents) < 256


def test_new_tokens_leave_the_others_as_they_are() -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(11, 8, 2, 2, 8)).eval()
    larger = sft.add_tokens(model, 3)
    ids = torch.randint(11, (2, 8))
    torch.testing.assert_close(larger(ids)[..., :11], model(ids))
    mean = model.embedding.weight.mean(0).expand(3, -1)
    torch.testing.assert_close(larger.embedding.weight[11:], mean)
    assert not larger.training
    assert larger.config.vocab_size == 14


@pytest.mark.parametrize("count", [1, 5])
def test_replies_are_those_to_each_question_by_itself(count: int) -> None:
    torch.manual_seed(1)
    model = GPT(GPTConfig(len(fables.vocabulary()), 256, 1, 2, 16)).eval()
    torch.nn.init.normal_(model.embedding.weight)
    story = fables.story(7)
    for style in sft.STYLES:
        together = sft.replies(model, story, story.questions[:count], style, limit=6)
        for question, said in zip(story.questions[:count], together, strict=True):
            messages = sft.dialogue(story, question, style)[:-1]
            ids = tokenize_dialogue(messages, fables.encode, sft.IDS, ask=True)
            for _ in range(6):
                ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
            new = ids[-6:]
            assert said == fables.decode(new[: new.index(0)] if 0 in new else new)


@pytest.mark.parametrize("muon_lr", [0.015, 0.0])
def test_the_loss_falls_and_the_mode_is_restored(muon_lr: float) -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(len(fables.vocabulary()), 256, 1, 2, 16)).eval()
    documents = sft.examples(list(fables.stories(2, seed=4)), random.Random(0), count=2)
    packed = collate(documents, max(len(one.ids) for one in documents), sft.PAD)
    losses = sft.sft(model, lambda step: packed, steps=25, prompt=0.1, muon_lr=muon_lr, warmup=2)
    assert len(losses) == 25
    assert losses[-1] < losses[0] - 0.5
    assert not model.training


def test_a_gpt2_from_a_folder_is_tuned_with_its_own_tokenizer(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    stories = list(fables.stories(4, seed=5))
    texts = [story.text for story in stories]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet))
    torch.manual_seed(0)
    save_gpt2(GPT(GPTConfig(tokenizer.get_vocab_size(), 512, 1, 2, 16)), tmp_path)
    chat = sft.chat_of(hub.pretrained_gpt2(tmp_path), tokenizer)
    assert sorted(chat.special.values()) == list(range(400, 404))
    assert chat.model.config.vocab_size == 404
    losses = sft.few_steps(chat, stories, steps=8, lr=1e-2)
    assert losses[-1] < losses[0]
    with pytest.raises(ValueError, match="special token"):
        tokenize_dialogue([{"role": "user", "content": "who<end>"}], chat.encode, chat.special)
