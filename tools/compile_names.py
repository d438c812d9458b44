"""Compile the bundled given names from the locale lists of the Faker library.

    python tools/compile_names.py            write utils/fasttrack/data/bundled/names.txt
    python tools/compile_names.py --check    exit 1 unless that file is what this script would write

Lists in other scripts are left out unless Faker has them in Latin letters too: a transliteration of our
own would be a guess. So are names of several words or with a hyphen or an apostrophe: joining the parts
would make up names.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import pkgutil
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import faker
import faker.providers.person

FAKER = "40.54.0"  # another version has other lists: change this, the file and its README together
TARGET = Path(__file__).parents[1] / "utils/fasttrack/data/bundled/names.txt"

LISTS = re.compile("first_(romanized_)?names")
SHAPE = re.compile("[a-z]{2,15}")

# Latin letters that NFKD leaves whole.
WHOLE = str.maketrans(
    {"æ": "ae", "ð": "d", "đ": "d", "ə": "e", "ı": "i", "ł": "l", "œ": "oe", "ø": "o", "ß": "ss", "þ": "th"}
)

# What registers wrote where a name was missing, shortened, cut off or mistyped; words that are a title and
# nothing else; parts of a name. Words that live as names too (dean, earl, king, prince) stay.
# fmt: off
NOT_NAMES = frozenset({
    "baby", "babyboy", "female", "infant", "male", "unknown", "unnamed",
    "aaaqil", "alexande", "chas", "christop", "edw", "ferd", "geo", "robt", "thos", "wm",
    "admiral", "captain", "colonel", "commodore", "deacon", "doc", "doctor", "general", "governor", "judge",
    "lawyer", "saint", "senora", "sister", "squire",
    "el", "ibn",
})
# fmt: on
# Names elsewhere, slurs or worse to a reader of English: a model of names would say them again.
UNWELCOME = frozenset({"kike", "nazi"})


def fold(name: str) -> str:
    """Lower case, without accents: 'Þórður ' becomes 'thordur'. Other scripts and punctuation stay."""
    decomposed = unicodedata.normalize("NFKD", name.strip().lower())
    return "".join(letter for letter in decomposed.translate(WHOLE) if not unicodedata.combining(letter))


def listed() -> Iterator[str]:
    """Every given name in Faker, as spelt there, from each list of each locale."""
    for module in pkgutil.iter_modules(faker.providers.person.__path__):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for attribute, value in vars(provider).items():
            # es_CL computes one list from two others that are read here as well.
            if LISTS.match(attribute) and not isinstance(value, property):
                yield from value


def compiled() -> bytes:
    """The content of the file: sorted, one name a line, each line ended."""
    names = {name for name in map(fold, listed()) if SHAPE.fullmatch(name)} - NOT_NAMES - UNWELCOME
    return "".join(f"{name}\n" for name in sorted(names)).encode()


def main() -> str | None:
    """Write or check the file; returns what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    if faker.VERSION != FAKER:
        return f"compile_names: the names come from Faker {FAKER}, but {faker.VERSION} is installed"
    content = compiled()
    count = content.count(b"\n")
    print(f"{count:,} names, sha256 {hashlib.sha256(content).hexdigest()}")
    if not check:
        TARGET.write_bytes(content)
    elif not TARGET.exists() or TARGET.read_bytes() != content:
        return f"compile_names: {TARGET} is not what this script writes; run it without --check"
    return None


if __name__ == "__main__":
    sys.exit(main())
