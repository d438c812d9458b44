"""Check of the class PairIndex: after each merge its counts are those of a recount. Oracle: that recount."""

from __future__ import annotations

import random
import re
from typing import Any

from fasttrack.check import CheckFailed, NotWritten, check, require
from fasttrack.check.bpe.oracle import (
    Pair,
    byte_ids,
    counted,
    first_met,
    largest,
    last_met,
    rarest,
    replaced,
    smallest,
    text_of,
)
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import bpe as fixtures
from fasttrack.check.values import describe, difference

Chunks = list[list[int]]


@check
def PairIndex(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Built, then merged in again and again, best pairs and others. Oracle: everything counted anew."""
    rng = random.Random(seed)
    a, b, c = rng.sample(range(256), 3)
    d, e = sorted(rng.sample([i for i in range(256) if i not in (a, b, c)], 2))
    follow(learner, [[a, b, c], [b, c], [a, a, a, b]], [2, 3, 1], rng, merges=0)
    follow(
        learner, [[e, d, b], [a, b], [d, e]], [3, 1, 3], rng, merges=0
    )  # a tie: the later pair met is smaller
    follow(learner, [[a, b, c], [b, c], [a, a, a, b], [c]], [2, 3, 1, 9], rng, merges=3)
    follow(learner, [[a, a, a, a, a], [b, a, b, a, b]], [1, 4], rng, merges=4)
    words = sorted(set(text_of(seed, 60).split()))
    follow(learner, [byte_ids(word.encode()) for word in words], [rng.randint(1, 9) for _ in words], rng, 25)
    follow(learner, [], [], rng, merges=0)
    lazily(learner, rng)


def follow(learner: Any, chunks: Chunks, times: list[int], rng: random.Random, merges: int) -> None:
    """Plan the merges, best pair or any, ask the learner's index after each, and compare."""
    wanted, steps, now = [state(chunks, times)], list[tuple[Pair, int]](), chunks
    for k in range(merges):
        pairs = sorted(wanted[-1]["counts"])
        if not pairs:
            break
        pair = rng.choice(pairs) if k % 3 == 2 else wanted[-1]["best()"]
        steps.append((pair, 1000 + k))
        now = [replaced(chunk, pair, 1000 + k) for chunk in now]
        wanted.append(state(now, times))
    got, given = states(learner, chunks, times, steps, wanted)
    for k, want in enumerate(wanted):
        before = wanted[k - 1] if k else None
        pair = steps[k - 1][0] if k else None
        for name in want:
            agree(name, got, k, want, before, pair, chunks if len(chunks) < 6 else None, times)
    require(
        given == chunks,
        ("expected", "the chunks it was given are as they were"),
        ("got", "the caller's list of chunks is changed"),
        ("mistake", "merge replaces chunks: keep a list of your own, as __init__ makes it"),
    )


def states(
    learner: Any,
    chunks: Chunks,
    times: list[int],
    steps: list[tuple[Pair, int]],
    wanted: list[dict[str, Any]],
) -> Any:
    """What the fixture gives. An error is told with the merge that raised it."""
    try:
        return beside(learner, fixtures.states, chunks, times, steps)
    except NotWritten:
        raise
    except CheckFailed as failure:
        told, raised = failure, 0
    for raised in range(len(steps) + 1):
        try:
            beside(learner, fixtures.states, chunks, times, steps[:raised])
        except CheckFailed as failure:
            told = failure
            break
    error = dict(told.facts)["raised"]
    words = cause_of(error, steps[raised - 1][1] if raised else None, wanted[raised]["best()"])
    raise CheckFailed(
        told.title,
        ("looked at", f"merge {raised}, of the pair {steps[raised - 1][0]}" if raised else "a new PairIndex"),
        ("chunks", f"{describe(chunks)}, times {describe(times)}"),
        ("raised", error),
        *([("mistake", words)] if words else []),
    ) from None


def cause_of(error: str, new_id: int | None, best: Pair | None) -> str:
    """The mistake that an error shows; "" if it shows none."""
    first = error.partition("\n")[0]
    if new_id is not None and re.fullmatch(rf"KeyError: \((.*\D)?{new_id}(\D.*)?\)", first):
        return "remove meets a pair with the new id: it must see the chunk as it was, so replace the chunk after it"
    if new_id is not None and re.fullmatch(r"KeyError: \d+", first):
        return "a pair may occur twice in a chunk, but where names the chunk once: go over distinct pairs"
    if best is None and first.startswith(("ValueError", "IndexError")):
        return "with no pair left, best() returns None"
    return ""


def state(chunks: Chunks, times: list[int]) -> dict[str, Any]:
    counts = counted(chunks, times)
    return {
        "chunks": chunks,
        "counts": counts,
        "where": {pair: [i for i, chunk in enumerate(chunks) if pair in counted([chunk])] for pair in counts},
        "best()": smallest(counts) if counts else None,
    }


def agree(
    name: str,
    got: Any,
    k: int,
    want: dict[str, Any],
    before: dict[str, Any] | None,
    pair: Pair | None,
    shown: Chunks | None,
    times: list[int],
) -> None:
    came = got[k][name]
    parted = difference(came, want[name])
    called = f"after merge {k}, of the pair {pair}: {name}" if k else f"when built: {name}"
    facts = [("looked at", called)]
    if shown is not None:
        facts.append(("chunks", f"{shown}, times {times}"))
    if parted:
        words = cause(name, came, want, before, pair, times)
        facts += [("expected", parted[0]), ("got", parted[1]), *([("mistake", words)] if words else [])]
    require(parted is None, *facts)


def cause(
    name: str,
    came: Any,
    want: dict[str, Any],
    before: dict[str, Any] | None,
    pair: Pair | None,
    times: list[int],
) -> str:
    """The mistake that a wrong part of the index shows; "" if it shows none."""
    counts = want["counts"]
    wrong: dict[str, Any] = {}
    if name == "counts":
        once = counted(want["chunks"])
        wrong = {
            "each chunk stands for times[i] chunks of the text: count its pairs that often": once,
            "how often a pair occurs, times included, not in how many chunks": {
                p: sum(times[i] for i in want["where"][p]) for p in counts
            },
            "a chunk counts times[i] times, a pair in it as often as it occurs there": {
                p: len(want["where"][p]) for p in counts
            },
        }
        if isinstance(came, dict) and any(n == 0 for n in came.values()):
            return "a pair that is gone has no entry: delete a count that falls to 0"
        if isinstance(came, dict) and any(type(n) is int and n < 0 for n in came.values()):
            return "a count is below 0: more was taken away than had been added"
        if before is not None and came == before["counts"]:
            return "merge changes the counts, too: take the chunk's old pairs away, add its new ones"
        if (
            before is not None
            and pair is not None
            and came == {p: n for p, n in before["counts"].items() if p != pair}
        ):
            return "the neighbours of a merged pair are in new pairs: take all old pairs of the chunk away, add all new"
        if isinstance(came, dict) and before is not None and came.keys() - counts.keys():
            return (
                "pairs of the chunk as it was are still counted: take them away before you replace the chunk"
            )
    if name == "where":
        if isinstance(came, dict) and any(found == [] for found in came.values()):
            return "a pair that is gone has no entry in where either"
        if isinstance(came, dict) and before is not None and not came.keys() - counts.keys():
            return "where still names chunks that the pair has left, or misses chunks that it has come to"
        if isinstance(came, dict) and came.keys() - counts.keys():
            return "a pair that is gone has no entry in where either"
    if name == "chunks" and before is not None:
        wrong = {"merge replaces the pair in the chunks, too": before["chunks"]}
    if name == "best()" and counts:
        wrong = {
            "of several pairs with the highest count the smallest, not the one met first": first_met(counts),
            "of several pairs with the highest count the smallest, not the one met last": last_met(counts),
            "of several pairs with the highest count the smallest, not the largest": largest(counts),
            "the highest count, not the lowest": rarest(counts),
            "the smallest pair of all is not the question: first the highest count": min(counts),
            "the pair, not its count": max(counts.values()),
            "the pair alone, without its count": (smallest(counts), max(counts.values())),
        }
    elif name == "best()":
        return "no pair is left: None"
    return next((words for words, value in wrong.items() if difference(came, value) is None), "")


def lazily(learner: Any, rng: random.Random) -> None:
    """A merge of a pair that few chunks hold must not read the many others."""
    many = [[rng.randrange(100) for _ in range(3)] for _ in range(300)]
    places = sorted(rng.sample(range(300), 4))
    for place in places:
        many[place] = [7, 150, 151, 9]
    times = [rng.randint(1, 5) for _ in many]
    read, counts = beside(learner, fixtures.chunks_read, many, times, (150, 151), 500)
    after = [replaced(chunk, (150, 151), 500) for chunk in many]
    parted = difference(counts, counted(after, times))
    require(parted is None, ("looked at", "counts after a merge in 4 of 300 chunks"), *said(parted))
    require(
        type(read) is int and read <= len(places),
        ("looked at", "how many chunks merge reads"),
        ("expected", f"at most {len(places)} of 300: those that hold the pair"),
        ("got", f"{read}"),
        ("mistake", "merge goes through all chunks: where[pair] says which ones hold the pair"),
    )


def said(parted: tuple[str, str] | None) -> list[tuple[str, str]]:
    return [("expected", parted[0]), ("got", parted[1])] if parted else []
