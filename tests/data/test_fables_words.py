"""Fables as tokens, ids and questions: nothing is lost on the way, and the test split keeps what is its own."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
import torch

from fasttrack.data import fables
from fasttrack.data.fables import words
from fasttrack.data.fables.questions import PHRASINGS
from fasttrack.data.fables.split import allowed, held_out

EVERYWHERE = [(domain, split) for domain in fables.DOMAINS for split in ("train", "test", "all")]


def test_the_vocabulary_has_one_id_for_each_token() -> None:
    tokens = fables.vocabulary()
    assert 500 <= len(tokens) == len(set(tokens)) <= 1500
    assert tokens[0] == "<end>"
    assert all(fables.tokenize(token if token != "<end>" else "\n") == [token] for token in tokens)


@pytest.mark.parametrize(("domain", "split"), EVERYWHERE)
def test_text_to_ids_and_back_loses_nothing(domain: str, split: fables.Split) -> None:
    for story in fables.stories(60, 1, domain, split):
        assert fables.decode(fables.encode(story.text)) == story.text
        assert fables.tokenize(story.text + "\n") == list(story.tokens)
        for question in story.questions:
            for text in (question.text, question.answer):
                assert fables.decode(fables.encode(text)) == text


def test_a_dialogue_goes_to_ids_and_back() -> None:
    text = "<user> It is red. Who owns the kite? <assistant> Mara\n<pad> <pad>"
    assert fables.decode(fables.encode(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Mara met a fox", "the vocabulary has no 'fox'"),
        ("Mara has 3 kites", "no token holds '3' at character 9"),
    ],
)
def test_a_word_that_no_story_uses_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fables.encode(text)


def test_a_corpus_is_its_stories_one_after_the_other() -> None:
    ids = fables.corpus(5000, seed=3, domain="sea", split="test")
    assert ids.shape == (5000,)
    assert ids.dtype == torch.int64
    text = "".join(story.text + "\n" for story in fables.stories(60, 3, "sea", "test"))
    assert fables.encode(text)[:5000] == ids.tolist()
    assert text.startswith(fables.decode(ids[:-20].tolist()))


STORY = fables.story(1).text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Once there was a lion", r"token 4 is 'lion' \(A.trade\); expected '\w+', .* or one of 12 more"),
        ("", "token 0 is '<end>'; expected 'Everyone', 'In', 'Long', 'Once'"),
        (STORY.replace("One ", "Two "), "is 'Two'; expected 'One'"),
        (STORY[: STORY.index(" One ")], "is '<end>'; expected 'One'"),
        (STORY + " The end.", "is 'The'; expected '<end>'"),
        (STORY + "\n" + STORY, "after the end of the story; expected 'nothing'"),
        ("Once upon a tïme", "no token holds 'ï' at character 13"),
    ],
)
def test_a_text_that_is_no_story_is_refused_where_it_goes_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        fables.parse(text)
    assert "\n" not in str(caught.value)


def test_a_forgotten_fact_is_no_story() -> None:
    """The words are all right, but they contradict what was said before."""
    story = next(story for story in fables.stories(50, 4) if "still a" in story.text)
    home = dict(story.derivation)["A.home"]
    head, _, tail = story.text.rpartition(f"in the {home}")
    with pytest.raises(ValueError, match=f"is 'moon'; expected '{home}'"):
        fables.parse(f"{head}in the moon{tail}")


def test_domains_share_no_noun_and_no_word_plays_two_parts() -> None:
    for one, other in combinations(words.DOMAINS.values(), 2):
        for mine, theirs in zip(one[:-1], other[:-1], strict=True):
            assert not set(mine) & set(theirs)
    for domain in words.DOMAINS.values():
        nouns = [*words.NAMES, *words.COLOURS, *words.TIMES, *(word for pool in domain[:-1] for word in pool)]
        assert len(set(nouns)) == len(nouns)
        assert [len(pool) for pool in domain[:-1]] == [16, 16, 40, 16, 8, 8]
        assert not [word for word in (*domain.trades, *words.COLOURS) if word[0] in "aeiou"]
    assert len(words.NAMES) == 96


def test_an_unknown_domain_or_split_is_named() -> None:
    with pytest.raises(ValueError, match="no domain 'moon'; choose one of village, sea"):
        fables.story(0, "moon")
    with pytest.raises(ValueError, match="no split 'dev'; choose one of train, test, all"):
        fables.story(0, split="dev")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no domain 'moon'"):
        fables.entropy_floor("moon")


# ---------------------------------------------------------------- what is held out


@pytest.mark.parametrize("domain", fables.DOMAINS)
def test_pairs_of_owner_and_thing_are_parted(domain: str) -> None:
    kept = held_out(domain)
    assert {len(things) for things in kept.values()} == {2}
    spread = Counter(thing for things in kept.values() for thing in things)
    assert max(spread.values()) < 20  # of 96: no thing is held out from everyone
    for name in words.NAMES:
        train, test = (set(allowed(domain, split)[name]) for split in ("train", "test"))
        assert not train & test
        assert train | test == set(allowed(domain, "all")[name])


@pytest.mark.parametrize("domain", fables.DOMAINS)
def test_no_pair_and_no_question_of_test_occurs_in_train(domain: str) -> None:
    pairs, asked = {}, {}
    for split in ("train", "test"):
        told = list(fables.stories(500, 5, domain, split))
        pairs[split] = {
            (fact.value, fact.subject) for story in told for fact in story.facts if fact.relation == "owner"
        }
        asked[split] = {question.text for story in told for question in story.questions}
    assert not pairs["train"] & pairs["test"]
    assert not asked["train"] & asked["test"]
    assert len(asked["test"]) > 300


# ---------------------------------------------------------------- questions


@pytest.mark.parametrize(("domain", "split"), EVERYWHERE)
def test_answers_stand_in_the_story_or_nowhere(domain: str, split: fables.Split) -> None:
    for story in fables.stories(50, 6, domain, split):
        asked = [question.text for question in story.questions]
        assert len(set(asked)) == len(asked)
        facts = {(fact.subject, fact.relation): fact.value for fact in story.facts}
        changes = {(fact.subject, fact.relation): fact.value for fact in story.changes}
        for question in story.questions:
            assert PHRASINGS[question.attribute][question.phrasing].format(question.subject) == question.text
            key = (question.subject, question.attribute)
            match question.kind:
                case "stated":
                    assert question.answer == facts[key]
                    assert key not in changes
                    assert question.answer in story.tokens
                case "changed":
                    assert question.answer == changes[key] != facts[key]
                    assert question.answer in story.tokens
                case "unanswerable":
                    assert question.answer == fables.UNSAID
                    assert key not in facts


def test_every_fact_is_asked_for_in_two_wordings_of_train_or_the_third_of_test() -> None:
    for split, count in (("train", 2), ("test", 1), ("all", 3)):
        for story in fables.stories(50, 7, "space", split):
            asked = Counter((question.subject, question.attribute) for question in story.questions)
            assert {(fact.subject, fact.relation) for fact in story.facts} <= set(asked)
            assert set(asked.values()) == {count}


def test_every_wording_is_used_in_both_splits() -> None:
    for split in ("train", "test"):
        used = {
            (question.attribute, question.phrasing)
            for story in fables.stories(400, 8, "castle", split)
            for question in story.questions
        }
        assert used == {(attribute, i) for attribute, texts in PHRASINGS.items() for i in range(len(texts))}


def test_guessing_without_the_story_is_seldom_right() -> None:
    """The commonest answer of each attribute, as a reader with no story would give it: under 15 %."""
    answers: dict[str, Counter[str]] = {}
    for story in fables.stories(1000, 9, split="test"):
        for question in story.questions:
            if question.kind != "unanswerable":
                answers.setdefault(question.attribute, Counter())[question.answer] += 1
    right = sum(max(counts.values()) for counts in answers.values())
    assert right / sum(counts.total() for counts in answers.values()) < 0.15


def test_what_is_unsaid_is_asked_about_people_and_things_in_and_out_of_the_story() -> None:
    inside = Counter(
        (question.subject in story.tokens, question.attribute)
        for story in fables.stories(500, 10)
        for question in story.questions
        if question.kind == "unanswerable"
    )
    assert {(True, "food"), (True, "found"), (False, "home"), (False, "trade"), (False, "food")} <= set(
        inside
    )
    assert {(False, "colour"), (False, "owner")} <= set(inside)
