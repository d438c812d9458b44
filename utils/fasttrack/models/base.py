"""fables-base, the pretrained model that comes with the package (see fables_base/README.md)."""

from __future__ import annotations

from pathlib import Path

from fasttrack.models.gpt import GPT
from fasttrack.models.hub import pretrained_gpt2

FOLDER = Path(__file__).parent / "fables_base"


def fables_base() -> GPT:
    """A new copy of fables-base in evaluation mode. Its ids are those of `fasttrack.data.fables`."""
    model = pretrained_gpt2(FOLDER)
    model.eval()
    return model
