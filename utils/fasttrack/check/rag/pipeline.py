"""Check of 11_rag/03_rag on the pipeline. Oracle: the answer is given by the check, so its sources are known."""

from __future__ import annotations

import random
from typing import Any

from fasttrack.check import check, require
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import rag as fixtures
from fasttrack.check.rag.inputs import sentence
from fasttrack.check.rag.prompts import cost, greedy
from fasttrack.check.values import describe, difference
from fasttrack.data.fables import UNSAID

Hits = list[tuple[str, str]]


@check
def answer(learner: Any, seed: int) -> None:
    """A reader that says what the check tells it, over passages of which some do not fit."""
    rng = random.Random(seed)
    who, other = rng.sample(("Kira", "Otto", "Vera", "Anton", "Mara"), 2)
    texts = [
        f"{who} lived in the mill.",
        sentence(rng, 30),
        f"{other} is a baker in the inn.",
        "The red kite is hers.",
    ]
    ids = [f"p{number}" for number in rng.sample(range(10, 100), 4)]
    hits = list(zip(ids, texts, strict=True))
    question = f"Where does {who} live?"
    tight = cost(greedy(question, [texts[0], *texts[2:]], 999)[0])  # no room for the long one
    for says, sources, doubtful in (
        ("mill [1] or inn [2]", [0, 2], []),
        ("mill [1]", [0], []),
        ("kite [3]", [3], []),
        ("inn [2] or baker [2] or mill [1]", [2, 0], []),
        ("mill [2]", [2], ["mill"]),
        ("mill [7]", [], ["mill"]),
        ("mill [0]", [], ["mill"]),
        ("mill [4] or inn [2]", [2], ["mill"]),
        ("mill", [], ["mill"]),
        (UNSAID, [], []),
        ("", [], []),
    ):
        want = {"text": says, "sources": [ids[at] for at in sources], "doubtful": doubtful}
        follow(learner, question, hits, says, 4, tight, want)
    follow(
        learner, question, hits, "inn [3]", 3, 999, {"text": "inn [3]", "sources": [ids[2]], "doubtful": []}
    )
    follow(
        learner, question, hits, "mill [1]", 1, 999, {"text": "mill [1]", "sources": [ids[0]], "doubtful": []}
    )
    said = f"{UNSAID} [1]"
    follow(
        learner,
        question,
        hits,
        said,
        2,
        999,
        {"text": said, "sources": [ids[0]], "doubtful": [UNSAID.rstrip(".")]},
    )
    refuses(learner, "", hits, "an empty question raises ValueError")
    refuses(learner, " \n", hits, "a question of white space raises ValueError")
    refuses(
        learner,
        question,
        [],
        "a search that finds nothing raises ValueError: an empty store must not go unnoticed",
    )
    refuses(
        learner,
        question,
        hits,
        "if no passage fits into the prompt, raise ValueError: the answer would be from memory",
        cost(greedy(question, [], 999)[0]) + 2,
    )
    got = beside(learner, fixtures.answered, question, hits, "mill [1]", 4, 3)
    require(
        got["raised"] == "ValueError" and not got["prompts"],
        ("looked at", f"the question {question!r} with a budget of 3"),
        ("expected", "build_prompt's ValueError"),
        ("got", got["raised"] or describe(got["value"])),
    )


def follow(
    learner: Any, question: str, hits: Hits, says: str, k: int, budget: int, want: dict[str, Any]
) -> None:
    got = beside(learner, fixtures.answered, question, hits, says, k, budget)
    looked = (
        "looked at",
        f"answer({question!r}, search, read, {k}, {budget}), where read says {says!r} "
        f"and search finds {describe(hits[:k])}",
    )
    prompt, used = greedy(question, [text for _, text in hits[:k]], budget)
    require(
        got["searched"] == [(question, k)],
        looked,
        ("expected", f"one call search(question, {k})"),
        ("got", describe(got["searched"])),
    )
    require(
        got["prompts"] == [prompt],
        looked,
        ("expected", f"one call read({prompt!r})"),
        ("got", describe(got["prompts"]) if got["prompts"] else got["raised"] or "no call"),
    )
    parted = difference(got["value"], want)
    facts = [looked]
    if parted:
        cause = mistake(got["value"], want, hits, used, says)
        facts += [("expected", parted[0]), ("got", parted[1]), *([("mistake", cause)] if cause else [])]
    require(parted is None, *facts)


def mistake(value: Any, want: dict[str, Any], hits: Hits, used: list[int], says: str) -> str:
    """What a wrong dict shows; "" if nothing."""
    if not isinstance(value, dict) or not isinstance(value.get("sources"), list):
        return ""
    sources, ids = value["sources"], [found for found, _ in hits]
    shown = [ids[at] for at in used]
    if says == UNSAID and value.get("doubtful"):
        return "a refusal makes no claim: nothing is doubtful about it"
    if sources != want["sources"]:
        if len(set(map(str, sources))) < len(sources):
            return "each source once"
        if sorted(map(str, sources)) == sorted(want["sources"]):
            return "the sources are in the order in which they are cited"
        if all(isinstance(one, int) for one in sources) and sources:
            return "sources are the ids of passages, not their numbers"
        if sources == shown:
            return "sources are the passages cited, not all that were shown"
        if sources == ids[: len(sources)] and len(sources) == len(hits):
            return "sources are the passages cited, not all that were found"
        if "[0]" in says:
            return "[0] cites nothing: a list's item -1 is its last"
        return "[1] is the first passage in the prompt, hits[used[0]]: others may have been left out"
    if value.get("doubtful") != want["doubtful"]:
        return "claims are checked against the passages in the prompt, in its order"
    return ""


def refuses(learner: Any, question: str, hits: Hits, words: str, budget: int = 200) -> None:
    got = beside(learner, fixtures.answered, question, hits, "mill [1]", 4, budget)
    looked = (
        "looked at",
        f"answer({question!r}, search, read, 4, {budget}), where search finds {describe(hits)}",
    )
    require(
        got["raised"] == "ValueError",
        looked,
        ("expected", words),
        ("got", got["raised"] or describe(got["value"])),
    )
    require(
        not got["prompts"],
        looked,
        ("expected", "read is not called"),
        ("got", describe(got["prompts"])),
    )
