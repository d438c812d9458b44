"""The package for Anki, opened: its notes, decks and ids, and that a second one would update the first."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fasttrack.cards import deck
from fasttrack.cards.anki import export, stable_id
from fasttrack.cards.deck import Card


@dataclass
class Package:
    """What is in a package: rows of its notes and cards, its decks and note types by id."""

    notes: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    decks: dict[str, Any]
    models: dict[str, Any]


def opened(file: Path) -> Package:
    with zipfile.ZipFile(file) as package, tempfile.TemporaryDirectory() as folder:
        assert set(package.namelist()) == {"collection.anki2", "media"}
        assert json.loads(package.read("media")) == {}
        database = sqlite3.connect(package.extract("collection.anki2", folder))
        database.row_factory = sqlite3.Row
        assert database.execute("pragma integrity_check").fetchone()[0] == "ok"
        notes, cards = (
            [dict(row) for row in database.execute(f"select * from {table} order by id")]
            for table in ("notes", "cards")
        )
        decks, models = database.execute("select decks, models from col").fetchone()
        database.close()
    return Package(notes, cards, json.loads(decks), json.loads(models))


def made(cards: list[Card], tmp_path: Path, name: str = "a.apkg") -> Package:
    export(cards, tmp_path / name)
    return opened(tmp_path / name)


def test_every_card_of_the_course_is_a_note_in_its_units_deck(tmp_path: Path) -> None:
    cards = deck()
    package = made(cards, tmp_path)
    assert len(package.notes) == len(package.cards) == len(cards)
    assert len({note["guid"] for note in package.notes}) == len(cards)
    units = {str(stable_id("unit", card.unit)): card.unit.replace("_", " ") for card in cards}
    names = {key: value["name"] for key, value in package.decks.items() if key != "1"}
    assert names == {key: f"LLM FastTrack::{unit}" for key, unit in units.items()}
    placed = [package.decks[str(card["did"])]["name"].split("::")[1] for card in package.cards]
    assert placed == [card.unit.replace("_", " ") for card in cards]
    assert [card["due"] for card in package.cards] == list(range(1, len(cards) + 1))


def test_a_note_has_its_sides_as_html_and_its_lesson(released: Path, tmp_path: Path) -> None:
    package = made(deck(released), tmp_path)
    question, answer, lesson = package.notes[0]["flds"].split("\x1f")
    assert question == "What does <code>view</code> do?"
    assert answer == (
        "It shares <em>storage</em>: \\(x_1 &lt; y\\) and <code>a &lt; b</code>.\nIt copies nothing."
    )
    assert lesson == "01_tensors/01_tensors: Tensors"
    assert package.notes[0]["tags"].split() == ["fasttrack::01_tensors::01_tensors"]


def test_the_note_type_shows_the_answer_below_the_question(released: Path, tmp_path: Path) -> None:
    (model,) = (one for one in made(deck(released), tmp_path).models.values())
    (template,) = model["tmpls"]
    assert [field["name"] for field in model["flds"]] == ["Question", "Answer", "Lesson"]
    assert template["qfmt"] == "{{Question}}"
    assert template["afmt"].startswith('{{FrontSide}}<hr id="answer">{{Answer}}')


def test_a_later_package_updates_and_does_not_duplicate(released: Path, tmp_path: Path) -> None:
    cards = deck(released)
    before = made(cards, tmp_path)
    changed = [replace(cards[0], answer="Another."), *cards[2:]]
    after = made(changed, tmp_path, "b.apkg")
    guids = [note["guid"] for note in before.notes]
    assert [note["guid"] for note in after.notes] == [guids[0], *guids[2:]]
    assert after.notes[0]["flds"].split("\x1f")[1] == "Another."
    assert set(after.decks) == set(before.decks)
    assert set(after.models) == set(before.models)
    assert all(late["mod"] >= early["mod"] for late, early in zip(after.notes, before.notes, strict=False))


def test_ids_are_these_for_ever() -> None:
    """Whoever imported a package has them; another number would duplicate every card."""
    assert stable_id("note type") == 1_300_647_759
    assert stable_id("unit", "06_attention") == 2_084_819_343


def test_ids_are_ones_that_anki_takes() -> None:
    ids = {stable_id("unit", str(number)) for number in range(1000)}
    assert len(ids) == 1000
    assert all(1 << 30 <= one < 1 << 31 for one in ids)


def test_a_package_is_written_whole_or_not_at_all(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "deck" / "a.apkg"
    export(deck(released), file)
    before = file.read_bytes()

    def full(self: object, *arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space left"):
        export(deck(released)[:1], file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_nothing_is_left_among_temporary_files(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    export(deck(released), tmp_path / "a.apkg")
    assert list((tmp_path / "temporary").iterdir()) == []
