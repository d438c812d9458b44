"""The instructor's report: one HTML page that needs no other file, no network and, to be read, no JavaScript.

A pure function of what was graded. Whatever comes from a learner is hostile: it is escaped, its control and
direction characters are spelt out, and the page's own policy lets no script or style run but the two that the
template brings. Every distinct message is stored once, however many learners have read it.
"""

from __future__ import annotations

import base64
import hashlib
import statistics
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.grading.plain import shortened, visible
from autograder.grading.store import Graded
from autograder.grading.tally import collect, mean
from autograder.lesson import Lesson
from autograder.outcome import Outcome

MARKS = {  # a sign that needs no colour, and what it says
    Outcome.PASSED: ("✓", "the check agrees"),
    Outcome.WRONG: ("×", "the answer differs"),
    Outcome.ERROR: ("E", "the code raised an error"),
    Outcome.TIMEOUT: ("T", "out of time"),
    Outcome.MEMORY: ("M", "out of memory"),
    Outcome.CRASHED: ("C", "the process died"),
    Outcome.FORBIDDEN: ("F", "uses what it must not"),
    Outcome.MALFORMED: ("#", "no data or no notebook"),
    Outcome.MISSING: ("?", "its cell is gone"),
    Outcome.NOT_ATTEMPTED: ("–", "stub untouched"),
}


def render(
    graded: Sequence[Graded], lessons: Sequence[Lesson], *, sandbox: bool, problems: Sequence[str] = ()
) -> str:
    """The page, as text to be written in UTF-8: the same for the same input, to the byte.

    `lessons` gives titles and the order of lessons and exercises; what was graded of a lesson that is not among
    them comes after. `sandbox` says whether learners' code was confined; `problems`, a line each, what could
    not be graded at all.
    """
    template = environment().get_template("report.html.j2")
    policy = {
        block: digest("".join(template.blocks[block](template.new_context())))
        for block in ("style", "script")
    }
    report = collect(graded, lessons)
    return template.render(report=report, sandbox=sandbox, problems=problems, policy=policy, kinds=MARKS)


@cache
def environment() -> Environment:
    """Jinja that escapes everything and spells out what cannot be seen."""
    jinja = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {"percent": lambda part: f"{100 * part:.0f}%", "label": label, "short": shortened}
    jinja.globals |= {"mean": mean, "median": statistics.median, "ticks": ticks}
    return jinja


def label(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")


def digest(text: str) -> str:
    """A source expression of a Content-Security-Policy that allows exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def ticks(top: int, most: int) -> list[int]:
    """Round numbers from 0 to `top`, at most `most` + 1 of them."""
    steps = (base * 10**power for power in range(10) for base in (1, 2, 5))
    step = next(step for step in steps if top <= most * step)
    return list(range(0, top + 1, step))
