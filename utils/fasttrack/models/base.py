"""The models that come with the package: fables-base and fables-reader (see the README.md in their folders)."""

from __future__ import annotations

from pathlib import Path

from fasttrack.models.gpt import GPT
from fasttrack.models.hub import pretrained_gpt2

FOLDER = Path(__file__).parent / "fables_base"
READER = FOLDER.parent / "fables_reader"


def fables_base() -> GPT:
    """A new copy of fables-base in evaluation mode. Its ids are those of `fasttrack.data.fables`."""
    model = pretrained_gpt2(FOLDER)
    model.eval()
    return model


def fables_reader() -> GPT:
    """A new copy of fables-reader in evaluation mode: it answers from passages (`fasttrack.rag.readers`)."""
    model = pretrained_gpt2(READER)
    model.eval()
    return model
