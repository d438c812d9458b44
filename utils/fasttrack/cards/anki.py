"""The cards as a package for Anki (https://apps.ankiweb.net), written by genanki: one deck for each unit.

Notes, decks and the note type have ids made of what they stand for, so importing a later package updates the cards
that are there, keeps their schedule and adds new ones.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import genanki

from fasttrack.cards.deck import Card
from fasttrack.cards.markdown import to_html

COURSE = "LLM FastTrack"
STYLE = """\
.card { font-family: sans-serif; font-size: 18px; line-height: 1.5; max-width: 40em; margin: 1em auto; }
code, pre { font-family: monospace; background: rgba(128, 128, 128, 0.15); border-radius: 3px; padding: 0 0.2em; }
pre { text-align: left; overflow-x: auto; padding: 0.5em; }
pre code { background: none; padding: 0; }
.lesson { font-size: 13px; opacity: 0.6; margin-top: 2em; }
"""
QUESTION = "{{Question}}"
ANSWER = '{{FrontSide}}<hr id="answer">{{Answer}}<div class="lesson">{{Lesson}}</div>'


def stable_id(*words: str) -> int:
    """A number for Anki, the same for the same words: from 2^30 up, below 2^31, as its own ids of old."""
    digest = hashlib.sha256("\0".join((COURSE, *words)).encode()).digest()
    return (1 << 30) + int.from_bytes(digest[:4]) % (1 << 30)


def note_type() -> genanki.Model:
    """Question and answer, and below it where to read on."""
    return genanki.Model(
        stable_id("note type"),
        f"{COURSE} card",
        fields=[{"name": "Question"}, {"name": "Answer"}, {"name": "Lesson"}],
        templates=[{"name": "Card", "qfmt": QUESTION, "afmt": ANSWER}],
        css=STYLE,
    )


def decks(cards: Sequence[Card]) -> list[genanki.Deck]:
    """One for each unit, below one of the course: "LLM FastTrack::06 attention"."""
    model = note_type()
    found: dict[str, genanki.Deck] = {}
    for place_in_course, card in enumerate(cards, 1):  # the order in which Anki shows new cards
        name = card.unit.replace("_", " ")
        deck = found.setdefault(card.unit, genanki.Deck(stable_id("unit", card.unit), f"{COURSE}::{name}"))
        place = f"{card.lesson}: {card.title}"
        deck.add_note(
            genanki.Note(
                model,
                fields=[to_html(card.question), to_html(card.answer), to_html(place)],
                guid=f"fasttrack-{card.id}",
                tags=[f"fasttrack::{card.lesson.replace('/', '::')}"],
                due=place_in_course,
            )
        )
    return list(found.values())


def export(cards: Sequence[Card], file: Path) -> None:
    """Write the package, whole or not at all. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    now = time.time()
    draft = file.with_name(f".{file.name}.{os.getpid()}.new")
    # Package.write_to_file would leave its database behind in the folder of temporary files.
    with tempfile.TemporaryDirectory() as folder:
        collection = Path(folder, "collection.anki2")
        database = sqlite3.connect(collection)
        try:
            genanki.Package(decks(cards)).write_to_db(
                database.cursor(), now, itertools.count(int(now * 1000))
            )
            database.commit()
        finally:
            database.close()
        try:
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as package:
                package.write(collection, collection.name)
                package.writestr("media", "{}")
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
