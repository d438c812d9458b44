"""Checks of 11_rag/01_bm25 on terms. Oracles: a loop over characters, the snowballstemmer library, counting."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from typing import Any

import snowballstemmer

from fasttrack.check import check, expect
from fasttrack.check.bm25.oracle import Documents, corpus, different, postings
from fasttrack.rag.text import STOP_WORDS

WORDS = (
    "Softmax",
    "head_size",
    "d_k",
    "don't",
    "naïve",
    "ÜBER",
    "λ",
    "x2",
    "3",
    "50257",
    "mask",
    "mask",
    "a",
)
BETWEEN = (" ", "  ", ", ", "\n", "-", " = ", "(", ")?", "…", "\t", "; ")
# The stems of "being", "ins" and "its" are stop words; none of the words is one.
INFLECTED = ("training", "trained", "divided", "Division", "scores", "being", "layers", "ins", "learning")
STOPS = ("the", "The", "of", "is", "and", "THIS", "not", "a", "with")


@check
def tokenize(learner: Any, seed: int) -> None:
    """Runs of letters and digits, in lower case. Oracle: a loop over the characters."""
    rng = random.Random(seed)
    drawn = ["".join(rng.choice(WORDS) + rng.choice(BETWEEN) for _ in range(9)) for _ in range(4)]
    for text in (
        "The mask: head_size isn't 64, MASK (naïve)",
        "Ünlü λ₂ straße x² 10,000",
        *drawn,
        "__init__",
        "end",
        "?!",
        "",
    ):
        want = runs(text.lower())
        expect(learner, text).equals(want, mistakes=different(wrong_terms(text, want), want))


def runs(text: str, belongs: Callable[[str], bool] = str.isalnum) -> list[str]:
    """The longest runs of characters that belong to words."""
    found, last = list[str](), False
    for character in text:
        now = belongs(character)
        if now and last:
            found[-1] += character
        elif now:
            found.append(character)
        last = now
    return found


def wrong_terms(text: str, want: list[str]) -> dict[str, Any]:
    low = text.lower()
    return {
        "in lower case: Mask and mask are one term": runs(text),
        "blanks alone divide: punctuation is still on the words": low.split(),
        "punctuation inside of a word divides, too, not only at its ends": [
            part for word in low.split() if (part := re.sub(r"^[\W_]+|[\W_]+$", "", word))
        ],
        "the underscore divides, too: head_size is two terms": re.findall(r"\w+", low),
        "letters outside of a to z are letters, too": re.findall(r"[a-z0-9]+", low),
        "digits belong to terms as letters do": runs(low, str.isalpha),
        "punctuation divides: yours joins what stands on both sides of it": "".join(
            character for character in low if character.isalnum() or character.isspace()
        ).split(),
        "a term of a single character is a term": [term for term in want if len(term) > 1],
        "each term as often as it occurs": list(dict.fromkeys(want)),
        "in the order of the text": sorted(want),
        "empty strings are no terms": re.split(r"[\W_]+", low),
    }


@check
def inverted_index(learner: Any, seed: int) -> None:
    """Postings of every term. Oracle: every document is asked for every term."""
    rng = random.Random(seed)
    cases: tuple[Documents, ...] = (
        [["b", "a", "b"], ["c", "a"], ["b", "a", "a", "a"]],
        [["x"], [], ["x", "x", "y"]],
        corpus(rng, 12),
        corpus(rng, 5, ["mask", "head", "softmax"]),
        [[], []],
        [],
    )
    for documents in cases:
        want = postings(documents)
        expect(learner, documents).equals(want, mistakes=different(wrong_postings(documents), want))


def wrong_postings(documents: Documents) -> dict[str, Any]:
    right = postings(documents)
    pairs = right.items()
    return {
        "each document once, with its count": {
            term: [(place, 1) for place, count in found for _ in range(count)] for term, found in pairs
        },
        "the counts are missing: pairs (document, count)": {term: [p for p, _ in f] for term, f in pairs},
        "the other way round: (document, count)": {term: [(c, p) for p, c in f] for term, f in pairs},
        "documents are counted from 0": {term: [(p + 1, c) for p, c in f] for term, f in pairs},
        "every count is 1: how often does the document hold the term?": {
            term: [(place, 1) for place, _ in found] for term, found in pairs
        },
        "this is a dict of terms to dicts; postings are lists of pairs": {t: dict(f) for t, f in pairs},
        "this is the place in the document, not how often the term is there": {
            term: [(place, documents[place].index(term)) for place, _ in found] for term, found in pairs
        },
        "the last document is missing": postings(documents[:-1]),
    }


@check
def analyze(learner: Any, seed: int) -> None:
    """Stems without stop words. Oracle: the library's stemmer on the oracle's terms."""
    rng = random.Random(seed)
    mixed = [" ".join(rng.choices(INFLECTED + STOPS, k=10)) for _ in range(4)]
    for text in ("The training is being divided by the_layers", *mixed, "Is it not?", "scores", ""):
        terms = runs(text.lower())
        want = stems(term for term in terms if term not in STOP_WORDS)
        expect(learner, text).equals(want, mistakes=different(wrong_stems(text, terms), want))


def stems(terms: Iterable[str]) -> list[str]:
    return [str(stem) for stem in snowballstemmer.stemmer("english").stemWords(list(terms))]


def wrong_stems(text: str, terms: list[str]) -> dict[str, Any]:
    kept = [term for term in terms if term not in STOP_WORDS]
    return {
        "ask whether a term is a stop word before you take its stem: being is none": [
            stem for stem in stems(terms) if stem not in STOP_WORDS
        ],
        "the stop words are still there": stems(terms),
        "these are the terms, not their stems": kept,
        "only the stop words are left": stems(term for term in terms if term in STOP_WORDS),
        "a stop word is one in capitals, too: tokenize makes it lower case": stems(
            term.lower() for term in runs(text) if term not in STOP_WORDS
        ),
        "the terms are to be those of tokenize: punctuation and underscore divide": stems(
            term for term in text.lower().split() if term not in STOP_WORDS
        ),
    }
