"""From text to the terms that a search by words compares. Left out: languages other than English, spelling, synonyms.

Built in lesson 11/01.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import snowballstemmer

WORD = re.compile(r"[^\W_]+")  # letters and digits of any script: the underscore divides, as in head_size

# Lucene's default list for English (EnglishAnalyzer.ENGLISH_STOP_WORDS_SET).
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "if",
        "in",
        "into",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
        "or",
        "such",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "will",
        "with",
    ]
)


def tokenize(text: str) -> list[str]:
    """The runs of letters and digits in `text`, in lower case."""
    return WORD.findall(text.lower())


def analyze(text: str) -> list[str]:
    """The stems of the words of `text` that are no stop words: what is searched, and what is searched for."""
    return [stem(word) for word in tokenize(text) if word not in STOP_WORDS]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """What is left of a lower-case word by the Snowball stemmer for English (Porter's second)."""
    return str(stemmer().stemWord(word))


@cache
def stemmer() -> snowballstemmer.stemmer:
    """One stemmer for all words: making it takes longer than many words."""
    return snowballstemmer.stemmer("english")
