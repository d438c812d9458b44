"""The list of data: who uses what, where it is, and what damage is found."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasttrack.data import REGISTRY, inventory
from fasttrack.data.inventory import ITEMS, Item, Place
from fasttrack.doctor.requirements import asked

BUNDLED = [item for item in ITEMS if item.bundled]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FASTTRACK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def test_every_registered_file_is_listed() -> None:
    assert {item.name for item in ITEMS} >= set(REGISTRY)
    assert len({item.name for item in ITEMS}) == len(ITEMS)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_every_item_is_used_by_some_lesson_and_not_by_all(item: Item) -> None:
    assert 0 < len(inventory.users(item)) < len(inventory.notebooks())


def test_lessons_are_found_by_what_their_code_says() -> None:
    assert "05_tokenizers/01_bpe" in inventory.users(inventory.find("tinyshakespeare.txt"))
    assert "04_makemore/01_bigram" in inventory.users(inventory.find("names.txt"))
    assert "04_makemore/02_mlp" not in inventory.users(inventory.find("names.txt"))
    assert "07_gpt/01_gpt" in inventory.users(inventory.find("gpt2"))


@pytest.mark.parametrize("item", [item for item in ITEMS if not item.bundled], ids=lambda item: item.name)
def test_what_is_downloaded_says_what_lessons_use_without_it(item: Item) -> None:
    assert item.instead
    assert item.bytes > 0


@pytest.mark.parametrize("item", BUNDLED, ids=lambda item: item.name)
def test_what_is_bundled_is_here_and_whole(item: Item) -> None:
    assert inventory.place(item) is Place.BUNDLED
    assert inventory.size(item) > 10_000
    assert list(inventory.problems(item)) == []


def test_the_package_of_embeddings_is_that_of_the_extra() -> None:
    import tomllib

    from fasttrack.doctor.requirements import REPOSITORY

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert inventory.find("minilm").install in project["optional-dependencies"]["minilm"]
    assert asked().packages


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no data called 'moby'; there are names, course, fables-base"):
        inventory.find("moby")


def test_a_bundled_file_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "PACKAGE", tmp_path)
    names = inventory.find("names")
    assert list(inventory.problems(names)) == [f"{tmp_path / 'data/bundled/names.txt'} is missing"]
    (tmp_path / "data" / "bundled" / "course").mkdir(parents=True)
    assert list(inventory.problems(inventory.find("course"))) == [
        f"{tmp_path / 'data/bundled/course'} is empty"
    ]


def test_a_registered_file_is_cached_damaged_or_not_here(cache: Path) -> None:
    item = inventory.find("names.txt")
    assert inventory.place(item) is Place.ABSENT
    assert list(inventory.problems(item)) == []
    (cache / "names.txt").write_bytes(b"emma")
    assert inventory.place(item) is Place.DAMAGED
    assert list(inventory.problems(item)) == [f"{cache / 'names.txt'}: 4 bytes, expected 228,145"]
    (cache / "names.txt").write_bytes(b"x" * 228_145)
    assert inventory.place(item) is Place.CACHED
    (problem,) = inventory.problems(item)
    assert f"expected {REGISTRY['names.txt'].sha256}" in problem


def test_the_model_of_a_package_must_be_the_published_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fasttrack.rag.minilm import SHA256

    assert SHA256 == inventory.MINILM_SHA256
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(tensors(b"other"))
    monkeypatch.setattr(
        inventory, "find_spec", lambda name: SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    )
    (problem,) = inventory.problems(inventory.find("minilm"))
    assert problem.endswith(f"expected {SHA256}")


def test_a_package_that_is_not_installed_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "find_spec", lambda name: None)
    assert inventory.place(inventory.find("minilm")) is Place.ABSENT


def hub_cache(folder: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, bytes]) -> dict[str, Path]:
    """A cache as the hub library keeps it: snapshots that link to blobs, which are called as their sha256."""
    paths = {}
    for name, held in content.items():
        blob = folder / "blobs" / hashlib.sha256(held).hexdigest()
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(held)
        paths[name] = folder / "snapshots" / name
        paths[name].parent.mkdir(exist_ok=True)
        paths[name].symlink_to(blob)
    monkeypatch.setattr(
        "huggingface_hub.try_to_load_from_cache",
        lambda repo, file: str(paths[file]) if file in paths else None,
    )
    return paths


def test_a_model_of_the_hub_is_here_when_all_its_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = inventory.find("gpt2")
    hub_cache(tmp_path / "a", monkeypatch, {"config.json": b"{}"})
    assert inventory.place(item) is Place.ABSENT
    paths = hub_cache(
        tmp_path / "b",
        monkeypatch,
        {"config.json": b"{}", "tokenizer.json": b"[]", "model.safetensors": tensors(b"1234")},
    )
    assert inventory.place(item) is Place.CACHED
    assert list(inventory.problems(item)) == []
    paths["model.safetensors"].write_bytes(tensors(b"1235"))
    (problem,) = inventory.problems(item)
    assert problem.startswith(f"{paths['model.safetensors']}: ")
    assert "sha256" in problem


def tensors(data: bytes) -> bytes:
    """A safetensors file with one tensor of bytes."""
    header = json.dumps({"x": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}}).encode()
    return len(header).to_bytes(8, "little") + header + data


@given(st.binary(min_size=1, max_size=50), st.data())
def test_a_safetensors_file_that_was_cut_is_found_out(content: bytes, data: st.DataObject) -> None:
    whole = tensors(content)
    assert inventory.stated_length(whole) == len(whole)
    cut = data.draw(st.integers(1, len(whole) - 1))
    assert inventory.stated_length(whole[:cut]) != cut


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", b"{}", ""),
        ("a.json", b"{", "not readable as JSON"),
        ("a.json", b"\xff", "not readable as JSON"),
        ("a.safetensors", tensors(b"abc"), ""),
        ("a.safetensors", tensors(b"abc")[:-1], "its header says"),
        ("a.safetensors", b"<html>Not found</html>", "no header of a safetensors file"),
        ("a.safetensors", b"", "no header of a safetensors file"),
        ("a.txt", b"anything", ""),
    ],
)
def test_files_of_no_known_hash_are_looked_at(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    (tmp_path / name).write_bytes(content)
    found = inventory.damage(tmp_path / name)
    assert problem in found
    assert bool(found) == bool(problem)


def test_a_hash_in_the_readme_beside_it_is_held_against_the_file(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"emma\n").hexdigest()
    (tmp_path / "README.md").write_text(
        f"# Data\n\n## a.txt\n\n| sha256 | {sha256} |\n\n## b.txt\n\nNo row.\n"
    )
    (tmp_path / "a.txt").write_bytes(b"emma\n")
    (tmp_path / "b.txt").write_bytes(b"other\n")
    assert inventory.damage(tmp_path / "a.txt") == inventory.damage(tmp_path / "b.txt") == ""
    (tmp_path / "a.txt").write_bytes(b"Emma\n")
    assert f"expected {sha256}" in inventory.damage(tmp_path / "a.txt")


def test_the_bundled_names_have_a_published_hash() -> None:
    (names,) = inventory.bundled_files(inventory.find("names"))
    assert inventory.published(names) == hashlib.sha256(names.read_bytes()).hexdigest()
