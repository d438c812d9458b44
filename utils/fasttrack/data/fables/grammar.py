"""Rules compiled for telling: templates become tuples of steps, and the one law of the grammar can be checked.

Left out: rules that call themselves.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple, TypeAlias

from fasttrack.data.fables.rules import RULES
from fasttrack.data.fables.text import tokenize
from fasttrack.data.fables.words import COLOURS, DOMAINS, NAMES, TIMES

# The kinds of state that a step can read, choose or change, and the slots of each: no two of them are ever equal.
RIVALS = {
    "A": ("A", "B"),
    "B": ("A", "B"),
    "X": ("X", "Y"),
    "Y": ("X", "Y"),
    "trade": ("A.trade", "B.trade"),
    "home": ("A.home", "B.home"),
    "food": ("A.food", "B.food"),
    "colour": ("X.colour", "Y.colour"),
    "spot": ("spot",),
    "weather": ("weather",),
    "time": ("time",),
}
PRONOUNS = {"she": ("she", "he"), "her": ("her", "his"), "him": ("her", "him")}  # as the slot is spelled


class Say(NamedTuple):
    """Fixed words."""

    words: tuple[str, ...]


class Slot(NamedTuple):
    """A word of the world's state: chosen from `kind`'s pool where it is not yet known, or anew if `renew`."""

    slot: str
    kind: str
    rivals: tuple[str, ...]
    renew: bool


class Become(NamedTuple):
    """`slot` takes the value of `source`; the word is said, or not."""

    slot: str
    source: str
    spoken: bool


class Pronoun(NamedTuple):
    """Which of two words is right for the one who is spoken of."""

    who: str
    hers: str
    his: str


class Choice(NamedTuple):
    """A rule: one of its alternatives, each equally likely."""

    rule: str
    alternatives: tuple[tuple[Step, ...], ...]


Step: TypeAlias = Say | Slot | Become | Pronoun | Choice
PART = re.compile(r"\{[^}]*\}|\[[^\]]*\]|[^\[{]+")


class Language(NamedTuple):
    """A domain's compiled rules, and the words that each kind of slot can take."""

    story: Choice
    pools: dict[str, tuple[str, ...]]


@cache
def language(domain: str) -> Language:
    """The grammar of a domain. Raises ValueError if there is no such domain."""
    if domain not in DOMAINS:
        raise ValueError(f"fables: there is no domain {domain!r}; choose one of {', '.join(DOMAINS)}")
    nouns = DOMAINS[domain]
    pools = {
        "A": NAMES,
        "B": NAMES,
        "X": nouns.things,
        "Y": nouns.things,
        "trade": nouns.trades,
        "home": nouns.homes,
        "food": nouns.foods,
        "colour": COLOURS,
        "spot": nouns.spots,
        "weather": nouns.weather,
        "time": TIMES,
    }
    return Language(compile_rule("story", RULES | nouns.rules), pools)


def compile_rule(name: str, rules: dict[str, tuple[str, ...]]) -> Choice:
    """A rule and all that it leads to."""
    return Choice(name, tuple(compile_template(template, rules) for template in rules[name]))


def compile_template(template: str, rules: dict[str, tuple[str, ...]]) -> tuple[Step, ...]:
    """The steps of one alternative."""
    steps: list[Step] = []
    for part in PART.findall(template):
        if part[0] == "[":
            slot, _, source = part[1:-1].partition("=")
            steps.append(Become(slot, source, spoken=False))
        elif part[0] == "{":
            steps.extend(compile_slot(part[1:-1], rules))
        elif words := tuple(tokenize(part)):
            steps.append(Say(words))
    return tuple(steps)


def compile_slot(slot: str, rules: dict[str, tuple[str, ...]]) -> tuple[Step, ...]:
    """What stands between braces. A rule with a single alternative is written out in place."""
    if slot in rules:
        choice = compile_rule(slot, rules)
        return choice.alternatives[0] if len(choice.alternatives) == 1 else (choice,)
    if "=" in slot:
        slot, _, source = slot.partition("=")
        return (Become(slot, source, spoken=True),)
    slot, renew = slot.rstrip("!"), slot.endswith("!")
    who, _, field = slot.partition(".")
    if field.lower() in PRONOUNS:
        hers, his = PRONOUNS[field.lower()]
        return (
            Pronoun(who, hers, his) if field.islower() else Pronoun(who, hers.capitalize(), his.capitalize()),
        )
    kind = field or who
    rivals = RIVALS.get(kind, ())  # none: an owner, which is never chosen
    return (Slot(slot, kind, rivals if renew else tuple(other for other in rivals if other != slot), renew),)


def first_words(steps: tuple[Step, ...], pools: dict[str, tuple[str, ...]]) -> frozenset[str]:
    """All words that an alternative can start with; for a name or a slot whose value is known, the slot itself."""
    match steps[0]:
        case Say(words):
            return frozenset(words[:1])
        case Pronoun(_, hers, his):
            return frozenset((hers, his))
        case Choice(_, alternatives):
            return frozenset().union(*(first_words(each, pools) for each in alternatives))
        case Slot(slot, kind) if kind not in ("A", "B", "owner"):
            return frozenset(pools[kind])
        case Slot(slot) | Become(slot):
            return frozenset((f"{{{slot}}}",))


def overlaps(step: Step, pools: dict[str, tuple[str, ...]]) -> list[str]:
    """Rules that break the law: two alternatives can start with the same word. Empty for a sound grammar."""
    if not isinstance(step, Choice):
        return []
    found: list[str] = []
    seen: set[str] = set()
    for steps in step.alternatives:
        first = first_words(steps, pools)
        found += [f"{step.rule}: {word}" for word in sorted(seen & first)]
        seen |= first
        for inner in steps:
            found += overlaps(inner, pools)
    return found
