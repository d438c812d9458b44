"""One vocabulary for all domains, so that a model can move between them: words and ids."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from fasttrack.data.fables.questions import PHRASINGS, UNSAID
from fasttrack.data.fables.rules import RULES
from fasttrack.data.fables.text import CITATIONS, SPECIAL, detokenize, tokenize
from fasttrack.data.fables.words import COLOURS, DOMAINS, NAMES, TIMES

# What an instruction may need beyond the questions themselves.
CHAT = (
    "Answer the question about story stories. Answer in one word: a short sentence. Read this, please; then say what, "
    "where, who or why not. Question: Answer: Story: Yes No yes no I know you my your. If it is not said, say so!"
)


@cache
def vocabulary() -> tuple[str, ...]:
    """Every token there is, by id: the special ones first (`<end>` is 0), then in alphabetical order."""
    words = {*NAMES, *COLOURS, *TIMES, *tokenize(CHAT), *tokenize(UNSAID)}
    templates = [text for texts in (*RULES.values(), *PHRASINGS.values()) for text in texts]
    for domain in DOMAINS.values():
        words.update(*domain[:-1])
        templates += [text for texts in domain.rules.values() for text in texts]
    for template in templates:
        words.update(tokenize(without_slots(template)))
    words |= {"She", "she", "He", "he", "Her", "her", "His", "his", "him"}
    return (*SPECIAL, *CITATIONS, *sorted(words - set(SPECIAL)))


def without_slots(template: str) -> str:
    """The fixed words of a template."""
    return "".join(
        part.rpartition("}")[2].rpartition("]")[2] for part in template.replace("[", "{").split("{")
    )


@cache
def ids_by_token() -> dict[str, int]:
    """The vocabulary turned round."""
    return {token: i for i, token in enumerate(vocabulary())}


def encode(text: str) -> list[int]:
    """The ids of a text's tokens; a line break is `<end>`. Raises ValueError for a word that no story uses."""
    table = ids_by_token()
    tokens = tokenize(text)
    try:
        return [table[token] for token in tokens]
    except KeyError as error:
        raise ValueError(f"fables.encode: the vocabulary has no {error.args[0]!r}") from None


def decode(ids: Iterable[int]) -> str:
    """The text of ids; `decode(encode(text)) == text` for every text that stories and questions are made of."""
    table = vocabulary()
    return detokenize(table[i] for i in ids)
