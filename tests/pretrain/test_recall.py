"""Text in which names are looked up: what it says is right, and targets stand only where the text decides."""

from __future__ import annotations

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fasttrack.data import fables
from fasttrack.pretrain import recall

dice = st.integers(0, 10**6).map(random.Random)


def words(row: recall.Row) -> list[tuple[str, bool]]:
    table = fables.vocabulary()
    return [(table[token], said) for token, said in zip(*row, strict=True)]


@given(dice)
def test_a_pair_is_recalled_as_it_was_first_said(draw: random.Random) -> None:
    spoken = words(recall.pairs(draw))[1:]
    couples = [(spoken[at][0], *spoken[at + 1]) for at in range(0, len(spoken), 2)]
    first = {subject: word for subject, word, _ in couples[:4]}
    assert len(first) == 4
    assert all(word == first[subject] for subject, word, _ in couples)
    assert [said for *_, said in couples] == [False] * 4 + [True] * 12


@given(dice)
def test_a_list_answers_for_those_in_it_and_refuses_the_others(draw: random.Random) -> None:
    row = recall.listed(draw)
    text = fables.decode(row[0])
    listed, _, answers = text.strip().partition(": ")
    known = dict(entry.split() for entry in listed.split(", "))
    sentences = answers.removesuffix(".").split(". ")
    assert len(sentences) == 4
    for sentence in sentences:
        subject, _, said = sentence.partition(" ")
        assert said == known.get(subject, fables.UNSAID.removesuffix("."))
    targets = " ".join(word for word, ours in words(row) if ours)
    assert targets == " ".join(sentence.partition(" ")[2] for sentence in sentences)


@pytest.mark.parametrize("seed", range(40))
def test_a_story_is_retold_as_it_ends(seed: int) -> None:
    story = fables.story(seed)
    spoken = words(recall.retold(story, random.Random(seed)))
    before = len(story.tokens)
    assert [word for word, _ in spoken[:before]] == ["<end>", *story.tokens[:-1]]
    assert all(said for _, said in spoken[:before])
    facts = {(fact.subject, fact.relation): fact.value for fact in (*story.facts, *story.changes)}
    assert sorted(word for word, said in spoken[before:] if said) == sorted(facts.values())


@given(dice, st.integers(2, 300))
def test_a_window_has_the_size_asked_for_and_targets(draw: random.Random, size: int) -> None:
    ids, said = recall.window(fables.stories(100, seed=draw.randrange(99)), draw, size)
    assert len(ids) == len(said) == size


def test_stacked_rows_are_shifted_by_one_and_filled_up() -> None:
    x, y = recall.stacked([([5, 6, 7, 8], [False, True, False, True]), ([5, 6], [True, True])])
    assert x.tolist() == [[5, 6, 7], [5, 1, 1]]
    assert y.tolist() == [[6, -100, 8], [6, -100, -100]]
    x, y = recall.stacked([(list(range(20)), [True] * 20)], room=8)
    assert x.tolist() == [list(range(8))]
    assert torch.equal(y, x + 1)
