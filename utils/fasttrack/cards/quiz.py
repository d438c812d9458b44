"""The cards asked in a terminal, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text
from rich.theme import Theme

from fasttrack.cards.deck import Card
from fasttrack.cards.markdown import for_terminal
from fasttrack.cards.schedule import Schedule

WIDEST = 88  # characters of a line that is read with ease
CODE = Theme(
    {"markdown.code": "cyan", "markdown.code_block": "cyan"}
)  # rich's has black boxes on white terminals
NAMES = {1: "again", 2: "hard", 3: "good", 4: "easy"}
SHOW, QUIT = ("\r", "\n", " "), ("q", "Q", "\x03", "\x04", "")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Quiz:
    """A session: cards that are due, then new ones, at most `limit` of them a day; those not known come again.

    `key` waits for a key and gives its character, `clock` the time in UTC.
    """

    schedule: Schedule
    cards: Sequence[Card]
    limit: int
    console: Console
    key: Callable[[], str]
    clock: Callable[[], datetime] = utc_now
    ratings: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ids = [card.id for card in self.cards]
        self.named = {card.id: card for card in self.cards}
        now = self.clock()
        self.fresh = self.schedule.new(self.ids)[: max(0, self.limit - self.schedule.begun(now))]

    def run(self) -> None:
        """Ask until nothing is left or the learner ends it. Raises ScheduleError if an answer cannot be kept."""
        due = len(self.schedule.due(self.ids, self.clock()))
        if due or self.fresh:
            self.say(
                f"{due} due, {len(self.fresh)} new. Enter shows the answer, q ends; every answer is kept."
            )
        while (name := self.next_card()) and self.ask(self.named[name]):
            pass
        self.say(self.summary(), "bold")

    def next_card(self) -> str | None:
        """What is due, else a new card, else one that is due within minutes."""
        now = self.clock()
        waiting = self.schedule.due(self.ids, now) or self.fresh or self.schedule.soon(self.ids, now)
        return waiting[0] if waiting else None

    def left(self) -> int:
        """How many cards the session still has."""
        now = self.clock()
        return len({*self.schedule.due(self.ids, now), *self.schedule.soon(self.ids, now), *self.fresh})

    def ask(self, card: Card) -> bool:
        """One card; False if the learner ends the session at it."""
        width = min(self.console.width, WIDEST)
        self.console.print()
        heading = Text(f"{card.lesson} · {self.left()} left", overflow="ellipsis", no_wrap=True)
        self.console.rule(heading, align="left", style="dim")
        self.show(card.question, width, "bold")
        if not self.wait(SHOW):
            return False
        self.show(card.answer, width)
        now = self.clock()
        choices = self.schedule.intervals(card.id, now)
        self.say("   ".join(f"{rating} {NAMES[rating]} {spoken(choices[rating])}" for rating in NAMES), "dim")
        if not (pressed := self.wait(tuple("1234"))):
            return False
        self.schedule.answer(card.id, int(pressed), self.clock())
        self.ratings.append(int(pressed))
        if card.id in self.fresh:
            self.fresh.remove(card.id)
        return True

    def wait(self, keys: Sequence[str]) -> str:
        """The first of `keys` that is pressed, "" if it is one that ends the session. Others do nothing."""
        while True:
            try:
                pressed = self.key()
            except (KeyboardInterrupt, EOFError):
                return ""
            if pressed in keys:
                return pressed
            if pressed in QUIT:
                return ""

    def show(self, markdown: str, width: int, style: str = "") -> None:
        with self.console.use_theme(CODE):
            self.console.print(Markdown(for_terminal(markdown), style=style), width=width)
        self.console.print()

    def say(self, text: str, style: str = "") -> None:
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def summary(self) -> str:
        """What was answered, and when there is more."""
        now = self.clock()
        parts = []
        if self.ratings:
            known = sum(rating > 1 for rating in self.ratings)
            parts.append(f"{len(self.ratings)} answered, {known} of them known.")
        waiting = self.left()
        times = [self.schedule.when(one) for one in self.ids if one in self.schedule.entries]
        if waiting:
            parts.append(f"{waiting} left for today.")
        elif times:
            parts.append(f"Nothing more is due; the next card {coming(min(times), now)}.")
        if more := len(self.schedule.new(self.ids)) - len(self.fresh):
            parts.append(f"{more} are new and not for today; for more of them, --new {self.limit + 10}.")
        return "\n" + " ".join(parts)


def spoken(interval: timedelta) -> str:
    """A time as short as can be: "1 min", "8 days", "3 months", "1.5 years"."""
    days = interval.total_seconds() / 86_400
    if days < 1:
        return f"{max(1, round(days * 1440))} min"
    for length, unit in ((365.25, "year"), (30.44, "month"), (1, "day")):
        if days >= length:
            count = round(days / length, 1 if unit == "year" else 0)
            return f"{count:g} {unit}{'' if count == 1 else 's'}"
    raise AssertionError(days)


def coming(moment: datetime, now: datetime) -> str:
    """When that is, by the learner's clock: "is due at 14:20", "tomorrow", "in 8 days"."""
    days = (moment.astimezone().date() - now.astimezone().date()).days
    if days <= 0:
        return f"is due at {moment.astimezone():%H:%M}"
    return "is due tomorrow" if days == 1 else f"is due in {days} days"
