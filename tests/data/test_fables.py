"""Fables: every story is told once, read back exactly, and costs what it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from math import exp, log, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasttrack.data import fables
from fasttrack.data.fables import grammar, words
from fasttrack.data.fables.telling import Told, tell

SPLITS = ("train", "test", "all")
EVERYWHERE = [(domain, split) for domain in fables.DOMAINS for split in SPLITS]


@pytest.mark.parametrize("domain", fables.DOMAINS)
def test_the_alternatives_of_every_rule_start_differently(domain: str) -> None:
    language = grammar.language(domain)
    assert grammar.overlaps(language.story, language.pools) == []


@pytest.mark.parametrize(
    ("alternatives", "found"),
    [
        (("A fox came.", "A hen came."), ["story: A"]),
        (("{A} sang.", "{A} slept."), ["story: {A}"]),
        (("{A.home} it was.", "mill it was."), ["story: mill"]),
        (("{inner} sang.", "Nobody slept."), ["story: Nobody"]),
    ],
)
def test_a_rule_that_needs_a_look_ahead_is_found(alternatives: tuple[str, ...], found: list[str]) -> None:
    rules = {"story": alternatives, "inner": ("Nobody", "Everybody")}
    assert grammar.overlaps(grammar.compile_rule("story", rules), grammar.language("village").pools) == found


@pytest.mark.parametrize(("domain", "split"), EVERYWHERE)
def test_every_story_is_read_back_as_it_was_told(domain: str, split: fables.Split) -> None:
    for story in fables.stories(100, 11, domain, split):
        assert fables.parse(story.text, split) == story


@settings(max_examples=60, deadline=None)
@given(st.integers(), st.sampled_from(fables.DOMAINS), st.sampled_from(("train", "test")))
def test_a_text_alone_tells_domain_split_and_derivation(seed: int, domain: str, split: fables.Split) -> None:
    story = fables.story(seed, domain, split)
    assert fables.parse(story.text) == story
    assert fables.story(seed, domain, split) == story


def test_stories_are_the_same_on_every_machine() -> None:
    assert {domain: fables.story(7, domain).text for domain in fables.DOMAINS} == GOLDEN


def test_another_seed_domain_or_split_tells_other_stories() -> None:
    every = [
        story.text
        for domain, split in EVERYWHERE
        for seed in (0, 1)
        for story in fables.stories(40, seed, domain, split)
    ]
    assert len(set(every)) == len(every)
    assert next(story.text for story in fables.stories(2, 5)) == fables.story(5).text


def longest(steps: tuple[grammar.Step, ...]) -> int:
    """The greatest number of tokens that steps can say."""
    total = 0
    for step in steps:
        match step:
            case grammar.Say(said):
                total += len(said)
            case grammar.Choice(_, alternatives):
                total += max(map(longest, alternatives))
            case grammar.Become(_, _, spoken):
                total += spoken
            case _:
                total += 1
    return total


@pytest.mark.parametrize("domain", fables.DOMAINS)
def test_every_story_fits_a_block_of_128(domain: str) -> None:
    assert longest((grammar.language(domain).story,)) + len(("<end>",)) <= 128
    assert min(len(story.tokens) for story in fables.stories(300, 2, domain)) >= 70


# ---------------------------------------------------------------- probability

SMALL = {
    "story": ("{A} {deed} {end}",),
    "deed": ("had a {X.colour} {X}[X.owner=A]. {more}", "slept in the {A.home}."),
    "more": ("{B} took it[X.owner=B].", "{A.She} painted it {X.colour!}."),
    "end": ("{A} smiled.", "Nobody else saw {A.him}."),
}


def test_the_probabilities_of_all_stories_of_a_small_grammar_sum_to_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pools = grammar.language("village").pools | {
        "A": ("Mara", "Otto", "Zoe"),
        "B": ("Mara", "Otto", "Zoe"),
        "X": ("kite", "drum"),
        "colour": ("red", "blue", "green"),
        "home": ("mill", "inn"),
    }
    small = grammar.Language(grammar.compile_rule("story", SMALL), pools)
    monkeypatch.setattr("fasttrack.data.fables.telling.language", lambda domain: small)
    monkeypatch.setattr(
        "fasttrack.data.fables.telling.allowed", lambda domain, split: dict.fromkeys(pools["A"], pools["X"])
    )
    told = [each for each, _ in Odometer(words=True).stories()]
    # 3 names · (6 coloured things · (2 other names + 2 other colours) + 2 homes) · 2 ends
    assert len({tuple(each.tokens) for each in told}) == len(told) == 3 * (6 * (2 + 2) + 2) * 2
    assert sum(exp(each.logprob) for each in told) == pytest.approx(1)
    taker = next(each for each in told if "took" in each.tokens)
    assert exp(-taker.logprob) == pytest.approx(3 * 2 * 3 * 2 * 2 * 2 * 2)


class Odometer:
    """A chooser that makes every possible choice, one story after the other; of words only the first, if asked to."""

    def __init__(self, words: bool) -> None:
        self.wheels: list[tuple[int, int]] = []  # what each choice was, and of how many
        self.words = words

    def turn(self) -> bool:
        """Go to the next story; False after the last one."""
        while self.wheels:
            at, of = self.wheels.pop()
            if at + 1 < of:
                self.wheels.append((at + 1, of))
                return True
        return False

    def next(self, of: int) -> int:
        if self.at == len(self.wheels):
            self.wheels.append((0, of))
        self.at += 1
        return self.wheels[self.at - 1][0]

    def alternative(self, told: Told, choice: grammar.Choice, language: grammar.Language) -> int:
        return self.next(len(choice.alternatives))

    def word(self, told: Told, slot: str, pool: Sequence[str], used: Collection[str]) -> str:
        left = [word for word in pool if word not in used]
        return left[self.next(len(left)) if self.words else 0]

    def stories(self) -> Iterator[tuple[Told, float]]:
        """Every story and the product of the chances of its wheels."""
        more = True
        while more:
            self.at = 0
            yield tell("village", "all", self), prod(1 / of for _, of in self.wheels)
            more = self.turn()


def test_the_floor_is_the_entropy_summed_over_every_way_through_the_rules() -> None:
    """In "all" what words cost depends on the way alone, so one story for each way gives the entropy exactly."""
    nats = tokens = total = 0.0
    for told, chance in Odometer(words=False).stories():
        total += chance
        nats -= chance * told.logprob
        tokens += chance * len(told.tokens)
    assert total == pytest.approx(1)
    floor = fables.entropy_floor("village", "all", n=5000)
    assert floor.nats_per_token == pytest.approx(nats / tokens, abs=2 * floor.half_width_per_token)
    assert floor.tokens_per_story == pytest.approx(tokens, rel=0.01)


@pytest.mark.parametrize(("domain", "split"), EVERYWHERE)
def test_every_token_has_its_cost(domain: str, split: fables.Split) -> None:
    for story in fables.stories(50, 3, domain, split):
        assert len(story.nats) == len(story.kinds) == len(story.tokens)
        assert [cost > 0 for cost in story.nats] == [kind == "free" for kind in story.kinds]
        reference = fables.parse(story.text, "all" if split == "test" else split)
        assert sum(story.nats) == pytest.approx(-reference.logprob)


def test_dice_are_fair() -> None:
    """Chances of rules and words, against their counts in 4,000 stories: within five standard errors."""
    told = list(fables.stories(4000, 17))
    chosen = Counter(choice for story in told for choice in story.derivation)
    for slot, n in (("A", 96), ("A.home", 16), ("time", 4), ("weather", 8), ("opening", 4), ("event", 2)):
        counts = [count for (name, _), count in chosen.items() if name == slot]
        assert len(counts) == n
        expected = len(told) / n
        assert max(abs(count - expected) for count in counts) < 5 * (expected * (1 - 1 / n)) ** 0.5


def test_the_floor_has_an_interval_that_narrows_and_holds() -> None:
    small, large = (fables.entropy_floor("village", "train", n=n, seed=n) for n in (500, 6000))
    assert large.half_width_per_token < small.half_width_per_token / 3
    assert abs(small.nats_per_token - large.nats_per_token) < 2 * small.half_width_per_token
    assert large.nats_per_token * large.tokens_per_story == pytest.approx(large.nats_per_story)
    assert large.entropy == pytest.approx(large.nats_per_story)  # train is measured against itself
    assert large.nats_per_char < large.nats_per_token


def test_the_test_floor_counts_a_held_out_thing_as_any_other() -> None:
    train, test, everything = (fables.entropy_floor("sea", split, n=3000) for split in SPLITS)
    assert test.nats_per_story == pytest.approx(everything.nats_per_story, rel=0.01)
    assert 0 < everything.nats_per_story - train.nats_per_story < 0.6
    assert test.nats_per_story - test.entropy == pytest.approx(log(40 / 2) + log(39 / 2), abs=0.05)


def test_too_few_stories_give_no_floor() -> None:
    with pytest.raises(ValueError, match="n=1 stories give no interval"):
        fables.entropy_floor(n=1)


# ---------------------------------------------------------------- what a story says


@pytest.mark.parametrize("domain", fables.DOMAINS)
def test_kinds_of_tokens_are_what_they_say(domain: str) -> None:
    for story in fables.stories(200, 5, domain):
        for at, (token, kind) in enumerate(zip(story.tokens, story.kinds, strict=True)):
            if kind == "recalled":
                assert token in story.tokens[:at]
            if kind == "tracked":
                assert token in {fact.value for fact in story.changes}


@pytest.mark.parametrize("domain", fables.DOMAINS)
def test_pronouns_agree_with_names(domain: str) -> None:
    for story in fables.stories(200, 6, domain):
        people = set(story.tokens) & set(words.NAMES)
        assert len(people) == 2
        if people <= set(words.SHE):
            assert not set(story.tokens) & {"He", "he", "His", "his", "him"}
        if people <= set(words.HE):
            assert not set(story.tokens) & {"She", "she", "Her", "her"}


def test_facts_by_patterns_of_our_own() -> None:
    """Homes, owners and colours found by regular expressions in the text, against the story's triples."""
    seen = 0
    for story in fables.stories(400, 8):
        facts, now = set(story.facts), {fact[:2]: fact.value for fact in (*story.facts, *story.changes)}
        for name, home in re.findall(r"In the (\w+) lived (\w+),", story.text):
            assert (home, "home", name) in facts
            seen += 1
        for owner, colour, thing in re.findall(r"(\w+) has the (\w+) (\w+)[,.]", story.text):
            assert now[thing, "owner"] == owner
            assert now[thing, "colour"] == colour
            seen += 1
    assert seen > 300


def test_a_gift_and_a_coat_of_paint_change_the_world() -> None:
    told = list(fables.stories(600, 9))
    given_away = [story for story in told if "gave it to" in story.text and "liked the" in story.text]
    painted = [story for story in told if " painted the " in story.text]
    assert given_away
    assert painted
    assert all([fact.relation for fact in story.changes] == ["owner"] for story in given_away)
    for story in painted:
        ((thing, relation, colour),) = story.changes
        assert relation == "colour"
        assert f"the {colour} {thing}" in story.text.lower()
        assert all(colour != fact.value for fact in story.facts)


def test_a_third_of_the_stories_change_something() -> None:
    """Chances of the deeds that change an owner or a colour: 3 of A's 6 and 1 of B's 5."""
    share = sum(bool(story.changes) for story in fables.stories(1000, 10)) / 1000
    assert share == pytest.approx((3 / 6 + 1 / 5) / 2, abs=0.05)


# The same on every machine and in every version: models are trained on these, and their figures written down.
GOLDEN = {
    "village": (
        "Everyone in the village knew Edgar the doctor, who lived in the cottage and had a turquoise "
        "broom. Hans the potter was his neighbour. He lived in the barn and loved cherries and owned "
        "a white ladder. One sunny evening, Edgar forgot the turquoise broom by the hedge. Hans found "
        "it and took it to the cottage. “Is this yours?” asked Hans. Edgar is still a doctor in the "
        "cottage, and Hans is still a potter in the barn. Now Edgar has the turquoise broom, and Hans "
        "has the white ladder. A friend is a warm house."
    ),
    "sea": (
        "Once there was a pirate named Nora. She lived in the shipyard and loved chowder and owned a "
        "purple flag. Nearby, in the galley, lived Nadia the cook. She had a silver medal. One "
        "drizzly morning, Nora rowed to the galley with the purple flag. “Take it,” said Nora, “it is "
        "yours now.” Nadia was happy to have the flag. They are still friends, Nora the pirate of the "
        "shipyard and Nadia the cook of the galley. Now Nadia has the purple flag, and Nadia has the "
        "silver medal. Open hands are never empty."
    ),
    "space": (
        "Long ago, Hana the welder lived in the outpost. She had a green visor. Remy the mapmaker was "
        "her neighbour. He lived in the capsule and loved peanuts and owned a red monitor. One "
        "airless morning, Remy could not find the red monitor. Hana came from the outpost to help and "
        "found it by the boulder. “What would I do without you?” said Remy. They are still friends, "
        "Hana the welder of the outpost and Remy the mapmaker of the capsule. If you meet Hana, ask "
        "to see the green visor; Remy has the red monitor. Trouble shared is half the trouble."
    ),
    "castle": (
        "Long ago, Nadia the tutor lived in the armoury. She loved quinces and owned a silver quill. "
        "Her friend Boris, a wizard, lived in the scullery and had a purple carpet. One solemn "
        "morning, Boris could not find the purple carpet. Nadia came from the armoury to help and "
        "found it by the staircase. “What would I do without you?” said Boris. They are still "
        "friends, Nadia the tutor of the armoury and Boris the wizard of the scullery. The silver "
        "quill belongs to Nadia, and the purple carpet belongs to Boris. Kind deeds need no reason."
    ),
}
