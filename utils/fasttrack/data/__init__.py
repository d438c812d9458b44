"""Data for the lessons: what is bundled works offline, what is public is downloaded once and verified."""

from fasttrack.data.corpora import names, tinyshakespeare
from fasttrack.data.dates import dates
from fasttrack.data.digits import digits
from fasttrack.data.registry import REGISTRY, DataUnavailable, Remote, fetch
from fasttrack.data.splits import Split, lecture_split, names_split, split_names

__all__ = [
    "REGISTRY",
    "DataUnavailable",
    "Remote",
    "Split",
    "dates",
    "digits",
    "fetch",
    "lecture_split",
    "names",
    "names_split",
    "split_names",
    "tinyshakespeare",
]
