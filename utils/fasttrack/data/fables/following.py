"""What can come next: the exact distribution of the token after the beginning of a story."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fasttrack.data.fables.grammar import Choice, Language
from fasttrack.data.fables.reading import Reader
from fasttrack.data.fables.split import Split
from fasttrack.data.fables.telling import Told, tell


class Halt(Exception):
    """The walk need not go on: the next token is known, or a choice has to be tried each way."""

    def __init__(self, words: Collection[str] = (), ways: int = 0) -> None:
        super().__init__()
        self.words, self.ways = words, ways


class Prophet(Reader):
    """A chooser that decides as the beginning of a story did, then as told, until the next token shows."""

    def __init__(self, tokens: Sequence[str], decisions: Sequence[int]) -> None:
        super().__init__(tokens)
        self.decisions = list(decisions)

    def beyond(self, told: Told) -> bool:
        """Whether the choice at hand comes after the given tokens, which must be those of the story so far."""
        if len(told.tokens) < len(self.tokens):
            return False
        self.agree(told)
        if len(told.tokens) > len(self.tokens):
            raise Halt(words=(told.tokens[len(self.tokens)],))
        return True

    def agree(self, told: Told) -> None:
        """Raise NotAStory where the given tokens are not those of the story."""
        full, told.tokens = told.tokens, told.tokens[: len(self.tokens)]
        self.compare(told)
        told.tokens = full

    def alternative(self, told: Told, choice: Choice, language: Language) -> int:
        if not self.beyond(told):
            return super().alternative(told, choice, language)
        if not self.decisions:
            raise Halt(ways=len(choice.alternatives))
        return self.decisions.pop(0)

    def word(self, told: Told, slot: str, pool: Sequence[str], used: Collection[str]) -> str:
        if not self.beyond(told):
            return super().word(told, slot, pool, used)
        raise Halt(words=[word for word in pool if word not in used])


def next_tokens(tokens: Sequence[str], domain: str = "village", split: Split = "train") -> dict[str, float]:
    """Every token that can follow the beginning of a story, with its exact probability.

    What the best of all models would answer. `tokens`: those so far, none at the start of a story; a whole story has
    nothing after its `<end>`. Raises NotAStory, a ValueError, if no story begins so.
    """
    probs: dict[str, float] = {}
    ways: list[tuple[tuple[int, ...], float]] = [((), 1.0)]
    while ways:
        decisions, prob = ways.pop()
        prophet = Prophet(tokens, decisions)
        try:
            told = tell(domain, split, prophet)
        except Halt as halt:
            ways += [((*decisions, i), prob / halt.ways) for i in range(halt.ways)]
            for word in halt.words:
                probs[word] = probs.get(word, 0.0) + prob / len(halt.words)
        else:
            prophet.agree(told)
            probs.update(dict.fromkeys(told.tokens[len(tokens) :][:1], prob))
    return dict(probs)
