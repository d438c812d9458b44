"""The models that come with the package: fables-base and two that grew from it (see the README.md in their folders)."""

from __future__ import annotations

import json
from pathlib import Path

from fasttrack.data import fables
from fasttrack.models.gpt import GPT
from fasttrack.models.hub import pretrained_gpt2
from fasttrack.models.saving import save_gpt2

FOLDER = Path(__file__).parent / "fables_base"
RECALL = FOLDER.parent / "fables_recall"
READER = FOLDER.parent / "fables_reader"


def fables_base() -> GPT:
    """A new copy of fables-base in evaluation mode. Its ids are those of `fasttrack.data.fables`."""
    model = pretrained_gpt2(FOLDER)
    model.eval()
    return model


def fables_recall() -> GPT:
    """A new copy of fables-recall in evaluation mode: fables-base, trained further to look names up in lists."""
    model = pretrained_gpt2(RECALL)
    model.eval()
    return model


def fables_reader() -> GPT:
    """A new copy of fables-reader in evaluation mode: it answers from passages (`fasttrack.rag.readers`)."""
    model = pretrained_gpt2(READER)
    model.eval()
    return model


def publish(model: GPT, folder: Path, card: str) -> None:
    """Put a model of fables into a folder of the package: weights, vocabulary, and its card as README.md."""
    save_gpt2(model, folder)
    (folder / "vocabulary.json").write_text(json.dumps(fables.vocabulary()) + "\n", "utf-8")
    (folder / "README.md").write_text(card, "utf-8")
