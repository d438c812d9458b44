"""When each card is asked again, kept in one JSON file of the learner's.

The intervals are those of FSRS (Free Spaced Repetition Scheduler, by Jarrett Ye), as the package `fsrs` computes them
with its default parameters for a retention of 90 %. The file is written whole after every answer. A card that the
course no longer has keeps its schedule, in case it comes back. Left out: fitting the parameters to the learner.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, cast

import fsrs

FORMAT = 1
SOON = timedelta(minutes=20)  # a card that is due again by then is asked in the same session
LONGEST = timedelta(days=36_500 + 1)  # the scheduler's longest interval
STEPS = (0, 1)  # of learning: a minute, then ten
SCHEDULER = fsrs.Scheduler(
    enable_fuzzing=False
)  # so that the interval shown beside a rating is the one that comes


class ScheduleError(RuntimeError):
    """The learner's file cannot be read or written; the message says why and what to do."""


@dataclass
class Entry:
    """A card's state, and when it was first answered."""

    state: fsrs.Card
    first: datetime


@dataclass
class Schedule:
    """What is known of the learner's cards, by card id. `repaired` says what was wrong with the file, if anything."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    repaired: str = ""

    @classmethod
    def load(cls, path: Path, now: datetime) -> Self:
        """What the file holds. A damaged one is moved aside and a new schedule begun.

        Answers from the future (the clock was set back) count as given now, with their intervals kept.
        Raises ScheduleError if the file cannot be read or moved.
        """
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return cls(path)
        except OSError as error:
            raise ScheduleError(f"{path}: cannot be read: {error.strerror}") from error
        try:
            entries = decoded(content)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            aside = moved_aside(path)
            return cls(
                path, repaired=f"{path} was damaged; it is now {aside.name}, and all cards are new again"
            )
        for entry in entries.values():
            pull_back(entry, now)
        return cls(path, entries)

    def due(self, ids: Sequence[str], now: datetime) -> list[str]:
        """Those of `ids` that were answered before and are to be asked today, the longest due first.

        Days count, not hours: a card due this evening is due this morning, by the learner's clock.
        """
        return sorted(
            (one for one in ids if one in self.entries and self.when(one) <= now),
            key=lambda one: self.entries[one].state.due,
        )

    def when(self, card: str) -> datetime:
        """From when on a card that was answered before is to be asked: its minute, or the start of its day."""
        state = self.entries[card].state
        return start_of_day(state.due) if state.state is fsrs.State.Review else state.due

    def soon(self, ids: Sequence[str], now: datetime) -> list[str]:
        """Those of `ids` that are being learned and will be due within minutes, the next first."""
        near = [
            one
            for one in ids
            if one in self.entries
            and self.entries[one].state.state is not fsrs.State.Review
            and self.entries[one].state.due <= now + SOON
        ]
        return sorted(near, key=lambda one: self.entries[one].state.due)

    def new(self, ids: Sequence[str]) -> list[str]:
        """Those of `ids` that were never answered."""
        return [one for one in ids if one not in self.entries]

    def begun(self, now: datetime) -> int:
        """How many cards were answered for the first time today, by the learner's clock."""
        today = now.astimezone().date()
        return sum(entry.first.astimezone().date() == today for entry in self.entries.values())

    def answer(self, card: str, rating: int, now: datetime) -> None:
        """Rate the learner's answer, 1 again, 2 hard, 3 good, 4 easy, and write the file. Raises ScheduleError."""
        before = self.entries.get(card)
        self.entries[card] = Entry(self.rated(card, rating, now), before.first if before else now)
        try:
            self.save()
        except OSError as error:
            raise ScheduleError(f"{self.path}: cannot be written: {error.strerror}") from error

    def rated(self, card: str, rating: int, now: datetime) -> fsrs.Card:
        """The state that a card would have after a rating."""
        entry = self.entries.get(card)
        state = entry.state if entry else fsrs.Card(card_id=0, due=now)
        return SCHEDULER.review_card(state, fsrs.Rating(rating), now)[0]

    def intervals(self, card: str, now: datetime) -> dict[int, timedelta]:
        """After how long the card would be asked again, for each rating."""
        return {rating: self.rated(card, rating, now).due - now for rating in (1, 2, 3, 4)}

    def save(self) -> None:
        """Write the file, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        cards = {name: encoded(entry) for name, entry in sorted(self.entries.items())}
        text = json.dumps({"format": FORMAT, "cards": cards}, indent=1) + "\n"
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.new")
        try:
            draft.write_text(text, "utf-8")
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)


def encoded(entry: Entry) -> dict[str, Any]:
    state = {name: value for name, value in entry.state.to_dict().items() if name != "card_id"}
    return {"first": entry.first.isoformat(), **state}


def decoded(content: bytes) -> dict[str, Entry]:
    """The entries of a file. Raises ValueError, KeyError or TypeError if it is not one of ours."""
    data = json.loads(content)
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']}")
    entries = {}
    for name, one in data["cards"].items():
        state = fsrs.Card.from_dict(cast("fsrs.card.CardDict", {**one, "card_id": 0}))
        first = datetime.fromisoformat(one["first"])
        answered = state.last_review
        if answered is None or not timedelta(0) <= state.due - answered <= LONGEST:
            raise ValueError(f"{name} has no time that can be")
        if not (0 < (state.stability or 0) < 1e6 and 1 <= (state.difficulty or 0) <= 10):
            raise ValueError(f"{name} has no stability or difficulty that can be")
        if first.tzinfo is None or (state.state is not fsrs.State.Review and state.step not in STEPS):
            raise ValueError(f"{name} has no zone or no step")
        entries[name] = Entry(state, first)
    return entries


def moved_aside(path: Path) -> Path:
    """Rename a file, to a name that is free. Raises ScheduleError."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError as error:
        raise ScheduleError(f"{path}: is damaged and cannot be moved aside: {error.strerror}") from error
    return aside


def pull_back(entry: Entry, now: datetime) -> None:
    """Let an answer from the future count as given now: its interval stays."""
    answered = entry.state.last_review
    if answered is not None and answered > now:
        entry.state.due -= answered - now
        entry.state.last_review = now
    entry.first = min(entry.first, now)


def start_of_day(moment: datetime) -> datetime:
    """Midnight before it by the learner's clock, in UTC."""
    return moment.astimezone().replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
