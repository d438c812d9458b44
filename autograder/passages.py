"""The course text: what the prose of a released notebook says, cut into passages that can be searched.

One small JSON file a lesson, built with the notebooks and read by `fasttrack.data.course`. A passage is a
section, or a part of one cut between paragraphs. Left out: code cells and their outputs (symbols, not
sentences), folded hints, the title cell but for what it promises, lists of links. Recap cards are kept apart,
and with the glossary out of the passages, for they are the questions that the passages are searched with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import nbformat

LONGEST = 200  # words of a passage, unless a single paragraph has more
SHORTEST = 10  # words: a section of fewer says nothing that could be cited
NOT_SEARCHED = ("Recap", "Glossary", "To go deeper")
PROMISE = "After this lesson"

HINT = re.compile(r"<details\b.*?</details>", re.DOTALL | re.IGNORECASE)
IMAGE = re.compile(r"\[?!\[[^\]]*\]\([^)]*\)(?:\]\([^)]*\))?")  # also one that is a link, as a badge is
TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]*>", re.DOTALL)
ADDRESS = re.compile(r"^\[[^\]]+\]: \S+.*$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\](?:\([^)\s]*\)|\[[^\]]*\])")
EMPHASIS = re.compile(r"(\*\*|__|\*|\b_)(?=\S)(.+?)(?<=\S)\1(?!\w)", re.DOTALL)
VERBATIM = re.compile(r"(```.*?```|\$\$.*?\$\$|`[^`\n]+(?:\n[^`\n]+)?`|\$[^$\n]+(?:\n[^$\n]+)?\$)", re.DOTALL)
HEADING = re.compile(r"(#{1,6}) +(.+?)\s*")
EFFORT = re.compile(r"\s+·\s+[★☆].*")  # of an exercise, in its heading
CARD = re.compile(r"\*\*Q:\*\*\s*(.+?)\s*\\?\n\*\*A:\*\*\s*(.+?)\s*(?=\n\*\*Q:\*\*|\Z)", re.DOTALL)
PRIVATE = 0xE000  # the first of Unicode's characters for private use
LINE_OF_ITS_OWN = re.compile(r"\s*(?:[-*+] |\d+\. |\||>|\$\$)")


@dataclass
class Section:
    """A heading as the author wrote it, how deep it is, and the blocks of Markdown below it."""

    level: int
    heading: str
    blocks: list[str] = field(default_factory=list)


def course_text(lesson: str, notebook: str) -> str:
    """The JSON file of a lesson: its title, passages and recap cards, from the text of its released notebook."""
    cells = nbformat.reads(notebook, as_version=4).cells
    found = list(sections(cell.source for cell in cells if cell.cell_type == "markdown"))
    passages, recap, above = [], [], ""
    for section in found:
        above = section.heading if section.level <= 2 else above
        if above == "Recap":
            recap += [
                {"question": plain(question), "answer": plain(answer)}
                for question, answer in CARD.findall("\n".join(section.blocks))
            ]
        if above in NOT_SEARCHED:
            continue
        texts = [text for block in section.blocks if (text := plain(block))]
        if section.level == 1:
            texts = [text for text in texts if text.startswith(PROMISE)]
        passages += [
            {
                "heading": plain(EFFORT.sub("", section.heading)),
                "anchor": section.heading.replace("`", "").replace("*", "").replace(" ", "-"),
                "text": text,
            }
            for text in pieces(texts)
        ]
    title = next((plain(section.heading) for section in found if section.level == 1), "")
    comment = f"built from notebooks/{lesson}.ipynb; do not edit"
    content = {"comment": comment, "lesson": lesson, "title": title, "passages": passages, "recap": recap}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def sections(cells: Iterator[str]) -> Iterator[Section]:
    """The sections of a notebook in order. One that code cells interrupt goes on after them."""
    section = None
    for cell in cells:
        text = ADDRESS.sub("", IMAGE.sub("", HINT.sub("", cell)))
        for block in blocks(text):
            if match := HEADING.fullmatch(block):
                if section:
                    yield section
                section = Section(len(match[1]), match[2])
            elif section:
                section.blocks.append(block)
    if section:
        yield section


def blocks(text: str) -> Iterator[str]:
    """The parts of Markdown that blank lines divide; a heading is one, and so is fenced code with all its lines."""
    held: list[str] = []
    fenced = False
    for line in text.splitlines():
        alone = not fenced and HEADING.fullmatch(line)
        if held and (alone or not (fenced or line.strip())):
            yield "\n".join(held)
            held = []
        if alone:
            yield line
        elif line.strip() or fenced:
            held.append(line)
        fenced ^= line.lstrip().startswith("```")
    if held:
        yield "\n".join(held)


def plain(block: str) -> str:
    """A block of Markdown as text: no HTML, emphasis, code marks or line breaks; formulas stay as they are."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        """A character that no lesson uses, in the place of text that is not Markdown."""
        text = match[0]
        kept.append(text if text.startswith("$") else re.sub(r"^```\w*\n?|\n?```$|`", "", text))
        return chr(PRIVATE + len(kept) - 1)

    text = LINK.sub(r"\1", TAG.sub("", VERBATIM.sub(keep, unwrapped(block))))
    while text != (text := EMPHASIS.sub(r"\2", text)):
        pass
    return re.sub(
        f"[{chr(PRIVATE)}-{chr(PRIVATE + len(kept))}]", lambda found: kept[ord(found[0]) - PRIVATE], text
    ).strip()


def unwrapped(block: str) -> str:
    """Paragraphs and list items on one line each; code, formulas and tables keep their lines."""
    if "```" in block:
        return block
    lines: list[str] = []
    formula = False
    for line in block.splitlines():
        if lines and not formula and not LINE_OF_ITS_OWN.match(line):
            lines[-1] = lines[-1].removesuffix("\\") + " " + line.strip()  # a backslash breaks the line
        else:
            lines.append(line.rstrip())
        formula ^= line.count("$$") % 2 == 1
    return "\n".join(lines)


def pieces(texts: list[str]) -> Iterator[str]:
    """The paragraphs of a section in as few passages as LONGEST allows, of about the same length."""
    words = [len(text.split()) for text in texts]
    if sum(words) < SHORTEST:
        return
    count = -(-sum(words) // LONGEST) or 1
    share = sum(words) / count
    held: list[str] = []
    before, cut = 0, 1
    for text, length in zip(texts, words, strict=True):
        if held and cut < count and before + length / 2 > cut * share:
            yield "\n\n".join(held)
            held, cut = [], cut + 1
        held.append(text)
        before += length
    if held:
        yield "\n\n".join(held)
