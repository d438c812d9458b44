"""What can follow the beginning of a story, beside the costs that stories carry themselves."""

from __future__ import annotations

import math

import pytest

from fasttrack.data import fables


@pytest.mark.parametrize("domain", fables.DOMAINS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_story_is_as_probable_as_its_tokens_together(domain: str, split: fables.Split) -> None:
    story = fables.story(3, domain, split)
    probs = [
        fables.next_tokens(story.tokens[:i], domain, split)[token] for i, token in enumerate(story.tokens)
    ]
    assert math.fsum(map(math.log, probs)) == pytest.approx(story.logprob)


def test_the_probabilities_add_up_and_what_costs_nothing_is_certain() -> None:
    story = fables.story(5)
    for i, (token, nats) in enumerate(zip(story.tokens, story.nats, strict=True)):
        found = fables.next_tokens(story.tokens[:i])
        assert math.fsum(found.values()) == pytest.approx(1.0)
        if nats == 0:
            assert found == {token: 1.0}


def test_every_token_that_can_follow_leads_on() -> None:
    start = fables.story(1).tokens[:15]
    for token in fables.next_tokens(start):
        assert fables.next_tokens([*start, token])


def test_nothing_follows_a_whole_story() -> None:
    assert fables.next_tokens(fables.story(0).tokens) == {}


@pytest.mark.parametrize(
    ("start", "said"), [(["tree"], "token 0 is 'tree'"), (["Long", "ago", "tree"], "token 2 is 'tree'")]
)
def test_no_story_begins_so(start: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fables.next_tokens(start)
