"""The texts a lesson asks for by name: given names and Shakespeare.

What is bundled needs no network. The rest is fetched once and kept (`fasttrack.data.registry`).
"""

from importlib import resources
from typing import Literal

from fasttrack.data.registry import fetch


def names(source: Literal["bundled", "karpathy"] = "bundled") -> list[str]:
    """Given names in the letters a-z, lower case.

    "bundled": 19,809 distinct names of 2 to 15 letters from many languages, in alphabetical order, compiled
    from the lists of the Faker library (see bundled/README.md). Always there.
    "karpathy": the 32,033 lines of makemore's names.txt in the order of that file: girls' names, then
    boys', the commonest first. 2,539 names are in both halves.

    Raises DataUnavailable if "karpathy" is not on this machine and cannot be downloaded.
    """
    match source:
        case "bundled":
            text = resources.files("fasttrack.data").joinpath("bundled", "names.txt").read_text("ascii")
        case "karpathy":
            text = fetch("names.txt").read_text("ascii")
        case _:
            raise ValueError(f"names: there is no source {source!r}; choose 'bundled' or 'karpathy'")
    return text.split()


def tinyshakespeare() -> str:
    """40,000 lines of Shakespeare's plays as one string: 1,115,394 characters, 65 different ones.

    Raises DataUnavailable if it is not on this machine and cannot be downloaded.
    """
    return fetch("tinyshakespeare.txt").read_text("ascii")
