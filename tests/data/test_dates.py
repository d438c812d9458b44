"""Dates: every way of writing is read back by strptime, and days come once."""

from __future__ import annotations

import datetime
import re

import pytest

from fasttrack.data import dates
from fasttrack.data.dates import WAYS, written

FORMATS = [
    "%B %d, %Y",
    "%B %d %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%b %d '%y",
    "the %d of %B, %Y",
    "%A, %d %B %Y",
    "%A %B %d, %Y",
    "%Y %B %d",
    "%d.%m.%Y",
    "%m/%d/%Y",
]


@pytest.mark.parametrize(("way", "form"), list(zip(WAYS, FORMATS, strict=True)))
def test_strptime_reads_each_way(way: str, form: str) -> None:
    for step in range(0, 36525, 61):
        day = datetime.date(1950, 1, 1) + datetime.timedelta(days=step)
        text = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", written(day, way))
        read = datetime.datetime.strptime(text, form).date()
        if "%y" in form:  # strptime takes 50 to 68 for this century
            assert (read.year - day.year) % 100 == 0
            read = read.replace(year=day.year)
        assert read == day


@pytest.mark.parametrize(
    ("number", "ending"),
    [(1, "st"), (2, "nd"), (3, "rd"), (4, "th"), (11, "th"), (12, "th"), (13, "th"), (21, "st"), (30, "th")],
)
def test_endings(number: int, ending: str) -> None:
    assert written(datetime.date(2000, 3, number), WAYS[1]) == f"march {number}{ending} 2000"


def test_days_come_once_and_depend_on_the_seed() -> None:
    pairs = dates(2000, 0)
    assert len({iso for _, iso in pairs}) == 2000
    assert all(1950 <= datetime.date.fromisoformat(iso).year <= 2049 for _, iso in pairs)
    assert max(len(text) for text, _ in pairs) <= 30
    assert pairs == dates(2000, 0)
    assert pairs != dates(2000, 1)


def test_more_days_than_there_are_are_refused() -> None:
    with pytest.raises(ValueError, match="36525 days"):
        dates(40_000, 0)
