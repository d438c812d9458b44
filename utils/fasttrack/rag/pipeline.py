"""Search, read, check: a question in, an answer with its sources out. Built in lesson 11/03."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fasttrack.data.fables import UNSAID
from fasttrack.rag.prompt import claims, unsupported
from fasttrack.rag.readers import Reader

Search = Callable[[str, int], Sequence[tuple[str, str]]]  # question, k -> (id, text) of passages, best first


@dataclass(frozen=True)
class Answer:
    """What a pipeline answers.

    sources  the ids of the passages cited, each once, in the order of the answer
    doubtful  claims that no passage they cite holds word for word; empty for a refusal
    shown    the ids of the passages that the reader saw, by their number in the answer
    """

    text: str
    sources: tuple[str, ...]
    doubtful: tuple[str, ...]
    shown: tuple[str, ...]


def answer(question: str, search: Search, reader: Reader, k: int = 5) -> Answer:
    """Answer from the `k` best passages. Raises ValueError for an empty question, for an empty store,
    and whatever the reader raises, as where no passage fits."""
    if not question.strip():
        raise ValueError("the question is empty")
    hits = list(search(question, k))
    if not hits:
        raise ValueError("no passage matches the question, or the store is empty")
    reply = reader.read(question, [text for _, text in hits])
    shown = [hits[i] for i in reply.used]
    made = [] if reply.text == UNSAID else claims(reply.text)
    cited = dict.fromkeys(number for _, numbers in made for number in numbers if 1 <= number <= len(shown))
    return Answer(
        reply.text,
        tuple(shown[number - 1][0] for number in cited),
        tuple(unsupported(made, [text for _, text in shown])),
        tuple(found for found, _ in shown),
    )
