"""The checks of 11_rag/03_rag on the course's own functions, on wrong ones, and on many seeds."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fasttrack.check import CheckFailed, NotWritten
from fasttrack.check import rag as checks
from fasttrack.data.fables import UNSAID
from fasttrack.rag import chunking, endpoint, fusion, pipeline, prompt, readers, scoring
from fasttrack.rag.readers import Reply, fables_tokens

build_prompt = functools.partial(prompt.build_prompt, count=fables_tokens)


def answer(question: str, search: Any, read: Callable[[str], str], k: int, budget: int) -> dict[str, Any]:
    """The package's pipeline in the form of the lesson's."""

    class Told:
        def read(self, question: str, passages: Sequence[str]) -> Reply:
            text, used = readers.prompt_with_passages(question, passages, budget, fables_tokens)
            return Reply(read(text), used)

    got = pipeline.answer(question, search, Told(), k)
    return {"text": got.text, "sources": list(got.sources), "doubtful": list(got.doubtful)}


OURS: dict[str, Callable[..., Any]] = {
    "answer": answer,
    "best_sentences": readers.best_sentences,
    "build_prompt": build_prompt,
    "chunk": chunking.chunk,
    "claims": prompt.claims,
    "neutralise": prompt.neutralise,
    "read_reply": endpoint.read_reply,
    "reciprocal_rank_fusion": fusion.reciprocal_rank_fusion,
    "sections": chunking.sections,
    "token_f1": scoring.token_f1,
    "unsupported": prompt.unsupported,
}


def forgetful(question: str, search: Any, read: Any, k: int, budget: int) -> dict[str, Any]:
    got = answer(question, search, read, k, budget)
    return got | {"sources": got["sources"] * 2}


def numbered(question: str, search: Any, read: Any, k: int, budget: int) -> dict[str, Any]:
    got = answer(question, search, read, k, budget)
    return got | {"sources": list(range(1, len(got["sources"]) + 1))}


def careless(question: str, search: Any, read: Any, k: int, budget: int) -> dict[str, Any]:
    got = answer(question, search, read, k, budget)
    return got | {"doubtful": [UNSAID] if got["text"] == UNSAID else got["doubtful"]}


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("sections", lambda text: [list(one) for one in chunking.sections(text)], "pairs are tuples"),
    ("sections", lambda text: [one for one in chunking.sections(text) if one[0]], "text before the first heading"),
    ("sections", lambda text: [(p.replace(" > ", "/"), b) for p, b in chunking.sections(text)], "joined by ' > '"),
    ("chunk", lambda lines, size, overlap: chunking.chunk(lines, size, 0), "nothing is said again"),
    ("chunk", lambda lines, size, overlap: chunking.chunk(lines, size, overlap + 1), "one sentence too many"),
    ("chunk", lambda lines, size, overlap: chunking.chunk(lines, size, overlap)[:-1], "the last chunk is missing"),
    ("reciprocal_rank_fusion", lambda rankings, k=60: fusion.reciprocal_rank_fusion(rankings, k - 1), "yours from 0"),
    ("reciprocal_rank_fusion", lambda rankings, k=60: dict(fusion.reciprocal_rank_fusion(rankings, k)), "not a dict"),
    ("neutralise", lambda text: text, "nothing was replaced"),
    ("neutralise", lambda text: " ".join(prompt.MARKER.sub("", text).split()), "a marker leaves a space"),
    ("build_prompt", lambda *args: build_prompt(*args)[0], "the prompt and their indices"),
    ("build_prompt", lambda *args: list(build_prompt(*args)), "not a list"),
    ("claims", lambda text: [list(one) for one in prompt.claims(text)], "pairs are tuples"),
    ("claims", lambda text: [(said, sorted(numbers)) for said, numbers in prompt.claims(text)], "in the order written"),
    ("unsupported", lambda claims, texts: [said for said, _ in claims], "expected"),
    ("answer", forgetful, "each source once"),
    ("answer", numbered, "not their numbers"),
    ("answer", careless, "a refusal makes no claim"),
    ("best_sentences", lambda q, p, r, n: sorted(readers.best_sentences(q, p, r, n)), "the best ones first"),
    ("best_sentences", lambda q, p, r, n: readers.best_sentences(q, p, r, 10**6), "at most n"),
    ("token_f1", lambda got, gold: scoring.token_f1(got, gold) / 2, "has a 2 above"),
    ("read_reply", lambda status, body: endpoint.read_reply(200, body), "starts with HTTP"),
]  # fmt: skip


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", checks.__all__)
def test_what_the_package_uses_passes_the_lessons_own_checks(name: str, seed: int) -> None:
    getattr(checks, name)(OURS[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(
    name: str, learner: Callable[..., Any], hint: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=re.escape(hint)):
        getattr(checks, name)(learner, seed=seed)


def test_a_pipeline_that_builds_on_what_is_missing_says_so() -> None:
    def claims(text: str) -> list[tuple[str, list[int]]]:
        raise NotImplementedError

    def unfinished(question: str, search: Any, read: Any, k: int, budget: int) -> dict[str, Any]:
        got = answer(question, search, read, k, budget)
        claims(got["text"])
        return got

    with pytest.raises(NotWritten, match="claims"):
        checks.answer(unfinished)
