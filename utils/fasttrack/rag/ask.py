"""What `fasttrack ask` does: answer a question about the course from its lessons, and say where to read on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from fasttrack.data import course
from fasttrack.rag.endpoint import Endpoint
from fasttrack.rag.pipeline import Answer, answer
from fasttrack.rag.readers import ChatReader, ExtractiveReader, Reader, TransformersReader
from fasttrack.rag.search import HybridSearch


@dataclass(frozen=True)
class Source:
    """A passage to read on in: its number in the answer, heading, and link from the repository's root."""

    number: int
    lesson: str
    heading: str
    link: str
    cited: bool


@cache
def course_store() -> dict[str, str]:
    """The passages of all lessons by id, each under its heading."""
    return {passage.id: f"{passage.heading}. {passage.text}" for passage in course.passages()}


@cache
def course_search() -> HybridSearch:
    """The search over the lessons. Raises ValueError if no lesson has been built."""
    return HybridSearch(course_store())


def choose_reader(endpoint: str, model: str, key: str, timeout: float) -> Reader:
    """An endpoint's model if there is an address, else a model of `transformers` if there is a name, else quotations.

    Raises ValueError for an endpoint without a model, DataUnavailable for a model that cannot be loaded.
    """
    if endpoint:
        if not model:
            raise ValueError("an endpoint serves several models: say which, with --model or FASTTRACK_MODEL")
        return ChatReader(Endpoint(endpoint, model, key, timeout))
    if model:
        return TransformersReader(model)
    return ExtractiveReader(course_store().values())


def ask(question: str, reader: Reader, k: int = 5) -> tuple[Answer, list[Source]]:
    """The answer and the passages that the reader was shown. Errors are those of search and reader."""
    got = answer(question, course_search(), reader, k)
    return got, sources(got.shown, got.sources)


def found(question: str, k: int = 5) -> list[Source]:
    """The passages that the search finds, for when no reader can be had."""
    return sources([name for name, _ in course_search()(question, k)], ())


def sources(shown: list[str] | tuple[str, ...], cited: tuple[str, ...]) -> list[Source]:
    """Where passages stand in the course."""
    passages = {passage.id: passage for passage in course.passages()}
    return [
        Source(i, passages[name].lesson, passages[name].heading, passages[name].link, name in cited)
        for i, name in enumerate(shown, start=1)
    ]
