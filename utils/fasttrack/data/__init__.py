"""Data for the lessons: what is bundled works offline, what is public is downloaded once and verified."""

from fasttrack.data.corpora import names, tinyshakespeare
from fasttrack.data.digits import digits
from fasttrack.data.registry import REGISTRY, DataUnavailable, Remote, fetch

__all__ = ["REGISTRY", "DataUnavailable", "Remote", "digits", "fetch", "names", "tinyshakespeare"]
