"""`fasttrack cards`: the lessons' recap questions, asked when they are about to be forgotten, or written for Anki."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fasttrack.terminal import out, refuse, say

if TYPE_CHECKING:
    from fasttrack.cards import Card


def lesson_names(incomplete: str) -> list[str]:
    """Units and lessons, for the shell's completion."""
    from fasttrack.cards import deck

    lessons = [card.lesson for card in deck()]
    names = dict.fromkeys(name for lesson in lessons for name in (lesson.partition("/")[0], lesson))
    return [name for name in names if name.startswith(incomplete)]


def command(
    lesson: Annotated[
        list[str] | None,
        typer.Option(
            help="Only cards of this lesson or unit: 06_attention/02, 06. May be repeated.",
            autocompletion=lesson_names,
            show_default=False,
        ),
    ] = None,
    new: Annotated[int, typer.Option(min=0, help="At most so many new cards a day.")] = 10,
    anki: Annotated[
        Path | None, typer.Option(metavar="FILE.apkg", help="Write the cards for Anki, and ask nothing.")
    ] = None,
    work: Annotated[Path, typer.Option(help="Folder of your own copies of the notebooks.")] = Path("work"),
) -> None:
    """Ask the recap questions of the lessons, each again when you are about to forget it.

    Think of the answer, press Enter to see it, and say how well you knew it: 1 again, 2 hard, 3 good, 4 easy. The
    better, the later the card comes back. q ends; what you answered is kept in WORK/.fasttrack/cards.json.
    """
    from fasttrack.cards import NoSuchLesson, choose, deck
    from fasttrack.lab import LabError

    try:
        cards = choose(deck(), lesson or [])
    except (NoSuchLesson, LabError) as error:
        refuse(str(error))
    if anki is not None:
        write_for_anki(cards, anki)
        return

    from fasttrack.cards.quiz import Quiz, utc_now
    from fasttrack.cards.schedule import Schedule, ScheduleError

    if not sys.stdin.isatty():
        refuse(
            "cards are asked in a terminal, and this is none; fasttrack cards --anki FILE.apkg writes them for Anki"
        )
    try:
        schedule = Schedule.load(work / ".fasttrack" / "cards.json", utc_now())
        if schedule.repaired:
            say(schedule.repaired, style="yellow")
        Quiz(schedule, cards, new, out, typer.getchar).run()
    except ScheduleError as error:
        refuse(str(error))


def write_for_anki(cards: list[Card], file: Path) -> None:
    """The package, and what was written."""
    from fasttrack.cards.anki import decks, export

    file = file if file.suffix == ".apkg" else file.with_name(f"{file.name}.apkg")
    try:
        export(cards, file)
    except (FileExistsError, NotADirectoryError):
        refuse(f"{file}: cannot be written: what should be a folder above it is a file; choose another place")
    except OSError as error:
        refuse(f"{file}: cannot be written: {error.strerror}; choose another place")
    count = len(decks(cards))
    say(
        f"{file}: {len(cards)} cards in {count} deck{'' if count == 1 else 's'}. Import it with Anki's File > Import"
    )
