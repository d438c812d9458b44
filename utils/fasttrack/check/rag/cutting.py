"""Checks of 11_rag/03_rag on passages. Oracles: documents built from their sections, and a queue of sentences."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from fasttrack.check import check, expect
from fasttrack.check.rag.inputs import WORDS, different, sentence

Block = tuple[int, str, list[str]]  # level (0: before the first heading), title, lines of the body


@check
def sections(learner: Any, seed: int) -> None:
    """Documents whose sections are known, since they were put together from them."""
    rng = random.Random(seed)
    code = ["```python", "# no heading", "x = 1", "```"]
    telling: list[Block] = [
        (0, "", ["Before."]),
        (1, "Attention", []),
        (2, "Scale", ["", "Divide.", "", *code, "More.", ""]),
        (3, "Why", ["Or it saturates."]),
        (2, "Mask", ["#hashtag", "####### seven"]),
        (1, "Training", ["Loss."]),
        (3, "Deep", ["Below, without level 2."]),
        (2, "Wide", ["Above it."]),
    ]
    first: list[Block] = [(1, "A", ["Text."]), (1, "B", ["More."])]
    for blocks in (telling, first, *(drawn(rng) for _ in range(8)), [(0, "", ["Only text.", "Two lines."])]):
        text = "\n".join(line for block in blocks for line in written(block))
        want = known(blocks)
        expect(learner, text).equals(want, mistakes=different(wrong_sections(blocks, text), want))
    expect(learner, "").equals([])
    expect(learner, "# Only a title").equals([])
    expect(learner, "#  Two spaces \nText.").equals([("Two spaces", "Text.")])


def drawn(rng: random.Random) -> list[Block]:
    """A document of up to nine sections."""
    blocks: list[Block] = [(0, "", [sentence(rng, 3)] * rng.randint(0, 1))]
    for _ in range(rng.randint(1, 9)):
        body = rng.choice(
            (
                [],
                [""],
                [sentence(rng, 4)],
                ["", sentence(rng, 3), "", sentence(rng, 2), ""],
                [sentence(rng, 2), "```", f"# {rng.choice(WORDS)}", "", "## deeper", "```"],
                ["```sh", "## in code", "```", "# after"[1:]],
            )
        )
        blocks.append((rng.randint(1, 6), rng.choice(WORDS).capitalize(), body))
    return blocks


def written(block: Block) -> list[str]:
    level, title, body = block
    return [f"{'#' * level} {title}", *body] if level else list(body)


def known(blocks: Sequence[Block], *, paths: str = "right", empty: bool = False) -> list[tuple[str, str]]:
    """The sections of blocks; `paths` and `empty` are mistakes."""
    titles: list[str] = [""] * 7  # by level
    met: list[str] = []
    found = []
    for level, title, body in blocks:
        if level:
            keep = 7 if paths == "deeper stay" else level
            titles = titles[:level] + [title] + (titles[level + 1 :] if keep == 7 else [""] * (6 - level))
            met.append(title)
        path = {"title": title, "met": " > ".join(met), "slash": "/".join(t for t in titles if t)}.get(
            paths, " > ".join(t for t in titles if t)
        )
        text = "\n".join(body).strip()
        if text or (empty and level):
            found.append((path, text))
    return found


def wrong_sections(blocks: Sequence[Block], text: str) -> dict[str, Any]:
    right = known(blocks)
    return {
        "lines between two lines of ``` are code: no heading there": known(recut(text, fences=False)),
        "the lines with ``` belong to the body, and what is between them": [
            (path, "\n".join(line for line in body.splitlines() if not line.startswith("```")))
            for path, body in right
        ],
        "the path holds all headings above, not the section's own title alone": known(blocks, paths="title"),
        "a heading ends every section of its own and of lower levels: their titles leave the path": known(
            blocks, paths="met"
        ),
        "a heading ends the sections below it, too: the titles of lower levels leave the path": known(
            blocks, paths="deeper stay"
        ),
        "titles are joined by ' > '": known(blocks, paths="slash"),
        "a section without text is left out": known(blocks, empty=True),
        "text before the first heading is a section, with the path ''": [one for one in right if one[0]],
        "a heading has a space after its #": known(recut(text, space=False)),
        "a heading has at most six #": known(recut(text, most=7)),
        "pairs are tuples": [list(one) for one in right],
        "white space at both ends of a body goes": known_unstripped(blocks),
    }


def known_unstripped(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    bodies = ["\n".join(body) for _, _, body in blocks if "\n".join(body).strip()]
    return [(path, body) for (path, _), body in zip(known(blocks), bodies, strict=True)]


def recut(text: str, *, fences: bool = True, space: bool = True, most: int = 6) -> list[Block]:
    """The blocks of a text as somebody sees them who knows no code, or takes anything with # for a heading."""
    blocks: list[Block] = [(0, "", [])]
    inside = False
    for line in text.splitlines():
        inside ^= line.startswith("```")
        marks = len(line) - len(line.lstrip("#"))
        rest = line[marks:]
        if 0 < marks <= most and (rest.startswith(" ") or not space) and not (inside and fences):
            blocks.append((min(marks, 6), rest.strip(), []))
        else:
            blocks[-1][2].append(line)
    return blocks


@check
def chunk(learner: Any, seed: int) -> None:
    """Several sizes and overlaps. Oracle: sentences taken from a queue."""
    rng = random.Random(seed)
    table = [sentence(rng, n) for n in (3, 2, 4, 2, 3)]
    gives_way = [sentence(rng, n) for n in (2, 3, 4, 6, 2, 2, 2)]
    cases = [
        (table, 7, 1),
        (gives_way, 8, 2),
        (gives_way, 6, 1),
        (table, 7, 0),
        (table, 3, 1),
        (table, 100, 2),
    ]
    for _ in range(12):
        lines = [sentence(rng, rng.randint(1, 6)) for _ in range(rng.randint(1, 12))]
        cases.append((lines, rng.randint(3, 14), rng.randint(0, 4)))
    for lines, size, overlap in cases:
        want = queued(lines, size, overlap)
        expect(learner, lines, size, overlap).equals(
            want, mistakes=different(wrong_chunks(lines, size, overlap, want), want)
        )
    expect(learner, [], 5, 1).equals([])
    expect(learner, ["One two three."], 1, 0).equals(["One two three."])
    expect(learner, ["One.", "Two."], 1, 1).equals(["One.", "Two."])
    expect(learner, table, 0, 1).raises(ValueError)
    expect(learner, table, -3, 1).raises(ValueError)
    expect(learner, table, 7, -1).raises(ValueError)


def length(sentences: Sequence[str]) -> int:
    return sum(len(one.split()) for one in sentences)


def queued(
    sentences: Sequence[str], size: int, overlap: int, *, yields: bool = True, strict: bool = False
) -> list[str]:
    """Chunks from a queue; repeated sentences give way to the next new one unless `yields` is False."""
    size -= strict
    rest, last, chunks = list(sentences), list[str](), list[str]()
    while rest:
        again = last[max(len(last) - overlap, 1) :] if overlap else []
        while yields and again and length([*again, rest[0]]) > size:
            again = again[1:]
        last = [*again, rest.pop(0)]
        while rest and length([*last, rest[0]]) <= size:
            last.append(rest.pop(0))
        chunks.append(" ".join(last))
    return chunks


def wrong_chunks(lines: list[str], size: int, overlap: int, want: list[str]) -> dict[str, Any]:
    by_character, now = list[str](), ""
    for line in lines:
        if now and len(now) + 1 + len(line) > size:
            by_character, now = [*by_character, now], ""
        now = f"{now} {line}".strip()
    by_character.append(now)
    each = [" ".join(lines[at : at + size]) for at in range(0, len(lines), max(size - overlap, 1))]
    flat = " ".join(lines).split()
    cut = [" ".join(flat[at : at + size]) for at in range(0, len(flat), max(size - overlap, 1))]
    return {
        "nothing is said again: the next chunk starts with the last sentences of the one before": queued(
            lines, size, 0
        ),
        "a chunk may have exactly size words": queued(lines, size, overlap, strict=True),
        "a chunk is over size: repeated sentences give way to the next new one": queued(
            lines, size, overlap, yields=False
        ),
        "with a large overlap the start falls below 0: Python counts that from the end": negative_start(
            lines, size, overlap
        ),
        "one sentence is said again; overlap is how many": queued(lines, size, min(overlap, 1)),
        "one sentence too many is said again": queued(lines, size, overlap + 1),
        "size counts words, not characters": by_character,
        "size counts words, not sentences": each,
        "cut between sentences, never in one": cut,
        "the last chunk is missing": want[:-1],
        "a chunk is one string: join its sentences with spaces": [[text] for text in want],
        "a sentence longer than size is a chunk of its own: it must not get lost": queued(
            [line for line in lines if len(line.split()) <= size], size, overlap
        ),
        "the sentences of a chunk are joined by one space": queued_unspaced(lines, size, overlap),
    }


def negative_start(lines: list[str], size: int, overlap: int) -> list[str]:
    """Chunks by index, where the start is the end less the overlap, whatever that is."""
    chunks, end = list[str](), 0
    while end < len(lines):
        start = end - overlap
        while start < end and length(lines[start : end + 1]) > size:
            start += 1
        end += 1
        while end < len(lines) and length(lines[start : end + 1]) <= size:
            end += 1
        chunks.append(" ".join(lines[start:end]))
    return chunks


def queued_unspaced(lines: list[str], size: int, overlap: int) -> list[str]:
    return [text.replace(". ", ".") for text in queued(lines, size, overlap)]
