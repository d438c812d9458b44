"""Stories read back: the derivation of a text is found by walking the grammar with the text in hand.

Every choice shows at its next word, so the reader never guesses and never turns back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fasttrack.data.fables.grammar import Become, Choice, Language, Pronoun, Say, Slot, Step, language
from fasttrack.data.fables.split import Split, held_out
from fasttrack.data.fables.telling import WOMEN, Told, tell
from fasttrack.data.fables.text import END
from fasttrack.data.fables.words import DOMAINS


class NotAStory(ValueError):
    """A text that the grammar does not tell. `at`: the first word, counted from 0, that cannot stand where it is."""

    def __init__(self, at: int, found: str, expected: Collection[str], why: str = "") -> None:
        self.at = at
        some = sorted(expected)
        listed = ", ".join(map(repr, some[:4])) + (
            f" or one of {len(some) - 4} more" if len(some) > 4 else ""
        )
        super().__init__(f"fables.parse: token {at} is {found!r}{why}; expected {listed}")


class Reader:
    """A chooser that decides as the given text did. Raises NotAStory at the first word that no story has there."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.agreed = 0  # so many tokens are as told

    def compare(self, told: Told) -> str:
        """Check what was said since the last choice; the token that comes next."""
        for at in range(self.agreed, len(told.tokens)):
            if self.token(at) != told.tokens[at]:
                raise NotAStory(at, self.token(at), {told.tokens[at]})
        self.agreed = len(told.tokens)
        return self.token(self.agreed)

    def token(self, at: int) -> str:
        """The text's token at a position; beyond its end, `<end>`."""
        return self.tokens[at] if at < len(self.tokens) else END

    def alternative(self, told: Told, choice: Choice, language: Language) -> int:
        token = self.compare(told)
        starts = [starting(steps, told, language) for steps in choice.alternatives]
        for i, words in enumerate(starts):
            if token in words:
                return i
        raise NotAStory(self.agreed, token, frozenset().union(*starts))

    def word(self, told: Told, slot: str, pool: Sequence[str], used: Collection[str]) -> str:
        token = self.compare(told)
        if token in pool and token not in used:
            return token
        raise NotAStory(self.agreed, token, set(pool) - set(used), f" ({slot})")


def starting(steps: tuple[Step, ...], told: Told, language: Language) -> Collection[str]:
    """The words that an alternative can start with, as the world stands."""
    match steps[0]:
        case Say(words):
            return words[:1]
        case Pronoun(who, hers, his):
            return (hers if told.world[who] in WOMEN else his,)
        case Choice(_, alternatives):
            return frozenset().union(*(starting(each, told, language) for each in alternatives))
        case Become(_, source):
            return (told.world[source],)
        case Slot(slot, kind):
            return (told.world[slot],) if slot in told.world else language.pools[kind]


def read(tokens: Sequence[str], split: Split | None = None) -> Told:
    """The walk that says these tokens, with or without the final `<end>`.

    The domain is found by trying. Without a `split` it is the one that the pairs of owner and thing belong to: train,
    test, or "all" where only one pair is held out. Raises NotAStory.
    """
    told = read_in_any_domain(tokens)
    if split is None:
        kept = held_out(told.domain)
        pairs = {told.first["X"] in kept[told.world["A"]], told.first["Y"] in kept[told.world["B"]]}
        split = "all" if len(pairs) > 1 else "test" if pairs == {True} else "train"
    return told if split == "all" else read_in(told.domain, split, tokens)


def read_in(domain: str, split: Split, tokens: Sequence[str]) -> Told:
    """`read` where domain and split are known."""
    language(domain)
    reader = Reader(tokens)
    told = tell(domain, split, reader)
    reader.compare(told)
    if len(tokens) > len(told.tokens):
        at = len(told.tokens)
        raise NotAStory(at, tokens[at], {"nothing"}, " after the end of the story")
    return told


def read_in_any_domain(tokens: Sequence[str]) -> Told:
    """The first domain that can tell the tokens. If none can, the error is of the one that came furthest."""
    furthest: NotAStory | None = None
    for domain in DOMAINS:
        try:
            return read_in(domain, "all", tokens)
        except NotAStory as error:
            if furthest is None or error.at > furthest.at:
                furthest = error
    assert furthest is not None
    raise furthest
