"""Dates as people write them, each beside its ISO 8601 form: a small task from one sequence to another."""

from __future__ import annotations

import datetime
import random

FIRST_YEAR, LAST_YEAR = 1950, 2049
MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WAYS = (
    "{month} {day}, {year}",
    "{month} {nth} {year}",
    "{day} {month} {year}",
    "{day} {mon} {year}",
    "{mon} {day} '{yy}",
    "the {nth} of {month}, {year}",
    "{weekday}, {day} {month} {year}",
    "{weekday} {month} {nth}, {year}",
    "{year} {month} {day}",
    "{day}.{number}.{year}",
    "{number}/{day}/{year}",
)


def dates(count: int, seed: int) -> list[tuple[str, str]]:
    """`count` different days from 1950 to 2049, each written in one of `WAYS` and as ISO date.

    Lower case, at most 30 characters; the ISO date always has ten: `("mar 3 '87", "1987-03-03")`. Dots stand between
    day, month and year, slashes between month, day and year; a year of two digits lies in that century. No day comes
    twice, so that any split of the list is a split by days. Raises ValueError if there are not that many days.
    """
    rng = random.Random(seed)
    first = datetime.date(FIRST_YEAR, 1, 1)
    days = (datetime.date(LAST_YEAR, 12, 31) - first).days + 1
    if count > days:
        raise ValueError(f"dates: there are {days} days from {FIRST_YEAR} to {LAST_YEAR}, not {count}")
    drawn = [first + datetime.timedelta(days=one) for one in rng.sample(range(days), count)]
    return [(written(day, rng.choice(WAYS)), day.isoformat()) for day in drawn]


def written(day: datetime.date, way: str) -> str:
    """The day in one of `WAYS`."""
    month = MONTHS[day.month - 1]
    ending = "th" if day.day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return way.format(
        day=day.day,
        nth=f"{day.day}{ending}",
        month=month,
        mon=month[:3],
        number=day.month,
        year=day.year,
        yy=f"{day.year % 100:02}",
        weekday=WEEKDAYS[day.weekday()],
    )
